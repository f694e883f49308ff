import type { Fen } from '../money.ts'

/** What earns how many points, and when they count. Whole numbers only; durations and dates are in ms. */
export interface EarningRules {
  /** Points for one yuan, in millionths of a point. */
  readonly perYuanMillionths: bigint
  /** Points an owner can earn in one day in Shanghai; 0n is without limit. */
  readonly dailyCap: bigint
  /** How long earned points wait before they can be spent. */
  readonly pendingMs: number
  /** How long they can be spent from then on; 0 is for ever. */
  readonly lastsMs: number
}

/** The points for an amount of cash, rounded down. */
export function pointsFor(fen: Fen, { perYuanMillionths }: EarningRules): bigint {
  return (fen * perYuanMillionths) / 100_000_000n
}

/** What the day's cap lets through of `points`, and what it keeps back. @param earned points of the same day */
export function underCap(
  points: bigint,
  earned: bigint,
  { dailyCap }: EarningRules,
): { points: bigint; capped: bigint } {
  if (dailyCap === 0n) return { points, capped: 0n }
  const room = dailyCap > earned ? dailyCap - earned : 0n
  const kept = points < room ? points : room
  return { points: kept, capped: points - kept }
}

/** When points earned at `occurredAt` can be spent, and until when; null lasts. */
export function datesOf(
  occurredAt: number,
  { pendingMs, lastsMs }: EarningRules,
): { matureAt: number; expiresAt: number | null } {
  const matureAt = occurredAt + pendingMs
  return { matureAt, expiresAt: lastsMs === 0 ? null : matureAt + lastsMs }
}
