import { sql } from 'kysely'
import type { PaymentMode } from '../../domain/catalogue/product.ts'
import type { ExternalStep } from '../../domain/orders/external-steps.ts'
import { OPEN_STATUSES, type OrderStatus } from '../../domain/orders/status.ts'
import type { Db, Tx } from '../client.ts'

/** Which workflow run works on an exchange, and which exchanges need one. */

/** Literals: with parameters the partial index `points_exchange_orders_open`, which names the same, is of no use. */
const OPEN = sql.join(OPEN_STATUSES.map((status) => sql.lit(status)))

/** From here on only this run may act. The caller holds the locks of the attempt and the order. */
export async function claimRun(tx: Tx, orderNo: string, runId: string, epoch: number): Promise<void> {
  await tx
    .updateTable('exchange_attempts')
    .set({ run_id: runId, run_epoch: epoch })
    .where('order_no', '=', orderNo)
    .execute()
  await tx
    .updateTable('points_exchange_orders')
    .set({ run_id: runId })
    .where('order_no', '=', orderNo)
    .execute()
}

export async function settleOutside(db: Db, orderNo: string): Promise<void> {
  await db
    .updateTable('exchange_attempts')
    .set({ outside_settled_at: new Date() })
    .where('order_no', '=', orderNo)
    .execute()
}

/** The order is canceled after all: external systems must undo their steps. */
export async function unsettleOutside(tx: Tx, orderNo: string): Promise<void> {
  await tx
    .updateTable('exchange_attempts')
    .set({ outside_settled_at: null })
    .where('order_no', '=', orderNo)
    .where('outside_settled_at', 'is not', null)
    .execute()
}

export interface OpenExchange {
  readonly order_no: string
  readonly owner_id: string
  readonly payment_mode: PaymentMode
  /** Null before the order exists, and for refused attempts. */
  readonly status: OrderStatus | null
  readonly run_epoch: number
  /** Null: not recorded, use the configuration. */
  readonly outside_steps: readonly ExternalStep[] | null
  readonly points_wallet: 'ledger' | 'outside'
  readonly order_service: 'mall' | 'outside'
  /** False: only refunds are owed. */
  readonly needs_exchange: boolean
  /** Payment attempts with pending refunds. */
  readonly owed_attempts: readonly number[]
  readonly owed_parts: readonly OwedPart[]
}

export interface OwedPart {
  readonly operation_key: string
  readonly points: number
  readonly money: string
  readonly reason: string
  readonly actor_type: 'customer' | 'operator' | 'order_domain'
  readonly actor_id: string | null
}

/**
 * Open orders, open payment attempts, pending refunds and unsettled external steps.
 * @param page `minAgeSeconds` skips attempts whose workflow is just being started
 */
export async function listOpenExchanges(
  db: Db,
  only: string | undefined,
  page: { readonly after: string; readonly limit: number; readonly minAgeSeconds: number },
): Promise<OpenExchange[]> {
  const named = (column: string) =>
    only === undefined ? sql`${sql.ref(column)} > ${page.after}` : sql`${sql.ref(column)} = ${only}`
  const { rows } = await sql<OpenExchange>`
    with open as (
      select order_no from points_exchange_orders
        where status in (${OPEN})
          and ${named('order_no')}
      union select order_no from payments where state in ('unpaid', 'closing') and ${named('order_no')}
      union select order_no from exchange_attempts
        where outside_steps <> '{}' and outside_settled_at is null and ${named('order_no')}
          and (state <> 'pending' or created_at < now() - make_interval(secs => ${page.minAgeSeconds}))
    ), owed as (
      select p.order_no, p.attempt_no, part.operation_key, part.points, part.money, part.reason, part.actor_type,
        part.actor_id
      from payment_refunds r join payments p on p.out_trade_no = r.out_trade_no
        left join order_refunds part on part.refund_no = r.order_refund and part.kind = 'part'
      where r.state = 'pending' and ${named('p.order_no')}
    ), wanted as (
      select order_no from open union select order_no from owed order by order_no limit ${page.limit})
    select w.order_no, a.owner_id, coalesce(o.payment_mode, product.payment_mode) as payment_mode, o.status,
      a.run_epoch, a.outside_steps, a.points_wallet, a.order_service,
      exists (select from open where open.order_no = w.order_no) as needs_exchange,
      array(select distinct attempt_no from owed where owed.order_no = w.order_no and operation_key is null
        order by attempt_no) as owed_attempts,
      (select coalesce(json_agg(json_build_object('operation_key', operation_key, 'points', points,
          'money', money::text, 'reason', reason, 'actor_type', actor_type, 'actor_id', actor_id)), '[]')
        from owed where owed.order_no = w.order_no and operation_key is not null) as owed_parts
    from wanted w join exchange_attempts a on a.order_no = w.order_no
      join points_products product on product.id = a.product_id
      left join points_exchange_orders o on o.order_no = w.order_no
    order by w.order_no`.execute(db)
  return rows
}

export async function readStatuses(
  db: Db,
  orderNos: readonly string[],
): Promise<ReadonlyMap<string, OrderStatus>> {
  if (orderNos.length === 0) return new Map()
  const rows = await db
    .selectFrom('points_exchange_orders')
    .select(['order_no', 'status'])
    .where('order_no', 'in', orderNos)
    .execute()
  return new Map(rows.map(({ order_no, status }) => [order_no, status]))
}
