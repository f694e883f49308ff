import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createApp } from '../../api/app.ts'
import { readAddresses } from '../../application/customers/addresses.ts'
import { demoProducts } from '../../cli/demo/catalogue.ts'
import { bringToLife } from '../../cli/demo/life.ts'
import { seedDemo } from '../../cli/demo/seed.ts'
import { demoStories } from '../../cli/demo/stories.ts'
import { crashWorker } from '../../cli/embedded/crash.ts'
import { lives, markOf } from '../../cli/embedded/process.ts'
import { writeRegistry } from '../../cli/embedded/process-registry.ts'
import { ORDER_STATUSES } from '../../domain/orders/status.ts'
import { readTables } from '../support/db-snapshot.ts'
import { formMarkIn } from '../support/shopper.ts'
import { openTestApp, type TestApp, until } from '../support/test-app.ts'

const PATIENCE = { unpaidMs: 3_600_000, lateMs: 2_000, autoConfirmMs: 3_600_000 }
/** The demo has its own users; these belong to the visitor. */
const VISITORS = ['alice', 'bob']

describe('the demo', () => {
  let mall: TestApp
  const complaints: string[] = []
  const tell = () =>
    bringToLife(mall.deps, (slug, error) => complaints.push(`${slug}: ${String(error)}`), PATIENCE)
  const listed = async () =>
    (
      await mall.call('GET', '/api/admin/points-mall/orders?per_page=100', {
        as: 'op',
        role: 'operator',
      })
    ).body.data as Record<string, unknown>[]
  const wallet = async (as: string) => (await mall.call('GET', '/api/points-mall/wallet', { as })).body.data

  beforeAll(async () => {
    // The default limits of a shop.
    mall = await openTestApp({ maxUnpaidOrders: 5, maxUnpaidPieces: 5 })
    await seedDemo(mall.db, mall.deps.vault, mall.deps.sealer, true)
    // The worker stops half way and starts again.
    const told = tell()
    await until(listed, (orders) => orders.length > 0, 'the first order of the demo')
    await mall.stopWorker()
    await mall.startWorker()
    await told
  })
  afterAll(() => mall.close())

  test('has orders in every lasting status', async () => {
    expect(complaints).toEqual([])
    const orders = await listed()
    expect(orders).toHaveLength(demoStories.length)
    const lasting = ORDER_STATUSES.filter((status) => status !== 'exchanged')
    expect(new Set(orders.map(({ status }) => status))).toEqual(new Set(lasting))
    expect(await mall.brokenLaws()).toEqual([])
  })

  test('has a late payment: its order is canceled, the payment refunded once', async () => {
    const late = (await listed()).filter(({ cancel_reason }) => cancel_reason === 'payment_timeout')
    expect(late).toMatchObject([
      { payment_status: 'refunded', refunds: [{ state: 'done', money: { amount: '9.90' } }] },
    ])
    const number = String(late[0]?.order_no)
    const trade = (await mall.books()).find(({ out_trade_no }) => out_trade_no?.startsWith(`${number}-`))
    expect(trade).toMatchObject({ state: 'refunded', refunded: '9.90' })
  })

  test('has an unpaid order whose cashier can be opened', async () => {
    const [waiting] = (await listed()).filter(({ status }) => status === 'order_created')
    const info = waiting?.payment_info as { pay_url: string } | undefined
    const cashier = info?.pay_url ?? ''
    expect((await fetch(cashier)).status).toBe(200)
    // Before the deadline nothing is late.
    const early = await fetch(cashier, { method: 'POST', body: new URLSearchParams({ action: 'late' }) })
    expect(early.status).toBe(409)
    const states = (await mall.books()).map(({ state }) => state)
    expect(states.filter((state) => state === 'unpaid')).toHaveLength(1)
  })

  test("has a wallet with entries and expiring lots, and leaves the visitor's wallets unchanged", async () => {
    expect((await wallet('carol')).expiring).toHaveLength(2)
    const { body } = await mall.call('GET', '/api/points-mall/wallet/transactions?per_page=100', {
      as: 'carol',
    })
    const kinds = new Set(body.data.map(({ kind }: { kind: string }) => kind))
    for (const kind of ['grant', 'hold', 'capture', 'release', 'reverse']) expect(kinds).toContain(kind)
    expect(await wallet('alice')).toMatchObject({ available: 60_000, held: 0, cash: { amount: '500.00' } })
    expect(await wallet('bob')).toMatchObject({ available: 800, held: 0, cash: { amount: '0.00' } })
    expect((await listed()).filter(({ owner_id }) => VISITORS.includes(owner_id as string))).toEqual([])
  })

  test('has addresses for shipped goods only, and one in an address book', async () => {
    const shipped = new Map(demoProducts.map(({ title, shipping_type }) => [title, shipping_type]))
    for (const { product_title, address_info } of await listed()) {
      const travels = shipped.get(product_title as string) === 'logistics'
      expect(address_info !== null, product_title as string).toBe(travels)
    }
    expect(await readAddresses(mall.deps, 'carol')).toMatchObject([{ is_default: true }])
  })

  test('has no product that exceeds the points per order or needs an upload', () => {
    for (const { title, point, product_type, description, properties } of demoProducts) {
      expect(point, title).toBeLessThanOrEqual(10_000)
      if (product_type === 'customized')
        expect(description + JSON.stringify(properties)).not.toContain('上传')
    }
  })

  test('changes nothing when it runs again, nor what users have done since', async () => {
    const paid = (await listed()).find(
      ({ owner_id, status }) => owner_id === 'dave' && status === 'order_paid',
    )
    expect((await mall.operate(paid?.order_no as string, 'accept')).status).toBe(200)
    const before = await readTables(mall.db)
    await tell()
    expect(complaints).toEqual([])
    expect(await readTables(mall.db)).toEqual(before)
  })

  test.each(['carol', 'operator'])(
    'lets %s crash the worker, but no anonymous visitor and no foreign page',
    async (user) => {
      let crashes = 0
      let mark = ''
      const app = createApp({
        ...mall.deps,
        crashWorker: () => {
          crashes += 1
          return true
        },
      })
      const post = (path: string, fields: Record<string, string>, headers: Record<string, string> = {}) =>
        app.request(`${mall.url}${path}`, {
          method: 'POST',
          body: new URLSearchParams(fields),
          headers: { origin: mall.url, ...headers },
        })
      const press = (headers: Record<string, string>) =>
        post('/admin/demo/crash-worker', { next: '/points-mall/orders/PM1?tab=all', form_for: mark }, headers)
      expect((await press({})).headers.get('location')).toMatch(/^\/points-mall\/sign-in/)
      const signedIn = await post('/points-mall/sign-in', { user })
      const cookie = (signedIn.headers.getSetCookie()[0] ?? '').split(';')[0] ?? ''
      const shown = await app.request(`${mall.url}/points-mall/addresses/new`, { headers: { cookie } })
      mark = formMarkIn(await shown.text()) ?? ''
      expect((await press({ cookie, origin: 'https://evil.example' })).status).toBe(403)
      expect(crashes).toBe(0)
      const pressed = await press({ cookie })
      expect([pressed.status, pressed.headers.get('location')]).toEqual([
        303,
        '/points-mall/orders/PM1?tab=all&crashed=yes#crash',
      ])
      expect(crashes).toBe(1)
      // Only a demo has this route.
      const without = createApp({ ...mall.deps, crashWorker: undefined })
      const missing = await without.request(`${mall.url}/admin/demo/crash-worker`, {
        method: 'POST',
        headers: { origin: mall.url, cookie },
        body: new URLSearchParams({ form_for: mark }),
      })
      expect(missing.status).toBe(404)
    },
  )
})

test('kills the worker of this installation, by kill -9', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'points-mall-crash-'))
  const start = () => spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' })
  const [worker, api] = [start(), start()]
  try {
    expect(crashWorker(dataDir)).toBe(false)
    const [mark, other] = [worker, api].map(({ pid }) => markOf(pid ?? 0))
    if (!mark || !other) throw new Error('the processes did not start')
    const stop = { stopSignal: 'SIGTERM', stopLimitMs: 100 } as const
    writeRegistry(join(dataDir, 'parts.json'), [
      { name: 'api', ...other, ...stop },
      { name: 'worker', ...mark, ...stop },
    ])
    const died = new Promise((resolve) => worker.once('exit', (_, signal) => resolve(signal)))
    expect(crashWorker(dataDir)).toBe(true)
    expect(await died).toBe('SIGKILL')
    expect(lives(other)).toBe(true)
    expect(crashWorker(dataDir)).toBe(false)
  } finally {
    worker.kill('SIGKILL')
    api.kill('SIGKILL')
    rmSync(dataDir, { recursive: true, force: true })
  }
})
