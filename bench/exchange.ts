import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { fileURLToPath } from 'node:url'
import { Client, Connection, WithStartWorkflowOperation } from '@temporalio/client'
import { readConfig } from '../config/index.ts'
import { connectDatabase } from '../db/client.ts'
import { grant } from '../db/wallet/grants.ts'
import { createLedgerCipher } from '../db/wallet/ledger-cipher.ts'
import { createInstallation, type PartName } from '../tests/support/installation.ts'
import { type bareWorkflow, doneUpdate } from './bare-workflow.ts'

/**
 * `npm run bench`: speed and cost of `POST exchange` (points only, distinct owners and products) and of an empty
 * workflow without API. Starts its own installation. Needs /proc (Linux).
 */

const OWNERS = 500
const PRODUCTS = 50
const WARM_UP = 150
const PARTS = ['api', 'worker', 'temporal', 'postgres'] as const satisfies readonly PartName[]
/** Linux counts CPU time in hundredths of a second. */
const TICK_MS = 10

interface Round {
  readonly clients: number
  readonly requests: number
}

let asked = 0
const mall = await createInstallation()
const agent = new Agent({ keepAlive: true, maxSockets: 64 })
try {
  await mall.start()
  const shop = await fillShop()
  await using bare = await startBare(mall.running().temporalAddress)
  const subjects: readonly Subject[] = [
    { name: 'exchange', once: () => redeemOnce(shop) },
    { name: 'bare', once: () => bare.once() },
  ]
  for (const subject of subjects) await measureRound(subject, { clients: 10, requests: WARM_UP })
  const head = ['what'.padEnd(8), 'clients', 'requests', '201', '/s', 'p50 ms', 'p99 ms', 'max ms']
  const columns = [...head, ...PARTS.map((part) => `${part} CPU ms`), 'sum']
  const print = (cells: readonly string[]) =>
    process.stdout.write(`${cells.map((cell, n) => cell.padStart(columns[n]?.length ?? 0)).join('  ')}\n`)
  print(columns)
  for (const clients of [1, 20]) {
    // Alternating, so that a slow minute of the machine affects both.
    const rounds = [...subjects, ...subjects].map((subject) => ({
      subject,
      clients,
      requests: clients === 1 ? 100 : 500,
    }))
    for (const { subject, ...round } of rounds) print(await measureRound(subject, round))
  }
} finally {
  agent.destroy()
  await mall.stop()
  mall.remove()
}

interface Subject {
  readonly name: string
  readonly once: () => Promise<Took>
}

interface Took {
  readonly ms: number
  /** 202: the outcome was unknown after 5 s. */
  readonly status: number | undefined
}

