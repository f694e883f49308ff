import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { sql } from 'kysely'
import type { Db, Tx } from '../../db/client.ts'
import type { Currency } from '../../db/schema/wallet-accounts.ts'
import { blockPoints, freezeAccount, unblockPoints } from '../../db/wallet/freezes.ts'
import { adjust, grant } from '../../db/wallet/grants.ts'
import { createLedgerCipher, type LedgerCipher } from '../../db/wallet/ledger-cipher.ts'
import { capture, giveBack, giveBackPart, hold, voidHold } from '../../db/wallet/order-holds.ts'
import { expireLots, KeyReusedError, lockAccount } from '../../db/wallet/posting.ts'
import {
  type AccountRow,
  openAccount,
  openEntry,
  refOf,
  type SealedEntry,
} from '../../db/wallet/sealed-rows.ts'
import { findLedgerViolations } from '../../db/wallet/verification.ts'
import type { ReturnCause } from '../../domain/wallet/wallet.ts'
import { disagreementLine } from '../../i18n/finding-texts.ts'
import { connectPatiently, copyDatabase } from '../support/database.ts'
import * as model from './wallet-model.ts'

/** The ledger in PostgreSQL, every operation on it as a value, and the result that its model expects. */

const DAY = 86_400_000
const GRACE_DAYS = 7
const START = Date.UTC(2030, 0, 1)

export interface Books {
  readonly db: Db
  /** Connected as the tables' owner. */
  readonly owner: Db
  readonly vault: LedgerCipher
  /** Sets the database's clock: days since the start. */
  setDay(day: number): Promise<void>
  close(): Promise<void>
}

/** A database of its own whose clock stands still until it is moved. */
export async function openBooks(template: string, connections: number): Promise<Books> {
  const url = await copyDatabase(template)
  const owner = connectPatiently(url, 2, 'owner')
  const statements = [
    'create schema clock',
    'create table clock.face (at timestamptz not null)',
    'insert into clock.face values (now())',
    `create function clock.clock_timestamp() returns timestamptz language sql stable as 'select at from clock.face'`,
    `create function clock.now() returns timestamptz language sql stable as 'select at from clock.face'`,
    'grant usage on schema clock to points_mall_app',
    'grant select on clock.face to points_mall_app',
    `alter database ${new URL(url).pathname.slice(1)} set search_path = clock, pg_catalog, public`,
  ]
  for (const statement of statements) await sql.raw(statement).execute(owner)
  const db = connectPatiently(url, connections)
  const setDay = async (day: number) => {
    await sql`update clock.face set at = ${new Date(START + day * DAY)}`.execute(owner)
  }
  await setDay(0)
  return {
    db,
    owner,
    vault: createLedgerCipher([{ id: 't1', key: Buffer.alloc(32, 'key of the tests') }]),
    setDay,
    async close() {
      await db.destroy()
      await owner.destroy()
    },
  }
}

export type Who = 'ann' | 'ben' | 'cleo'
const who = fc.constantFrom<Who>('ann', 'ben', 'cleo')
const currency = fc.constantFrom<Currency>('ZJF', 'CNY')
const points = fc.integer({ min: 1, max: 9 })
/** Few, so that repeats and wrong reuse occur. */
const orderNo = fc.constantFrom('o1', 'o2', 'o3', 'o4', 'o5')
const key = fc.constantFrom('k1', 'k2', 'k3', 'k4', 'k5', 'k6', 'k7', 'k8')
const part = fc.constantFrom('r1', 'r2', 'r3')
const cause = fc.constantFrom<ReturnCause>('owner', 'mall')
const smallPart = fc.integer({ min: 1, max: 4 })
const on = { who, currency }
const record = <K extends string, T>(name: K, fields: { [F in keyof T]: fc.Arbitrary<T[F]> }) =>
  fc.record({ do: fc.constant(name), ...fields }) as fc.Arbitrary<{ readonly do: K } & T>

