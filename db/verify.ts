import { sql } from 'kysely'
import { availableOf, heldOf } from '../domain/wallet.ts'
import type { Db } from './client.ts'
import type { EntryKind } from './schema.ts'
import { Tampered, type Vault } from './vault.ts'
import { type AccountRow, entryPlace, linkParts, openAccount, refOf, type SealedEntry } from './wallet.ts'

/** What a walk over the whole ledger found. */
export interface Walk {
  /** What is wrong, each row named, the first account first. */
  readonly broken: readonly string[]
  readonly accounts: number
  readonly entries: number
  /** `ZJF grant` → sum of what became available; and `held`, `outstanding`. */
  readonly totals: Readonly<Record<string, bigint>>
}

/** An account's state as it was written outside the database. */
export interface Head {
  readonly version: bigint
  readonly head: string
}

interface EntryRow {
  account_id: string
  version: string
  kid: string
  sealed: Buffer
  mac: Buffer
  operation_key: string
  kind: EntryKind
  from_account: string
  to_account: string
  order_no: string | null
  reason: string | null
  operator_id: string | null
}

const BATCH = 500

/**
 * Walks every account and every entry: each opens in its place, follows from the one before it, and carries
 * the chain; the account's sums, version and head are those of its last entry; nothing stands beside them.
 * @param heads what was written outside the database, by account: an account may be ahead of it, never behind
 */
export async function walkLedger(db: Db, vault: Vault, heads: ReadonlyMap<string, Head>): Promise<Walk> {
  const broken: string[] = []
  const totals: Record<string, bigint> = {}
  const add = (name: string, amount: bigint) => {
    totals[name] = (totals[name] ?? 0n) + amount
  }
  let accounts = 0
  let entries = 0
  const seen = new Set<string>()
  for (let after = '0'; ; ) {
    // One statement, so that accounts and entries are of one moment.
    const { rows } = await sql<AccountRow & { entries: EntryRow[] | null }>`
      with batch as (
        select id, owner_type, owner_id, currency, version, kid, sealed, head, next_expiry
        from wallet_accounts where id > ${after} order by id limit ${BATCH})
      select * from batch order by id`.execute(db)
    if (rows.length === 0) break
    after = rows.at(-1)?.id ?? after
    const ids = rows.map((row) => row.id)
    const { rows: all } = await sql<EntryRow>`
      select e.account_id, e.version, e.kid, e.sealed, e.mac, e.operation_key,
        t.kind, t.from_account, t.to_account, t.order_no, t.reason, t.operator_id
      from wallet_entries e left join wallet_transfers t on t.operation_key = e.operation_key
      where e.account_id = any(${ids}::bigint[]) order by e.account_id, e.version`.execute(db)
    const byAccount = Map.groupBy(all, (entry) => entry.account_id)
    for (const row of rows) {
      const own = byAccount.get(row.id) ?? []
      accounts += 1
      entries += own.length
      seen.add(row.id)
      const found = walkAccount(vault, row, own, add)
      if (found) broken.push(found)
      const anchored = heads.get(refOf(row))
      if (!found && anchored) {
        const at = own[Number(anchored.version) - 1]
        if (anchored.version > 0n && at?.mac.toString('base64') !== anchored.head) {
          broken.push(`account ${row.id} (${refOf(row)}): it was at version ${anchored.version} before`)
        }
      }
    }
  }
  for (const ref of heads.keys()) {
    const [ownerType, ...rest] = ref.split('/')
    const currency = rest.pop()
    const owner = rest.join('/')
    const { rows } = await sql<{ id: string }>`select id from wallet_accounts
      where owner_type = ${ownerType} and owner_id = ${owner} and currency = ${currency}`.execute(db)
    if (rows.length === 0) broken.push(`account ${ref} is gone`)
  }
  const { rows: stray } = await sql<{ what: string }>`
    select 'transfer ' || t.operation_key || ' has no entry' as what from wallet_transfers t
      where not exists (select from wallet_entries e where e.operation_key = t.operation_key)
    union all
    select 'entry ' || e.account_id || '/' || e.version || ' has no account' from wallet_entries e
      where not exists (select from wallet_accounts a where a.id = e.account_id)`.execute(db)
  broken.push(...stray.map((row) => row.what))
  return { broken, accounts, entries, totals }
}

/** @returns the first thing that is wrong with the account, or undefined */
function walkAccount(
  vault: Vault,
  row: AccountRow,
  entries: readonly EntryRow[],
  add: (name: string, amount: bigint) => void,
): string | undefined {
  const name = `account ${row.id} (${refOf(row)})`
  const ref = refOf(row)
  let mac: Buffer = Buffer.alloc(32)
  let available = 0n
  let held = 0n
  let expected = 1n
  for (const entry of entries) {
    const at = `${name}, entry ${entry.version}`
    if (BigInt(entry.version) !== expected) return `${name}, entry ${expected} is missing`
    let plain: SealedEntry
    try {
      plain = vault.open(ref, entryPlace(ref, entry.version), entry.kid, entry.sealed) as SealedEntry
      const link = vault.link(entry.kid, mac, linkParts({ ...entry, ref, plain }))
      if (!link.equals(entry.mac)) return `${at}: the chain does not carry it`
    } catch (error) {
      if (error instanceof Tampered) return `${at}: ${error.message}`
      throw error
    }
    mac = entry.mac
    available += BigInt(plain.available)
    held += BigInt(plain.held)
    if (available !== BigInt(plain.available_after) || held !== BigInt(plain.held_after)) {
      return `${at}: its balance does not follow from the one before`
    }
    add(`${row.currency} ${entry.kind}`, BigInt(plain.available))
    expected += 1n
  }
  if (BigInt(row.version) !== expected - 1n)
    return `${name}: version ${row.version}, ${expected - 1n} entries`
  if (!row.head.equals(mac)) return `${name}: its head is not its last entry`
  try {
    const wallet = openAccount(vault, row)
    if (availableOf(wallet) !== available) return `${name}: its lots do not add up to its balance`
    if (heldOf(wallet) !== held) return `${name}: its holds do not add up to what is held`
  } catch (error) {
    if (error instanceof Tampered) return `${name}: ${error.message}`
    throw error
  }
  add(`${row.currency} held`, held)
  add(`${row.currency} outstanding`, available + held)
  return undefined
}

/** The wallet's books alone: see `walkLedger`. @returns what is broken, named */
export async function findBrokenLedger(db: Db, vault: Vault): Promise<readonly string[]> {
  return (await walkLedger(db, vault, new Map())).broken
}