async function startBare(address: string) {
  const taskQueue = `bare-${randomUUID()}`
  const script = fileURLToPath(new URL('./bare-worker.ts', import.meta.url))
  const worker = spawn(process.execPath, [script, address, taskQueue], {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  await once(worker.stdout, 'data')
  const connection = await Connection.connect({ address })
  const client = new Client({ connection })
  return {
    async once(): Promise<Took> {
      const start = new WithStartWorkflowOperation<typeof bareWorkflow>('bareWorkflow', {
        workflowId: randomUUID(),
        taskQueue,
        args: [],
        workflowIdConflictPolicy: 'FAIL',
      })
      const from = performance.now()
      await client.workflow.executeUpdateWithStart(doneUpdate, { startWorkflowOperation: start })
      return { ms: performance.now() - from, status: 201 }
    },
    async [Symbol.asyncDispose]() {
      await connection.close()
      worker.kill()
      await once(worker, 'exit')
    },
  }
}

interface Shop {
  readonly products: readonly string[]
  readonly tokens: readonly string[]
}

async function fillShop(): Promise<Shop> {
  const db = connectDatabase(mall.running().databaseUrl, 4)
  const vault = createLedgerCipher(readConfig({ DATA_DIR: mall.dataDir }).ledgerKeys)
  const owners = Array.from({ length: OWNERS }, (_, n) => `bench${n}`)
  for (const owner of owners) {
    await db
      .transaction()
      .execute((tx) =>
        grant(
          tx,
          vault,
          { ownerId: owner, currency: 'ZJF', amount: 1_000_000n, expiresAt: null },
          { operationKey: randomUUID() },
        ),
      )
  }
  const products = await db
    .insertInto('points_products')
    .values(
      Array.from({ length: PRODUCTS }, (_, n) => ({
        title: `商品 ${n}`,
        description: null,
        image: null,
        point: 100,
        price_amount: '0.00',
        payment_mode: 'points_only' as const,
        stock_quantity: 1_000_000,
        exchange_limit: 0,
        status: 'on_sale' as const,
        shipping_type: 'none' as const,
        properties: null,
        outer_id: null,
        operator_type: null,
        operator_id: null,
        operation_key: null,
        deleted_at: null,
      })),
    )
    .returning('id')
    .execute()
  await db.destroy()
  return {
    products: products.map(({ id }) => id),
    tokens: await Promise.all(owners.map((owner) => mall.token(owner))),
  }
}

async function redeemOnce({ products, tokens }: Shop): Promise<Took> {
  const n = asked
  asked += 1
  const body = JSON.stringify({ product_id: products[n % PRODUCTS], quantity: 1 })
  const from = performance.now()
  const status = await new Promise<number | undefined>((resolve, reject) => {
    const post = request(
      `${mall.url}/api/points-mall/exchange`,
      {
        agent,
        method: 'POST',
        headers: { authorization: `Bearer ${tokens[n % OWNERS]}`, 'content-type': 'application/json' },
      },
      (response) => {
        response.resume()
        response.once('end', () => resolve(response.statusCode))
      },
    )
    post.once('error', reject)
    post.end(body)
  })
  if (status !== 201 && status !== 202) throw new Error(`answered ${status}`)
  return { ms: performance.now() - from, status }
}

/** @returns a row of the table */
async function measureRound(subject: Subject, { clients, requests }: Round): Promise<string[]> {
  const before = PARTS.map(cpuOf)
  const from = performance.now()
  const took: number[] = []
  let left = requests
  let done = 0
  const client = async () => {
    while (left > 0) {
      left -= 1
      const { ms, status } = await subject.once()
      took.push(ms)
      if (status === 201) done += 1
    }
  }
  await Promise.all(Array.from({ length: clients }, client))
  const seconds = (performance.now() - from) / 1000
  const cpu = PARTS.map((part, n) => (cpuOf(part) - (before[n] ?? 0)) / requests)
  took.sort((a, b) => a - b)
  const at = (share: number) => (took[Math.ceil(share * took.length) - 1] ?? 0).toFixed(1)
  const sum = cpu.reduce((all, ms) => all + ms, 0)
  return [
    subject.name.padEnd(8),
    `${clients}`,
    `${requests}`,
    `${done}`,
    (requests / seconds).toFixed(1),
    at(0.5),
    at(0.99),
    at(1),
    ...[...cpu, sum].map((ms) => ms.toFixed(1)),
  ]
}

/** CPU time in ms, including child processes. */
function cpuOf(part: PartName): number {
  const root = mall.parts().get(part)
  if (root === undefined) throw new Error(`${part} does not run`)
  const family = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => statOf(Number(name)))
    .filter((stat) => stat !== undefined && (stat.pid === root || stat.parent === root))
  return family.reduce((ms, stat) => ms + (stat?.ms ?? 0), 0)
}

function statOf(pid: number) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    // After the name, which may contain spaces: state, parent, …; user, system, and the ended children's.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    const ticks = [11, 12, 13, 14].reduce((sum, at) => sum + Number(fields[at]), 0)
    return { pid, parent: Number(fields[1]), ms: ticks * TICK_MS }
  } catch {
    return undefined
  }
}
