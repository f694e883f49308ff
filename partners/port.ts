import type { Money } from '../domain/money.ts'
import type { OrderStatus, PaymentStatus } from '../domain/orders/status.ts'

/**
 * The shop's own systems. `PartnerRefusalError` is a final refusal, without the system's text, which may name a customer;
 * after any other error the outcome is unknown, and the same call must be repeated with `repeat`.
 */
export class PartnerRefusalError extends Error {
  override name = 'PartnerRefusalError'
  readonly code: string

  constructor(code: string) {
    super(code)
    this.code = code
  }
}

/** The system that keeps the shop's orders. Every call is idempotent by our order number. */
export interface OrderService {
  /** @param repeat an earlier try may have arrived: query its outcome before sending again */
  create(order: NewOrder, repeat: boolean): Promise<OrderAtService>
  /** Undoes `create`, also one that arrives later: it leaves a tombstone. */
  cancel(told: ToldOrder, repeat: boolean): Promise<OrderAtService>
  /** Tells where the order stands; an older revision never overwrites a newer one. */
  tell(told: ToldOrder, repeat: boolean): Promise<OrderAtService>
  /** @returns undefined while the service has no such order; it may still arrive */
  find(orderNo: string): Promise<OrderAtService | undefined>
}

export interface OrderAtService {
  readonly orderNo: string
  /** Its number at the service; null for a tombstone. */
  readonly id: string | null
  readonly state: 'created' | 'canceled'
  readonly revision: number
}

export interface Receiver {
  readonly [field: string]: unknown
}

export interface NewOrder {
  readonly orderNo: string
  readonly ownerId: string
  readonly productId: string
  readonly skuId: string
  readonly title: string
  readonly specs: Readonly<Record<string, string>>
  readonly quantity: number
  readonly points: number
  readonly money: Money
  readonly paymentMode: string
  readonly shippingType: string
  /** Null: nothing travels. */
  readonly receiver: Receiver | null
  readonly notes: Receiver | null
  /** ISO */
  readonly createdAt: string
}

export interface ToldOrder {
  readonly orderNo: string
  /** Counts the changes that the service is told of. */
  readonly revision: number
  readonly status: OrderStatus
  readonly paymentStatus: PaymentStatus
  readonly cancelReason: string | null
  readonly refunded: { readonly points: number; readonly money: Money }
  readonly receiver: Receiver | null
  readonly shipments: readonly {
    readonly carrier: string
    readonly tracking_no: string
    readonly quantity: number
  }[]
}

/** Products in one request. */
export const PRODUCTS_MAX = 50

/** What the shop says of this product is not what the contract says. */
export const UNREADABLE = 'unreadable'

/** The system that keeps the shop's products. Reading changes nothing there, so that it can always be repeated. */
export interface ProductSource {
  /** @param asked at most `PRODUCTS_MAX` @returns without those that do not exist */
  read(asked: readonly AskedProduct[]): Promise<ReadonlyMap<string, ShopProduct | typeof UNREADABLE>>
}

export interface AskedProduct {
  readonly id: string
  /** Pieces of the shop that the mall counts on; null: none. The shop sells elsewhere only what is beyond them. */
  readonly applied: number | null
}

export interface ShopProduct {
  readonly id: string
  readonly title: string
  readonly image: string | null
  /** Decimal CNY; null: it has none. */
  readonly price: string | null
  readonly isOnSale: boolean
  /** Pieces that the shop has given to the mall so far and sells nowhere else; null: none, the stock is the mall's. */
  readonly allotted: number | null
}
