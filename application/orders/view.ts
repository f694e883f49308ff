import type { Db } from '../../db/client.ts'
import type { Attempt, PrivateRequest } from '../../db/orders/attempts.ts'
import { readEligibilityInputs } from '../../db/orders/eligibility-inputs.ts'
import { type ExchangeOrder, SYSTEM } from '../../db/orders/orders.ts'
import { listRefunds, type ShownRefund } from '../../db/orders/refunds.ts'
import type { Encryptor } from '../../db/platform/encryption.ts'
import type { PaymentInfo, ShippingInfo } from '../../db/schema/points-exchange-orders.ts'
import type { LedgerCipher } from '../../db/wallet/ledger-cipher.ts'
import { totalOf } from '../../domain/catalogue/pricing.ts'
import type { PaymentMode } from '../../domain/catalogue/product.ts'
import type { Specs } from '../../domain/catalogue/sku.ts'
import { fenOf, type Money, moneyFromFen } from '../../domain/money.ts'
import type { Attention } from '../../domain/orders/attention.ts'
import { cancelNote, type OrderNote } from '../../domain/orders/notes.ts'
import type { OrderStatus, PaymentStatus } from '../../domain/orders/status.ts'
import type { PaymentMethod } from '../../domain/payments/method.ts'

export interface OrderView {
  readonly id: string
  readonly order_no: string
  readonly order_id: string | null
  readonly owner_id: string
  readonly product_id: string
  readonly sku_id: string
  /** Of the SKU when it was redeemed. */
  readonly specs: Specs
  readonly product_title: string
  readonly product_image: string | null
  readonly points_price: number
  readonly money_price: Money
  readonly quantity: number
  readonly total_points: number
  readonly total_money: Money
  readonly payment_mode: PaymentMode
  readonly status: OrderStatus
  readonly payment_status: PaymentStatus
  readonly cancel_reason: string | null
  /** Why the order needs an operator; null: it does not. */
  readonly needs_attention: Attention | null
  readonly exchange_time: string
  readonly shipping_info: ShippingInfo | null
  readonly address_info: unknown
  readonly customer_notes: unknown
  readonly payment_info: {
    readonly payment_mode: PaymentMode
    readonly points_amount: number
    readonly money_amount: Money
    readonly payment_method: PaymentMethod | null
    readonly trade_no: string | null
    readonly pay_url: string | null
    /** For a page inside WeChat, instead of `pay_url`. */
    readonly jsapi: Readonly<Record<string, string>> | null
    readonly expires_at: string | null
  }
  /** Refunds of the order and of unapplied payments, oldest first. */
  readonly refunds: RefundView[]
  readonly timeline: { readonly status: string; readonly at: string; readonly note: OrderNote | null }[]
  readonly created_at: string
  readonly updated_at: string
}

export interface RefundView {
  readonly refund_no: string
  /** The refund's number at its provider; null when no provider is involved. */
  readonly provider_refund_no: string | null
  readonly points: number
  readonly money: Money
  /** `done_by_hand`: an operator returned the money by other means. */
  readonly state: 'pending' | 'done' | 'done_by_hand'
  readonly reason: string
  /** The provider's reason for refusing it at first; null when it did not. */
  readonly failure: string | null
  /** Which operator returned it by other means, and why. */
  readonly settled: { readonly by: string; readonly reason: string } | null
  readonly at: string
  /** null while money is still to be refunded. */
  readonly done_at: string | null
}

export interface OrderReader {
  readonly db: Db
  readonly vault: LedgerCipher
  readonly sealer: Encryptor
}

/** An exchange that has no order yet, or was refused before there was one. */
export async function viewAttempt({ db, sealer, vault }: OrderReader, attempt: Attempt): Promise<OrderView> {
  const { facts, product } = await readEligibilityInputs(
    db,
    vault,
    attempt.owner_id,
    { productId: attempt.product_id, skuId: attempt.sku_id },
    attempt.level,
  )
  const price = facts.product ?? { paymentMode: 'points_only' as const, points: 0, fen: 0n }
  const total = totalOf(price, attempt.quantity)
  const { address, ...notes } = sealer.open(attempt.request, `request/${attempt.order_no}`) as PrivateRequest
  const at = attempt.created_at.toISOString()
  const refused = attempt.state === 'refused'
  return {
    id: attempt.id,
    order_no: attempt.order_no,
    order_id: null,
    owner_id: attempt.owner_id,
    product_id: attempt.product_id,
    sku_id: attempt.sku_id ?? product?.skuId ?? attempt.product_id,
    specs: product?.specs ?? {},
    product_title: product?.title ?? '',
    product_image: product?.image ?? null,
    points_price: price.points,
    money_price: moneyFromFen(price.fen),
    quantity: attempt.quantity,
    total_points: total.points,
    total_money: moneyFromFen(total.fen),
    payment_mode: price.paymentMode,
    status: refused ? 'order_canceled' : 'exchanged',
    payment_status: refused ? 'closed' : 'unpaid',
    cancel_reason: attempt.refusal?.code ?? null,
    needs_attention: null,
    exchange_time: at,
    shipping_info: null,
    address_info: address ?? null,
    customer_notes: notes,
    payment_info: {
      payment_mode: price.paymentMode,
      points_amount: total.points,
      money_amount: moneyFromFen(total.fen),
      payment_method: total.fen > 0n ? attempt.payment_method : null,
      trade_no: null,
      pay_url: null,
      jsapi: null,
      expires_at: null,
    },
    refunds: [],
    timeline: [
      { status: 'exchanged', at, note: null },
      ...(attempt.resolved_at && refused
        ? [
            {
              status: 'order_canceled',
              at: attempt.resolved_at.toISOString(),
              note: attempt.refusal ? cancelNote(attempt.refusal.code, SYSTEM) : null,
            },
          ]
        : []),
    ],
    created_at: at,
    updated_at: (attempt.resolved_at ?? attempt.created_at).toISOString(),
  }
}

