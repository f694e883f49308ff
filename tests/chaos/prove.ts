import { spawnSync } from 'node:child_process'
import { setTimeout as pause } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { checkConsistency } from '../support/consistency-check.ts'
import { createInstallation, type PartName } from '../support/installation.ts'
import { createRandom } from '../support/random.ts'
import { CASHIERS, JOURNEYS, openLoad, type Promised } from './load.ts'
import { proveForgeries } from './prove-forgeries.ts'
import { proveLedger } from './prove-ledger.ts'
import { proveWallet } from './prove-wallet.ts'

/**
 * `npm run prove -- --minutes N [--seed S]`, a sixth of the time each. Exit code 1 and the first broken invariant if
 * there is one.
 * - edits of the ledger's stored bytes, all of which must be found
 * - concurrent and interrupted operations of the wallet
 * - payments, notifications, deadlines and cancellations in any order at each provider
 * - more of the tests that `npm test` samples
 * - forged notifications, up to 100,000 of each provider
 * - a whole installation under load, whose parts are killed at random
 */

/** Mostly what is stateless, sometimes PostgreSQL or Temporal. */
const VICTIMS: readonly PartName[] = [
  ...(['worker', 'worker', 'worker', 'worker', 'api', 'api', 'api', 'sandbox', 'sandbox'] as const),
  ...(['temporal', 'postgres'] as const),
]
const CUSTOMERS = 6
const REST_MS = 150_000
/** Minutes that all explorations take, of which `npm test` runs a sample. */
const EXPLORATIONS_MIN = 20

const { values } = parseArgs({
  args: process.argv.slice(2).filter((arg) => arg !== '--'),
  options: { minutes: { type: 'string', default: '3' }, seed: { type: 'string' } },
})
const minutes = Number(values.minutes)
const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 32))
if (!(minutes > 0) || !Number.isInteger(seed)) {
  process.stderr.write('usage: npm run prove -- --minutes N [--seed S]\n')
  process.exit(1)
}
const random = createRandom(seed)
const began = performance.now()
const share = minutes / 6
const FORGERIES = 100_000
say(`tampering for up to ${share.toFixed(1)} min, seed ${seed}`)
const ledger = await proveLedger({ minutes: share, seed })
say(JSON.stringify(ledger))
if (ledger.missed.length > 0) {
  process.stdout.write(`BROKEN: ${ledger.missed[0]}\n`)
  process.exit(1)
}
say(`the wallet for ${share.toFixed(1)} min`)
say(JSON.stringify(await proveWallet({ minutes: share, seed })))
say(`interleavings for ${share.toFixed(1)} min`)
playInterleavings()
say(`explorations for about ${share.toFixed(1)} min`)
playExplorations()

const mall = await createInstallation({ POINTS_MALL_PAYMENT_TIMEOUT_SECONDS: '20' })
let code = 1
try {
  await mall.start()
  say(`forgeries for up to ${share.toFixed(1)} min`)
  const { sent, wrong, promised } = await proveForgeries(mall, { minutes: share, seed, each: FORGERIES })
  say(JSON.stringify({ sent, wrong: wrong.length }))
  say(`chaos for ${share.toFixed(1)} min`)
  const broken = [...wrong, ...(await chaos(promised))]
  if (broken.length === 0) code = 0
  else process.stdout.write(`BROKEN: ${broken[0]}\n(${broken.length} in all; seed ${seed})\n`)
} catch (error) {
  process.stdout.write(`BROKEN: ${error instanceof Error ? error.message : String(error)} (seed ${seed})\n`)
} finally {
  await mall.stop()
  const left = mall.leftovers()
  if (left.length > 0) {
    process.stdout.write(`BROKEN: processes are left: ${left.join(', ')}\n`)
    code = 1
  }
  if (code === 0) mall.remove()
  else say(`everything is kept in ${mall.dataDir}`)
}
process.exit(code)

/** At all three providers concurrently, in its own test run. */
function playInterleavings(): void {
  const environment = { INTERLEAVINGS_MINUTES: String(share), INTERLEAVINGS_SEED: String(seed) }
  const output = runTests(['tests/workflows/interleavings.test.ts'], environment)
  for (const line of output.split('\n').filter((text) => text.startsWith('{'))) say(line)
}

function playExplorations(): void {
  const drawn = Math.min(1, share / EXPLORATIONS_MIN)
  const environment = { TESTS_SHARE: String(drawn), TESTS_SEED: String(seed) }
  const files = [
    'orders/failures',
    'orders/adoption',
    'payments/payment-crash',
    'messaging/worker-crash',
    'orders/after-sale-lives',
    'pages/browser-pages',
    'pages/browser-journeys',
    'workflows/crash',
    'platform/text',
    'platform/rights',
    'workflows/repeated-steps',
    'workflows/replay',
  ]
  const output = runTests(
    files.map((name) => `tests/${name}.test.ts`),
    environment,
  )
  say(`${Math.round(drawn * 100)} % of them: ${/^ +Tests .*$/m.exec(output)?.[0].trim()}`)
}

/** Runs test files; if one fails, its whole output is shown and the proof fails. */
function runTests(files: readonly string[], environment: Record<string, string>): string {
  const played = spawnSync('npx', ['vitest', 'run', ...files], {
    env: { ...process.env, ...environment, NO_COLOR: '1' },
    encoding: 'utf8',
    maxBuffer: 1e8,
  })
  if (played.status === 0) return played.stdout
  process.stdout.write(`BROKEN: ${files.join(', ')}, seed ${seed}\n${played.stdout}${played.stderr}`)
  process.exit(1)
}

async function chaos(before: readonly Promised[]): Promise<string[]> {
  const load = await openLoad(mall)
  const until = performance.now() + share * 60_000
  const promised: Promised[] = [...before]
  const kills = new Map<PartName, number>()
  let over = false

  async function customer(): Promise<void> {
    while (!over) {
      const journey = JOURNEYS[Math.floor(random() * JOURNEYS.length)] ?? 'points'
      const cashier = CASHIERS[Math.floor(random() * CASHIERS.length)]
      promised.push(await load.go(journey, cashier))
    }
  }
  async function reaper(): Promise<void> {
    while (performance.now() < until && !over) {
      await pause(500 + random() * 4_000)
      const victim = VICTIMS[Math.floor(random() * VICTIMS.length)] ?? 'worker'
      if (mall.kill(victim)) kills.set(victim, (kills.get(victim) ?? 0) + 1)
    }
    over = true
  }
  async function report(): Promise<void> {
    for (let n = 1; !over; n += 1) {
      await pause(250)
      if (n % 120 === 0) say(`${promised.length} orders promised, killed ${told(kills)}`)
    }
  }
  try {
    await Promise.all([reaper(), report(), ...Array.from({ length: CUSTOMERS }, customer)])
  } finally {
    over = true
  }
  say(`${promised.length} orders promised, killed ${told(kills)}; waiting for rest`)
  const broken = [...load.mistakes, ...(await checkConsistency(mall, promised, REST_MS))]
  say(`${promised.length} orders, ${broken.length} laws broken`)
  return broken
}

function told(kills: ReadonlyMap<PartName, number>): string {
  return [...kills].map(([part, times]) => `${part} ${times}`).join(', ') || 'nothing'
}

function say(text: string): void {
  process.stdout.write(`${((performance.now() - began) / 1000).toFixed(0).padStart(5)} s  ${text}\n`)
}
