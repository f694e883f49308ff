import { sql } from 'kysely'
import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import type { Db } from '../../db/client.ts'
import { grant } from '../../db/wallet/grants.ts'
import { createLedgerCipher } from '../../db/wallet/ledger-cipher.ts'
import { connectPatiently, copyDatabase } from '../support/database.ts'
import { tamperLedger } from './tampering.ts'
import { COLUMNS_COVERED, TAMPERS } from './tampers.ts'

const SEED = Number(process.env.SEED ?? 20261122)
const EDITS = 400

test('every edit of stored bytes is found and attributed, and an intact ledger has no findings', async () => {
  const url = await copyDatabase(inject('postgresUrl'))
  const { made, missed } = await tamperLedger({ url, seed: SEED, edits: EDITS })
  const counts = Object.entries(made).map(([kind, count]) => `${`${count}`.padStart(5)}  ${kind}`)
  process.stdout.write(`seed ${SEED}\n${counts.join('\n')}\n`)
  expect(missed, `seed ${SEED}`).toEqual([])
  expect(Object.keys(made).sort()).toEqual(Object.keys(TAMPERS).sort())
  expect(Object.values(made).reduce((sum, count) => sum + count)).toBe(EDITS)
}, 600_000)

describe("the ledger's tables", () => {
  let db: Db
  let owner: Client

  beforeAll(async () => {
    const url = await copyDatabase(inject('postgresUrl'))
    db = connectPatiently(url, 2)
    owner = new Client({ connectionString: url })
    await owner.connect()
    const vault = createLedgerCipher([{ id: 'k1', key: Buffer.alloc(32, 'k') }])
    const cause = { operationKey: 'grant/1' }
    await db
      .transaction()
      .execute((tx) =>
        grant(tx, vault, { ownerId: 'alice', currency: 'ZJF', amount: 100n, expiresAt: null }, cause),
      )
  })
  afterAll(async () => {
    await owner.end()
    await db.destroy()
  })

  test('have only columns that the edits cover, except timestamps', async () => {
    const { rows } = await owner.query<{ name: string }>(`
      select table_name || '.' || column_name as name from information_schema.columns
      where table_schema = 'public' and table_name in ('wallet_accounts', 'wallet_entries', 'wallet_transfers')
        and column_name not in ('created_at', 'updated_at')`)
    expect(rows.map(({ name }) => name).sort()).toEqual(COLUMNS_COVERED.toSorted())
  })

  test.each([
    'update wallet_entries set version = version + 1',
    'delete from wallet_entries',
    'truncate wallet_entries',
    `update wallet_transfers set reason = 'other'`,
    'delete from wallet_transfers',
    'truncate wallet_transfers cascade',
  ])('refuse to the application and to their owner: %s', async (statement) => {
    await expect(sql.raw(statement).execute(db)).rejects.toMatchObject({ code: '42501' })
    await expect(owner.query(statement)).rejects.toMatchObject({ code: '23001' })
  })

  test('do not let the application delete an account', async () => {
    await expect(db.deleteFrom('wallet_accounts').execute()).rejects.toMatchObject({ code: '42501' })
  })
})
