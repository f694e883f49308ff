import { sql } from 'kysely'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import type { Db } from '../../db/client.ts'
import { grant } from '../../db/wallet/grants.ts'
import { rotateAccounts } from '../../db/wallet/key-rotation.ts'
import { createLedgerCipher, UnknownKeyError } from '../../db/wallet/ledger-cipher.ts'
import { capture, giveBack, hold } from '../../db/wallet/order-holds.ts'
import { readBalance } from '../../db/wallet/reads.ts'
import { walkLedger } from '../../db/wallet/verification.ts'
import { disagreementLine } from '../../i18n/finding-texts.ts'
import { connectPatiently, copyDatabase } from '../support/database.ts'
import { createRandom } from '../support/random.ts'

const K1 = { id: 'k1', key: Buffer.alloc(32, 'first key of the tests') }
const K2 = { id: 'k2', key: Buffer.alloc(32, 'second key of the tests') }
/** Has the new key, but does not encrypt with it yet. */
const before = createLedgerCipher([K1, K2])
const after = createLedgerCipher([K2, K1])
const ACCOUNTS = 50
const CLIENTS = 32
const STEPS = 12
const DAY = 86_400_000

let db: Db

beforeAll(async () => {
  db = connectPatiently(await copyDatabase(inject('postgresUrl')), CLIENTS + 4)
  const only = createLedgerCipher([K1])
  for (let n = 0; n < ACCOUNTS; n += 1) {
    const cause = { operationKey: `first/${n}` }
    await db
      .transaction()
      .execute((tx) =>
        grant(tx, only, { ownerId: `owner-${n}`, currency: 'ZJF', amount: 1_000n, expiresAt: null }, cause),
      )
  }
})
afterAll(() => db.destroy())

const sealedWith = async () => {
  const { rows } = await sql<{ kid: string; count: string }>`
    select kid, count(*) from wallet_accounts group by kid order by kid`.execute(db)
  return rows.map(({ kid, count }) => `${kid}: ${count}`)
}

test('a process without the new key names the key it lacks', async () => {
  await db
    .transaction()
    .execute((tx) =>
      grant(
        tx,
        after,
        { ownerId: 'early', currency: 'ZJF', amount: 1n, expiresAt: null },
        { operationKey: 'early' },
      ),
    )
  await expect(readBalance(db, createLedgerCipher([K1]), 'early', 'ZJF')).rejects.toThrow(UnknownKeyError)
  await expect(readBalance(db, createLedgerCipher([K1]), 'early', 'ZJF')).rejects.toThrow(
    'LEDGER_KEYS has no key k2',
  )
})

test('an interrupted rotation continues where it stopped', async () => {
  const sealed: number[] = []
  const stopped = rotateAccounts(db, after, (done) => {
    sealed.push(done.sealed)
    throw new Error('stopped')
  })
  await expect(stopped).rejects.toThrow('stopped')
  expect(sealed).toEqual([ACCOUNTS])
  expect(await rotateAccounts(db, after, () => {})).toEqual({ sealed: 0, left: 0 })
  // Rotates back, for the test below.
  expect(await rotateAccounts(db, before, () => {})).toEqual({ sealed: ACCOUNTS + 1, left: 0 })
})

test('a row that changes between read and write is left to the next pass', async () => {
  const { rows } = await sql<{ version: string }>`select version from wallet_accounts
    where owner_id = 'owner-0'`.execute(db)
  let writing: Promise<void> | undefined
  // Holds the row's lock while the rotation reaches it, and books one more entry.
  const writer = db.transaction().execute(async (tx) => {
    await grant(
      tx,
      before,
      { ownerId: 'owner-0', currency: 'ZJF', amount: 5n, expiresAt: null },
      { operationKey: 'beside' },
    )
    writing = rotateAccounts(db, after, () => {}).then(() => {})
    await waitsForLock()
  })
  await writer
  await writing
  const { rows: now } = await sql<{ version: string; kid: string }>`select version, kid from wallet_accounts
    where owner_id = 'owner-0'`.execute(db)
  expect(now).toEqual([{ version: `${Number(rows[0]?.version) + 1}`, kid: 'k2' }])
  expect((await readBalance(db, after, 'owner-0', 'ZJF')).available).toBe(1_005n)
  await rotateAccounts(db, before, () => {})
})

