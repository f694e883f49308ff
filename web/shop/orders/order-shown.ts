import type { FundTrace } from '../../../application/orders/fund-trace.ts'
import type { OrderView } from '../../../application/orders/view.ts'
import type { ShippingType } from '../../../domain/catalogue/product.ts'
import type { Money } from '../../../domain/money.ts'
import type { PaymentMethod } from '../../../domain/payments/method.ts'

/** Everything the order page shows; live updates compare it. */
export interface OrderShown {
  readonly order: OrderView
  readonly where: FundTrace
  /** Payment methods and the wallet's cash; undefined: nothing to pay. */
  readonly payable: { readonly methods: readonly PaymentMethod[]; readonly cash: Money } | undefined
  /** Undefined: the product was deleted. */
  readonly shipping: Shipping | undefined
  /** The shop has a page of the product. */
  readonly isInShop: boolean
}

export interface Shipping {
  readonly type: ShippingType
  /** Pickup details under the product's own labels. */
  readonly facts: readonly (readonly [string, string])[]
}
