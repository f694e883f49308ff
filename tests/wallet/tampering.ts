import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client } from 'pg'
import type { Db } from '../../db/client.ts'
import {
  createCheckpointFiles,
  createCheckpointKeeper,
  readCheckpoints,
} from '../../db/wallet/checkpoints.ts'
import { freezeAccount } from '../../db/wallet/freezes.ts'
import { adjust, grant } from '../../db/wallet/grants.ts'
import { createLedgerCipher, type LedgerCipher } from '../../db/wallet/ledger-cipher.ts'
import { capture, giveBack, hold } from '../../db/wallet/order-holds.ts'
import { lockAccount } from '../../db/wallet/posting.ts'
import { type Checkpoints, walkLedger } from '../../db/wallet/verification.ts'
import { disagreementLine } from '../../i18n/finding-texts.ts'
import { connectPatiently } from '../support/database.ts'
import { createRandom } from '../support/random.ts'
import { keyOf, type Ledger, type Row, refOf, TABLES, TAMPERS, type Table, type Tampered } from './tampers.ts'

/**
 * A small ledger and a writer who owns its tables but has no key: random edits of stored bytes, each of which
 * `walkLedger` must find and attribute before the next one.
 */

const KEYS = [
  { id: 'k1', key: Buffer.alloc(32, 'first key of the tests') },
  { id: 'k2', key: Buffer.alloc(32, 'second key of the tests') },
]
const OWNERS = 10
const ROUNDS = 4
const DAY = 86_400_000
/** Unique index; bytes that are no valid text, number or time: the database refuses the edit. */
const REFUSED = ['23505', '22021', '22003', '22008']

export interface Tampering {
  /** Kind of edit → how often it was made. */
  readonly made: Readonly<Record<string, number>>
  /** Each edit that was missed or attributed wrongly. */
  readonly missed: readonly string[]
}

/**
 * Takes a migrated, empty database (the owner's address) and the maximum number of edits.
 * @param until performance.now() at which to stop, whatever the count
 */
export async function tamperLedger(options: {
  readonly url: string
  readonly seed: number
  readonly edits: number
  readonly until?: number
}): Promise<Tampering> {
  const { seed, edits, until = Number.POSITIVE_INFINITY } = options
  const random = createRandom(seed)
  const pick = (below: number) => Math.floor(random() * below)
  const folder = mkdtempSync(join(tmpdir(), 'points-mall-heads-'))
  const db = connectPatiently(options.url, 4)
  const client = new Client({ connectionString: options.url })
  await client.connect()
  const vault = createLedgerCipher(KEYS)
  const store = createCheckpointFiles(folder)
  const made: Record<string, number> = {}
  const missed: string[] = []
  try {
    const ledger = await fillLedger(db, client, random)
    await createCheckpointKeeper({ db, vault, store, alarm: (text) => missed.push(text) }).round()
    const { heads } = await readCheckpoints([store], vault)
    await dropDefences(client)
    await expectSilence(db, vault, heads, missed)
    const kinds = Object.entries(TAMPERS)
    for (let count = 0; count < edits && performance.now() < until; ) {
      // Each kind once at the start, so that a short run covers all.
      const [kind, tamper] = kinds[count < kinds.length ? count : pick(kinds.length)] ?? []
      const edit = kind === undefined ? undefined : tamper?.(ledger, pick)
      if (kind === undefined || !edit || !(await write(client, edit.remove, edit.insert))) continue
      count += 1
      made[kind] = (made[kind] ?? 0) + 1
      const wrong = judge(edit, (await walkLedger(db, vault, heads)).broken.map(disagreementLine))
      if (wrong !== undefined) missed.push(`edit ${count} (${kind}): ${wrong}`)
      if (!(await write(client, edit.insert, edit.remove))) throw new Error(`${kind} cannot be taken back`)
      if (count % 50 === 0) await expectSilence(db, vault, heads, missed)
    }
    await expectSilence(db, vault, heads, missed)
  } finally {
    await client.end()
    await db.destroy()
    rmSync(folder, { recursive: true, force: true })
  }
  return { made, missed }
}

async function expectSilence(
  db: Db,
  vault: LedgerCipher,
  heads: Checkpoints,
  missed: string[],
): Promise<void> {
  const { broken, entries } = await walkLedger(db, vault, heads)
  if (broken.length > 0)
    missed.push(`the untouched ledger is called broken: ${broken.map(disagreementLine)[0]}`)
  if (entries < OWNERS || heads.size < OWNERS - 1) missed.push('the ledger or its heads are empty')
}

