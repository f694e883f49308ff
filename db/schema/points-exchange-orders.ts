import type { ColumnType, JSONColumnType } from 'kysely'
import type { Delivery, PaymentMode, Returnable, ShippingType } from '../../domain/catalogue/product.ts'
import type { Specs } from '../../domain/catalogue/sku.ts'
import type { Attention } from '../../domain/orders/attention.ts'
import type { OrderStatus, PaymentStatus } from '../../domain/orders/status.ts'
import type { PaymentMethod } from '../../domain/payments/method.ts'
import type { Dated, Decimal, Ref, Stamp } from './columns.ts'

export interface ShippingInfo {
  readonly carrier: string
  readonly tracking_no: string
}

/** Why an order is being canceled, and who canceled it. */
export interface CancelCause {
  readonly reason: string
  readonly by: { readonly type: 'customer' | 'operator' | 'system' | 'order_domain'; readonly id?: string }
}

/** The payment as the customer sees it; the `payments` table is authoritative. */
export interface PaymentInfo {
  readonly payment_method: PaymentMethod | null
  readonly trade_no: string | null
  readonly pay_url: string | null
  /** Opens the cashier inside WeChat, in place of `pay_url`. */
  readonly jsapi?: Readonly<Record<string, string>> | null
  readonly expires_at: string | null
}

export interface PointsExchangeOrdersTable extends Dated {
  /** Allocated with the attempt. */
  id: Ref
  order_no: string
  order_id: ColumnType<string | null, string | null | undefined, string | null>
  product_id: Ref
  /** Null: the product's own SKU, as its id. */
  sku_id: ColumnType<string | null, string | null | undefined, never>
  /** Null: none. */
  sku_specs: ColumnType<Specs | null, string | null | undefined, never>
  product_title: string
  product_image: string | null
  shipping_type: ShippingType
  /** The product's when it was redeemed. Null: the default of the shipping type. */
  delivery: ColumnType<Delivery | null, Delivery | null | undefined, Delivery | null>
  /** The product's when it was redeemed. */
  returnable: ColumnType<Returnable, string | undefined, string>
  points_price: number
  money_price: Decimal
  quantity: number
  total_points: number
  total_money: Decimal
  payment_mode: PaymentMode
  payment_method: PaymentMethod | null
  status: OrderStatus
  payment_status: PaymentStatus
  /** A code, or the words of an operator; of a customer the words are in `cancel_words`. */
  cancel_reason: string | null
  cancel_words: ColumnType<Buffer | null, undefined, Buffer>
  needs_attention: ColumnType<Attention | null, string | null, string | null>
  /** Since when, and how often so far: kept by a trigger. */
  attention_since: ColumnType<Date | null, never, never>
  attention_times: ColumnType<number, never, never>
  exchange_time: Stamp
  pay_by: Date | null
  /** When receipt is confirmed automatically; null before shipping. */
  confirm_by: ColumnType<Date | null, undefined, Date>
  /** Since when an open after-sale keeps `confirm_by` from passing. */
  confirm_paused_at: ColumnType<Date | null, undefined, Date | null>
  /** Set when a cancellation starts to close the payment: from then on it is always completed. */
  cancel_cause: ColumnType<CancelCause | null, undefined, string | null>
  /** As `exchange_attempts.run_id`. */
  run_id: ColumnType<string | null, string | null | undefined, string>
  shipping_info: JSONColumnType<ShippingInfo> | null
  address_info: Buffer | null
  /** Keyed hashes of the receiver; null with an address: to be indexed. */
  contact_terms: ColumnType<Buffer[] | null, Buffer[] | null | undefined, Buffer[] | null>
  customer_notes: Buffer | null
  payment_info: ColumnType<PaymentInfo | null, string | null, string | null>
  owner_type: string
  owner_id: string
  operator_type: string | null
  operator_id: string | null
  /** The operator who looks after it; null: nobody in particular. */
  assignee: ColumnType<string | null, undefined, string | null>
  deleted_at: Date | null
}
