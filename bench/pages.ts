import { randomUUID } from 'node:crypto'
import { parseArgs } from 'node:util'
import { Client } from 'pg'
import { readConfig } from '../config/index.ts'
import { connectDatabase } from '../db/client.ts'
import { grant } from '../db/wallet/grants.ts'
import { createLedgerCipher } from '../db/wallet/ledger-cipher.ts'
import { createInstallation } from '../tests/support/installation.ts'
import { fillShop } from '../tests/support/large-shop.ts'

/**
 * `npm run bench:pages`: response time of each page in a new shop, and with `--products` and `--orders` more
 * (about 3 minutes for a million); the ratio matters. Starts an installation of its own.
 */

const { values } = parseArgs({
  options: {
    products: { type: 'string', default: '100000' },
    orders: { type: 'string', default: '1000000' },
  },
})
const ROUNDS = 15
const WARM_UP = 3

const mall = await createInstallation()
try {
  await mall.start()
  const { databaseUrl } = mall.running()
  const vault = createLedgerCipher(readConfig({ DATA_DIR: mall.dataDir }).ledgerKeys)
  const db = connectDatabase(databaseUrl, 20)
  const openWallet = (ownerId: string) =>
    db
      .transaction()
      .execute((tx) =>
        grant(
          tx,
          vault,
          { ownerId, currency: 'ZJF', amount: 20_000n, expiresAt: null },
          { operationKey: randomUUID() },
        ),
      )
  const owner = new Client({ connectionString: databaseUrl })
  await owner.connect()

  await openWallet('alice')
  const { rows } = await owner.query<{ id: string }>(`insert into points_products
      (title, point, payment_mode, stock_quantity, status, shipping_type, category_id)
    select '静音键盘 ' || n, 100, 'points_only', 500, 'on_sale', 'none', null from generate_series(1, 40) n returning id`)
  const product = rows[0]?.id ?? ''
  const orders = []
  for (let n = 0; n < 25; n += 1) orders.push(await redeemOnce(product))
  const pages = pagesOf(product, orders[0] ?? '')
  const sessions = { alice: await signIn('alice'), admin: await signIn('admin') }

  const measure = async () => {
    const took = new Map<string, number>()
    for (const [user, path] of pages) took.set(path, await medianOf(path, sessions[user]))
    return took
  }
  const small = await measure()
  const from = performance.now()
  await fillShop(owner, { products: Number(values.products), orders: Number(values.orders) }, openWallet)
  process.stdout.write(
    `${values.products} products and ${values.orders} orders more, filled in ${((performance.now() - from) / 1000).toFixed(0)} s\n\n`,
  )
  const large = await measure()
  process.stdout.write(`${'page'.padEnd(52)}  new ms  large ms  ratio\n`)
  for (const [, path] of pages) {
    const [before, after] = [small.get(path) ?? 0, large.get(path) ?? 0]
    const cells = [
      before.toFixed(1).padStart(6),
      after.toFixed(1).padStart(8),
      (after / before).toFixed(1).padStart(5),
    ]
    process.stdout.write(`${path.padEnd(52)}  ${cells.join('  ')}\n`)
  }
  await owner.end()
  await db.destroy()
} finally {
  await mall.stop()
  mall.remove()
}

function pagesOf(product: string, orderNo: string): readonly (readonly ['alice' | 'admin', string])[] {
  const shop = [
    'products',
    'products?page=50',
    'products?sort=newest',
    'products?sort=points_asc',
    'products?category_id=3&payment_mode=mixed',
    'products?affordable=1',
    'products?keyword=静音键盘',
    'products?keyword=茶具',
    'products?keyword=茶',
    'products?keyword=陶瓷 茶具',
    'products?keyword=chaju',
    'products?keyword=没有的东西',
    `products/${product}`,
    `products/${product}/redeem?quantity=1`,
    'orders',
    `orders/${orderNo}`,
    'wallet',
    'addresses',
  ].map((path) => ['alice', `/points-mall/${path}`] as const)
  const console = [
    '',
    '/orders',
    '/orders?q=filler-7',
    '/orders?q=茶具',
    '/orders?status=order_paid&sort=oldest',
    '/orders?payment_mode=mixed&payment_status=refunded',
    `/orders/${orderNo}`,
    '/products',
    '/products?keyword=茶具',
    '/products?low=1',
    `/products/${product}`,
    '/users',
    '/users/alice',
    '/reconciliations',
  ].map((path) => ['admin', `/admin${path}`] as const)
  return [...shop, ...console]
}

async function redeemOnce(product: string): Promise<string> {
  const response = await fetch(`${mall.url}/api/points-mall/exchange`, {
    method: 'POST',
    headers: { authorization: `Bearer ${await mall.token('alice')}`, 'content-type': 'application/json' },
    body: JSON.stringify({ product_id: product, quantity: 1 }),
  })
  if (response.status !== 201) throw new Error(`answered ${response.status}`)
  return ((await response.json()) as { data: { order_no: string } }).data.order_no
}

/** @returns the session's cookie */
async function signIn(user: string): Promise<string> {
  const response = await fetch(`${mall.url}/points-mall/sign-in`, {
    method: 'POST',
    headers: { origin: mall.url },
    body: new URLSearchParams({ user }),
    redirect: 'manual',
  })
  await response.arrayBuffer()
  return response.headers.getSetCookie()[0]?.split(';')[0] ?? ''
}

async function medianOf(path: string, cookie: string): Promise<number> {
  const took: number[] = []
  for (let round = -WARM_UP; round < ROUNDS; round += 1) {
    const from = performance.now()
    const response = await fetch(`${mall.url}${path}`, { headers: { cookie } })
    await response.arrayBuffer()
    if (response.status !== 200) throw new Error(`${path} answered ${response.status}`)
    if (round >= 0) took.push(performance.now() - from)
  }
  took.sort((a, b) => a - b)
  return took[Math.floor(took.length / 2)] ?? 0
}
