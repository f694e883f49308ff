import type { Refusal } from '../errors.ts'
import { decimalFromFen, type Fen } from '../money.ts'

/** Points and cash of one order: what it cost, or what of it goes back. */
export interface Amounts {
  readonly points: bigint
  readonly fen: Fen
}

/** What is left of a paid order when these were taken back; never less than nothing. */
export function remainderOf(cost: Amounts, back: readonly Amounts[]): Amounts {
  const left = (whole: bigint, parts: readonly bigint[]) => {
    const rest = parts.reduce((sum, part) => sum - part, whole)
    return rest > 0n ? rest : 0n
  }
  return {
    points: left(
      cost.points,
      back.map(({ points }) => points),
    ),
    fen: left(
      cost.fen,
      back.map(({ fen }) => fen),
    ),
  }
}

/** Whether a part is all that is left: then nothing of the order remains to go on with. */
export const isAllOf = (part: Amounts, rest: Amounts): boolean =>
  part.points === rest.points && part.fen === rest.fen

/**
 * Why a part cannot be taken back: it asks for more than is left, or for all of it, and then the order has to end.
 * Providers hold the shop to the same rule, that all refunds of one payment together are at most what was paid.
 * @param rest what is left of the order
 * @param divisible what of it can be given back in parts
 * @returns the refusal, with its gap of the points or else of the cash; undefined where it can be
 */
export function reasonAgainstPart(part: Amounts, rest: Amounts, divisible = rest): Refusal | undefined {
  const code = 'REFUND_EXCEEDS_REST'
  const { points, fen } = divisible
  if (part.points > points) return { code, required: `${part.points}`, available: `${points}` }
  if (part.fen > fen) {
    return { code, required: `¥${decimalFromFen(part.fen)}`, available: `¥${decimalFromFen(fen)}` }
  }
  return isAllOf(part, rest) ? { code: 'REFUND_IS_WHOLE' } : undefined
}
