import type { PaymentMode } from '../../domain/catalogue/product.ts'
import { DomainError } from '../../domain/errors.ts'
import type { OrderStatus, PaymentStatus } from '../../domain/orders/status.ts'
import { type OrderReader, type OrderView, viewAttempt, viewOrders } from './view.ts'

export interface OrderFilter {
  readonly ownerId?: string | undefined
  readonly status?: OrderStatus | undefined
  readonly statuses?: readonly OrderStatus[] | undefined
  readonly paymentMode?: PaymentMode | undefined
  readonly productId?: string | undefined
  readonly needsAttention?: boolean | undefined
  readonly isUnanswered?: boolean | undefined
  readonly assignee?: string | undefined
  readonly paymentStatus?: PaymentStatus | undefined
  readonly from?: Date | undefined
  /** Exclusive. */
  readonly to?: Date | undefined
}

export async function listOrders(
  { db, sealer }: OrderReader,
  filter: OrderFilter,
  page: { readonly limit: number; readonly offset: number },
): Promise<{ orders: OrderView[]; total: number }> {
  let query = db.selectFrom('points_exchange_orders').where('deleted_at', 'is', null)
  if (filter.ownerId !== undefined) {
    query = query.where('owner_type', '=', 'user').where('owner_id', '=', filter.ownerId)
  }
  if (filter.status) query = query.where('status', '=', filter.status)
  if (filter.statuses) query = query.where('status', 'in', filter.statuses)
  if (filter.paymentMode) query = query.where('payment_mode', '=', filter.paymentMode)
  if (filter.productId) query = query.where('product_id', '=', filter.productId)
  if (filter.paymentStatus) query = query.where('payment_status', '=', filter.paymentStatus)
  if (filter.from) query = query.where('exchange_time', '>=', filter.from)
  if (filter.to) query = query.where('exchange_time', '<', filter.to)
  if (filter.needsAttention) query = query.where('needs_attention', 'is not', null)
  if (filter.assignee !== undefined) query = query.where('assignee', '=', filter.assignee)
  if (filter.isUnanswered) {
    const waiting = db.selectFrom('order_conversations').select('order_no').where('unanswered', '>', 0)
    query = query.where('order_no', 'in', waiting)
  }
  const [rows, count] = await Promise.all([
    query.selectAll().orderBy('id', 'desc').limit(page.limit).offset(page.offset).execute(),
    query.select((eb) => eb.fn.countAll<string>().as('total')).executeTakeFirstOrThrow(),
  ])
  return { orders: await viewOrders(db, sealer, rows), total: Number(count.total) }
}

/** @param ownerId undefined: any owner @throws DomainError NOT_FOUND, also for another owner's order */
export async function getOrder(
  { db, sealer, vault }: OrderReader,
  idOrNo: string,
  ownerId: string | undefined,
): Promise<OrderView> {
  const byId = /^\d{1,18}$/.test(idOrNo)
  const order = await db
    .selectFrom('points_exchange_orders')
    .selectAll()
    .where(byId ? 'id' : 'order_no', '=', idOrNo)
    .where('deleted_at', 'is', null)
    .executeTakeFirst()
  if (order) {
    if (ownerId !== undefined && order.owner_id !== ownerId) throw new DomainError({ code: 'NOT_FOUND' })
    const [view] = await viewOrders(db, sealer, [order])
    if (view) return view
  }
  const attempt = await db
    .selectFrom('exchange_attempts')
    .selectAll()
    .where(byId ? 'id' : 'order_no', '=', idOrNo)
    .executeTakeFirst()
  if (!attempt || (ownerId !== undefined && attempt.owner_id !== ownerId)) {
    throw new DomainError({ code: 'NOT_FOUND' })
  }
  return viewAttempt({ db, sealer, vault }, attempt)
}
