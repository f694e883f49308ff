import { setImmediate as turn } from 'node:timers/promises'
import { sql } from 'kysely'
import type { BareSide, Disagreement, Side, Subject } from '../../domain/reconciliation/findings.ts'
import { availableOf, heldOf } from '../../domain/wallet/wallet.ts'
import type { Db, Tx } from '../client.ts'
import type { EntryKind } from '../schema/wallet-transfers.ts'
import { type LedgerCipher, TamperedError, UnknownKeyError } from './ledger-cipher.ts'
import { type AccountRow, linkParts, openAccount, openEntry, refOf } from './sealed-rows.ts'

export interface Walk {
  readonly broken: readonly Disagreement[]
  readonly accounts: number
  readonly entries: number
  /** `ZJF issued` → points or fen: see `TOTALS`. Without broken accounts. */
  readonly totals: Readonly<Record<string, bigint>>
}

export interface Checkpoint {
  readonly version: string
  readonly head: string
}

/** By account (`refOf`) and version. */
export type Checkpoints = ReadonlyMap<string, ReadonlyMap<string, string>>

interface EntryRow {
  account_id: string
  version: string
  kid: string
  sealed: Buffer
  mac: Buffer
  operation_key: string
  kind: EntryKind | null
  from_account: string | null
  to_account: string | null
  order_no: string | null
  reason: string | null
  operator_id: string | null
}

/** `inexact`: its date has more digits than are encrypted. */
type WalkedRow = AccountRow & { inexact: boolean | null }

/** Names of the flows to (`in`) and from (`out`) the issuing side; outstanding is their sum. */
const TOTALS: Readonly<Record<string, { readonly in: string; readonly out: string }>> = {
  'system/issued': { in: 'withdrawn', out: 'issued' },
  'system/spent': { in: 'spent', out: 'reversed' },
  'system/expired': { in: 'expired', out: 'revived' },
  'system/adjusted': { in: 'adjusted', out: 'adjusted' },
}

const ACCOUNTS_AT_ONCE = 4000
const ENTRIES_AT_ONCE = 2000
const TRANSFERS_AT_ONCE = 20_000
const FIRST_ID = -(2n ** 63n)

/**
 * Verifies decryption, chain, balances and totals. Concurrent writes are safe: each batch is one snapshot.
 * @param heads checkpoints; an account may be ahead of them, not behind
 */
export async function walkLedger(db: Db, vault: LedgerCipher, heads: Checkpoints): Promise<Walk> {
  const broken: Disagreement[] = []
  const totals: Record<string, bigint> = {}
  const add = (name: string, amount: bigint) => {
    totals[name] = (totals[name] ?? 0n) + amount
  }
  const missing = new Set(heads.keys())
  let accounts = 0
  let entries = 0
  for (let from: bigint | undefined = FIRST_ID; from !== undefined; ) {
    const first: bigint = from
    const strays = new Map<string, string[]>()
    const batch = await inOneSnapshot(db, async (tx) => {
      const rows = await readAccounts(tx, first)
      const last = rows.length < ACCOUNTS_AT_ONCE ? undefined : BigInt(rows.at(-1)?.id ?? 0)
      const walks = new Map(rows.map((row) => [row.id, walkAccount(vault, row, heads.get(refOf(row)))]))
      for await (const some of readEntries(tx, first, last)) {
        entries += some.length
        for (const entry of some) {
          const walk = walks.get(entry.account_id)
          if (walk) walk.step(entry)
          else
            strays.set(entry.account_id, [...(strays.get(entry.account_id) ?? []), entry.version].slice(0, 2))
        }
      }
      return { last, rows, walks }
    })
    for (const [id, versions] of strays) {
      const data = { id, entry: versions[0] ?? '' }
      broken.push(disagreement({ code: versions.length > 1 ? 'stray_entries' : 'stray_entry', data }))
    }
    for (const row of batch.rows) {
      accounts += 1
      missing.delete(refOf(row))
      const found = batch.walks.get(row.id)?.end(add)
      if (found !== undefined) broken.push(found)
    }
    from = batch.last === undefined ? undefined : batch.last + 1n
  }
  broken.push(...[...missing].map((ref) => disagreement({ code: 'account_gone', data: { ref } })))
  broken.push(...(await findStrayTransfers(db)))
  for (const currency of ['ZJF', 'CNY']) {
    const [outstanding = 0n, given = 0n] = [totals[`${currency} outstanding`], totals[`${currency} given`]]
    delete totals[`${currency} given`]
    if (outstanding !== given) {
      const data = { outstanding: `${outstanding}`, given: `${given}` }
      broken.push(disagreement({ code: 'currency', data: { currency } }, { code: 'outstanding', data }))
    }
  }
  return { broken, accounts, entries, totals }
}

