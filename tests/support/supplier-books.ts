import type { Db } from '../../db/client.ts'

export interface SupplierCharge {
  readonly charge_no: string
  readonly item: string
  readonly quantity: number
  readonly state: string
}

/**
 * Compares the supplier's books with the orders, once everything is at rest: each charge belongs to one order, and what was
 * charged was not refunded, unless an operator sees both or has recorded how it was settled.
 * @returns what differs, as text
 */
export async function compareCharges(db: Db, books: readonly SupplierCharge[]): Promise<string[]> {
  const rows = await db
    .selectFrom('points_exchange_orders as placed')
    .leftJoin('charges as charge', 'charge.order_no', 'placed.order_no')
    .select([
      'placed.order_no',
      'placed.status',
      'placed.quantity',
      'placed.needs_attention',
      'charge.state',
      'charge.item',
      'charge.acknowledged_at',
    ])
    .where('placed.delivery', '=', 'charge')
    .execute()
  const known = new Map(rows.map((row) => [row.order_no, row]))
  const charged = new Map(books.map((charge) => [charge.charge_no, charge]))
  return [
    ...(charged.size === books.length ? [] : ['a number is in the books twice']),
    ...books.flatMap(({ charge_no, item, quantity, state }) => {
      const order = known.get(charge_no)
      if (!order) return [`${charge_no} is no order`]
      const isKept = order.status === 'order_shipped' || order.status === 'order_finished'
      const isListed =
        order.needs_attention?.code === 'charged_after_refund' || order.acknowledged_at !== null
      return [
        ...(order.item === item && order.quantity === quantity
          ? []
          : [`${charge_no} charges something else`]),
        ...(state !== 'succeeded' || isKept || isListed
          ? []
          : [`${charge_no} is charged, and ${order.status}`]),
        ...(order.state === state ? [] : [`${charge_no} is ${state} there, ${order.state} here`]),
      ]
    }),
    ...rows
      .filter(({ status }) => status === 'order_shipped' || status === 'order_finished')
      .filter(({ order_no }) => charged.get(order_no)?.state !== 'succeeded')
      .map(({ order_no, status }) => `${order_no} is ${status}, and not charged`),
  ]
}
