import {
  appendFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client } from 'pg'
import { afterEach, beforeEach, expect, inject, test } from 'vitest'
import type { Db } from '../../db/client.ts'
import {
  createCheckpointFiles,
  createCheckpointKeeper,
  readCheckpoints,
} from '../../db/wallet/checkpoints.ts'
import { grant } from '../../db/wallet/grants.ts'
import { createLedgerCipher } from '../../db/wallet/ledger-cipher.ts'
import { walkLedger } from '../../db/wallet/verification.ts'
import { disagreementLine } from '../../i18n/finding-texts.ts'
import { connectPatiently, copyDatabase } from '../support/database.ts'

const K1 = { id: 'k1', key: Buffer.alloc(32, 'first key of the tests') }
const K2 = { id: 'k2', key: Buffer.alloc(32, 'second key of the tests') }
const vault = createLedgerCipher([K1])

let db: Db
let owner: Client
let folder: string
let alarms: string[]
let number = 0

beforeEach(async () => {
  const url = await copyDatabase(inject('postgresUrl'))
  db = connectPatiently(url, 4)
  owner = new Client({ connectionString: url })
  await owner.connect()
  await owner.query('set session_replication_role = replica')
  folder = mkdtempSync(join(tmpdir(), 'points-mall-heads-'))
  alarms = []
})
afterEach(async () => {
  await owner.end()
  await db.destroy()
  rmSync(folder, { recursive: true, force: true })
})

const keeper = (keys = vault) =>
  createCheckpointKeeper({
    db,
    vault: keys,
    store: createCheckpointFiles(folder),
    alarm: (text) => alarms.push(text),
  })
const give = (ownerId: string) =>
  db.transaction().execute((tx) => {
    number += 1
    return grant(
      tx,
      vault,
      { ownerId, currency: 'ZJF', amount: 10n, expiresAt: null },
      { operationKey: `grant/${number}` },
    )
  })
const read = () => readCheckpoints([createCheckpointFiles(folder)], vault)
const verify = async () => (await walkLedger(db, vault, (await read()).heads)).broken.map(disagreementLine)
const files = () => readdirSync(folder).map((name) => join(folder, name))

/** @returns a function that resets the whole ledger to its present state */
async function rememberLedger(): Promise<() => Promise<void>> {
  const tables = ['wallet_accounts', 'wallet_transfers', 'wallet_entries']
  for (const table of tables) {
    await owner.query(`drop table if exists was_${table}`)
    await owner.query(`create table was_${table} as table ${table}`)
  }
  return async () => {
    for (const table of tables) {
      await owner.query(`delete from ${table}`)
      await owner.query(`insert into ${table} overriding system value table was_${table}`)
    }
  }
}

test('a changed account is in the store after the next round; an unchanged one is not written again', async () => {
  const heads = keeper()
  await give('alice')
  expect(await heads.round()).toBe(1)
  expect(await heads.round()).toBe(0)
  await give('alice')
  await give('bob')
  expect(await heads.round()).toBe(2)
  const { heads: found, broken } = await read()
  expect([...found.keys()].sort()).toEqual(['user/alice/ZJF', 'user/bob/ZJF'])
  expect([...(found.get('user/alice/ZJF')?.keys() ?? [])].sort()).toEqual(['1', '2'])
  expect([broken, alarms, await verify()]).toEqual([[], [], []])
})

test('a ledger that was rolled back as a whole is found, before the worker restarts and after', async () => {
  const heads = keeper()
  await give('alice')
  await give('bob')
  const takeBack = await rememberLedger()
  await give('alice')
  await heads.round()
  await takeBack()
  expect(await verify()).toEqual([
    expect.stringMatching(/^account \d+ \(user\/alice\/ZJF\): 1 entries, 2 at the checkpoint$/),
  ])
  // The mall continues on the wrong past, and workers restart.
  await give('alice')
  await heads.round()
  await give('alice')
  await keeper().round()
  await keeper().round()
  expect(alarms[0]).toMatch(/account \d+ \(user\/alice\/ZJF\) is not what it was at version 2/)
  expect(await verify()).toEqual([
    expect.stringMatching(/^account \d+ \(user\/alice\/ZJF\), entry 2: differs from the checkpoint$/),
  ])
})

test('an account whose row cannot be decrypted is not signed', async () => {
  await give('alice')
  await owner.query(`update wallet_accounts set version = 2`)
  expect(await keeper().round()).toBe(0)
  expect(alarms).toEqual([expect.stringContaining('the encrypted part cannot be decrypted')])
})

test('a change with backdated entries is found', async () => {
  const heads = keeper()
  await heads.round()
  await give('alice')
  await owner.query(`update wallet_entries set created_at = '2000-01-01'`)
  expect(await heads.round()).toBe(1)
})

test('concurrent workers keep a file each; the next worker takes over old files', async () => {
  await give('alice')
  await keeper().round()
  const second = keeper()
  await second.round()
  expect(files()).toHaveLength(2)
  for (const file of files()) utimesSync(file, new Date(0), new Date(0))
  await give('alice')
  await keeper().round()
  expect(files()).toHaveLength(1)
  // A worker that still lives has everything in memory.
  await give('bob')
  await second.round()
  expect(files()).toHaveLength(2)
  expect([...(await read()).heads.keys()].sort()).toEqual(['user/alice/ZJF', 'user/bob/ZJF'])
  expect([alarms, await verify()]).toEqual([[], []])
})

test('a line cut short by a crash is skipped; one that the mall did not sign is reported and kept', async () => {
  await give('alice')
  await keeper().round()
  const [file = ''] = files()
  appendFileSync(file, '{"at":"2026-')
  expect((await read()).broken).toEqual([])
  writeFileSync(file, readFileSync(file, 'utf8').replace('"1"', '"9"'))
  expect((await read()).broken).toEqual([`${file}:1: the mall has not signed this`])
  utimesSync(file, new Date(0), new Date(0))
  await keeper().round()
  expect(alarms).toEqual([`${file}:1: the mall has not signed this`])
  expect(files()).toContain(file)
})

test('what was signed before a key rotation is valid after it', async () => {
  await give('alice')
  await keeper().round()
  const rotated = createLedgerCipher([K2, K1])
  expect((await readCheckpoints([createCheckpointFiles(folder)], rotated)).broken).toEqual([])
  expect(
    (await readCheckpoints([createCheckpointFiles(folder)], createLedgerCipher([K2]))).broken,
  ).toHaveLength(1)
})