async function waitsForLock(): Promise<void> {
  for (let tries = 0; tries < 10_000; tries += 1) {
    const { rows } = await sql<{ waiting: string }>`select count(*) as waiting from pg_locks
      join pg_stat_activity using (pid) where not granted and datname = current_database()`.execute(db)
    if (rows[0]?.waiting !== '0') return
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  throw new Error('nobody waits for the lock')
}

test('while 32 clients write, nothing is lost and everything stays readable', async () => {
  const totals = async () => (await walkLedger(db, after, new Map())).totals
  const start = await totals()
  let issued = 0n
  let held = 0n
  let spent = 0n
  let vaults = [before]
  let begun = 0

  async function client(number: number): Promise<void> {
    const random = createRandom(number)
    for (let step = 0; step < STEPS; step += 1) {
      begun += 1
      // During a rollout, processes with the old and the new configuration write concurrently.
      const vault = vaults[(number + step) % vaults.length] ?? before
      const owner = `owner-${Math.floor(random() * ACCOUNTS)}`
      const orderNo = `PM-${number}-${step}`
      const spend = { ownerId: owner, currency: 'ZJF' as const, amount: 3n, orderNo }
      const what = random()
      if (what < 0.4) {
        const cause = { operationKey: orderNo }
        await db
          .transaction()
          .execute((tx) =>
            grant(tx, vault, { ownerId: owner, currency: 'ZJF', amount: 7n, expiresAt: null }, cause),
          )
        issued += 7n
        continue
      }
      if (!(await db.transaction().execute((tx) => hold(tx, vault, spend, 'keep')))) continue
      held += 3n
      if (what < 0.6) continue
      const resolved = await db.transaction().execute((tx) =>
        what < 0.8
          ? capture(tx, vault, { ownerId: owner, currency: 'ZJF', orderNo })
          : giveBack(tx, vault, {
              ownerId: owner,
              currency: 'ZJF',
              orderNo,
              reason: 'canceled',
              terms: { cause: 'mall', graceMs: DAY },
            }),
      )
      if (!resolved) throw new Error(`${orderNo} was lost`)
      held -= 3n
      if (what < 0.8) spent += 3n
    }
  }

  const clients = Promise.all(Array.from({ length: CLIENTS }, (_, number) => client(number)))
  const rolledOut = (async () => {
    vaults = [before, after]
    await rotateAccounts(db, after, () => {})
    while (begun < (CLIENTS * STEPS) / 2) await new Promise((resolve) => setTimeout(resolve, 5))
    vaults = [after]
    await rotateAccounts(db, after, () => {})
  })()
  await Promise.all([clients, rolledOut])
  await rotateAccounts(db, after, () => {})

  expect(await sealedWith()).toEqual([`k2: ${ACCOUNTS + 1}`])
  const { broken, totals: end } = await walkLedger(db, after, new Map())
  expect(broken).toEqual([])
  const grown = (name: string) => (end[name] ?? 0n) - (start[name] ?? 0n)
  expect({ issued, spent, held }).toEqual({
    issued: grown('ZJF issued'),
    spent: grown('ZJF spent'),
    held: grown('ZJF held'),
  })
  // Every client spends and holds something, or the test proves nothing.
  expect(issued * spent * held).toBeGreaterThan(0n)
})

test('balances need the new key only; entries keep the key that encrypted them', async () => {
  const newOnly = createLedgerCipher([K2])
  for (let n = 0; n < ACCOUNTS; n += 1) await readBalance(db, newOnly, `owner-${n}`, 'ZJF')
  const { broken } = await walkLedger(db, newOnly, new Map())
  expect(broken.map(disagreementLine)[0]).toMatch(/entry 1: LEDGER_KEYS has no key k1$/)
})
