import { type Selectable, sql } from 'kysely'
import type { Db, Tx } from './client.ts'
import type { Currency, EntryKind, WalletAccountsTable } from './schema.ts'

/**
 * The wallet's books. A balance changes in `post` only, with its entry, under the account's row lock.
 * Amounts are points (ZJF) or fen (CNY). Points live in lots, so that what expires first is spent first.
 */

export type Account = Selectable<WalletAccountsTable>

/** Points that come back after their date had passed may still be spent for this long. */
const EXPIRY_GRACE_DAYS = 7

interface Cause {
  /** Unique per account: the same operation is never booked twice. */
  readonly operationKey: string
  readonly orderNo?: string | undefined
  readonly reason?: string | undefined
  readonly operatorId?: string | undefined
}

/** Locks the owner's account until the end of the transaction, and opens it where there is none. */
export async function lockAccount(tx: Tx, ownerId: string, currency: Currency): Promise<Account> {
  const find = () =>
    tx
      .selectFrom('wallet_accounts')
      .selectAll()
      .where('owner_type', '=', 'user')
      .where('owner_id', '=', ownerId)
      .where('currency', '=', currency)
      .forNoKeyUpdate()
      .executeTakeFirst()
  const found = await find()
  if (found) return found
  // Locking a missing row locks nothing: make it first.
  await tx
    .insertInto('wallet_accounts')
    .values({ owner_id: ownerId, currency, available: 0n, held: 0n, version: 0n })
    .onConflict((conflict) => conflict.columns(['owner_type', 'owner_id', 'currency']).doNothing())
    .execute()
  const made = await find()
  if (!made) throw new Error('account vanished')
  return made
}

/** The only place where a balance changes. Returns the account as it is now. */
async function post(
  tx: Tx,
  account: Account,
  kind: EntryKind,
  change: { readonly available: bigint; readonly held: bigint },
  cause: Cause,
): Promise<Account> {
  const version = BigInt(account.version) + 1n
  const available = BigInt(account.available) + change.available
  const held = BigInt(account.held) + change.held
  await sql`
    with changed as (
      update wallet_accounts set available = ${available}, held = ${held}, version = ${version}, updated_at = now()
      where id = ${account.id} and version = ${account.version} returning id)
    insert into wallet_entries
      (account_id, version, kind, amount, balance_after, held_after, operation_key, order_no, reason, operator_id)
    values ((select id from changed), ${version}, ${kind}, ${change.available}, ${available}, ${held},
      ${cause.operationKey}, ${cause.orderNo ?? null}, ${cause.reason ?? null}, ${cause.operatorId ?? null})
  `.execute(tx)
  return { ...account, available: `${available}`, held: `${held}`, version: `${version}` }
}

async function isBooked(tx: Tx, account: Account, operationKey: string): Promise<boolean> {
  const entry = await tx
    .selectFrom('wallet_entries')
    .select('id')
    .where('account_id', '=', account.id)
    .where('operation_key', '=', operationKey)
    .executeTakeFirst()
  return entry !== undefined
}

/** Books what has expired since the account was last touched. */
async function expireLots(tx: Tx, account: Account): Promise<Account> {
  const expired = await tx
    .updateTable('wallet_lots as lot')
    .from((eb) =>
      eb
        .selectFrom('wallet_lots')
        .select(['id', 'remaining'])
        .where('account_id', '=', account.id)
        .where('remaining', '>', '0')
        .where('expires_at', '<=', sql<Date>`now()`)
        .as('before'),
    )
    .set({ remaining: 0n })
    .whereRef('lot.id', '=', 'before.id')
    .returning(['lot.id', 'before.remaining'])
    .execute()
  let now = account
  for (const lot of expired) {
    const points = BigInt(lot.remaining)
    const operationKey = `expire/${lot.id}/${now.version}`
    now = await post(tx, now, 'expire', { available: -points, held: 0n }, { operationKey, reason: 'expired' })
  }
  return now
}

/** Adds `amount` to the lot of that date, or to the one that lasts. */
async function fillLot(tx: Tx, account: Account, amount: bigint, expiresAt: Date | null): Promise<void> {
  const insert = tx
    .insertInto('wallet_lots')
    .values({ account_id: account.id, remaining: amount, expires_at: expiresAt })
  if (expiresAt) {
    await insert.execute()
    return
  }
  await insert
    .onConflict((conflict) =>
      conflict
        .column('account_id')
        .where('expires_at', 'is', null)
        .doUpdateSet({ remaining: sql<string>`wallet_lots.remaining + excluded.remaining` }),
    )
    .execute()
}

