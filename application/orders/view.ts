import type { Db } from '../../db/client.ts'
import type { Encryptor } from '../../db/platform/encryption.ts'
import type { ShippingInfo } from '../../db/schema.ts'
import type { LedgerCipher } from '../../db/wallet/ledger-cipher.ts'
import type { PaymentMode } from '../../domain/catalogue/product.ts'
import type { Money } from '../../domain/money.ts'
import type { Attention } from '../../domain/orders/attention.ts'
import type { OrderNote } from '../../domain/orders/notes.ts'
import type { OrderStatus, PaymentStatus } from '../../domain/orders/status.ts'
import type { PaymentMethod } from '../../domain/payments/method.ts'

/** The public view of an exchange order. */
export interface OrderView {
  readonly id: string
  readonly order_no: string
  readonly order_id: string | null
  readonly owner_id: string
  readonly product_id: string
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
  /** Why the order needs an operator; null if it does not. */
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
    /** For pages inside WeChat, instead of `pay_url`. */
    readonly jsapi: Readonly<Record<string, string>> | null
    readonly expires_at: string | null
  }
  /** Refunds, including those of unapplied payments, oldest first. */
  readonly refunds: RefundView[]
  readonly timeline: { readonly status: string; readonly at: string; readonly note: OrderNote | null }[]
  readonly created_at: string
  readonly updated_at: string
}

export interface RefundView {
  readonly refund_no: string
  /** The provider's refund number; null if no provider is involved. */
  readonly provider_refund_no: string | null
  readonly points: number
  readonly money: Money
  /** `done_by_hand`: refunded by an operator outside the system. */
  readonly state: 'pending' | 'done' | 'done_by_hand'
  readonly reason: string
  /** The provider's reason for a delay; null if none. */
  readonly failure: string | null
  readonly settled: { readonly by: string; readonly reason: string } | null
  readonly at: string
  /** Null while the refund is pending. */
  readonly done_at: string | null
}

export interface OrderReader {
  readonly db: Db
  readonly vault: LedgerCipher
  readonly sealer: Encryptor
}