export async function viewOrders(
  db: Db,
  sealer: Encryptor,
  rows: readonly ExchangeOrder[],
): Promise<OrderView[]> {
  if (rows.length === 0) return []
  const numbers = rows.map((row) => row.order_no)
  const [events, refunds] = await Promise.all([
    db
      .selectFrom('order_events')
      .select(['order_no', 'status', 'note', 'created_at'])
      .where('order_no', 'in', numbers)
      .orderBy('id')
      .execute(),
    listRefunds(db, numbers),
  ])
  const timelines = Map.groupBy(events, (event) => event.order_no)
  const refundsOf = Map.groupBy(refunds, (refund) => refund.order_no)
  return rows.map((row) => ({
    ...viewOrder(sealer, row, timelines.get(row.order_no) ?? []),
    refunds: (refundsOf.get(row.order_no) ?? []).map(viewRefund),
  }))
}

/** Customers see that an operator has to act, but not the error messages of internal systems. */
export function forCustomer(view: OrderView): OrderView {
  const refunds = view.refunds.map((refund) => ({ ...refund, failure: null, settled: null }))
  const needs_attention = view.needs_attention && { code: 'other' as const, data: { said: '' } }
  return { ...view, refunds, needs_attention }
}

function viewRefund(refund: ShownRefund): RefundView {
  const { refund_no, provider_refund_no, points, reason, failure } = refund
  return {
    refund_no,
    provider_refund_no,
    points,
    money: money(refund.money),
    state: refund.state,
    reason,
    failure,
    settled:
      refund.settled_by === null ? null : { by: refund.settled_by, reason: refund.settled_reason ?? '' },
    at: refund.created_at.toISOString(),
    done_at: refund.done_at?.toISOString() ?? null,
  }
}

function viewOrder(
  sealer: Encryptor,
  row: ExchangeOrder,
  events: readonly { status: string; note: OrderNote | null; created_at: Date }[],
): Omit<OrderView, 'refunds'> {
  const payable = row.status === 'order_created' && row.payment_status === 'unpaid'
  return {
    id: row.id,
    order_no: row.order_no,
    order_id: row.order_id,
    owner_id: row.owner_id,
    product_id: row.product_id,
    sku_id: row.sku_id ?? row.product_id,
    specs: row.sku_specs ?? {},
    product_title: row.product_title,
    product_image: row.product_image,
    points_price: row.points_price,
    money_price: money(row.money_price),
    quantity: row.quantity,
    total_points: row.total_points,
    total_money: money(row.total_money),
    payment_mode: row.payment_mode,
    status: row.status,
    payment_status: row.payment_status,
    cancel_reason: row.cancel_reason,
    needs_attention: row.needs_attention,
    exchange_time: row.exchange_time.toISOString(),
    shipping_info: row.shipping_info,
    address_info: row.address_info ? sealer.open(row.address_info, `address/${row.order_no}`) : null,
    customer_notes: row.customer_notes ? sealer.open(row.customer_notes, `notes/${row.order_no}`) : null,
    payment_info: viewPayment(row, row.payment_info, payable),
    timeline: events.map((event) => ({
      status: event.status,
      at: event.created_at.toISOString(),
      note: event.note,
    })),
    created_at: row.created_at.toISOString(),
    updated_at: row.updated_at.toISOString(),
  }
}

function viewPayment(
  row: ExchangeOrder,
  info: PaymentInfo | null,
  payable: boolean,
): OrderView['payment_info'] {
  return {
    payment_mode: row.payment_mode,
    points_amount: row.total_points,
    money_amount: money(row.total_money),
    payment_method: row.payment_method,
    trade_no: info?.trade_no ?? null,
    pay_url: payable ? (info?.pay_url ?? null) : null,
    jsapi: payable ? (info?.jsapi ?? null) : null,
    expires_at: payable ? (row.pay_by?.toISOString() ?? null) : null,
  }
}

const money = (amount: string): Money => moneyFromFen(fenOf(amount))
