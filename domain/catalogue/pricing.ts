import type { Fen } from '../money.ts'
import type { PaymentMode } from './product.ts'

export interface Price {
  readonly paymentMode: PaymentMode
  /** Per piece; ignored where the mode is `money_only`. */
  readonly points: number
  /** Per piece; ignored where the mode is `points_only`. */
  readonly fen: Fen
}

export interface Total {
  readonly points: number
  readonly fen: Fen
}

export function totalOf(price: Price, quantity: number): Total {
  return {
    points: price.paymentMode === 'money_only' ? 0 : price.points * quantity,
    fen: price.paymentMode === 'points_only' ? 0n : price.fen * BigInt(quantity),
  }
}

/** In fen, rounded half up. @param millionths CNY per point, in millionths of a yuan */
export function worthOf(total: Total, millionths: bigint): Fen {
  return (BigInt(total.points) * millionths + 5_000n) / 10_000n + total.fen
}
