import type { FundTrace } from '../../../application/orders/fund-trace.ts'
import type { OrderView } from '../../../application/orders/view.ts'
import type { ShippingType } from '../../../domain/catalogue/product.ts'
import type { Money } from '../../../domain/money.ts'
import type { PaymentMethod } from '../../../domain/payments/method.ts'

/** All that an order's page shows, and that it is compared by when it is followed. */
export interface OrderShown {
  readonly order: OrderView
  readonly where: FundTrace
  /** The ways to pay it, and the cash that the customer's wallet has; undefined: there is nothing to pay. */
  readonly payable: { readonly methods: readonly PaymentMethod[]; readonly cash: Money } | undefined
  /** How it comes to its customer; undefined: its product is deleted. */
  readonly shipping: Shipping | undefined
}

/** How the goods come to their customer. */
export interface Shipping {
  readonly type: ShippingType
  /** What the product says of it, by its own labels. */
  readonly facts: readonly (readonly [string, string])[]
}
