import type { Fen } from '../money.ts'

/** All values are integers; durations and dates are in ms. */
export interface EarningRules {
  /** Points per yuan, in millionths of a point. */
  readonly perYuanMillionths: bigint
  /** Points per owner and day in Shanghai; 0n: unlimited. */
  readonly dailyCap: bigint
  readonly pendingMs: number
  /** How long they can be spent after that; 0: forever. */
  readonly lastsMs: number
}

/** Rounded down. */
export function pointsFor(fen: Fen, { perYuanMillionths }: EarningRules): bigint {
  return (fen * perYuanMillionths) / 100_000_000n
}

/** @param earned points already earned on the same day */
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

export function datesOf(
  occurredAt: number,
  { pendingMs, lastsMs }: EarningRules,
): { matureAt: number; expiresAt: number | null } {
  const matureAt = occurredAt + pendingMs
  return { matureAt, expiresAt: lastsMs === 0 ? null : matureAt + lastsMs }
}
