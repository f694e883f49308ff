import { type Total, totalOf } from '../catalogue/pricing.ts'
import {
  type ExchangeLimit,
  needsAddress,
  type PaymentMode,
  type ProductStatus,
  type ShippingType,
} from '../catalogue/product.ts'
import type { Closed } from '../catalogue/windows.ts'
import { missingIn } from '../customers/address.ts'
import type { Refusal, RefusalCode } from '../errors.ts'
import type { ChargeTerms } from '../fulfilment/charge.ts'
import { decimalFromFen, type Fen } from '../money.ts'
import type { PaymentMethod } from '../payments/method.ts'

export interface ExchangeRules {
  readonly minPoints: number
  readonly maxPointsPerOrder: number
  readonly exchangeLimitEnabled: boolean
  readonly maxUnpaidOrders: number
  /** Pieces of one product in a customer's unpaid orders; `UNPAID_SHARE` of the stock where that is more. */
  readonly maxUnpaidPieces: number
  readonly supportedMethods: readonly PaymentMethod[]
  /** Whether a supplier is set up that charges accounts. */
  readonly canCharge?: boolean
}

/** A customer's unpaid orders may hold 1/20 of a product's stock, rounded down. */
const UNPAID_SHARE = 20

/** `address` and `method` are undefined when eligibility is only checked. */
export interface ExchangeWish {
  readonly quantity: number
  /** Null: none is given. */
  readonly address?: Readonly<Record<string, unknown>> | null
  /** What a supplier is to charge; null: none is given. */
  readonly account?: string | null
  readonly method?: PaymentMethod
  readonly cashFen?: Fen | undefined
  /** The order's total in points as the customer saw it. */
  readonly expectedPoints?: number | undefined
}

/** Read at one moment. Undefined product: it does not exist. */
export interface EligibilityInputs {
  readonly product:
    | {
        readonly status: ProductStatus
        readonly paymentMode: PaymentMode
        readonly points: number
        readonly fen: Fen
        /** `required`: the product has several and none is named; `unknown`: it does not have the one that is named. */
        readonly sku: 'chosen' | 'required' | 'unknown'
        /** Of the chosen SKU. */
        readonly stock: number
        /** Pieces in the unpaid orders of all customers, not counted for `points_only`, and those of its other SKUs. */
        readonly reserved: number
        readonly shippingType: ShippingType
        /** Only of a product that a supplier charges; null: nobody has said which article. */
        readonly charge?: ChargeTerms | null | undefined
        /** Outside its times. */
        readonly closed?: Closed | undefined
        readonly exchangeLimit: number
        readonly limit: ExchangeLimit
      }
    | undefined
  readonly level: number
  /** Pieces of this product in the customer's orders, except canceled ones. */
  readonly piecesEver: number
  readonly piecesInWindow: number
  readonly unpaid: { readonly orders: number; readonly pieces: number }
  readonly frozen: boolean
  /** Null: unknown, the hold decides. */
  readonly pointsAvailable: bigint | null
  readonly cashAvailable: Fen
}

/**
 * All reasons against the exchange, in the order in which they are checked: `POST exchange` answers with the
 * first, `POST check-exchange` with all of them.
 */
export function reasonsAgainst(
  facts: EligibilityInputs,
  wish: ExchangeWish,
  rules: ExchangeRules,
): Refusal[] {
  const product = facts.product
  if (!product || product.sku === 'unknown') return [{ code: 'NOT_FOUND' }]
  const total = totalOf(product, wish.quantity)
  const reasons: Refusal[] = []
  if (product.status === 'off_sale' || product.status === 'draft')
    reasons.push({ code: 'PRODUCT_NOT_ON_SALE' })
  else if (product.closed) {
    const { rule, at } = product.closed
    reasons.push({ code: 'PRODUCT_NOT_ON_SALE', rule, available: at.toISOString() })
  }
  if (product.charge === null || (product.charge && !rules.canCharge))
    reasons.push({ code: 'CHARGE_UNAVAILABLE' })
  // Without it there is no price to compare.
  if (product.sku === 'required') return [...reasons, { code: 'SKU_REQUIRED' }]
  if (wish.address !== undefined && needsAddress(product.shippingType)) {
    const fields = missingIn(wish.address ?? undefined)
    if (fields.length > 0) reasons.push({ code: 'ADDRESS_REQUIRED', fields })
  }
  if (product.charge && rules.canCharge && wish.account === null) reasons.push({ code: 'ACCOUNT_REQUIRED' })
  if (total.fen > 0n && wish.method && !rules.supportedMethods.includes(wish.method)) {
    reasons.push({ code: 'PAYMENT_METHOD_UNSUPPORTED', available: rules.supportedMethods.join(', ') })
  }
  if (wish.expectedPoints !== undefined && wish.expectedPoints !== total.points) {
    reasons.push({
      code: 'PRICE_CHANGED',
      rule: 'points',
      required: `${total.points}`,
      available: `${wish.expectedPoints}`,
    })
  }
  if (wish.cashFen !== undefined && wish.cashFen !== total.fen) {
    reasons.push({
      code: 'PRICE_CHANGED',
      required: decimalFromFen(total.fen),
      available: decimalFromFen(wish.cashFen),
    })
  }
  reasons.push(...limitReasons(product, facts, wish, rules))
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
  // A frozen wallet that has to pay is reported above as insufficient; all other orders are refused here.
  if (facts.frozen && !reasons.some(({ code }) => WALLET_CODES.includes(code))) {
    reasons.push({ code: 'RISK_REJECTED' })
  }
  return reasons
}