/** Takes `amount` out of the lots, first to expire first. Returns what came from which lot. */
async function drawLots(
  tx: Tx,
  account: Account,
  amount: bigint,
): Promise<{ lotId: string; amount: bigint }[]> {
  const lots = await tx
    .selectFrom('wallet_lots')
    .select(['id', 'remaining'])
    .where('account_id', '=', account.id)
    .where('remaining', '>', '0')
    .orderBy('expires_at', (order) => order.asc().nullsLast())
    .orderBy('id')
    .execute()
  const drawn: { lotId: string; amount: bigint }[] = []
  let missing = amount
  for (const lot of lots) {
    if (missing === 0n) break
    const remaining = BigInt(lot.remaining)
    const taken = remaining < missing ? remaining : missing
    drawn.push({ lotId: lot.id, amount: taken })
    missing -= taken
  }
  if (missing > 0n) throw new Error(`lots of account ${account.id} hold ${missing} less than its balance`)
  await sql`
    update wallet_lots set remaining = remaining - draw.amount
    from unnest(${drawn.map((draw) => draw.lotId)}::bigint[], ${drawn.map((draw) => `${draw.amount}`)}::bigint[])
      as draw (id, amount)
    where wallet_lots.id = draw.id`.execute(tx)
  return drawn
}

export interface Spend {
  readonly ownerId: string
  readonly currency: Currency
  readonly amount: bigint
  readonly orderNo: string
}

/**
 * Sets `amount` aside for an order, or takes it at once where nothing is left to wait for.
 * @param locked the account, where the caller has locked it in this transaction
 * @returns false when too little is available; nothing changed then.
 * @throws when the order already has a hold in this account: the caller asks `findHold` first.
 */
export async function hold(
  tx: Tx,
  spend: Spend,
  then: 'keep' | 'capture',
  locked?: Account,
): Promise<boolean> {
  const account = await expireLots(tx, locked ?? (await lockAccount(tx, spend.ownerId, spend.currency)))
  if (BigInt(account.available) < spend.amount) return false
  const drawn = await drawLots(tx, account, spend.amount)
  const row = await tx
    .insertInto('wallet_holds')
    .values({
      account_id: account.id,
      order_no: spend.orderNo,
      amount: spend.amount,
      state: then === 'keep' ? 'held' : 'captured',
      resolved_at: then === 'keep' ? null : new Date(),
    })
    .returning('id')
    .executeTakeFirstOrThrow()
  await tx
    .insertInto('wallet_hold_lots')
    .values(drawn.map((draw) => ({ hold_id: row.id, lot_id: draw.lotId, amount: draw.amount })))
    .execute()
  const kind = then === 'keep' ? 'hold' : 'capture'
  await post(
    tx,
    account,
    kind,
    { available: -spend.amount, held: then === 'keep' ? spend.amount : 0n },
    { operationKey: `${spend.orderNo}/${kind}`, orderNo: spend.orderNo, reason: 'exchange' },
  )
  return true
}

/** The owner's hold for an order, or undefined. */
export async function findHold(db: Db, ownerId: string, currency: Currency, orderNo: string) {
  return db
    .selectFrom('wallet_holds as hold')
    .innerJoin('wallet_accounts as account', 'account.id', 'hold.account_id')
    .select(['hold.id', 'hold.amount', 'hold.state'])
    .where('hold.order_no', '=', orderNo)
    .where('account.owner_type', '=', 'user')
    .where('account.owner_id', '=', ownerId)
    .where('account.currency', '=', currency)
    .executeTakeFirst()
}

/** Takes what is held for the order. @returns false when the hold was resolved before, or there is none. */
export async function capture(
  tx: Tx,
  ownerId: string,
  currency: Currency,
  orderNo: string,
): Promise<boolean> {
  const account = await lockAccount(tx, ownerId, currency)
  const held = await resolve(tx, account, orderNo, 'held', 'captured')
  if (!held) return false
  await post(
    tx,
    account,
    'capture',
    { available: 0n, held: -held.amount },
    { operationKey: `${orderNo}/capture`, orderNo, reason: 'exchange' },
  )
  return true
}

/**
 * Gives back what was held (`release`) or taken (`reverse`) for the order, to the lots it came from. What
 * expired meanwhile may be spent for `EXPIRY_GRACE_DAYS` more.
 * @returns false when it was given back before, or never taken.
 */
export async function giveBack(
  tx: Tx,
  ownerId: string,
  currency: Currency,
  orderNo: string,
  reason: string,
): Promise<boolean> {
  const locked = await lockAccount(tx, ownerId, currency)
  const released = await resolve(tx, locked, orderNo, 'held', 'released')
  const found = released ?? (await resolve(tx, locked, orderNo, 'captured', 'reversed'))
  if (!found) return false
  if (found.amount === 0n) return true
  const account = await expireLots(tx, locked)
  await sql`
    update wallet_lots set remaining = remaining + part.amount,
      expires_at = case when expires_at <= now() then now() + make_interval(days => ${EXPIRY_GRACE_DAYS}) else expires_at end
    from wallet_hold_lots as part
    where part.hold_id = ${found.id} and part.lot_id = wallet_lots.id`.execute(tx)
  const kind = released ? 'release' : 'reverse'
  await post(
    tx,
    account,
    kind,
    { available: found.amount, held: released ? -found.amount : 0n },
    { operationKey: `${orderNo}/${kind}`, orderNo, reason },
  )
  return true
}

