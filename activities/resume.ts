import type { Db, Tx } from '../db/client.ts'
import { findAttempt, lockAttempt } from '../db/orders/attempts.ts'
import { type ExchangeOrder, findOrderForUpdate, readShippedAt } from '../db/orders/orders.ts'
import { claimRun, settleOutside } from '../db/orders/runs.ts'
import { listPayments } from '../db/payments/payments.ts'
import type { CancelCause } from '../db/schema/points-exchange-orders.ts'
import type { Refusal } from '../domain/errors.ts'
import type { OrderStatus } from '../domain/orders/status.ts'
import { callingRun, requireCurrentRun, SupersededError } from './run.ts'

/** What the database says of an exchange: all that another run needs to carry it on. Times are ISO. */
export type Progress =
  | { readonly phase: 'pending'; readonly since: string }
  | { readonly phase: 'refused'; readonly refusal: Refusal }
  | {
      readonly phase: 'placed'
      readonly status: OrderStatus
      /** The newest attempt to pay; null: there was none. */
      readonly lastTradeNo: string | null
      /** Attempts that are not closed at their provider, as far as we know. */
      readonly openAttempts: readonly { readonly outTradeNo: string; readonly state: 'unpaid' | 'closing' }[]
      readonly payBy: string | null
      /** Null before it is shipped, and where only the time of shipping was written down. */
      readonly confirmBy: string | null
      readonly shippedAt: string | null
      readonly cancelReason: string | null
      readonly cancelCause: CancelCause | null
    }

export function createResumeActivities({ db }: { readonly db: Db }) {
  /**
   * Makes the calling run the only one that may act on the exchange, and tells it where the exchange stands.
   * @param epoch how often the exchange has been carried on, this time included
   * @throws SupersededError where a run of this epoch or a later one has the exchange
   */
  async function resumeExchange(orderNo: string, epoch: number): Promise<Progress> {
    return db.transaction().execute(async (tx) => {
      const attempt = await lockAttempt(tx, orderNo)
      const order = await findOrderForUpdate(tx, orderNo)
      const run = callingRun()
      if (run !== undefined && attempt.run_id !== run) {
        if (attempt.run_epoch >= epoch)
          throw new SupersededError(`${orderNo} is at epoch ${attempt.run_epoch}`)
        await claimRun(tx, orderNo, run, epoch)
      }
      return progressOf(tx, attempt, order)
    })
  }

  /** Where the exchange stands. The database decides; what a workflow remembers may be older. */
  async function readProgress(orderNo: string): Promise<Progress> {
    return db.transaction().execute(async (tx) => {
      const attempt = await lockAttempt(tx, orderNo)
      requireCurrentRun(attempt)
      return progressOf(tx, attempt, await findOrderForUpdate(tx, orderNo))
    })
  }

  /** Other systems have captured or given back all that they had set aside for the order. */
  async function noteOutsideSettled(orderNo: string): Promise<void> {
    const attempt = await findAttempt(db, orderNo)
    if (!attempt) return
    requireCurrentRun(attempt)
    await settleOutside(db, orderNo)
  }

  return { resumeExchange, readProgress, noteOutsideSettled }
}

async function progressOf(
  tx: Tx,
  attempt: Awaited<ReturnType<typeof lockAttempt>>,
  order: ExchangeOrder | undefined,
): Promise<Progress> {
  const { order_no, state, refusal, created_at } = attempt
  if (state === 'refused') return { phase: 'refused', refusal: refusal ?? { code: 'UNAVAILABLE' } }
  if (!order) return { phase: 'pending', since: created_at.toISOString() }
  const payments = await listPayments(tx, order_no)
  const shippedAt = order.status === 'order_shipped' ? await readShippedAt(tx, order_no) : undefined
  return {
    phase: 'placed',
    status: order.status,
    lastTradeNo: payments.at(-1)?.out_trade_no ?? null,
    openAttempts: payments.flatMap(({ out_trade_no: outTradeNo, state: paid }) =>
      paid === 'unpaid' || paid === 'closing' ? [{ outTradeNo, state: paid }] : [],
    ),
    payBy: order.pay_by?.toISOString() ?? null,
    confirmBy: order.confirm_by?.toISOString() ?? null,
    shippedAt: shippedAt?.toISOString() ?? null,
    cancelReason: order.cancel_reason,
    cancelCause: order.cancel_cause,
  }
}
