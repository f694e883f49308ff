import type { Selectable } from 'kysely'
import { sql } from 'kysely'
import type { Db, Tx } from '../client.ts'
import type { EarningState, EarningsTable } from '../schema/earnings.ts'
import { clawBack, grant, voidGrant } from './grants.ts'
import { type LedgerCipher, TamperedError } from './ledger-cipher.ts'
import { lockAccount } from './posting.ts'

/** Earnings reported by other systems. Lock the owner's account before the earning. */

export type Earning = Selectable<EarningsTable>

export interface NewEarning {
  readonly ownerId: string
  readonly source: string
  readonly externalId: string
  /** Decimal CNY that earned points by rule; null: `askedPoints` is set. */
  readonly amount: string | null
  readonly askedPoints: bigint | null
  readonly points: bigint
  readonly capped: bigint
  readonly occurredAt: Date
  readonly matureAt: Date
  readonly expiresAt: Date | null
  readonly operatorId: string
}

export const grantKey = (earning: Pick<Earning, 'source' | 'external_id'>) =>
  `earn/${earning.source}/${earning.external_id}`
export const clawbackKey = (earning: Pick<Earning, 'source' | 'external_id'>) => `un${grantKey(earning)}`

type Promised = Pick<Earning, 'owner_id' | 'source' | 'external_id' | 'points' | 'mature_at' | 'expires_at'>

/** Prevents anyone with write access to the database from creating points. */
function macOf(vault: LedgerCipher, kid: string, earning: Promised): Buffer {
  return vault.link(kid, Buffer.alloc(32), [
    'earning',
    earning.owner_id,
    earning.source,
    earning.external_id,
    earning.points,
    `${earning.mature_at.getTime()}`,
    earning.expires_at ? `${earning.expires_at.getTime()}` : null,
  ])
}

export function isAuthentic(vault: LedgerCipher, earning: Earning): boolean {
  return macOf(vault, earning.kid, earning).equals(earning.mac)
}

export async function findEarning(db: Db, source: string, externalId: string): Promise<Earning | undefined> {
  return db
    .selectFrom('earnings')
    .selectAll()
    .where('source', '=', source)
    .where('external_id', '=', externalId)
    .executeTakeFirst()
}

export async function getEarning(db: Db, id: string): Promise<Earning | undefined> {
  return db.selectFrom('earnings').selectAll().where('id', '=', id).executeTakeFirst()
}

/** @returns undefined where one with this source and external id exists */
export async function insertEarning(
  tx: Tx,
  vault: LedgerCipher,
  earning: NewEarning,
): Promise<Earning | undefined> {
  const promised = {
    owner_id: earning.ownerId,
    source: earning.source,
    external_id: earning.externalId,
    points: `${earning.points}`,
    mature_at: earning.matureAt,
    expires_at: earning.expiresAt,
  }
  return tx
    .insertInto('earnings')
    .values({
      ...promised,
      amount: earning.amount,
      asked_points: earning.askedPoints,
      capped: earning.capped,
      state: 'pending',
      occurred_at: earning.occurredAt,
      kid: vault.kid,
      mac: macOf(vault, vault.kid, promised),
      granted_at: null,
      reversed_at: null,
      reverse_reason: null,
      operator_id: earning.operatorId,
    })
    .onConflict((conflict) => conflict.columns(['source', 'external_id']).doNothing())
    .returningAll()
    .executeTakeFirst()
}

export async function earnedBetween(tx: Tx, ownerId: string, from: Date, to: Date): Promise<bigint> {
  const { total } = await tx
    .selectFrom('earnings')
    .select(sql<string>`coalesce(sum(points), 0)`.as('total'))
    .where('owner_id', '=', ownerId)
    .where('occurred_at', '>=', from)
    .where('occurred_at', '<', to)
    .where('state', '<>', 'reversed')
    .executeTakeFirstOrThrow()
  return BigInt(total)
}

export interface EarningFilter {
  readonly id?: string | undefined
  readonly ownerId?: string | undefined
  readonly state?: EarningState | undefined
}

