import { type FoundOrder, type OrderPage, type OrderSearch, searchOrders } from '../../db/orders/search.ts'
import type { Specs } from '../../domain/catalogue/sku.ts'
import { DomainError } from '../../domain/errors.ts'
import { fenOf, type Money, moneyFromFen } from '../../domain/money.ts'
import type { Attention } from '../../domain/orders/attention.ts'
import { orderNoAtStart } from '../../domain/orders/number.ts'
import type { OrderStatus, PaymentStatus } from '../../domain/orders/status.ts'
import { plainCode } from '../../domain/text.ts'
import { getOrder } from './reads.ts'
import type { OrderReader, OrderView } from './view.ts'

export type { OrderSearch }

export interface OrderLine {
  readonly id: string
  readonly order_no: string
  readonly owner_id: string
  readonly product_title: string
  readonly specs: Specs
  readonly quantity: number
  readonly total_points: number
  readonly total_money: Money
  readonly status: OrderStatus
  readonly payment_status: PaymentStatus
  readonly needs_attention: Attention | null
  readonly exchange_time: string
}

/** @param search `words` may be an order, payment or refund number @returns null as the cursor of the last page */
export async function findOrders(
  reader: OrderReader,
  search: OrderSearch,
  page: OrderPage,
): Promise<{ orders: OrderLine[]; next: string | null }> {
  const number = orderNoAtStart(plainCode(search.words ?? ''))
  if (number !== undefined) return { orders: await findByNumber(reader, number), next: null }
  const found = await searchOrders(reader, search, { ...page, limit: page.limit + 1 })
  const orders = found.slice(0, page.limit).map(lineOf)
  return { orders, next: found.length > page.limit ? (orders.at(-1)?.id ?? null) : null }
}

/** A number ignores the filters, and also finds an attempt without an order. */
async function findByNumber(reader: OrderReader, number: string): Promise<OrderView[]> {
  try {
    return [await getOrder(reader, number, undefined)]
  } catch (error) {
    if (error instanceof DomainError) return []
    throw error
  }
}

function lineOf({ total_money, exchange_time, sku_specs, ...order }: FoundOrder): OrderLine {
  return {
    ...order,
    specs: sku_specs ?? {},
    total_money: moneyFromFen(fenOf(total_money)),
    exchange_time: exchange_time.toISOString(),
  }
}