const WALLET_CODES: readonly RefusalCode[] = ['INSUFFICIENT_POINTS', 'INSUFFICIENT_BALANCE']

type Product = NonNullable<EligibilityInputs['product']>

function limitReasons(
  product: Product,
  facts: EligibilityInputs,
  wish: ExchangeWish,
  rules: ExchangeRules,
): Refusal[] {
  const { limit } = product
  const { quantity } = wish
  const reasons: Refusal[] = []
  if (limit.user_level_required !== undefined && facts.level < limit.user_level_required) {
    reasons.push({
      code: 'USER_LEVEL_TOO_LOW',
      required: `${limit.user_level_required}`,
      available: `${facts.level}`,
    })
  }
  const unpaid = staysUnpaid(product, facts, wish, rules)
    ? unpaidReasons(product, facts, quantity, rules)
    : []
  const rest = piecesLeft(product, facts, rules)
  if (quantity <= rest) return [...reasons, ...unpaid]
  // One reason per code: where both limits refuse, the stricter one is reported.
  const [tooMany, pieces] = [unpaid.filter(({ rule }) => !rule), unpaid.find(({ rule }) => rule)]
  const limited = { code: 'EXCHANGE_LIMIT_EXCEEDED', required: `${quantity}`, available: `${rest}` } as const
  reasons.push(pieces && Number(pieces.available) < rest ? pieces : limited, ...tooMany)
  return reasons
}

/** Reasons that apply only to an order that will wait for its payment. */
export function unpaidReasons(
  product: Product,
  facts: Pick<EligibilityInputs, 'unpaid'>,
  quantity: number,
  rules: ExchangeRules,
): Refusal[] {
  const reasons: Refusal[] = []
  const { orders } = facts.unpaid
  if (orders >= rules.maxUnpaidOrders) {
    reasons.push({
      code: 'TOO_MANY_UNPAID_ORDERS',
      required: `${orders + 1}`,
      available: `${rules.maxUnpaidOrders}`,
    })
  }
  const rest = unpaidPiecesLeft(product, facts, rules)
  if (quantity > rest) {
    reasons.push({
      code: 'EXCHANGE_LIMIT_EXCEEDED',
      required: `${quantity}`,
      available: `${rest}`,
      rule: 'unpaid_pieces',
    })
  }
  return reasons
}

/** Whether the order will wait for a provider. Without a method: whether the wallet cannot pay for it. */
function staysUnpaid(
  product: Product,
  { cashAvailable }: Pick<EligibilityInputs, 'cashAvailable'>,
  { quantity, method }: ExchangeWish,
  { supportedMethods }: ExchangeRules,
): boolean {
  const { fen } = totalOf(product, quantity)
  if (fen === 0n) return false
  if (method !== undefined) return method !== 'wallet'
  return !supportedMethods.includes('wallet') || cashAvailable < fen
}

/** The total stock is what is for sale plus what is reserved. */
function unpaidPiecesLeft(
  { stock, reserved }: Product,
  { unpaid }: Pick<EligibilityInputs, 'unpaid'>,
  { maxUnpaidPieces }: ExchangeRules,
): number {
  const most = Math.max(maxUnpaidPieces, Math.floor((stock + reserved) / UNPAID_SHARE))
  return Math.max(0, most - unpaid.pieces)
}

type Redeemed = Pick<EligibilityInputs, 'piecesEver' | 'piecesInWindow'>

function piecesLeft(
  { exchangeLimit, limit }: Pick<Product, 'exchangeLimit' | 'limit'>,
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

/** The largest quantity of one order, whatever the points balance. @param payer undefined for a guest */
export function piecesMax(
  { product, ...redeemed }: Redeemed & { readonly product: Product },
  rules: ExchangeRules,
  payer?: Pick<EligibilityInputs, 'unpaid' | 'cashAvailable'>,
): number {
  const { points, fen } = totalOf(product, 1)
  const byPoints = points > 0 ? Math.floor(rules.maxPointsPerOrder / points) : Infinity
  const byPayment = payer && fen > 0n ? payableMax(product, fen, payer, rules) : Infinity
  return Math.min(product.stock, piecesLeft(product, redeemed, rules), byPoints, byPayment)
}

function payableMax(
  product: Product,
  fen: Fen,
  payer: Pick<EligibilityInputs, 'unpaid' | 'cashAvailable'>,
  rules: ExchangeRules,
): number {
  const byWallet = rules.supportedMethods.includes('wallet') ? Number(payer.cashAvailable / fen) : 0
  const mayWait = payer.unpaid.orders < rules.maxUnpaidOrders
  return Math.max(byWallet, mayWait ? unpaidPiecesLeft(product, payer, rules) : 0)
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