/** Newest first. */
export async function listEarnings(
  db: Db,
  { id, ownerId, state }: EarningFilter,
  page: { readonly limit: number; readonly offset: number },
): Promise<{ earnings: Earning[]; total: number }> {
  const query = db
    .selectFrom('earnings')
    .$if(id !== undefined, (q) => q.where('id', '=', id as string))
    .$if(ownerId !== undefined, (q) => q.where('owner_id', '=', ownerId as string))
    .$if(state !== undefined, (q) => q.where('state', '=', state as EarningState))
  const [earnings, { total }] = await Promise.all([
    query.selectAll().orderBy('id', 'desc').limit(page.limit).offset(page.offset).execute(),
    query.select(sql<string>`count(*)`.as('total')).executeTakeFirstOrThrow(),
  ])
  return { earnings, total: Number(total) }
}

export async function findMature(
  db: Db,
  after: string,
  limit: number,
): Promise<{ ids: readonly string[]; next: string | null }> {
  const rows = await db
    .selectFrom('earnings')
    .select('id')
    .where('state', '=', 'pending')
    .where('mature_at', '<=', sql<Date>`clock_timestamp()`)
    .where('id', '>', after as never)
    .orderBy('id')
    .limit(limit)
    .execute()
  const ids = rows.map(({ id }) => id)
  return { ids, next: ids.length < limit ? null : (ids.at(-1) ?? null) }
}

async function lockEarning(
  tx: Tx,
  vault: LedgerCipher,
  id: string,
): Promise<{ earning: Earning; now: Date }> {
  const { owner_id } = await tx
    .selectFrom('earnings')
    .select('owner_id')
    .where('id', '=', id)
    .executeTakeFirstOrThrow()
  const account = await lockAccount(tx, vault, owner_id, 'ZJF')
  const earning = await tx
    .selectFrom('earnings')
    .selectAll()
    .where('id', '=', id)
    .forUpdate()
    .executeTakeFirstOrThrow()
  if (earning.owner_id !== account.ownerId || !isAuthentic(vault, earning)) {
    throw new TamperedError(`earning ${id} is not what the mall wrote`)
  }
  return { earning, now: new Date(account.now) }
}

/**
 * Repeatable; reversed earnings stay reversed.
 * @throws TamperedError @throws KeyReusedError when the ledger forbids the grant
 */
export async function grantEarning(
  tx: Tx,
  vault: LedgerCipher,
  id: string,
): Promise<{ earning: Earning; granted: boolean }> {
  const { earning, now } = await lockEarning(tx, vault, id)
  if (earning.state !== 'pending' || earning.mature_at > now) return { earning, granted: false }
  const points = BigInt(earning.points)
  if (points > 0n) {
    await grant(
      tx,
      vault,
      { ownerId: earning.owner_id, currency: 'ZJF', amount: points, expiresAt: earning.expires_at },
      {
        operationKey: grantKey(earning),
        reason: `earn_${earning.source}`,
        operatorId: earning.operator_id,
      },
    )
  }
  return { earning: await change(tx, id, { state: 'granted', granted_at: now }), granted: true }
}

/**
 * Repeatable. @param intoDebt spent points become a debt instead of a shortfall, which returned points settle
 * @throws TamperedError
 */
export async function reverseEarning(
  tx: Tx,
  vault: LedgerCipher,
  id: string,
  intoDebt: boolean,
  by: { readonly operatorId: string; readonly reason: string },
): Promise<Earning> {
  const { earning, now } = await lockEarning(tx, vault, id)
  if (earning.state === 'reversed') return earning
  const points = BigInt(earning.points)
  let shortfall = 0n
  if (points > 0n && earning.state === 'pending') {
    await voidGrant(tx, vault, earning.owner_id, { operationKey: grantKey(earning), ...by })
  } else if (points > 0n) {
    const cause = { operationKey: clawbackKey(earning), ...by }
    shortfall = await clawBack(
      tx,
      vault,
      { ownerId: earning.owner_id, points, expiresAt: earning.expires_at, intoDebt },
      cause,
    )
  }
  return change(tx, id, {
    state: 'reversed',
    reversed_at: now,
    reverse_reason: by.reason,
    shortfall,
    open_shortfall: shortfall,
  })
}

async function change(
  tx: Tx,
  id: string,
  changes: {
    readonly state: EarningState
    readonly granted_at?: Date
    readonly reversed_at?: Date
    readonly reverse_reason?: string
    readonly shortfall?: bigint
    readonly open_shortfall?: bigint
  },
): Promise<Earning> {
  return tx
    .updateTable('earnings')
    .set({ ...changes, updated_at: new Date() })
    .where('id', '=', id)
    .returningAll()
    .executeTakeFirstOrThrow()
}
