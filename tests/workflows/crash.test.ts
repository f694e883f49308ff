import { copyFileSync, existsSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { CASHIERS, JOURNEYS, openLoad, type Promised } from '../chaos/load.ts'
import { checkConsistency } from '../support/consistency-check.ts'
import { createInstallation, type Installation, type PartName } from '../support/installation.ts'
import { PATIENCE_MS } from '../support/patience.ts'
import { sampleOf } from '../support/sample.ts'
import { until } from '../support/test-app.ts'

/** How long pending work may take to finish (ms). */
const REST_MS = 150_000
vi.setConfig({ testTimeout: 600_000 })

let mall: Installation
let load: Awaited<ReturnType<typeof openLoad>>
const promised: Promised[] = []

beforeAll(async () => {
  mall = await createInstallation({ POINTS_MALL_PAYMENT_TIMEOUT_SECONDS: '15' })
})
afterAll(async () => {
  await mall.stop()
  mall.remove()
})

/** Starts concurrent customer journeys. */
async function go(count: number): Promise<void> {
  const journeys = Array.from({ length: count }, (_, n) =>
    load.go(JOURNEYS[n % JOURNEYS.length] ?? 'points', CASHIERS[n % CASHIERS.length]),
  )
  promised.push(...(await Promise.all(journeys)))
}

/** Waits until the customers have got so far. A fixed time means something else on each machine. */
function reached(journeys: Pick<typeof load, 'answered'>, count: number): Promise<number> {
  return until(
    async () => journeys.answered(),
    (answered) => answered >= count,
    `${count} requests of customers are answered`,
  )
}

/** Kills a part and waits until it runs again. */
async function crash(part: PartName): Promise<void> {
  const pid = mall.parts().get(part)
  expect(mall.kill(part)).toBe(true)
  await until(
    () => mall.parts().get(part),
    (now) => now !== undefined && now !== pid,
    `${part} is back`,
  )
}

describe('kill -9 during exchanges', () => {
  test('npm start prints "ready" when it is ready', async () => {
    const lines = await mall.start()
    expect(lines.at(-1)).toBe('ready')
    expect((await fetch(`${mall.url}/health/ready`)).status).toBe(200)
    load = await openLoad(mall)
  })

  test('worker, API and sandbox come back, all exchanges end, each exactly once', async () => {
    const journeys = go(40)
    let ended = false
    journeys.finally(() => (ended = true)).catch(() => {})
    const parts = ['worker', 'worker', 'api', 'worker', 'sandbox', 'api'] as const
    for (const [n, part] of parts.entries()) {
      // There are at least 40.
      await reached(load, 5 * (n + 1))
      expect(ended).toBe(false)
      await crash(part)
    }
    await journeys
    expect(promised).toHaveLength(40)
    expect(await checkConsistency(mall, promised, REST_MS)).toEqual([])
    expect(load.mistakes).toEqual([])

    // Checks the check itself: a promise that was not kept, and an order that was not promised.
    const [first, ...others] = promised as [Promised, ...Promised[]]
    expect(await checkConsistency(mall, [...others, { ...first, orderNo: 'PM1' }], 0)).toEqual([
      `PM1 (${first.journey} of ${first.owner}) is lost`,
      `${first.orderNo} of ${first.owner} was never asked for`,
    ])
  })

  test('SIGTERM stops every part; the next start continues pending exchanges', async () => {
    const before = load.answered()
    const journeys = go(16)
    journeys.catch(() => {})
    await reached(load, before + 5)
    const stopped = await mall.stop()
    expect(stopped.code).toBe(0)
    // 15 s where nothing else runs; a part that hangs is killed before.
    expect(stopped.ms).toBeLessThan(PATIENCE_MS)
    expect(mall.leftovers()).toEqual([])
    await mall.start()
    await journeys
    expect(promised).toHaveLength(56)
    expect(await checkConsistency(mall, promised, REST_MS)).toEqual([])
    expect(load.mistakes).toEqual([])

    expect((await mall.stop()).code).toBe(0)
    expect(mall.leftovers()).toEqual([])
  })
})

/** `ENGINE_LOSS_ORDERS=200 npx vitest run tests/workflows/crash.test.ts -t lost` runs more. */
const ORDERS = Number(process.env.ENGINE_LOSS_ORDERS ?? 36)

describe('the state of Temporal is lost during exchanges of every kind', () => {
  const installations: Installation[] = []
  async function installation(before?: Installation): Promise<Installation> {
    const environment = { POINTS_MALL_PAYMENT_TIMEOUT_SECONDS: '20', ...before?.ports }
    const made = await createInstallation(environment, before?.dataDir)
    installations.push(made)
    return made
  }
  afterAll(async () => {
    for (const made of installations) {
      await made.stop()
      made.remove()
    }
  })

  // Backup and restore have tests of their own: tests/platform/backup.test.ts.
  test.concurrent.each(
    sampleOf(['its files are removed', 'the database is backed up, and restored elsewhere'], 1),
  )(
    '%s: every order ends correctly, exactly once',
    async (how) => {
      const here = await installation()
      const folder = join(here.dataDir, 'backup')
      await here.start()
      let there = here
      const shop = await openLoad(here)
      const seen: Promise<Promised>[] = []
      const begin = (count: number) => {
        for (let n = 0; n < count; n += 1) {
          const at = seen.length
          seen.push(shop.go(JOURNEYS[at % JOURNEYS.length] ?? 'points', CASHIERS[at % CASHIERS.length]))
        }
        for (const journey of seen) journey.catch(() => {})
      }
      begin(Math.ceil(ORDERS / 2))
      await reached(shop, Math.floor(ORDERS / 3))
      begin(Math.floor(ORDERS / 2))
      await reached(shop, Math.floor((ORDERS * 2) / 3))
      await here.stop()
      if (how === 'its files are removed') here.loseEngine()
      else {
        here.run('cli/backup.ts', ['--to', folder, '--keys', join(here.dataDir, 'keys')])
        there = await installation(here)
        // The provider's books do not belong to the mall.
        there.run('cli/restore.ts', ['--from', folder, '--keys', join(here.dataDir, 'keys')])
        for (const name of ['sandbox.db', 'sandbox.db-wal', 'sandbox.db-shm']) {
          if (existsSync(join(here.dataDir, name)))
            copyFileSync(join(here.dataDir, name), join(there.dataDir, name))
        }
      }
      await there.start()
      const promises = await Promise.all(seen)
      expect(promises).toHaveLength(ORDERS)
      expect(await checkConsistency(there, promises, 90_000)).toEqual([])
      expect(shop.mistakes).toEqual([])
    },
    240_000,
  )
})
