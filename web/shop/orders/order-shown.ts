import type { ShownCharge } from '../../../application/fulfilment/charges.ts'
import type { ShownVoucher } from '../../../application/fulfilment/vouchers.ts'
import type { FundTrace } from '../../../application/orders/fund-trace.ts'
import type { MessageView } from '../../../application/orders/messages.ts'
import type { OrderView } from '../../../application/orders/view.ts'
import type { Delivery, ShippingType } from '../../../domain/catalogue/product.ts'
import type { Money } from '../../../domain/money.ts'
import type { PaymentMethod } from '../../../domain/payments/method.ts'

/** Live updates compare this. */
export interface OrderShown {
  readonly order: OrderView
  readonly image: string | undefined
  readonly where: FundTrace
  /** Payment methods and the wallet's cash; undefined: nothing to pay, or nothing to pay now. */
  readonly payable: { readonly methods: readonly PaymentMethod[]; readonly cash: Money } | undefined
  /** It may be paid already: the customer is not asked to pay again. */
  readonly confirming: boolean
  /** Undefined: the product was deleted. */
  readonly shipping: Shipping | undefined
  /** What its owner shows in the store; undefined: none. */
  readonly voucher: ShownVoucher | undefined
  /** What a supplier charges; undefined: nothing. */
  readonly charge: ShownCharge | undefined
  /** How many codes its owner can look at. */
  readonly codes: number
  /** The newest first, a few. */
  readonly messages: readonly MessageView[]
  /** The shop has a page of the product. */
  readonly isInShop: boolean
}

export interface Shipping {
  readonly type: ShippingType
  readonly delivery: Delivery
  readonly facts: readonly (readonly [string, string])[]
}
