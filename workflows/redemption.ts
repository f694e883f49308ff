import { TemporalFailure } from '@temporalio/workflow'
import type { OrderStatus } from '../domain/order-status.ts'
import type { Cause, Undo } from './compensation.ts'
import { CONFLICT, type Mailbox, type Message } from './mailbox.ts'
import type { ExchangeInput } from './messages.ts'
import { persistently, surely } from './steps.ts'

/** What the phases of one exchange share. */
export interface Exchange extends ExchangeInput {
  readonly mailbox: Mailbox
  readonly undo: Undo
  /** Workflow time, in ms, until which an unpaid order holds points and stock. */
  readonly payBy: number
  /** Cancels all that was done, in reverse. */
  cancel(cause: Cause): Promise<void>
  /** Makes the state searchable for operators. */
  show(status: OrderStatus): void
}

/** The order is paid: other systems take what they had set aside. */
export async function captureOutside({ orderNo, outsideSteps }: ExchangeInput): Promise<void> {
  if (outsideSteps.includes('points')) await persistently.capturePoints(orderNo)
  if (outsideSteps.includes('stock')) await persistently.commitStock(orderNo)
}

/** Refunds what the order owes at providers, until each has answered for good. */
export async function giveMoneyBack(orderNo: string, mailbox: Mailbox): Promise<void> {
  let rest = true
  while (rest) {
    const outcome = await insist(orderNo, mailbox, 'refund', async () => {
      const [owed] = await surely.listOwedRefunds(orderNo)
      if (owed) await persistently.refundPayment(owed)
      else rest = false
    })
    if (outcome === 'skipped') return
  }
}

/** Does what must not be given up: where it fails for good, an operator says "again" or "go on without it". */
export async function insist(
  orderNo: string,
  mailbox: Mailbox,
  step: string,
  run: () => Promise<unknown>,
): Promise<'done' | 'skipped'> {
  for (;;) {
    try {
      await run()
      return 'done'
    } catch (error) {
      if (!(error instanceof TemporalFailure)) throw error
      if ((await askOperator(orderNo, mailbox, step, error)) === 'skip') return 'skipped'
    }
  }
}

/** A step that must not be given up cannot finish: the order shows it, and an operator says "again" or "go on". */
export async function askOperator(
  orderNo: string,
  mailbox: Mailbox,
  step: string,
  error: unknown,
): Promise<'retry' | 'skip'> {
  await flag(orderNo, `${step}: ${messageOf(error)}`)
  const later: Message[] = []
  for (;;) {
    const message = await mailbox.next()
    if (message?.kind === 'resolve') {
      await flag(orderNo, null)
      message.reply({ ok: true })
      mailbox.putBack(later)
      return message.action
    }
    if (message && 'reply' in message) message.reply(CONFLICT)
    else if (message) later.push(message)
  }
}

/** Shows operators that the order needs them. Where even that fails, what it tells of goes on all the same. */
export async function flag(orderNo: string, attention: string | null): Promise<void> {
  try {
    await persistently.flagOrder(orderNo, attention)
  } catch (error) {
    if (!(error instanceof TemporalFailure)) throw error
  }
}

/** What went wrong, in the words of the step that failed. */
export function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.cause instanceof Error ? error.cause.message : error.message
}
