import { patched, TemporalFailure } from '@temporalio/workflow'
import type { OwedRefund } from '../activities/refunds.ts'
import type { Attention, AttentionCode } from '../domain/orders/attention.ts'
import type { ExternalStep } from '../domain/orders/external-steps.ts'
import type { OrderStatus } from '../domain/orders/status.ts'
import type { Cause, Undo } from './compensation.ts'
import { CONFLICT, type Mailbox, type Message, type Request } from './mailbox.ts'
import type { ExchangeInput, Reply } from './messages.ts'
import { localStepsUntilDone, remoteStepsUntilDone, requireStepFailure } from './steps.ts'

export interface Exchange extends ExchangeInput {
  readonly input: ExchangeInput
  readonly mailbox: Mailbox
  readonly undo: Undo
  readonly stuck: OwedRefund[]
  /** Workflow time, ms. */
  payBy: number
  /** Whether the mall itself hands out what is paid. */
  handsOut: boolean
  /** Whether a supplier charges what is paid. */
  charges: boolean
  /** @returns the order's status, which may be past what the cause allows */
  cancel(cause: Cause): Promise<OrderStatus>
  show(status: OrderStatus): void
}

export type OperatorDecision = Request & { readonly kind: 'resolve' }

export async function captureExternal({ orderNo, outsideSteps }: ExchangeInput): Promise<void> {
  if (outsideSteps.includes('points')) await remoteStepsUntilDone.capturePoints(orderNo)
  if (outsideSteps.includes('stock')) await remoteStepsUntilDone.commitStock(orderNo)
}

/** Best effort: if it fails, a later run checks and records it again. */
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
 * Where a provider refuses, an operator decides: `retry`, or `settle` if the money was refunded outside the
 * provider.
 * @param part the operation key of one partial refund; undefined: all refunds except partial ones
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
      // Another workflow may have completed the refund meanwhile: then there is no question to ask.
      if (!(await flagOrder(orderNo, attentionTo('refund', error), owed))) continue
      const decision = await waitForDecision(mailbox, (said) =>
        applyRefundDecision(orderNo, said, owed ? [owed] : []),
      )
      if (decision.action === 'skip') return
    }
  }
}

export function refundsNamedBy(
  decision: OperatorDecision,
  stuck: readonly OwedRefund[],
): readonly OwedRefund[] {
  const { action, refundNos } = decision
  if (action !== 'settle' || !refundNos) return stuck
  return stuck.filter(({ refundNo }) => refundNos.includes(refundNo))
}

/** @returns the answer; CONFLICT where the decision does not fit */
export async function applyRefundDecision(
  orderNo: string,
  decision: OperatorDecision,
  stuck: readonly OwedRefund[],
): Promise<Reply> {
  // Earlier exchanges accepted `skip` for a refund.
  if (decision.action === 'skip' && patched('money-is-not-skipped')) return CONFLICT
  if (decision.action === 'settle') {
    try {
      let settled = false
      for (const { refundNo } of refundsNamedBy(decision, stuck)) {
        settled =
          (await localStepsUntilDone.settleByHand({ refundNo, reason: decision.reason, by: decision.by })) ||
          settled
      }
      if (!settled) return CONFLICT
    } catch (error) {
      requireStepFailure(error)
      return { ok: false, refusal: { code: 'UNAVAILABLE' } }
    }
    // Another refund may be stuck here or in another workflow: the flag stays until nothing is owed.
    if (decision.refundNos) return { ok: true }
  }
  await flagOrder(orderNo, null)
  return { ok: true }
}

/** For steps that must not be given up: after a permanent failure an operator chooses `retry` or `skip`. */
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

export async function askOperator(
  orderNo: string,
  mailbox: Mailbox,
  step: AttentionCode,
  error: unknown,
): Promise<'retry' | 'skip'> {
  mailbox.refuseEarlyDecisions()
  await flagOrder(orderNo, attentionTo(step, error))
  const { action } = await waitForDecision(mailbox, async (decision) => {
    if (decision.action === 'settle') return CONFLICT
    await flagOrder(orderNo, null)
    return { ok: true }
  })
  return action === 'skip' ? 'skip' : 'retry'
}

/** Other messages that arrive meanwhile are deferred or refused. */
async function waitForDecision(
  mailbox: Mailbox,
  take: (decision: OperatorDecision) => Promise<Reply>,
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
 * Best effort: never blocks the caller. @returns false where the refund is no longer owed; older workers do
 * not report this
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

export function attentionTo(code: AttentionCode, error: unknown): Attention {
  return { code, data: { said: messageOf(error) } }
}

function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.cause instanceof Error ? error.cause.message : error.message
}
