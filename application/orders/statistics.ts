import { sql } from 'kysely'
import type { Db } from '../../db/client.ts'
import { fenOf, type Money, moneyFromFen } from '../../domain/money.ts'
import { isPaid } from '../../domain/orders/status.ts'

export interface Statistics {
  readonly total: number
  readonly by_status: Record<string, number>
  readonly by_payment_mode: Record<string, number>
  readonly total_points: number
  readonly total_money: Money
}

/** Points and money count paid orders that were not canceled, less partial refunds. */
export async function readStatistics(db: Db, ownerId: string): Promise<Statistics> {
  const rows = await db
    .selectFrom('points_exchange_orders as exchange')
    .leftJoinLateral(
      (eb) =>
        eb
          .selectFrom('order_refunds')
          .select([sql`sum(points)`.as('points'), sql`sum(money)`.as('money')])
          .whereRef('order_no', '=', 'exchange.order_no')
          .as('back'),
      (join) => join.onTrue(),
    )
    .select((eb) => [
      'status',
      'payment_mode',
      eb.fn.countAll<string>().as('orders'),
      sql<string>`coalesce(sum(total_points - coalesce(back.points, 0)), 0)`.as('points'),
      sql<string>`coalesce(sum(total_money - coalesce(back.money, 0)), 0)::numeric(20,2)`.as('money'),
    ])
    .where('owner_type', '=', 'user')
    .where('owner_id', '=', ownerId)
    .where('deleted_at', 'is', null)
    .groupBy(['status', 'payment_mode'])
    .execute()
  const paid = rows.filter((row) => isPaid(row.status))
  const count = (key: 'status' | 'payment_mode') =>
    rows.reduce<Record<string, number>>((sums, row) => {
      sums[row[key]] = (sums[row[key]] ?? 0) + Number(row.orders)
      return sums
    }, {})
  const fen = paid.reduce((sum, row) => sum + fenOf(row.money), 0n)
  return {
    total: rows.reduce((sum, row) => sum + Number(row.orders), 0),
    by_status: count('status'),
    by_payment_mode: count('payment_mode'),
    total_points: paid.reduce((sum, row) => sum + Number(row.points), 0),
    total_money: moneyFromFen(fen),
  }
}
