import { spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'kysely'
import { Client } from 'pg'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { removeDatabase } from '../../cli/embedded/postgres-location.ts'
import { partEnvironment } from '../../config/index.ts'
import type { Db } from '../../db/client.ts'
import { createEncryptor } from '../../db/platform/encryption.ts'
import { adjust, grant } from '../../db/wallet/grants.ts'
import { createLedgerCipher, type LedgerCipher } from '../../db/wallet/ledger-cipher.ts'
import { capture, hold } from '../../db/wallet/order-holds.ts'
import { connectPatiently, copyDatabase, emptyDatabase } from '../support/database.ts'
import { readTables } from '../support/db-snapshot.ts'
import { createRandom } from '../support/random.ts'

const KEYS = {
  LEDGER_KEYS: `l9:${Buffer.alloc(32, 'ledger key').toString('base64')}`,
  PAYLOAD_KEYS: `p9:${Buffer.alloc(32, 'payload key').toString('base64')}`,
}
const LEDGER_KEY = { id: 'l9', key: Buffer.alloc(32, 'ledger key') }
const vault: LedgerCipher = createLedgerCipher([LEDGER_KEY])

let home: string
let url: string
let db: Db
let folders = 0

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'points-mall-backup-'))
  url = await copyDatabase(inject('postgresUrl'))
  db = connectPatiently(url, 4)
  const random = createRandom(1)
  for (let n = 0; n < 20; n += 1) {
    const ownerId = `用户-${n}`
    const currency = n % 2 ? 'ZJF' : 'CNY'
    await db.transaction().execute(async (tx) => {
      const cause = { operationKey: `grant/${n}`, reason: '"quoted"\\n\n签到' }
      await grant(
        tx,
        vault,
        { ownerId, currency, amount: 500n, expiresAt: new Date(Date.now() + 1e9) },
        cause,
      )
      await hold(tx, vault, { ownerId, currency, amount: 7n, orderNo: `PM${n}` }, 'keep')
      if (random() < 0.5) await capture(tx, vault, { ownerId, currency, orderNo: `PM${n}` })
      await adjust(
        tx,
        vault,
        { ownerId, currency, amount: -1n },
        {
          operationKey: `adjust/${n}`,
          reason: 'correction',
        },
      )
    })
  }
  await sql`insert into points_products (title, description, point, status, stock_quantity, properties)
    select '保温杯 ' || n, E'a\\tb\n', 100, 'on_sale', 5, jsonb_build_object('limit', n, 'price', 12345678901234567.89)
    from generate_series(1, 1500) n`.execute(db)
  await sql`insert into orders (order_no, status, amount, owner_type, owner_id)
    values ('PM1', 'order_paid', 9999999999.99, 'user', 'alice')`.execute(db)
  const sealed = createEncryptor([{ id: 'p9', key: Buffer.alloc(32, 'payload key') }]).seal(
    { name: '张三' },
    'PM1',
  )
  await sql`insert into points_exchange_orders
    (id, order_no, order_id, product_id, product_title, shipping_type, payment_mode, owner_type, owner_id, address_info)
    values (1, 'PM1', 1, 1, '保温杯', 'none', 'points_only', 'user', 'alice', ${sealed})`.execute(db)
})
afterAll(async () => {
  await db.destroy()
  rmSync(home, { recursive: true, force: true })
})

const place = (name: string) => {
  folders += 1
  return join(home, `${name}-${folders}`)
}

