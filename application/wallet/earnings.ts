import type { EarningState } from '../../db/schema/earnings.ts'
import {
  type Earning,
  type EarningFilter,
  earnedBetween,
  findEarning,
  getEarning,
  grantEarning,
  insertEarning,
  listEarnings,
  reverseEarning,
} from '../../db/wallet/earnings.ts'
import { lockAccount } from '../../db/wallet/posting.ts'
import { mustNotBeOwn } from '../../domain/access.ts'
import { shanghaiDay } from '../../domain/business-time.ts'
import { DomainError, InvalidInputError } from '../../domain/errors.ts'
import { decimalFromFen, type Fen, fenOf, type Money, moneyFromFen } from '../../domain/money.ts'
import { datesOf, type EarningRules, pointsFor, underCap } from '../../domain/wallet/earning.ts'
import { type Ledger, mustBeOurs } from './wallets.ts'

const POINTS_MAX = 1_000_000_000n
export const EARNING_SOURCE = /^[a-z][a-z0-9_]{0,31}$/
export const EXTERNAL_ID = /^[!-~]{1,128}$/
/** Allowed clock skew of other systems. */
const CLOCK_SKEW_MS = 5 * 60_000

export interface EarningView {
  readonly id: string
  readonly owner_id: string
  readonly source: string
  readonly external_id: string
  /** The spent amount; null if the points were given directly. */
  readonly amount: Money | null
  readonly points: number
  readonly capped_points: number
  readonly state: EarningState
  readonly occurred_at: string
  readonly mature_at: string
  readonly expires_at: string | null
  readonly granted_at: string | null
  readonly reversed_at: string | null
  readonly reverse_reason: string | null
  /** Points that were spent when they were clawed back. */
  readonly shortfall: number
  /** The part of it that no returned points have settled yet. */
  readonly open_shortfall: number
  readonly created_at: string
}

export interface EarningRequest {
  readonly ownerId: string
  readonly source: string
  readonly externalId: string
  readonly fen: Fen | undefined
  readonly points: number | undefined
  readonly occurredAt: Date | undefined
  readonly operatorId: string
}

/**
 * Once per source and external id; a repeat keeps the rules of the first time.
 * @throws DomainError IDEMPOTENCY_KEY_REUSED on other contents; FORBIDDEN for the reporter's own account, or with an
 * external wallet; InvalidInputError if it is in the future, expired or too large
 */
export async function earn(
  ledger: Ledger,
  rules: EarningRules,
  request: EarningRequest,
): Promise<{ earning: EarningView; isNew: boolean }> {
  const { db, vault } = ledger
  const { ownerId, source, externalId, fen, points: asked, operatorId } = request
  mustNotBeOwn(operatorId, ownerId)
  mustBeOurs(ledger)
  const before = await findEarning(db, source, externalId)
  if (before) return { earning: viewOf(sameAs(before, request)), isNew: false }
  const wanted = fen === undefined ? BigInt(asked ?? 0) : pointsFor(fen, rules)
  if (wanted > POINTS_MAX) throw new InvalidInputError({ field: 'amount', rule: 'invalid' })

  return db.transaction().execute(async (tx) => {
    // Earnings of one day share its cap, so the account lock serializes them.
    const { now } = await lockAccount(tx, vault, ownerId, 'ZJF')
    const occurredAt = request.occurredAt?.getTime() ?? now
    if (occurredAt > now + CLOCK_SKEW_MS) throw new InvalidInputError({ field: 'occurred_at', rule: 'past' })
    const { matureAt, expiresAt } = datesOf(occurredAt, rules)
    if (expiresAt !== null && expiresAt <= now) {
      throw new InvalidInputError({ field: 'occurred_at', rule: 'invalid' })
    }
    const day = shanghaiDay(occurredAt)
    const earned = await earnedBetween(tx, ownerId, new Date(day.from), new Date(day.to))
    const { points, capped } = underCap(wanted, earned, rules)
    const fresh = await insertEarning(tx, vault, {
      ownerId,
      source,
      externalId,
      amount: fen === undefined ? null : decimalFromFen(fen),
      askedPoints: asked === undefined ? null : BigInt(asked),
      points,
      capped,
      occurredAt: new Date(occurredAt),
      matureAt: new Date(matureAt),
      expiresAt: expiresAt === null ? null : new Date(expiresAt),
      operatorId,
    })
    if (!fresh) {
      const other = await findEarning(tx, source, externalId)
      if (!other) throw new Error(`earning ${source}/${externalId} vanished`)
      return { earning: viewOf(sameAs(other, request)), isNew: false }
    }
    const { earning } = await grantEarning(tx, vault, fresh.id)
    return { earning: viewOf(earning), isNew: true }
  })
}

/** @throws DomainError IDEMPOTENCY_KEY_REUSED if the contents differ */
function sameAs(earning: Earning, { ownerId, fen, points, occurredAt }: EarningRequest): Earning {
  const same =
    earning.owner_id === ownerId &&
    (earning.amount === null ? undefined : fenOf(earning.amount)) === fen &&
    earning.asked_points === (points === undefined ? null : `${points}`) &&
    (occurredAt === undefined || earning.occurred_at.getTime() === occurredAt.getTime())
  if (!same) throw new DomainError({ code: 'IDEMPOTENCY_KEY_REUSED' })
  return earning
}

/**
 * Reverses an earning: pending points are canceled, granted ones clawed back. Idempotent.
 * @param intoDebt spent points become debt instead of a shortfall
 * @throws DomainError NOT_FOUND; FORBIDDEN for the caller's own account, or with an external wallet
 */
export async function reverse(
  ledger: Ledger,
  id: string,
  intoDebt: boolean,
  by: { readonly operatorId: string; readonly reason: string },
): Promise<EarningView> {
  mustBeOurs(ledger)
  const { db, vault } = ledger
  const earning = await getEarning(db, id)
  if (!earning) throw new DomainError({ code: 'NOT_FOUND' })
  mustNotBeOwn(by.operatorId, earning.owner_id)
  return viewOf(await db.transaction().execute((tx) => reverseEarning(tx, vault, id, intoDebt, by)))
}

export async function readEarnings(
  ledger: Ledger,
  filter: EarningFilter,
  page: { readonly limit: number; readonly offset: number },
): Promise<{ earnings: EarningView[]; total: number }> {
  mustBeOurs(ledger)
  const { earnings, total } = await listEarnings(ledger.db, filter, page)
  return { earnings: earnings.map(viewOf), total }
}

function viewOf(row: Earning): EarningView {
  return {
    id: row.id,
    owner_id: row.owner_id,
    source: row.source,
    external_id: row.external_id,
    amount: row.amount === null ? null : moneyFromFen(fenOf(row.amount)),
    points: Number(row.points),
    capped_points: Number(row.capped),
    state: row.state,
    occurred_at: row.occurred_at.toISOString(),
    mature_at: row.mature_at.toISOString(),
    expires_at: row.expires_at?.toISOString() ?? null,
    granted_at: row.granted_at?.toISOString() ?? null,
    reversed_at: row.reversed_at?.toISOString() ?? null,
    reverse_reason: row.reverse_reason,
    shortfall: Number(row.shortfall),
    open_shortfall: Number(row.open_shortfall),
    created_at: row.created_at.toISOString(),
  }
}
