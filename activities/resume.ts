import type { Db, Tx } from '../db/client.ts'
import { findAttempt, lockAttempt } from '../db/orders/attempts.ts'
import { type ExchangeOrder, findOrderForUpdate, readShippedAt } from '../db/orders/orders.ts'
import { claimRun, settleOutside } from '../db/orders/runs.ts'
import { listPayments } from '../db/payments/payments.ts'
import type { CancelCause } from '../db/schema/points-exchange-orders.ts'
import type { Refusal } from '../domain/errors.ts'
import { isHandedOut } from '../domain/fulfilment/delivery.ts'
import type { OrderStatus } from '../domain/orders/status.ts'
import { callingRun, requireCurrentRun, SupersededError } from './run.ts'

/** Times are ISO. */
export type Progress =
  | { readonly phase: 'pending'; readonly since: string }
  | { readonly phase: 'refused'; readonly refusal: Refusal }
  | {
      readonly phase: 'placed'
      readonly status: OrderStatus
      readonly lastTradeNo: string | null
      readonly openAttempts: readonly { readonly outTradeNo: string; readonly state: 'unpaid' | 'closing' }[]
      readonly payBy: string | null
      /** Null before shipping, and where only the shipping time was recorded. */
      readonly confirmBy: string | null
      readonly shippedAt: string | null
      /** Absent where an earlier version answered. */
      readonly handsOut?: boolean
      /** A supplier charges it; absent where an earlier version answered. */
      readonly charges?: boolean
      /** An open after-sale keeps receipt from being confirmed by itself. */
      readonly isConfirmPaused?: boolean
      readonly cancelReason: string | null
      readonly cancelCause: CancelCause | null
    }

export function createResumeActivities({ db }: { readonly db: Db }) {
  /**
   * Makes the calling run the only one that may act on the exchange. @throws SupersededError for an old epoch
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

  async function readProgress(orderNo: string): Promise<Progress> {
    return db.transaction().execute(async (tx) => {
      const attempt = await lockAttempt(tx, orderNo)
      requireCurrentRun(attempt)
      return progressOf(tx, attempt, await findOrderForUpdate(tx, orderNo))
    })
  }

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
    handsOut: isHandedOut(order.delivery),
    charges: order.delivery === 'charge',
    isConfirmPaused: order.confirm_paused_at !== null,
    cancelReason: order.cancel_reason,
    cancelCause: order.cancel_cause,
  }
}
