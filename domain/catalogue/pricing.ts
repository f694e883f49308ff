import type { Fen } from '../money.ts'
import type { PaymentMode } from './product.ts'

export interface Price {
  readonly paymentMode: PaymentMode
  /** Points for one piece; counts unless the mode is `money_only`. */
  readonly points: number
  /** Fen for one piece; counts unless the mode is `points_only`. */
  readonly fen: Fen
}

export interface Total {
  readonly points: number
  readonly fen: Fen
}

/** What `quantity` pieces cost, by the server's price alone. */
export function totalOf(price: Price, quantity: number): Total {
  return {
    points: price.paymentMode === 'money_only' ? 0 : price.points * quantity,
    fen: price.paymentMode === 'points_only' ? 0n : price.fen * BigInt(quantity),
  }
}

/**
 * The worth of points and cash together (the seed's `getTotalValue`).
 * @param millionths CNY per point, in millionths of a yuan. Returns fen, halves rounded up.
 */
export function worthOf(total: Total, millionths: bigint): Fen {
  return (BigInt(total.points) * millionths + 5_000n) / 10_000n + total.fen
}
