import { patched, TemporalFailure } from '@temporalio/workflow'
import type { OwedRefund } from '../activities/refunds.ts'
import type { Attention, AttentionCode } from '../domain/orders/attention.ts'
import type { ExternalStep } from '../domain/orders/external-steps.ts'
import type { OrderStatus } from '../domain/orders/status.ts'
import type { Cause, Undo } from './compensation.ts'
import { CONFLICT, type Mailbox, type Message, type Request } from './mailbox.ts'
import type { ExchangeInput, Reply } from './messages.ts'
import { localStepsUntilDone, remoteStepsUntilDone, requireStepFailure } from './steps.ts'

/** What the phases of one exchange share. */
export interface Exchange extends ExchangeInput {
  readonly input: ExchangeInput
  readonly mailbox: Mailbox
  readonly undo: Undo
  /** Refunds beside the story that failed for good. */
  readonly stuck: OwedRefund[]
  /** Workflow time, in ms, until which an unpaid order holds points and stock. */
  payBy: number
  /**
   * Cancels all that was done, in reverse.
   * @returns where the order stands: it may have gone beyond what the cause allows
   */
  cancel(cause: Cause): Promise<OrderStatus>
  /** Makes the state searchable for operators. */
  show(status: OrderStatus): void
}

/** An operator's word on what cannot finish by itself. */
export type OperatorDecision = Request & { readonly kind: 'resolve' }

/** The order is paid: other systems take what they had set aside. */
export async function captureExternal({ orderNo, outsideSteps }: ExchangeInput): Promise<void> {
  if (outsideSteps.includes('points')) await remoteStepsUntilDone.capturePoints(orderNo)
  if (outsideSteps.includes('stock')) await remoteStepsUntilDone.commitStock(orderNo)
}

/** Writes down that other systems have nothing left to do. Where that fails, another run looks and writes it again. */
export async function noteOutsideSettled(
  orderNo: string,
  outsideSteps: readonly ExternalStep[],
): Promise<void> {
  if (outsideSteps.length === 0 || !patched('outside-settled')) return
  try {
    await localStepsUntilDone.noteOutsideSettled(orderNo)
  } catch (error) {
    if (!(error instanceof TemporalFailure)) throw error
  }
}

/**
 * Refunds what the order owes at providers, until each has answered for good. Where one refuses, an operator says
 * "again", or that the money was given back outside.
 * @param part the operation key of a part: this one only. Without it all but the parts.
 */
export async function refundOwed(orderNo: string, mailbox: Mailbox, part?: string): Promise<void> {
  for (;;) {
    let owed: OwedRefund | undefined
    try {
      const all =
        part === undefined
          ? localStepsUntilDone.listOwedRefunds(orderNo)
          : localStepsUntilDone.listOwedRefunds(orderNo, part)
      owed = (await all)[0]
      if (!owed) return
      await remoteStepsUntilDone.refundPayment(owed)
    } catch (error) {
      requireStepFailure(error)
      mailbox.refuseEarlyDecisions()
      // Another workflow may have seen to it meanwhile: then nobody is asked, and nobody would answer.
      if (!(await flagOrder(orderNo, attentionTo('refund', error), owed))) continue
      const word = await waitForDecision(mailbox, (said) =>
        applyRefundDecision(orderNo, said, owed ? [owed] : []),
      )
      if (word.action === 'skip') return
    }
  }
}

/** The refunds that the word is about: "settle" names one, "again" is said to all. */
export function refundsNamedBy(word: OperatorDecision, stuck: readonly OwedRefund[]): readonly OwedRefund[] {
  const { action, refundNos } = word
  if (action !== 'settle' || !refundNos) return stuck
  return stuck.filter(({ refundNo }) => refundNos.includes(refundNo))
}

/**
 * @param stuck the refunds that failed for good where the word came in
 * @returns what to answer; CONFLICT is not the word waited for
 */
export async function applyRefundDecision(
  orderNo: string,
  word: OperatorDecision,
  stuck: readonly OwedRefund[],
): Promise<Reply> {
  // An exchange that began earlier has gone on without a refund at such a word.
  if (word.action === 'skip' && patched('money-is-not-skipped')) return CONFLICT
  if (word.action === 'settle') {
    try {
      let settled = false
      for (const { refundNo } of refundsNamedBy(word, stuck)) {
        settled =
          (await localStepsUntilDone.settleByHand({ refundNo, reason: word.reason, by: word.by })) || settled
      }
      if (!settled) return CONFLICT
    } catch (error) {
      requireStepFailure(error)
      return { ok: false, refusal: { code: 'UNAVAILABLE' } }
    }
    // Another refund may be stuck, here or in a workflow beside: the order shows it until nothing is owed.
    if (word.refundNos) return { ok: true }
  }
  await flagOrder(orderNo, null)
  return { ok: true }
}

/** Does what must not be given up: where it fails for good, an operator says "again" or "go on without it". */
export async function retryUntilResolved(
  orderNo: string,
  mailbox: Mailbox,
  step: AttentionCode,
  run: () => Promise<unknown>,
): Promise<'done' | 'skipped'> {
  for (;;) {
    try {
      await run()
      return 'done'
    } catch (error) {
      requireStepFailure(error)
      if ((await askOperator(orderNo, mailbox, step, error)) === 'skip') return 'skipped'
    }
  }
}

/** A step that must not be given up cannot finish: the order shows it, and an operator says "again" or "go on". */
export async function askOperator(
  orderNo: string,
  mailbox: Mailbox,
  step: AttentionCode,
  error: unknown,
): Promise<'retry' | 'skip'> {
  mailbox.refuseEarlyDecisions()
  await flagOrder(orderNo, attentionTo(step, error))
  const { action } = await waitForDecision(mailbox, async (word) => {
    if (word.action === 'settle') return CONFLICT
    await flagOrder(orderNo, null)
    return { ok: true }
  })
  return action === 'skip' ? 'skip' : 'retry'
}

/** Waits for an operator's word that is taken; what comes in meanwhile is for later, or refused. */
async function waitForDecision(
  mailbox: Mailbox,
  take: (word: OperatorDecision) => Promise<Reply>,
): Promise<OperatorDecision> {
  const later: Message[] = []
  for (;;) {
    const message = await mailbox.next()
    if (message?.kind === 'resolve') {
      const reply = await take(message)
      message.reply(reply)
      if (!reply.ok) continue
      mailbox.putBack(later)
      return message
    }
    if (message && 'reply' in message) message.reply(CONFLICT)
    else if (message && message.kind !== 'resync') later.push(message)
  }
}

/**
 * Shows operators that the order needs them. Where even that fails, what it tells of goes on all the same.
 * @param owed the refund that this is about
 * @returns false where there is nothing to show any more. A worker that runs an older version does not say so
 */
export async function flagOrder(
  orderNo: string,
  attention: Attention | null,
  owed?: OwedRefund,
): Promise<boolean> {
  try {
    const shown: boolean | undefined = await (owed
      ? remoteStepsUntilDone.flagOrder(orderNo, attention, owed.refundNo)
      : remoteStepsUntilDone.flagOrder(orderNo, attention))
    return shown !== false
  } catch (error) {
    if (!(error instanceof TemporalFailure)) throw error
    return true
  }
}

/** Which step failed permanently, and what its error says. */
export function attentionTo(code: AttentionCode, error: unknown): Attention {
  return { code, data: { said: messageOf(error) } }
}

function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.cause instanceof Error ? error.cause.message : error.message
}