export async function findLedgerViolations(db: Db, vault: LedgerCipher): Promise<readonly Disagreement[]> {
  return (await walkLedger(db, vault, new Map())).broken
}

function inOneSnapshot<T>(db: Db, read: (tx: Tx) => Promise<T>): Promise<T> {
  return db.transaction().setIsolationLevel('repeatable read').setAccessMode('read only').execute(read)
}

async function readAccounts(tx: Tx, from: bigint): Promise<WalkedRow[]> {
  const { rows } = await sql<WalkedRow>`
    select id, owner_type, owner_id, currency, version, kid, sealed, head, next_expiry,
      next_expiry <> date_trunc('milliseconds', next_expiry) as inexact
    from wallet_accounts where id >= ${`${from}`} order by id limit ${ACCOUNTS_AT_ONCE}`.execute(tx)
  return rows
}

/** Includes entries whose account is missing. */
async function* readEntries(tx: Tx, from: bigint, last: bigint | undefined): AsyncGenerator<EntryRow[]> {
  const to = `${last ?? 2n ** 63n - 1n}`
  const read = async (after: EntryRow | undefined) => {
    const { rows } = await sql<EntryRow>`
      select e.account_id, e.version, e.kid, e.sealed, e.mac, e.operation_key,
        t.kind, t.from_account, t.to_account, t.order_no, t.reason, t.operator_id
      from (select * from wallet_entries where account_id <= ${to} and ${
        after
          ? sql`(account_id, version) > (${after.account_id}, ${after.version})`
          : sql`account_id >= ${`${from}`}`
      } order by account_id, version limit ${ENTRIES_AT_ONCE}) e
        left join wallet_transfers t on t.operation_key = e.operation_key
      order by e.account_id, e.version`.execute(tx)
    return rows
  }
  let next: Promise<EntryRow[]> | undefined = read(undefined)
  while (next) {
    const rows: EntryRow[] = await next
    next = rows.length < ENTRIES_AT_ONCE ? undefined : read(rows.at(-1))
    // Reads the next batch concurrently: `catch` prevents an unhandled rejection, `turn` lets the query
    // start.
    next?.catch(() => {})
    await turn()
    yield rows
  }
}

interface Strays {
  last: string | null
  seen: string
  stray: { key: string; orderNo: string | null }[] | null
}

async function findStrayTransfers(db: Db): Promise<Disagreement[]> {
  const stray: Disagreement[] = []
  for (let after: string | undefined = ''; after !== undefined; ) {
    const { rows }: { rows: Strays[] } = await sql<Strays>`
      select max(t.operation_key) as last, count(*) as seen,
        json_agg(json_build_object('key', t.operation_key, 'orderNo', t.order_no) order by t.operation_key)
          filter (where e.operation_key is null) as stray
      from (select operation_key, order_no from wallet_transfers where operation_key > ${after}
        order by operation_key limit ${TRANSFERS_AT_ONCE}) t
        left join wallet_entries e on e.operation_key = t.operation_key`.execute(db)
    stray.push(
      ...(rows[0]?.stray ?? []).map(({ key, orderNo }) => ({
        ...disagreement({ code: 'stray_transfer', data: { key } }),
        orderNo,
      })),
    )
    after = Number(rows[0]?.seen) < TRANSFERS_AT_ONCE ? undefined : (rows[0]?.last ?? undefined)
  }
  return stray
}

const disagreement = (subject: Subject, ours: Side | null = null): Disagreement => ({
  subject,
  ours,
  theirs: null,
  orderNo: null,
})

const bareSide = (code: BareSide): Side => ({ code, data: {} })

const MISSING = 'missing'

