import type { Refusal } from '../errors.ts'
import { decimalFromFen, type Fen } from '../money.ts'

export interface Amounts {
  readonly points: bigint
  readonly fen: Fen
}

/** What remains of a paid order; never negative. */
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

/** A refund of the whole remainder ends the order. */
export const isAllOf = (part: Amounts, rest: Amounts): boolean =>
  part.points === rest.points && part.fen === rest.fen

/**
 * A part must be less than the remainder, since a refund of all of it has to end the order.
 * @param divisible what of the remainder can be refunded in parts
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

/**
 * What `pieces` of the `left` pieces that are not paid back cost: the remainder by largest remainder, earlier pieces
 * first. Whatever the order of the refunds, the last one takes all that is left.
 */
export function shareOf(rest: Amounts, pieces: number, left: number): Amounts {
  if (!(Number.isInteger(pieces) && pieces >= 0 && pieces <= left && left > 0)) {
    throw new RangeError(`${pieces} of ${left} pieces`)
  }
  const [some, all] = [BigInt(pieces), BigInt(left)]
  const share = (whole: bigint) => {
    const over = whole % all
    return (whole / all) * some + (over < some ? over : some)
  }
  return { points: share(rest.points), fen: share(rest.fen) }
}
