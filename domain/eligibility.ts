import type { Refusal } from './errors.ts'
import { decimalFromFen, type Fen } from './money.ts'
import type { PaymentMethod } from './payment.ts'
import { type Total, totalOf } from './pricing.ts'
import {
  type ExchangeLimit,
  needsAddress,
  type PaymentMode,
  type ProductStatus,
  type ShippingType,
} from './product.ts'

/** Section 9 of the seed: the shop's own bounds. */
export interface ExchangeRules {
  readonly minPoints: number
  readonly maxPointsPerOrder: number
  readonly exchangeLimitEnabled: boolean
  readonly supportedMethods: readonly PaymentMethod[]
}

/** What is asked. `hasAddress` and `method` are undefined for a mere check. */
export interface ExchangeWish {
  readonly quantity: number
  readonly hasAddress?: boolean
  readonly method?: PaymentMethod
  /** The cash the customer expects to pay for the whole order, in fen. */
  readonly cashFen?: Fen | undefined
}

/** All that the decision looks at, read at one moment. Undefined product: there is none. */
export interface ExchangeFacts {
  readonly product:
    | {
        readonly status: ProductStatus
        readonly paymentMode: PaymentMode
        readonly points: number
        readonly fen: Fen
        readonly stock: number
        readonly shippingType: ShippingType
        readonly exchangeLimit: number
        readonly limit: ExchangeLimit
      }
    | undefined
  readonly level: number
  /** Pieces of this product in the customer's orders that were not canceled: ever, and within the limit's window. */
  readonly piecesEver: number
  readonly piecesInWindow: number
  /** Null: not known, and the hold decides. */
  readonly pointsAvailable: bigint | null
  readonly cashAvailable: Fen
}

/**
 * Every reason against the exchange, in the contract's order of checks: the first is the answer to
 * `POST exchange`, all of them are the answer to `POST check-exchange`. None: go ahead.
 */
export function reasonsAgainst(facts: ExchangeFacts, wish: ExchangeWish, rules: ExchangeRules): Refusal[] {
  const product = facts.product
  if (!product) return [{ code: 'NOT_FOUND' }]
  const total = totalOf(product, wish.quantity)
  const reasons: Refusal[] = []
  if (product.status === 'off_sale' || product.status === 'draft')
    reasons.push({ code: 'PRODUCT_NOT_ON_SALE' })
  if (wish.hasAddress === false && needsAddress(product.shippingType))
    reasons.push({ code: 'ADDRESS_REQUIRED' })
  if (total.fen > 0n && wish.method && !rules.supportedMethods.includes(wish.method)) {
    reasons.push({ code: 'PAYMENT_METHOD_UNSUPPORTED', available: rules.supportedMethods.join(', ') })
  }
  if (wish.cashFen !== undefined && wish.cashFen !== total.fen) {
    reasons.push({
      code: 'PRICE_CHANGED',
      required: decimalFromFen(total.fen),
      available: decimalFromFen(wish.cashFen),
    })
  }
  reasons.push(...limitReasons(product, facts, wish.quantity, rules))
  reasons.push(...pointsBounds(product.paymentMode, total, rules))
  if (product.stock < wish.quantity) {
    reasons.push({ code: 'OUT_OF_STOCK', required: `${wish.quantity}`, available: `${product.stock}` })
  }
  if (facts.pointsAvailable !== null && BigInt(total.points) > facts.pointsAvailable) {
    reasons.push({
      code: 'INSUFFICIENT_POINTS',
      required: `${total.points}`,
      available: `${facts.pointsAvailable}`,
    })
  }
  if (wish.method === 'wallet' && total.fen > facts.cashAvailable) {
    reasons.push({
      code: 'INSUFFICIENT_BALANCE',
      required: decimalFromFen(total.fen),
      available: decimalFromFen(facts.cashAvailable),
    })
  }
  return reasons
}

function limitReasons(
  product: NonNullable<ExchangeFacts['product']>,
  facts: ExchangeFacts,
  quantity: number,
  rules: ExchangeRules,
): Refusal[] {
  const { limit } = product
  const reasons: Refusal[] = []
  if (limit.user_level_required !== undefined && facts.level < limit.user_level_required) {
    reasons.push({
      code: 'USER_LEVEL_TOO_LOW',
      required: `${limit.user_level_required}`,
      available: `${facts.level}`,
    })
  }
  const rest = piecesLeft(product, facts, rules)
  if (quantity > rest) {
    reasons.push({ code: 'EXCHANGE_LIMIT_EXCEEDED', required: `${quantity}`, available: `${rest}` })
  }
  return reasons
}

type Redeemed = Pick<ExchangeFacts, 'piecesEver' | 'piecesInWindow'>

/** The pieces that the limits leave to the customer in this order; Infinity where there are none. */
function piecesLeft(
  { exchangeLimit, limit }: Pick<NonNullable<ExchangeFacts['product']>, 'exchangeLimit' | 'limit'>,
  { piecesEver, piecesInWindow }: Redeemed,
  rules: ExchangeRules,
): number {
  if (!rules.exchangeLimitEnabled) return Infinity
  const rests = [limit.max_per_order ?? Infinity]
  if (exchangeLimit > 0) rests.push(exchangeLimit - piecesEver)
  if (limit.max_per_user !== undefined) {
    rests.push(limit.max_per_user - (limit.time_limit_seconds === undefined ? piecesEver : piecesInWindow))
  }
  return Math.max(0, Math.min(...rests))
}

/** The most pieces that an order may ask for, whatever the customer has: by stock, limits and the points of one order. */
export function piecesMax(
  { product, ...redeemed }: Redeemed & { readonly product: NonNullable<ExchangeFacts['product']> },
  rules: ExchangeRules,
): number {
  const { points } = totalOf(product, 1)
  const byPoints = points > 0 ? Math.floor(rules.maxPointsPerOrder / points) : Infinity
  return Math.min(product.stock, piecesLeft(product, redeemed, rules), byPoints)
}

function pointsBounds(mode: PaymentMode, total: Total, rules: ExchangeRules): Refusal[] {
  if (mode === 'money_only') return []
  if (total.points < rules.minPoints) {
    return [{ code: 'BELOW_MIN_POINTS', required: `${rules.minPoints}`, available: `${total.points}` }]
  }
  if (total.points > rules.maxPointsPerOrder) {
    return [
      {
        code: 'POINTS_PER_ORDER_EXCEEDED',
        required: `${total.points}`,
        available: `${rules.maxPointsPerOrder}`,
      },
    ]
  }
  return []
}