/** One operation of the ledger. Days are counted from the start. */
export const operation = fc.oneof(
  {
    weight: 5,
    arbitrary: record('grant', {
      ...on,
      key,
      points,
      day: fc.option(fc.integer({ min: 0, max: 12 }), { nil: null }),
    }),
  },
  { weight: 6, arbitrary: record('hold', { ...on, orderNo, points, keep: fc.boolean() }) },
  { weight: 3, arbitrary: record('capture', { ...on, orderNo }) },
  { weight: 3, arbitrary: record('giveBack', { ...on, orderNo, cause }) },
  { weight: 3, arbitrary: record('giveBackPart', { ...on, orderNo, part, points: smallPart, cause }) },
  { weight: 2, arbitrary: record('voidHold', { ...on, orderNo, cause }) },
  {
    weight: 3,
    arbitrary: record('adjust', {
      ...on,
      key,
      points: fc.integer({ min: -9, max: 5 }).filter((n) => n !== 0),
      intoDebt: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: record('freeze', { ...on, key, frozen: fc.boolean() }) },
  { weight: 1, arbitrary: record('block', { who, blockId: fc.constantFrom('b1', 'b2'), points }) },
  { weight: 1, arbitrary: record('unblock', { who, blockId: fc.constantFrom('b1', 'b2') }) },
  { weight: 1, arbitrary: record('expire', { ...on }) },
)
export type Operation = typeof operation extends fc.Arbitrary<infer T> ? T : never

/** The clock advances. */
export const pass = record('pass', { days: fc.integer({ min: 1, max: 6 }) })

const graceBy = (by: ReturnCause) => ({ cause: by, grace: GRACE_DAYS })

const freezeReason = (frozen: boolean) => (frozen ? 'a doubt' : 'no doubt')

/** The result of an operation: done, not done, or its key belongs to something else. */
export type Came = 'done' | 'not' | 'key reused'

const accountOf = (op: Operation) => ({
  who: op.who,
  currency: 'currency' in op ? op.currency : ('ZJF' as const),
})

/**
 * Performs the operation within a transaction.
 * @param run separates owners and keys of one run from those of others
 */
export async function performIn(tx: Tx, vault: LedgerCipher, run: string, op: Operation): Promise<boolean> {
  const owner = `${run}-${op.who}`
  const back = (by: ReturnCause) => ({ cause: by, graceMs: GRACE_DAYS * DAY })
  switch (op.do) {
    case 'grant': {
      const until = op.day === null ? null : new Date(START + op.day * DAY)
      const cause = { operationKey: `${run}-${op.key}` }
      await grant(
        tx,
        vault,
        { ownerId: owner, currency: op.currency, amount: BigInt(op.points), expiresAt: until },
        cause,
      )
      return true
    }
    case 'hold': {
      const { currency: of, points: amount } = op
      const spend = { ownerId: owner, currency: of, amount: BigInt(amount), orderNo: `${run}-${op.orderNo}` }
      return hold(tx, vault, spend, op.keep ? 'keep' : 'capture')
    }
    case 'capture':
      return capture(tx, vault, { ownerId: owner, currency: op.currency, orderNo: `${run}-${op.orderNo}` })
    case 'giveBack':
      return giveBack(tx, vault, {
        ownerId: owner,
        currency: op.currency,
        orderNo: `${run}-${op.orderNo}`,
        reason: 'canceled',
        terms: back(op.cause),
      })
    case 'giveBackPart': {
      const spend = {
        ownerId: owner,
        currency: op.currency,
        amount: BigInt(op.points),
        orderNo: `${run}-${op.orderNo}`,
      }
      return giveBackPart(tx, vault, { ...spend, part: op.part, reason: 'canceled', terms: back(op.cause) })
    }
    case 'voidHold':
      await voidHold(tx, vault, {
        ownerId: owner,
        currency: op.currency,
        orderNo: `${run}-${op.orderNo}`,
        reason: 'unknown',
        terms: back(op.cause),
      })
      return true
    case 'adjust': {
      const cause = { operationKey: `${run}-${op.key}`, reason: 'a mistake' }
      return adjust(
        tx,
        vault,
        { ownerId: owner, currency: op.currency, amount: BigInt(op.points), intoDebt: op.intoDebt },
        cause,
      )
    }
    case 'freeze': {
      const cause = { operationKey: `${run}-${op.key}`, reason: freezeReason(op.frozen) }
      await freezeAccount(
        tx,
        vault,
        { ownerId: owner, currency: op.currency, frozen: op.frozen ? 'a doubt' : null },
        cause,
      )
      return true
    }
    case 'block': {
      const blockId = `${run}-${op.blockId}`
      return (
        (await blockPoints(
          tx,
          vault,
          { ownerId: owner, amount: BigInt(op.points), blockId },
          { reason: 'a doubt' },
        )) === undefined
      )
    }
    case 'unblock':
      return unblockPoints(
        tx,
        vault,
        { ownerId: owner, blockId: `${run}-${op.blockId}`, terms: back('mall') },
        { reason: 'no doubt' },
      )
    case 'expire':
      await expireLots(tx, vault, await lockAccount(tx, vault, owner, op.currency))
      return true
  }
}

export async function perform({ db, vault }: Books, run: string, op: Operation): Promise<Came> {
  try {
    return (await db.transaction().execute((tx) => performIn(tx, vault, run, op))) ? 'done' : 'not'
  } catch (error) {
    if (error instanceof KeyReusedError) return 'key reused'
    throw error
  }
}

/** What was booked under a key, as far as repeats are checked against it. */
interface Booked {
  readonly account: string
  readonly contents: string
  /** What was taken and may be returned. */
  readonly points: readonly model.Point[]
}

export interface Model {
  readonly purses: Map<string, model.Purse>
  readonly keys: Map<string, Booked>
  day: number
}

export const newModel = (): Model => ({ purses: new Map(), keys: new Map(), day: 0 })

/** Applies the operation to the model. @returns the expected result */
export function expectOf(world: Model, op: Operation): Came {
  const { who: owner, currency: of } = accountOf(op)
  const account = `${owner}/${of}`
  const before = world.purses.get(account) ?? model.newPurse()
  const purse = model.clonePurse(before)
  const came = expectIn(world, op, purse, account)
  // An operation that throws is rolled back.
  world.purses.set(account, came === 'key reused' ? before : purse)
  return came
}

function expectIn(world: Model, op: Operation, purse: model.Purse, account: string): Came {
  const { keys, day } = world
  // These two do not book expired points.
  if (op.do !== 'capture' && op.do !== 'freeze') model.dropExpired(purse, day)
  /** Once per key: the stored contents decide the result of a repeat. */
  const once = (name: string, contents: string, does: () => readonly model.Point[] | false): Came => {
    const known = keys.get(name)
    if (known) return known.account === account && known.contents === contents ? 'done' : 'key reused'
    const taken = does()
    if (!taken) return 'not'
    keys.set(name, { account, contents, points: taken })
    return 'done'
  }
  switch (op.do) {
    case 'grant': {
      const name = op.key
      const known = keys.get(name)
      // A grant that only paid a debt has no lot whose date could differ.
      if (known?.account === account && known.contents === `grant ${op.points}`) {
        const first = known.points[0]
        return first === undefined || first.until === op.day ? 'done' : 'key reused'
      }
      return once(name, `grant ${op.points}`, () => model.put(purse, model.fresh(op.points, op.day)))
    }
    case 'hold': {
      const name = `${op.orderNo}/${op.currency}/hold`
      const known = keys.get(name)
      if (known?.account === account && known.contents === 'void') return 'not'
      const kind = op.keep ? 'hold' : 'capture'
      const came = once(name, `${kind} ${op.points}`, () => {
        const taken = model.setAside(purse, op.orderNo, op.points, op.keep)
        return typeof taken === 'string' ? false : taken
      })
      // A repeat after the undo is too late.
      const undone = ['release', 'reverse'].some((undo) => keys.has(`${op.orderNo}/${op.currency}/${undo}`))
      return came === 'done' && undone ? 'not' : came
    }
    case 'capture': {
      const taken = model.resolve(purse, op.orderNo)
      if (typeof taken === 'string') return 'not'
      keys.set(`${op.orderNo}/${op.currency}/capture`, { account, contents: 'capture', points: taken })
      return 'done'
    }
    case 'giveBack':
      return giveBackIn(world, op, purse, account)
    case 'giveBackPart':
      return giveBackPartIn(world, op, purse, account)
    case 'voidHold': {
      const came = giveBackIn(world, op, purse, account)
      if (came !== 'not') return came
      const name = `${op.orderNo}/${op.currency}/hold`
      if (!keys.has(name)) keys.set(name, { account, contents: 'void', points: [] })
      return 'done'
    }
    case 'adjust':
      return once(op.key, `adjust ${op.points}`, () =>
        model.correct(purse, op.points, op.intoDebt) ? [] : false,
      )
    case 'freeze':
      if (purse.frozen === op.frozen) return 'done'
      return once(op.key, `freeze ${op.frozen}`, () => {
        purse.frozen = op.frozen
        return []
      })
    case 'block':
      return once(`block/${op.blockId}`, `block ${op.points}`, () => {
        const taken = model.setAside(purse, `block/${op.blockId}`, op.points, true, true)
        return typeof taken === 'string' ? false : taken
      })
    case 'unblock': {
      const taken = model.resolve(purse, `block/${op.blockId}`)
      const name = `unblock/${op.blockId}`
      if (typeof taken === 'string') return keys.get(name)?.account === account ? 'done' : 'not'
      model.putBack(purse, taken, day, graceBy('mall'))
      keys.set(name, { account, contents: 'unblock', points: [] })
      return 'done'
    }
    case 'expire':
      return 'done'
  }
}

function giveBackIn(
  { keys, day }: Model,
  op: { readonly orderNo: string; readonly currency: Currency; readonly cause: ReturnCause },
  purse: model.Purse,
  account: string,
): Came {
  const name = (what: string) => `${op.orderNo}/${op.currency}/${what}`
  const held = model.resolve(purse, op.orderNo)
  if (typeof held !== 'string') {
    model.putBack(purse, held, day, graceBy(op.cause))
    keys.set(name('release'), { account, contents: 'release', points: [] })
    return 'done'
  }
  const taken = keys.get(name('capture')) ?? keys.get(name('hold'))
  if (!taken) return 'not'
  if (taken.account !== account) return 'key reused'
  if (!taken.contents.startsWith('capture') || keys.has(name('reverse'))) return 'not'
  const left = taken.points.length - backIn(keys, name('reverse/'))
  model.putBack(purse, taken.points.slice(0, left), day, graceBy(op.cause))
  keys.set(name('reverse'), { account, contents: 'reverse', points: [] })
  return 'done'
}

/** How many points were returned in parts. */
function backIn(keys: Model['keys'], prefix: string): number {
  return [...keys]
    .filter(([name]) => name.startsWith(prefix))
    .reduce((sum, [, { contents }]) => sum + Number(contents.split(' ')[1]), 0)
}

function giveBackPartIn(
  { keys, day }: Model,
  op: Operation & { readonly do: 'giveBackPart' },
  purse: model.Purse,
  account: string,
): Came {
  const name = (what: string) => `${op.orderNo}/${op.currency}/${what}`
  const contents = `part ${op.points}`
  const taken = keys.get(name('capture')) ?? keys.get(name('hold'))
  // The key must have been booked on this account.
  if (taken && taken.account !== account) return 'key reused'
  const whole = keys.get(name('reverse'))
  if (whole && whole.account !== account) return 'key reused'
  const known = keys.get(name(`reverse/${op.part}`))
  if (known) return known.account === account && known.contents === contents ? 'done' : 'key reused'
  if (!taken?.contents.startsWith('capture') || whole) return 'not'
  const left = taken.points.length - backIn(keys, name('reverse/'))
  if (op.points > left) return 'not'
  // As if the order had cost less: points taken last are returned first.
  model.putBack(purse, taken.points.slice(left - op.points, left), day, graceBy(op.cause))
  keys.set(name(`reverse/${op.part}`), { account, contents, points: [] })
  return 'done'
}

/** The accounts of one run in the database, in the model's form, dates as days. */
export async function readPurses({ db, vault }: Books, run: string) {
  const rows = await db
    .selectFrom('wallet_accounts')
    .select(['id', 'owner_type', 'owner_id', 'currency', 'version', 'kid', 'sealed', 'head', 'next_expiry'])
    .where('owner_id', 'like', `${run}-%`)
    .execute()
  return Object.fromEntries(
    rows.map((row: AccountRow) => {
      const dayOf = (date: model.Day) => (date === null ? null : (date - START) / DAY)
      const days = (form: model.LotForm[]) =>
        form.map(([until, first, count]): model.LotForm => [dayOf(until), dayOf(first), count])
      const form = model.formOfWallet(openAccount(vault, row))
      const holds = Object.entries(form.holds).map(([ref, lots]) => [bare(ref, run), days(lots)] as const)
      const name = `${row.owner_id.slice(run.length + 1)}/${row.currency}`
      return [name, { ...form, lots: days(form.lots), holds: Object.fromEntries(holds) }]
    }),
  )
}

const bare = (text: string, run: string) => text.replace(`${run}-`, '')

export function formsOf(world: Model) {
  return Object.fromEntries([...world.purses].map(([name, purse]) => [name, model.formOf(purse)]))
}

/**
 * Violations of the ledger's invariants, with the database at rest: the walk of `ledger:verify`, each
 * transfer's amounts, and that users' balances and issued amounts sum to zero.
 */
export async function findBroken({ db, vault }: Books): Promise<string[]> {
  const broken = (await findLedgerViolations(db, vault)).map(disagreementLine)
  const { rows } = await sql<{
    owner_type: string
    owner_id: string
    currency: Currency
    version: string
    kid: string
    sealed: Buffer
    operation_key: string
    from_account: string
    to_account: string
  }>`select a.owner_type, a.owner_id, a.currency, e.version, e.kid, e.sealed, t.operation_key, t.from_account,
      t.to_account
    from wallet_entries e join wallet_accounts a on a.id = e.account_id
      join wallet_transfers t on t.operation_key = e.operation_key`.execute(db)
  const sides = new Map<string, bigint>()
  const move = (side: string, amount: bigint) => sides.set(side, (sides.get(side) ?? 0n) + amount)
  let users = 0n
  for (const row of rows) {
    const plain = openEntry(vault, refOf(row), row)
    const legs = { user: BigInt(plain.available), held: BigInt(plain.held) }
    users += legs.user + legs.held
    const system = -(legs.user + legs.held)
    for (const side of new Set([row.from_account, row.to_account])) {
      if (side.startsWith('system/')) move(side, system)
    }
    for (const [leg, amount] of Object.entries(legs)) {
      const named = row.from_account === leg || row.to_account === leg
      if (amount !== 0n && !named) broken.push(`${row.operation_key}: ${leg} moved beside its route`)
      const signed = row.from_account === leg ? amount > 0n : amount < 0n
      const corrects = row.from_account === 'system/adjusted'
      if (named && signed && !corrects && row.from_account !== row.to_account) {
        broken.push(`${row.operation_key}: ${leg} moved against its route`)
      }
    }
    const inside = !row.from_account.startsWith('system/') && !row.to_account.startsWith('system/')
    if (inside && system !== 0n) broken.push(`${row.operation_key}: points came from nowhere`)
  }
  const given = [...sides.values()].reduce((sum, side) => sum + side, 0n)
  if (users + given !== 0n) broken.push(`users have ${users}, the issuing side ${given}`)
  return broken
}

/**
 * Performs the operations of a run on a model, in the order in which the ledger booked them: the result must
 * equal the database (serializability).
 * @param done what was performed, and each result
 * @returns the model, and the entries that were acknowledged to nobody
 */
export async function replay(
  { db, vault }: Books,
  run: string,
  done: readonly { readonly op: Operation; readonly came: Came }[],
): Promise<{ world: Model; unknown: string[] }> {
  const { rows } = await sql<{
    owner_type: string
    owner_id: string
    currency: Currency
    version: string
    kid: string
    sealed: Buffer
    operation_key: string
    kind: string
    reason: string | null
  }>`select a.owner_type, a.owner_id, a.currency, e.version, e.kid, e.sealed, t.operation_key, t.kind, t.reason
    from wallet_entries e join wallet_accounts a on a.id = e.account_id
      join wallet_transfers t on t.operation_key = e.operation_key
    where a.owner_id like ${`${run}-%`} order by a.id, e.version`.execute(db)
  const world = newModel()
  const unknown: string[] = []
  for (const row of rows) {
    const owner = row.owner_id.slice(run.length + 1) as Who
    const plain = openEntry(vault, refOf(row), row)
    const name = bare(row.operation_key, run)
    if (row.kind === 'expire') {
      expectOf(world, { do: 'expire', who: owner, currency: row.currency })
      continue
    }
    const found = done.find(({ op, came }) => {
      const account = accountOf(op)
      if (came !== 'done' || account.who !== owner || account.currency !== row.currency) return false
      return stoodFor(op, name, row, plain)
    })
    if (!found) unknown.push(`${row.kind} ${name}`)
    else expectOf(world, found.op)
  }
  return { world, unknown }
}

/** Whether an entry is what this operation books. */
function stoodFor(
  op: Operation,
  name: string,
  { kind, reason }: { readonly kind: string; readonly reason: string | null },
  plain: SealedEntry,
): boolean {
  const amount = Number(plain.available)
  const step = (what: string) => 'orderNo' in op && name === `${op.orderNo}/${op.currency}/${what}`
  switch (op.do) {
    case 'grant': {
      const date = op.day === null ? null : START + op.day * DAY
      const dated = plain.lots[0] === undefined || plain.lots[0][0] === date
      return kind === 'grant' && name === op.key && amount === op.points && dated
    }
    case 'adjust':
      return kind === 'adjust' && name === op.key && amount === op.points
    case 'freeze':
      return kind === 'freeze' && name === op.key && reason === freezeReason(op.frozen)
    case 'hold':
      return step('hold') && amount === -op.points && kind === (op.keep ? 'hold' : 'capture')
    case 'capture':
      return step('capture')
    case 'giveBack':
      return step('release') || step('reverse')
    case 'giveBackPart':
      return step(`reverse/${op.part}`) && amount === op.points
    case 'voidHold':
      return step('release') || step('reverse') || (step('hold') && kind === 'release')
    case 'block':
      return name === `block/${op.blockId}` && amount === -op.points
    case 'unblock':
      return name === `unblock/${op.blockId}`
    case 'expire':
      return false
  }
}

/** A name for one run's owners and keys. */
export const newRun = () => randomBytes(5).toString('hex')
