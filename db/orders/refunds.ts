import { type Selectable, sql } from 'kysely'
import { orderLane } from '../../domain/messaging/events.ts'
import { type Fen, fenOf, moneyFromFen } from '../../domain/money.ts'
import { type Amounts, remainderOf } from '../../domain/orders/refund.ts'
import type { Db, Tx } from '../client.ts'
import { keepEvents } from '../messaging/outbox.ts'
import type { OrderRefundsTable } from '../schema/order-refunds.ts'
import type { PaymentRefundsTable } from '../schema/payment-refunds.ts'
import { tellChange } from './external-orders.ts'
import type { Actor, ExchangeOrder } from './orders.ts'

export type OrderRefund = Selectable<OrderRefundsTable>
export type PaymentRefund = Selectable<PaymentRefundsTable>

/** Oldest first. */
export async function listOrderRefunds(db: Db, orderNo: string): Promise<OrderRefund[]> {
  return db
    .selectFrom('order_refunds')
    .selectAll()
    .where('order_no', '=', orderNo)
    .orderBy(sql`length(refund_no)`)
    .orderBy('refund_no')
    .execute()
}

const amountsOf = (refund: Pick<OrderRefund, 'points' | 'money'>): Amounts => ({
  points: BigInt(refund.points),
  fen: fenOf(refund.money),
})

/** What of a paid order is not refunded yet. */
export async function readRemainder(
  db: Db,
  order: Pick<ExchangeOrder, 'order_no' | 'total_points' | 'total_money'>,
): Promise<Amounts> {
  const cost = { points: BigInt(order.total_points), fen: fenOf(order.total_money) }
  return remainderOf(cost, (await listOrderRefunds(db, order.order_no)).map(amountsOf))
}

/** The caller holds the order's lock. @param money decimal CNY */
export async function recordOrderRefund(
  tx: Tx,
  refund: Pick<OrderRefund, 'kind' | 'points' | 'money' | 'reason'> & {
    readonly orderNo: string
    readonly operationKey: string
    readonly by: Actor
  },
): Promise<OrderRefund> {
  const { orderNo, operationKey, by, ...what } = refund
  const n = (await listOrderRefunds(tx, orderNo)).length + 1
  return tx
    .with('told', (db) => tellChange(db, orderNo))
    .insertInto('order_refunds')
    .values({
      ...what,
      refund_no: `${orderNo}-R${n}`,
      order_no: orderNo,
      operation_key: operationKey,
      actor_type: by.type,
      actor_id: by.id ?? null,
    })
    .returningAll()
    .executeTakeFirstOrThrow()
}

/**
 * Record it before calling the provider, under the order's lock. @param amount decimal CNY
 * @param orderRefund null for a payment that was not due
 */
export async function recordRefund(
  tx: Tx,
  outTradeNo: string,
  amount: string,
  reason: string,
  orderRefund: string | null,
): Promise<void> {
  await insertRefund(tx, outTradeNo, { amount, reason, order_refund: orderRefund, replaces: null })
}

async function insertRefund(
  tx: Tx,
  outTradeNo: string,
  refund: Pick<PaymentRefund, 'amount' | 'reason' | 'order_refund' | 'replaces'>,
): Promise<void> {
  const { count } = await tx
    .selectFrom('payment_refunds')
    .select((eb) => eb.fn.countAll<string>().as('count'))
    .where('out_trade_no', '=', outTradeNo)
    .executeTakeFirstOrThrow()
  await tx
    .insertInto('payment_refunds')
    .values({
      ...refund,
      refund_no: `${outTradeNo}-R${Number(count) + 1}`,
      out_trade_no: outTradeNo,
      refund_ref: null,
      failure: null,
      settled_by: null,
      settled_reason: null,
    })
    .execute()
}

export async function findRefund(db: Db, refundNo: string): Promise<PaymentRefund | undefined> {
  return db.selectFrom('payment_refunds').selectAll().where('refund_no', '=', refundNo).executeTakeFirst()
}

/** Follows replacements of refused refund numbers. */
export async function findLastRefund(db: Db, refundNo: string): Promise<PaymentRefund | undefined> {
  let found = await findRefund(db, refundNo)
  while (found?.state === 'failed') {
    found = await db
      .selectFrom('payment_refunds')
      .selectAll()
      .where('replaces', '=', found.refund_no)
      .executeTakeFirst()
  }
  return found
}

/** A refused number cannot be reused: the next one replaces it. The caller holds the order's lock. */
export async function giveUpRefund(tx: Tx, refundNo: string, failure: string): Promise<void> {
  const failed = await tx
    .updateTable('payment_refunds')
    .set({ state: 'failed', failure, updated_at: new Date() })
    .where('refund_no', '=', refundNo)
    .where('state', '=', 'pending')
    .returningAll()
    .executeTakeFirst()
  if (!failed) return
  const { amount, reason, order_refund } = failed
  await insertRefund(tx, failed.out_trade_no, { amount, reason, order_refund, replaces: refundNo })
}

/** The provider has accepted this refund, under its own reference. */
export async function noteRefundRef(db: Db, refundNo: string, refundRef: string): Promise<void> {
  await db
    .updateTable('payment_refunds')
    .set({ refund_ref: refundRef, updated_at: new Date() })
    .where('refund_no', '=', refundNo)
    .execute()
}

