import { TemporalFailure } from '@temporalio/workflow'
import type { OrderStatus } from '../domain/order-status.ts'
import type { Cause, Undo } from './compensation.ts'
import { CONFLICT, type Mailbox } from './mailbox.ts'
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
  for (;;) {
    const [owed] = await surely.listOwedRefunds(orderNo)
    if (!owed) return
    try {
      await persistently.refundPayment(owed)
    } catch (error) {
      if (!(error instanceof TemporalFailure)) throw error
      if ((await askOperator(orderNo, mailbox, `refund ${owed.refundNo}`, error)) === 'skip') return
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
  const cause =
    error instanceof Error ? (error.cause instanceof Error ? error.cause.message : error.message) : ''
  await persistently.flagOrder(orderNo, `${step}: ${cause}`)
  for (;;) {
    const message = await mailbox.next()
    if (message?.kind === 'resolve') {
      await persistently.flagOrder(orderNo, null)
      message.reply({ ok: true })
      return message.action
    }
    if (message && 'reply' in message) message.reply(CONFLICT)
  }
}
