import { AssertionError, deepStrictEqual, equal } from 'node:assert/strict'
import { type KyselyPlugin, sql } from 'kysely'
import type { Currency } from '../../db/schema/wallet-accounts.ts'
import { KeyReusedError } from '../../db/wallet/posting.ts'
import {
  type Books,
  type Came,
  expectOf,
  findBroken,
  formsOf,
  newModel,
  newRun,
  type Operation,
  perform,
  performIn,
  readPurses,
  replay,
  type Who,
} from '../models/wallet-books.ts'
import { formOf, newPurse } from '../models/wallet-model.ts'
import { readTables } from '../support/db-snapshot.ts'

/** The laws of the ledger: each runs operations and fails where the law is broken. */

type Step = Operation | { readonly do: 'pass'; readonly days: number }

const EMPTY = formOf(newPurse())

/** The database's accounts equal those of the model; an unused account may be missing. */
async function compare(books: Books, run: string, expected: ReturnType<typeof formsOf>): Promise<void> {
  const found = await readPurses(books, run)
  for (const name of new Set([...Object.keys(found), ...Object.keys(expected)])) {
    deepStrictEqual(found[name] ?? EMPTY, expected[name] ?? EMPTY, name)
  }
}

/** Runs operations one after the other: each result and all accounts match the model. */
export async function playInTurn(books: Books, steps: readonly Step[]): Promise<void> {
  const run = newRun()
  const world = newModel()
  await books.setDay(0)
  for (const step of steps) {
    if (step.do === 'pass') {
      world.day += step.days
      await books.setDay(world.day)
      continue
    }
    const expected = expectOf(world, step)
    equal(await perform(books, run, step), expected, JSON.stringify(step))
  }
  await compare(books, run, formsOf(world))
}

/**
 * Runs many concurrent clients: only a misused key fails, acknowledged operations are booked once, some
 * sequential order explains the balances, and a repeat changes nothing.
 */
export async function playAtOnce(
  books: Books,
  operations: readonly Operation[],
  clients: number,
): Promise<void> {
  const run = newRun()
  await books.setDay(0)
  const done: { op: Operation; came: Came }[] = []
  let next = 0
  const client = async () => {
    for (;;) {
      const op = operations[next]
      next += 1
      if (!op) return
      done.push({ op, came: await perform(books, run, op) })
    }
  }
  await Promise.all(Array.from({ length: clients }, client))
  deepStrictEqual(await findBroken(books), [])
  const { world, unknown } = await replay(books, run, done)
  deepStrictEqual(unknown, [], 'entries that nobody was told of')
  await compare(books, run, formsOf(world))

  // Any access to an account books what has expired.
  const accounts = [...world.purses.keys()].map((name) => name.split('/') as [Who, Currency])
  for (const [who, currency] of accounts) await perform(books, run, { do: 'expire', who, currency })
  const before = await readPurses(books, run)
  const keyed = done.filter(({ op, came }) => came === 'done' && isKeyed(op))
  for (const { op } of keyed) {
    equal(await perform(books, run, op), expectOf(world, op), `again: ${JSON.stringify(op)}`)
  }
  deepStrictEqual(await readPurses(books, run), before, 'repeats change nothing')
}

/** A repeat of these gets the first answer; the others report whether they did it. */
const isKeyed = ({ do: what }: Operation) =>
  ['grant', 'hold', 'adjust', 'block', 'giveBackPart'].includes(what)

/** Acts after the n-th statement of a transaction, before its caller knows. */
function cutAfter(count: number, then: () => Promise<void>): KyselyPlugin {
  let seen = 0
  return {
    transformQuery: ({ node }) => node,
    async transformResult({ result }) {
      seen += 1
      if (seen === count) await then()
      return result
    },
  }
}

/**
 * Interrupts the operation after each of its statements, once by an error and once by closing the connection:
 * every table stays unchanged, and a repeat succeeds.
 * @param before what happens before it, on the first day
 * @param day when it happens
 * @returns after how many statements it was interrupted
 */
export async function crashEverywhere(
  books: Books,
  before: readonly Operation[],
  day: number,
  op: Operation,
): Promise<number> {
  const run = newRun()
  const world = newModel()
  await books.setDay(0)
  for (const one of before) equal(await perform(books, run, one), expectOf(world, one))
  world.day = day
  await books.setDay(day)
  const state = await readTables(books.owner)

  for (let cuts = 0; ; cuts += 1) {
    const came = await attempt(books, run, op, cuts + 1, 'error')
    if (came !== 'cut off') {
      // This repeat was not interrupted.
      equal(came, expectOf(world, op))
      await compare(books, run, formsOf(world))
      return cuts
    }
    deepStrictEqual(await readTables(books.owner), state, `cut off after statement ${cuts + 1}`)
    equal(await attempt(books, run, op, cuts + 1, 'connection'), 'cut off')
    deepStrictEqual(await readTables(books.owner), state, `connection lost after statement ${cuts + 1}`)
  }
}

/** Performs the operation, interrupted after so many statements if it has them. */
async function attempt(
  { db, owner, vault }: Books,
  run: string,
  op: Operation,
  count: number,
  how: 'error' | 'connection',
): Promise<Came | 'cut off'> {
  let cut = false
  try {
    const done = await db.transaction().execute(async (tx) => {
      const { rows } = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(tx)
      const plugin = cutAfter(count, async () => {
        cut = true
        if (how === 'error') throw new Error('cut off')
        await sql`select pg_terminate_backend(${rows[0]?.pid}, 5000)`.execute(owner)
      })
      return performIn(tx.withPlugin(plugin), vault, run, op)
    })
    equal(cut, false, 'a lost connection was not noticed')
    return done ? 'done' : 'not'
  } catch (error) {
    if (cut && !(error instanceof AssertionError)) return 'cut off'
    if (error instanceof KeyReusedError) return 'key reused'
    throw error
  }
}