/** Why a refund is not made yet. */
export async function noteFailure(db: Db, refundNo: string, failure: string): Promise<void> {
  await db
    .updateTable('payment_refunds')
    .set({ failure, updated_at: new Date() })
    .where('refund_no', '=', refundNo)
    .where('state', '=', 'pending')
    .execute()
}

/** @returns false when it was done before, or the provider has refused it */
export async function endRefund(
  tx: Tx,
  refundNo: string,
  byHand?: { readonly by: string; readonly reason: string },
): Promise<boolean> {
  const result = await tx
    .updateTable('payment_refunds')
    .set({
      updated_at: new Date(),
      ...(byHand
        ? { state: 'done_by_hand' as const, settled_by: byHand.by, settled_reason: byHand.reason }
        : { state: 'done' as const }),
    })
    .where('refund_no', '=', refundNo)
    .where('state', '=', 'pending')
    .executeTakeFirst()
  return result.numUpdatedRows === 1n
}

export interface OwedRefund {
  readonly outTradeNo: string
  readonly refundNo: string
}

/** Oldest first. @param whose `order`: without partial refunds; or the operation key of one partial refund */
export async function owedRefunds(
  tx: Db,
  orderNo: string,
  whose: 'all' | 'order' | { readonly part: string },
): Promise<OwedRefund[]> {
  const rows = await tx
    .selectFrom('payment_refunds as refund')
    .innerJoin('payments as payment', 'payment.out_trade_no', 'refund.out_trade_no')
    .leftJoin('order_refunds as part', (join) =>
      join.onRef('part.refund_no', '=', 'refund.order_refund').on('part.kind', '=', 'part'),
    )
    .select(['refund.refund_no', 'refund.out_trade_no'])
    .where('payment.order_no', '=', orderNo)
    .where('refund.state', '=', 'pending')
    .$if(whose === 'order', (query) => query.where('part.refund_no', 'is', null))
    .$if(typeof whose === 'object', (query) =>
      query.where('part.operation_key', '=', typeof whose === 'object' ? whose.part : ''),
    )
    .orderBy('refund.created_at')
    .orderBy('refund.refund_no')
    .execute()
  return rows.map((row) => ({ outTradeNo: row.out_trade_no, refundNo: row.refund_no }))
}

export interface ShownRefund {
  readonly order_no: string
  readonly refund_no: string
  readonly provider_refund_no: string | null
  readonly points: number
  readonly money: string
  readonly state: 'pending' | 'done' | 'done_by_hand'
  readonly reason: string
  /** The provider's error for this number, or for the one before it. */
  readonly failure: string | null
  readonly settled_by: string | null
  readonly settled_reason: string | null
  readonly created_at: Date
  /** Null while any money is pending. */
  readonly done_at: Date | null
}

/** Oldest first; includes refunds of payments that were not due. */
export async function listRefunds(db: Db, orderNos: readonly string[]): Promise<ShownRefund[]> {
  const { rows } = await sql<ShownRefund>`
    with last as (
      select r.*, p.order_no, coalesce(r.failure, f.failure) as refused from payment_refunds r
        join payments p on p.out_trade_no = r.out_trade_no
        left join payment_refunds f on f.refund_no = r.replaces
        where p.order_no = any(${orderNos}) and r.state <> 'failed')
    select o.order_no, o.refund_no, l.refund_no as provider_refund_no, o.points, o.money,
        coalesce(l.state, 'done') as state, o.reason, l.refused as failure, l.settled_by, l.settled_reason, o.created_at,
        case when l.refund_no is null then o.created_at when l.state <> 'pending' then l.updated_at end as done_at
      from order_refunds o left join last l on l.order_refund = o.refund_no where o.order_no = any(${orderNos})
    union all
    select order_no, refund_no, refund_no, 0, amount, state, reason, refused, settled_by, settled_reason, created_at,
        case when state <> 'pending' then updated_at end
      from last where order_refund is null
    order by created_at, refund_no`.execute(db)
  return rows
}

/** Tells other systems of a refund once nothing of it is pending. The caller holds the order's lock. */
export async function announceRefund(tx: Tx, orderNo: string, refundNo: string): Promise<void> {
  const refund = (await listRefunds(tx, [orderNo])).find(({ refund_no }) => refund_no === refundNo)
  if (!refund || refund.state === 'pending') return
  const { points, money } = refund
  const payload = {
    order_no: orderNo,
    refund_no: refundNo,
    points: Number(points),
    money: moneyFromFen(fenOf(money)),
  }
  const key = `refund.succeeded/${refundNo}`
  await keepEvents(tx, [{ kind: 'refund.succeeded', key, lane: orderLane(orderNo), payload }])
}

export async function countOwed(db: Db, outTradeNo: string): Promise<number> {
  const { count } = await db
    .selectFrom('payment_refunds')
    .select((eb) => eb.fn.countAll<string>().as('count'))
    .where('out_trade_no', '=', outTradeNo)
    .where('state', '=', 'pending')
    .executeTakeFirstOrThrow()
  return Number(count)
}

/** Refunded or pending: not available for another refund. */
export async function claimedOf(db: Db, outTradeNo: string): Promise<Fen> {
  const rows = await db
    .selectFrom('payment_refunds')
    .select('amount')
    .where('out_trade_no', '=', outTradeNo)
    .where('state', '<>', 'failed')
    .execute()
  return rows.reduce((sum, { amount }) => sum + fenOf(amount), 0n)
}