/** @returns what is wrong with the walk's report */
function judge(edit: Tampered, broken: readonly string[]): string | undefined {
  const expected = edit.names.join(' or ')
  if (broken.length === 0) return `unseen; expected ${expected}`
  if (!edit.names.some((name) => broken.some((text) => text.includes(name)))) {
    return `expected ${expected}, found ${broken.join('; ')}`
  }
  const accused = broken.flatMap((text) => /^(?:account|entry) (-?\d+)/.exec(text)?.[1] ?? [])
  const innocent = accused.find((id) => !edit.touched.includes(id))
  return innocent === undefined ? undefined : `account ${innocent} is named as well: ${broken.join('; ')}`
}

/** Books points and cash of several owners as the mall does; half way the current key changes. */
async function fillLedger(db: Db, client: Client, random: () => number): Promise<Ledger> {
  const pick = (below: number) => Math.floor(random() * below)
  const earlier: Row[] = []
  for (let round = 0; round < ROUNDS; round += 1) {
    const vault = createLedgerCipher(round < ROUNDS / 2 ? KEYS : KEYS.toReversed())
    for (let owner = 0; owner < OWNERS; owner += 1) {
      const ownerId = owner === 3 ? `shop/owner-${owner}` : `owner-${owner}`
      const currency = owner % 3 === 0 ? 'CNY' : 'ZJF'
      const orderNo = `PM${round}-${owner}`
      await db.transaction().execute(async (tx) => {
        // An account without entries is a row as well.
        if (owner === 1) return void (await lockAccount(tx, vault, ownerId, currency))
        const expiresAt = random() < 0.5 ? new Date(Date.now() + (1 + pick(60)) * DAY) : null
        const earned = { operationKey: `grant/${orderNo}`, reason: '签到' }
        await grant(tx, vault, { ownerId, currency, amount: BigInt(600 + pick(500)), expiresAt }, earned)
        await hold(tx, vault, { ownerId, currency, amount: BigInt(1 + pick(500)), orderNo }, 'keep')
        if (random() < 0.5) await capture(tx, vault, { ownerId, currency, orderNo })
        else if (random() < 0.7)
          await giveBack(tx, vault, {
            ownerId,
            currency,
            orderNo,
            reason: 'canceled',
            terms: { cause: 'mall', graceMs: DAY },
          })
        const corrected = { operationKey: `adjust/${orderNo}`, reason: 'correction', operatorId: 'op' }
        await adjust(tx, vault, { ownerId, currency, amount: -1n }, corrected)
        if (owner === 2) {
          const frozen = { operationKey: `freeze/${orderNo}` }
          await freezeAccount(tx, vault, { ownerId, currency, frozen: round % 2 ? null : '审核' }, frozen)
        }
      })
    }
    earlier.push(...(await readRows(client, 'wallet_accounts')))
  }
  const accounts = await readRows(client, 'wallet_accounts')
  const entries = await readRows(client, 'wallet_entries')
  const transfers = await readRows(client, 'wallet_transfers')
  const now = new Map(accounts.map((row) => [row.id, row.version]))
  return {
    accounts,
    entries,
    transfers,
    earlier: earlier.filter((row) => row.version !== now.get(row.id) && row.version !== '0'),
    refs: new Map(accounts.map((row) => [row.id ?? '', refOf(row)])),
  }
}

/** Removes the triggers and rules that restrict the tables' owner. */
async function dropDefences(client: Client): Promise<void> {
  await client.query('set session_replication_role = replica')
  const { rows } = await client.query<{ drop: string }>(
    `select format('alter table %s drop constraint %I', conrelid::regclass, conname) as drop
    from pg_constraint where contype = 'c' and conrelid = any($1::regclass[])`,
    [TABLES],
  )
  for (const { drop } of rows) await client.query(drop)
}

/** Reads every column as text, so that JavaScript loses nothing. */
async function readRows(client: Client, table: Table): Promise<Row[]> {
  const { rows } = await client.query<{ row: Row }>(
    `select (select jsonb_object_agg(key, value) from jsonb_each_text(to_jsonb(t))) as row from ${table} t order by 1`,
  )
  return rows.map(({ row }) => row)
}

/** @returns false if the database refused it and nothing changed */
async function write(
  client: Client,
  remove: Tampered['remove'],
  insert: Tampered['insert'],
): Promise<boolean> {
  await client.query('begin')
  try {
    for (const [table, row] of remove) {
      const keys = keyOf(table)
      const where = keys.map((column, at) => `${column} = $${at + 1}`).join(' and ')
      const { rowCount } = await client.query(
        `delete from ${table} where ${where}`,
        keys.map((column) => row[column]),
      )
      if (rowCount !== 1) throw new Error(`${table} has no such row`)
    }
    for (const [table, row] of insert) {
      await client.query(
        `insert into ${table} overriding system value select * from jsonb_populate_record(null::${table}, $1)`,
        [JSON.stringify(row)],
      )
    }
    await client.query('commit')
    return true
  } catch (error) {
    await client.query('rollback')
    if (REFUSED.includes((error as { code?: string }).code ?? '')) return false
    throw error
  }
}