function walkAccount(vault: LedgerCipher, row: WalkedRow, anchored: ReadonlyMap<string, string> = new Map()) {
  const ref = refOf(row)
  const name = { id: row.id, ref }
  const flows = new Map<string, { from: string; to: string; amount: bigint }>()
  let found: Disagreement | undefined
  let mac: Buffer = Buffer.alloc(32)
  let available = 0n
  let held = 0n
  let count = 0

  /** Runs for millions of entries, so names are built for broken ones only. */
  function checkEntry(entry: EntryRow): Side | typeof MISSING | undefined {
    const { kind, from_account, to_account } = entry
    if (entry.version !== `${count + 1}`) {
      return BigInt(entry.version) <= BigInt(count) ? bareSide('entry_of_another') : MISSING
    }
    if (kind === null || from_account === null || to_account === null) return bareSide('transfer_missing')
    const plain = openEntry(vault, ref, entry)
    const link = vault.link(
      entry.kid,
      mac,
      linkParts({ ...entry, kind, from_account, to_account, ref, plain }),
    )
    if (!link.equals(entry.mac)) return bareSide('chain_broken')
    const [freed, set] = [BigInt(plain.available), BigInt(plain.held)]
    available += freed
    held += set
    if (available !== BigInt(plain.available_after) || held !== BigInt(plain.held_after)) {
      return bareSide('balance_does_not_follow')
    }
    count += 1
    mac = entry.mac
    const before = anchored.size > 0 ? anchored.get(entry.version) : undefined
    if (before !== undefined && before !== mac.toString('base64')) {
      return bareSide('not_as_in_heads')
    }
    if (!TOTALS[from_account] && !TOTALS[to_account] && freed + set !== 0n) {
      return bareSide('out_of_nothing')
    }
    const route = `${from_account}>${to_account}`
    const flow = flows.get(route)
    if (flow) flow.amount += freed + set
    else flows.set(route, { from: from_account, to: to_account, amount: freed + set })
    return undefined
  }

  function checkAccount(): Side | undefined {
    if (row.owner_type.includes('/') || row.inexact) return bareSide('malformed')
    const wallet = openAccount(vault, row)
    const lost = [...anchored.keys()].find((version) => BigInt(version) > BigInt(count))
    if (lost !== undefined) {
      return { code: 'entries_lost', data: { count: `${count}`, before: lost } }
    }
    if (row.version !== `${count}`) {
      return { code: 'version_differs', data: { version: row.version, count: `${count}` } }
    }
    if (!row.head.equals(mac)) return bareSide('head_differs')
    if (availableOf(wallet) !== available) return bareSide('lots_differ')
    if (heldOf(wallet) !== held) return bareSide('holds_differ')
    return undefined
  }

  return {
    step(entry: EntryRow): void {
      if (found !== undefined) return
      const said = sideOfFailure(() => checkEntry(entry))
      if (said === undefined) return
      const { order_no: orderNo } = entry
      found =
        said === MISSING
          ? disagreement({ code: 'entry_missing', data: { ...name, entry: `${count + 1}` } })
          : { ...disagreement({ code: 'entry', data: { ...name, entry: entry.version } }, said), orderNo }
    },
    end(add: (name: string, amount: bigint) => void): Disagreement | undefined {
      const said = found === undefined ? sideOfFailure(checkAccount) : undefined
      if (said !== undefined) found = disagreement({ code: 'account', data: name }, said)
      if (found !== undefined) return found
      for (const flow of flows.values()) {
        for (const [total, amount] of flowTotals(flow)) add(`${row.currency} ${total}`, amount)
      }
      add(`${row.currency} available`, available)
      add(`${row.currency} held`, held)
      add(`${row.currency} outstanding`, available + held)
      return undefined
    },
  }
}

/** Any failure caused by a changed byte is a finding; the walk continues. */
function sideOfFailure<T>(checkEntry: () => T): T | Side {
  try {
    return checkEntry()
  } catch (error) {
    if (error instanceof TamperedError) return tamperedSide(error)
    return {
      code: 'unreadable',
      data: { said: error instanceof Error ? error.message : String(error) },
    }
  }
}

export function tamperedSide(error: TamperedError): Side {
  return error instanceof UnknownKeyError
    ? { code: 'key_unknown', data: { kid: error.kid } }
    : { code: 'sealed_shut', data: {} }
}

function flowTotals(flow: { from: string; to: string; amount: bigint }): [string, bigint][] {
  const { from, to, amount } = flow
  const given = [['given', amount]] as [string, bigint][]
  const [out, into] = [TOTALS[from], TOTALS[to]]
  if (out) return [[out.out, amount], ...given]
  if (into) return [[into.in, -amount], ...given]
  return []
}