function run(script: string, args: readonly string[], env: Record<string, string | undefined>) {
  return new Promise<{ code: number | null; out: string; err: string }>((resolve, reject) => {
    const child = spawn(process.execPath, [`cli/${script}.ts`, ...args], {
      env: partEnvironment({ NODE_OPTIONS: undefined, ...env }),
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let [out, err] = ['', '']
    child.stdout.on('data', (text: Buffer) => {
      out += text.toString()
    })
    child.stderr.on('data', (text: Buffer) => {
      err += text.toString()
    })
    child.once('error', reject)
    child.once('close', (code) => resolve({ code, out, err }))
  })
}

const environment = (database: string) => ({ DATABASE_URL: database, DATA_DIR: place('data'), ...KEYS })

async function backUp(args: readonly string[] = []) {
  const folder = place('backup')
  const done = await run('backup', ['--to', folder, ...args], environment(url))
  return { folder, ...done }
}

test('a restored database is identical to the byte, and passes ledger:verify', async () => {
  const keys = place('keys')
  const { folder, code, out, err } = await backUp(['--keys', keys])
  expect([code, err]).toEqual([0, ''])
  expect(out).toContain(`the keys in ${keys}`)
  expect(statSync(keys).mode & 0o777).toBe(0o600)
  // The backup contains no key and no plain balance.
  for (const name of readdirSync(folder)) {
    expect(readFileSync(join(folder, name)).includes(KEYS.LEDGER_KEYS.slice(3))).toBe(false)
  }

  const other = await emptyDatabase(url)
  // An installation with its own keys, which come from DATA_DIR, not from the environment.
  const env = { DATABASE_URL: other, DATA_DIR: place('data') }
  const restored = await run('restore', ['--from', folder, '--keys', keys], env)
  expect(restored).toMatchObject({ code: 0, err: '' })
  const copy = connectPatiently(other, 2)
  // Except when the tables were created.
  const made = { kysely_migration: expect.any(Array) }
  expect(await readTables(copy)).toEqual({ ...(await readTables(db)), ...made })
  const verified = await run('ledger-verify', [], env)
  expect(verified).toMatchObject({ code: 0, err: '' })
  expect(verified.out).toMatch(/^accounts in checkpoints +20$/m)
  expect(verified.out).toContain('no errors')
  // It continues from there: no number is used twice, and the ledger is still append-only.
  const { rows } = await sql<{
    id: string
  }>`insert into points_products (title) values ('next') returning id`.execute(copy)
  expect(Number(rows[0]?.id)).toBeGreaterThan(1500)
  await copy
    .transaction()
    .execute((tx) =>
      grant(
        tx,
        vault,
        { ownerId: 'new', currency: 'ZJF', amount: 1n, expiresAt: null },
        { operationKey: 'new' },
      ),
    )
  await copy.destroy()
  const owner = connectPatiently(other, 1, 'owner')
  await expect(sql`truncate wallet_entries`.execute(owner)).rejects.toMatchObject({ code: '23001' })
  await owner.destroy()

  const refused = await run('restore', ['--from', folder], { ...env, ...KEYS })
  expect(refused.code).toBe(1)
  expect(refused.err).toContain('the database is not empty')
  const replaced = await run('restore', ['--from', folder, '--replace'], { ...env, ...KEYS })
  expect(replaced).toMatchObject({ code: 0, err: '' })
  // The old checkpoints name what is lost now.
  const [, aside = ''] = /previous ledger are in (\S+):/.exec(replaced.out) ?? []
  expect(readdirSync(aside)).toHaveLength(1)
  expect((await run('ledger-verify', [], env)).code).toBe(0)
})

test('a backup during concurrent writes is a consistent snapshot', async () => {
  let over = false
  const writers = Promise.all(
    [0, 1].map(async (writer) => {
      for (let n = 0; !over; n += 1) {
        const cause = { operationKey: `beside/${writer}/${n}` }
        await db
          .transaction()
          .execute((tx) =>
            grant(tx, vault, { ownerId: `w${writer}`, currency: 'ZJF', amount: 1n, expiresAt: null }, cause),
          )
      }
      return true
    }),
  )
  const { folder, code, err } = await backUp()
  over = true
  expect(await writers).toEqual([true, true])
  expect([code, err]).toEqual([0, ''])
  const other = await emptyDatabase(url)
  expect(await run('restore', ['--from', folder], environment(other))).toMatchObject({ code: 0, err: '' })
})

test('keys are never written into the backup, nor over existing keys', async () => {
  const folder = place('backup')
  const inside = await run('backup', ['--to', folder, '--keys', join(folder, 'keys')], environment(url))
  expect(inside).toMatchObject({ code: 1, err: expect.stringContaining('store the keys elsewhere') })
  const there = place('keys')
  writeFileSync(there, 'x')
  expect((await backUp(['--keys', there])).code).toBe(1)
  expect(readFileSync(there, 'utf8')).toBe('x')
  expect((await backUp()).out).toContain('The keys are NOT')
})

test('nothing is restored with other keys or a changed file', async () => {
  const { folder } = await backUp()
  const other = await emptyDatabase(url)
  const wrongKeys = await run('restore', ['--from', folder], {
    DATABASE_URL: other,
    DATA_DIR: place('data'),
  })
  expect(wrongKeys).toMatchObject({ code: 1, err: expect.stringContaining('LEDGER_KEYS are not those') })
  const file = join(folder, 'wallet_entries.jsonl.gz')
  const bytes = readFileSync(file)
  bytes[100] = (bytes[100] ?? 0) ^ 1
  writeFileSync(file, bytes)
  const changed = await run('restore', ['--from', folder], environment(other))
  expect(changed).toMatchObject({ code: 1, err: expect.stringContaining('was changed after the backup') })
  const copy = connectPatiently(other, 1, 'owner')
  expect(await readTables(copy)).toEqual({})
  await copy.destroy()
})

test('a broken ledger is not backed up', async () => {
  const owner = new Client({ connectionString: url })
  await owner.connect()
  await owner.query('set session_replication_role = replica')
  const change = (reason: string) =>
    owner.query(`update wallet_transfers set reason = $1 where operation_key = 'adjust/3'`, [reason])
  const folder = place('backup')
  await change('other')
  const refused = await run('backup', ['--to', folder], environment(url))
  await change('correction')
  await owner.end()
  expect(refused).toMatchObject({
    code: 1,
    err: expect.stringMatching(/account \d+ \(user\/用户-3\/ZJF\), entry \d+: does not match the hash chain/),
  })
  expect(readdirSync(folder)).toEqual([])
  expect((await backUp()).code).toBe(0)
})

test('an embedded installation is restored into an empty folder, and backed up while stopped', async () => {
  const keys = place('keys')
  const { folder } = await backUp(['--keys', keys])
  const env = { DATABASE_URL: undefined, DATA_DIR: place('data') }
  try {
    expect(await run('restore', ['--from', folder, '--keys', keys], env)).toMatchObject({ code: 0 })
    const again = place('backup')
    expect(await run('backup', ['--to', again], env)).toMatchObject({ code: 0 })
    const name = 'wallet_entries.jsonl.gz'
    expect(readFileSync(join(again, name)).length).toBe(readFileSync(join(folder, name)).length)
  } finally {
    removeDatabase(env.DATA_DIR)
  }
})
