import { execFileSync, spawnSync } from 'node:child_process'
import { globSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { connectDatabase, type Db } from '../db/client.ts'
import { grant } from '../db/wallet/grants.ts'
import { createLedgerCipher, type LedgerCipher } from '../db/wallet/ledger-cipher.ts'
import { capture, hold } from '../db/wallet/order-holds.ts'
import { walkLedger } from '../db/wallet/verification.ts'
import { disagreementLine } from '../i18n/finding-texts.ts'
import { startDatabase } from '../tests/support/database.ts'

/**
 * `npm run bench:wallet`: ledger throughput with many clients on one and on many accounts, next to pgbench's
 * simple update on the same server. Also checks that no update was lost.
 */

const { values } = parseArgs({
  options: {
    clients: { type: 'string', default: '64' },
    accounts: { type: 'string', default: '10000' },
    seconds: { type: 'string', default: '8' },
  },
})
const clients = Number(values.clients)
const accounts = Number(values.accounts)
const seconds = Number(values.seconds)
const vault = createLedgerCipher([{ id: 'b1', key: Buffer.alloc(32, 'key of the bench') }])

interface Figure {
  readonly name: string
  readonly perSecond: number
  readonly p50: number
  readonly p99: number
}

/** @returns the points it moved */
type Operation = (db: Db, vault: LedgerCipher, number: number) => Promise<bigint>

const grantOne =
  (owners: number): Operation =>
  async (db, vault, number) => {
    const owner = `o${number % owners}`
    const cause = { operationKey: `g/${owners}/${number}` }
    await db
      .transaction()
      .execute((tx) =>
        grant(tx, vault, { ownerId: owner, currency: 'ZJF', amount: 1n, expiresAt: null }, cause),
      )
    return 1n
  }

/** Even numbers hold; the next odd one captures. */
const holdThenCapture =
  (owners: number): Operation =>
  async (db, vault, number) => {
    const owner = `o${number % owners}`
    const orderNo = `h/${owners}/${number}`
    const spend = { ownerId: owner, currency: 'ZJF' as const, amount: 1n, orderNo }
    const done = await db.transaction().execute((tx) => hold(tx, vault, spend, 'keep'))
    if (!done) throw new Error(`${orderNo} was refused`)
    await db.transaction().execute((tx) => capture(tx, vault, { ownerId: owner, currency: 'ZJF', orderNo }))
    return -1n
  }

async function measureOperation(
  db: Db,
  name: string,
  operation: Operation,
): Promise<Figure & { moved: bigint }> {
  const spans: number[] = []
  let next = 0
  let moved = 0n
  const started = performance.now()
  const end = started + seconds * 1000
  const client = async () => {
    while (performance.now() < end) {
      const number = next
      next += 1
      const before = performance.now()
      const points = await operation(db, vault, number)
      moved += points
      spans.push(performance.now() - before)
    }
  }
  await Promise.all(Array.from({ length: clients }, client))
  const took = (performance.now() - started) / 1000
  spans.sort((a, b) => a - b)
  const at = (share: number) => spans[Math.floor(spans.length * share)] ?? 0
  return { name, perSecond: spans.length / took, p50: at(0.5), p99: at(0.99), moved }
}

/** PostgreSQL's own benchmark: update one of 100,000 rows, read it, insert a history row. */
function pgbench(url: string): Figure {
  const program = globSync('/usr/lib/postgresql/*/bin/pgbench').sort().at(-1) ?? 'pgbench'
  if (spawnSync(program, ['--version']).error) {
    throw new Error('pgbench is missing: it is in the package postgresql or postgresql-contrib')
  }
  execFileSync(program, ['-i', '-q', '-s', '1', url], { stdio: 'ignore' })
  const jobs = String(Math.min(clients, availableParallelism()))
  const args = ['-n', '-N', '-c', String(clients), '-j', jobs, '-T', String(seconds), url]
  const text = execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
  const number = (pattern: RegExp) => Number(pattern.exec(text)?.[1])
  const latency = number(/latency average = ([\d.]+)/)
  return { name: 'pgbench -N', perSecond: number(/tps = ([\d.]+)/), p50: latency, p99: Number.NaN }
}

const database = await startDatabase()
try {
  const db = connectDatabase(database.url, clients)
  let granted = 0n
  for (let first = 0; first < accounts; first += clients) {
    const some = Array.from({ length: Math.min(clients, accounts - first) }, (_, n) => first + n)
    await Promise.all(
      some.map((n) =>
        db
          .transaction()
          .execute((tx) =>
            grant(
              tx,
              vault,
              { ownerId: `o${n}`, currency: 'ZJF', amount: 1_000_000n, expiresAt: null },
              { operationKey: `start/${n}` },
            ),
          ),
      ),
    )
    granted += 1_000_000n * BigInt(some.length)
  }
  const reference = pgbench(database.url)
  const rows: (Figure & { moved: bigint })[] = []
  for (const owners of [1, accounts]) {
    const on = owners === 1 ? 'one account' : `${owners} accounts`
    rows.push(await measureOperation(db, `grant, ${on}`, grantOne(owners)))
    rows.push(await measureOperation(db, `hold + capture, ${on}`, holdThenCapture(owners)))
  }
  const again = pgbench(database.url)
  const walk = await walkLedger(db, vault, new Map())
  const expected = rows.reduce((sum, { moved }) => sum + moved, granted)
  if (walk.broken.length > 0)
    throw new Error(`the ledger is broken: ${walk.broken.slice(0, 3).map(disagreementLine).join('; ')}`)
  if (walk.totals['ZJF outstanding'] !== expected) {
    throw new Error(`${walk.totals['ZJF outstanding']} points are outstanding, ${expected} were acknowledged`)
  }
  const mean = (reference.perSecond + again.perSecond) / 2
  process.stdout.write(`${clients} clients, ${seconds} s each, ${availableParallelism()} cores\n`)
  for (const row of [reference, ...rows, again]) {
    const ratio = (row.perSecond / mean).toFixed(2)
    process.stdout.write(
      `${row.name.padEnd(32)} ${row.perSecond.toFixed(0).padStart(6)}/s  ${ratio} × pgbench  p50 ${row.p50.toFixed(1)} ms  p99 ${row.p99.toFixed(1)} ms\n`,
    )
  }
  process.stdout.write(`${walk.entries} entries: none lost, ${walk.broken.length} broken\n`)
  await db.destroy()
} finally {
  await database.stop()
}