/**
 * Undoes a hold whose outcome is not known: gives it back where it stands, and otherwise leaves a mark that
 * makes a late `hold` of the same order fail.
 */
export async function voidHold(
  tx: Tx,
  ownerId: string,
  currency: Currency,
  orderNo: string,
  reason: string,
): Promise<void> {
  if (await giveBack(tx, ownerId, currency, orderNo, reason)) return
  const account = await lockAccount(tx, ownerId, currency)
  await tx
    .insertInto('wallet_holds')
    .values({
      account_id: account.id,
      order_no: orderNo,
      amount: 0n,
      state: 'released',
      resolved_at: new Date(),
    })
    .onConflict((conflict) => conflict.columns(['order_no', 'account_id']).doNothing())
    .execute()
}

async function resolve(
  tx: Tx,
  account: Account,
  orderNo: string,
  from: 'held' | 'captured',
  to: 'captured' | 'released' | 'reversed',
): Promise<{ id: string; amount: bigint } | undefined> {
  const row = await tx
    .updateTable('wallet_holds')
    .set({ state: to, resolved_at: new Date() })
    .where('account_id', '=', account.id)
    .where('order_no', '=', orderNo)
    .where('state', '=', from)
    .returning(['id', 'amount'])
    .executeTakeFirst()
  return row && { id: row.id, amount: BigInt(row.amount) }
}

/** Adds points or cash. @param cause its operation key makes a repeat harmless. */
export async function grant(
  tx: Tx,
  ownerId: string,
  currency: Currency,
  amount: bigint,
  expiresAt: Date | null,
  cause: Cause,
): Promise<void> {
  const locked = await lockAccount(tx, ownerId, currency)
  if (await isBooked(tx, locked, cause.operationKey)) return
  const account = await expireLots(tx, locked)
  await fillLot(tx, account, amount, expiresAt)
  await post(tx, account, 'grant', { available: amount, held: 0n }, cause)
}

/**
 * Corrects a balance by a signed amount, with a reason.
 * @returns false when the balance would fall below zero; nothing changed then.
 */
export async function adjust(
  tx: Tx,
  ownerId: string,
  currency: Currency,
  amount: bigint,
  cause: Cause,
): Promise<boolean> {
  const locked = await lockAccount(tx, ownerId, currency)
  if (await isBooked(tx, locked, cause.operationKey)) return true
  const account = await expireLots(tx, locked)
  if (BigInt(account.available) + amount < 0n) return false
  if (amount > 0n) await fillLot(tx, account, amount, null)
  else if (amount < 0n) await drawLots(tx, account, -amount)
  await post(tx, account, 'adjust', { available: amount, held: 0n }, cause)
  return true
}

export interface Balance {
  readonly available: bigint
  readonly held: bigint
  readonly expiring: readonly { readonly points: bigint; readonly expiresAt: Date }[]
}

/** What can be spent now: lots past their date do not count, booked as expired or not. */
export async function readBalance(db: Db, ownerId: string, currency: Currency): Promise<Balance> {
  const account = await db
    .selectFrom('wallet_accounts')
    .select(['id', 'held'])
    .where('owner_type', '=', 'user')
    .where('owner_id', '=', ownerId)
    .where('currency', '=', currency)
    .executeTakeFirst()
  if (!account) return { available: 0n, held: 0n, expiring: [] }
  const lots = await db
    .selectFrom('wallet_lots')
    .select(['remaining', 'expires_at'])
    .where('account_id', '=', account.id)
    .where('remaining', '>', '0')
    .where((eb) => eb.or([eb('expires_at', 'is', null), eb('expires_at', '>', sql<Date>`now()`)]))
    .orderBy('expires_at')
    .orderBy('id')
    .execute()
  return {
    available: lots.reduce((sum, lot) => sum + BigInt(lot.remaining), 0n),
    held: BigInt(account.held),
    expiring: lots.flatMap((lot) =>
      lot.expires_at ? [{ points: BigInt(lot.remaining), expiresAt: lot.expires_at }] : [],
    ),
  }
}

/** The owner's entries of one currency, newest first, and how many there are. */
export async function listEntries(
  db: Db,
  ownerId: string,
  currency: Currency,
  page: { readonly limit: number; readonly offset: number },
) {
  const of = db
    .selectFrom('wallet_entries as entry')
    .innerJoin('wallet_accounts as account', 'account.id', 'entry.account_id')
    .where('account.owner_type', '=', 'user')
    .where('account.owner_id', '=', ownerId)
    .where('account.currency', '=', currency)
  const [entries, count] = await Promise.all([
    of
      .select([
        'entry.id',
        'entry.kind',
        'entry.amount',
        'entry.balance_after',
        'entry.order_no',
        'entry.reason',
        'entry.created_at',
      ])
      .orderBy('entry.id', 'desc')
      .limit(page.limit)
      .offset(page.offset)
      .execute(),
    of.select((eb) => eb.fn.countAll<string>().as('total')).executeTakeFirstOrThrow(),
  ])
  return { entries, total: Number(count.total) }
}
