import type { Db } from '../../db/client.ts'
import type { Attempt, PrivateRequest } from '../../db/orders/attempts.ts'
import { readEligibilityInputs } from '../../db/orders/eligibility-inputs.ts'
import { type ExchangeOrder, SYSTEM } from '../../db/orders/orders.ts'
import { listRefunds, type ShownRefund } from '../../db/orders/refunds.ts'
import type { Encryptor } from '../../db/platform/encryption.ts'
import type { PaymentInfo, ShippingInfo } from '../../db/schema/points-exchange-orders.ts'
import type { LedgerCipher } from '../../db/wallet/ledger-cipher.ts'
import type { CustomAnswer } from '../../domain/catalogue/custom-fields.ts'
import { totalOf } from '../../domain/catalogue/pricing.ts'
import type { PaymentMode, Returnable } from '../../domain/catalogue/product.ts'
import type { Specs } from '../../domain/catalogue/sku.ts'
import type { Address } from '../../domain/customers/address.ts'
import { fenOf, type Money, moneyFromFen } from '../../domain/money.ts'
import type { Attention } from '../../domain/orders/attention.ts'
import { cancelNote, type OrderNote } from '../../domain/orders/notes.ts'
import type { OrderStatus, PaymentStatus } from '../../domain/orders/status.ts'
import type { PaymentMethod } from '../../domain/payments/method.ts'
import { type ShipmentView, viewShipments } from '../shipments/view.ts'

/** As it was sent. */
export type OrderAddress = { readonly [Field in keyof Address]?: string }
export type CustomerNotes = {
  readonly buyer_remarks?: string
  readonly buyer_message?: string
  readonly customized?: Record<string, JsonValue> | JsonValue[]
  /** With the titles that the product's fields had. */
  readonly custom?: readonly CustomAnswer[]
}
type JsonValue = string | number | boolean | null | JsonValue[] | { [name: string]: JsonValue }

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
  /** The product's when it was redeemed. */
  readonly returnable: Returnable
  readonly shipping_info: ShippingInfo | null
  /** Its parcels in the order in which they were sent; what an accepted order still has to send is last. */
  readonly shipments: readonly ShipmentView[]
  readonly address_info: OrderAddress | null
  readonly customer_notes: CustomerNotes | null
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
  const {
    address,
    account: _,
    ...notes
  } = sealer.open(attempt.request, `request/${attempt.order_no}`) as PrivateRequest
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
    returnable: product?.returnable ?? 'before_shipping',
    shipping_info: null,
    shipments: [],
    address_info: (address as OrderAddress | undefined) ?? null,
    customer_notes: notes as CustomerNotes,
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

/** What the sealed words of a cancellation are bound to. */
export const cancelWordsOf = (orderNo: string): string => `cancel/${orderNo}`

/** The code that stands for the words of a customer. */
const BY_CUSTOMER = 'canceled_by_customer'

/** @returns undefined for an order of before, and where the customer gave no reason or did not cancel */
function openCancelWords(sealer: Encryptor, row: ExchangeOrder): string | undefined {
  if (row.cancel_words === null || row.cancel_reason !== BY_CUSTOMER) return undefined
  return sealer.open(row.cancel_words, cancelWordsOf(row.order_no)) as string
}

export async function viewOrders(
  db: Db,
  sealer: Encryptor,
  rows: readonly ExchangeOrder[],
): Promise<OrderView[]> {
  if (rows.length === 0) return []
  const numbers = rows.map((row) => row.order_no)
  const [events, refunds, shipments] = await Promise.all([
    db
      .selectFrom('order_events')
      .select(['order_no', 'status', 'note', 'created_at'])
      .where('order_no', 'in', numbers)
      .orderBy('id')
      .execute(),
    listRefunds(db, numbers),
    viewShipments(db, sealer, rows),
  ])
  const timelines = Map.groupBy(events, (event) => event.order_no)
  const refundsOf = Map.groupBy(refunds, (refund) => refund.order_no)
  return rows.map((row) => {
    const words = openCancelWords(sealer, row)
    return {
      ...viewOrder(sealer, row, timelines.get(row.order_no) ?? [], words),
      shipments: shipments.get(row.order_no) ?? [],
      refunds: (refundsOf.get(row.order_no) ?? []).map((refund) => viewRefund(refund, words)),
    }
  })
}

/** Customers see that an operator has to act, but not the error messages of internal systems. */
export function forCustomer(view: OrderView): OrderView {
  const refunds = view.refunds.map((refund) => ({ ...refund, failure: null, settled: null }))
  const needs_attention = view.needs_attention && { code: 'other' as const, data: { said: '' } }
  return { ...view, refunds, needs_attention }
}

function viewRefund(refund: ShownRefund, words: string | undefined): RefundView {
  const { refund_no, provider_refund_no, points, failure } = refund
  const reason = refund.reason === BY_CUSTOMER ? (words ?? refund.reason) : refund.reason
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
  words: string | undefined,
): Omit<OrderView, 'refunds' | 'shipments'> {
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
    cancel_reason: words ?? row.cancel_reason,
    needs_attention: row.needs_attention,
    exchange_time: row.exchange_time.toISOString(),
    returnable: row.returnable,
    shipping_info: row.shipping_info,
    address_info: row.address_info
      ? (sealer.open(row.address_info, `address/${row.order_no}`) as OrderAddress)
      : null,
    customer_notes: row.customer_notes
      ? (sealer.open(row.customer_notes, `notes/${row.order_no}`) as CustomerNotes)
      : null,
    payment_info: viewPayment(row, row.payment_info, payable),
    timeline: events.map((event) => ({
      status: event.status,
      at: event.created_at.toISOString(),
      note: words !== undefined && isByCustomer(event.note) ? withWords(words) : event.note,
    })),
    created_at: row.created_at.toISOString(),
    updated_at: row.updated_at.toISOString(),
  }
}

const isByCustomer = (note: OrderNote | null): boolean =>
  note?.code === 'canceled' && note.data.cause === BY_CUSTOMER

const withWords = (words: string): OrderNote => ({ code: 'canceled_with_words', data: { words } })

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
