import { randomBytes, randomInt } from 'node:crypto'
import { createCategory } from '../../application/catalogue/categories.ts'
import { createProduct, publishProduct, unpublishProduct } from '../../application/catalogue/products.ts'
import { type CodeDeps, importCodes } from '../../application/fulfilment/codes.ts'
import { createStore } from '../../application/fulfilment/vouchers.ts'
import { addCash, grantPoints } from '../../application/wallet/wallets.ts'
import type { Db } from '../../db/client.ts'
import { keepFirstLevel } from '../../db/customers/users.ts'
import type { Encryptor } from '../../db/platform/encryption.ts'
import type { LedgerCipher } from '../../db/wallet/ledger-cipher.ts'
import { fenOf } from '../../domain/money.ts'
import { type DemoProduct, demoCategories, demoProducts } from './catalogue.ts'

const DAY_MS = 86_400_000

const DEMO_STORES = [
  { name: '天目山路拳馆', address: '杭州市西湖区天目山路 120 号 3 层' },
  { name: '古墩路洗车店', address: '杭州市西湖区古墩路 18 号' },
] as const

/** Alice can afford every product, Bob almost none. */
const DEMO_USERS = [
  { ownerId: 'alice', level: 3, lasting: 58_000, expiring: 2_000, cash: '500.00' },
  { ownerId: 'bob', level: 1, lasting: 800, expiring: 0, cash: '0.00' },
] as const

/**
 * Fixed operation keys: a second run changes nothing, not even later edits.
 * @param canCharge whether a supplier is set up that charges accounts @returns the number of new products
 */
export async function seedDemo(
  db: Db,
  vault: LedgerCipher,
  sealer: Encryptor,
  canCharge: boolean,
): Promise<number> {
  const categories = new Map<string, string>()
  for (const { slug, title, sort } of demoCategories) {
    const { id } = await createCategory(db, { name: title, sort }, `demo/category/${slug}`)
    categories.set(slug, id)
  }
  let fresh = 0
  for (const product of demoProducts) {
    const categoryId = categories.get(product.category) ?? null
    if (await seedProduct({ db, sealer }, product, categoryId, canCharge)) fresh += 1
  }
  for (const store of DEMO_STORES) await createStore(db, { ...store, staff: [] }, `demo/store/${store.name}`)
  for (const user of DEMO_USERS) await seedUser(db, vault, user)
  return fresh
}

async function seedProduct(
  deps: CodeDeps,
  demo: DemoProduct,
  categoryId: string | null,
  canCharge: boolean,
): Promise<boolean> {
  const { db } = deps
  const isPool = demo.delivery === 'codes'
  const operationKey = `demo/${demo.slug}`
  const known = await db
    .selectFrom('points_products')
    .select(['status', 'operator_id'])
    .where('operation_key', '=', operationKey)
    .executeTakeFirst()
  // A draft without changes may come from a run that crashed before it published it.
  if (known && !(known.status === 'draft' && known.operator_id === 'demo')) return false
  const original = demo.original_price_amount
  const skus = demo.skus?.map(({ price_amount, stock_quantity: stock, image = null, ...sku }) => {
    return { ...sku, priceFen: fenOf(price_amount), stock, image }
  })
  const id = await createProduct(
    db,
    {
      title: demo.title,
      description: demo.description,
      image: demo.image,
      ...(skus ? {} : { point: demo.point, priceFen: fenOf(demo.price_amount) }),
      originalPriceFen: original === undefined ? null : fenOf(original),
      paymentMode: demo.payment_mode,
      exchangeLimit: demo.exchange_limit,
      sort: demo.sort,
      categoryId,
      productType: demo.product_type,
      shippingType: demo.shipping_type,
      ...(demo.delivery ? { delivery: demo.delivery } : {}),
      ...(demo.voucher ? { voucher: demo.voucher } : {}),
      ...(demo.charge ? { charge: demo.charge } : {}),
      properties: demo.properties ?? null,
      customFields: demo.custom_fields ?? null,
    },
    isPool || skus ? 0 : demo.stock_quantity,
    { operationKey, operatorId: 'demo' },
    skus,
  )
  if (isPool) {
    const cause = { operationKey: `${operationKey}/codes`, operatorId: 'demo' }
    await importCodes(deps, id, demoCodes(demo.stock_quantity), cause)
  }
  // Without a supplier it waits as a draft.
  if (demo.delivery === 'charge' && !canCharge) return known === undefined
  if (demo.status !== 'draft') await publishProduct(db, id, 'demo', canCharge)
  if (demo.status === 'off_sale') await unpublishProduct(db, id, 'demo')
  return known === undefined
}

/** Random: nobody can guess a code of a demo that others can reach. */
const demoCodes = (count: number) =>
  Array.from({ length: count }, (_, n) => ({
    line: n + 1,
    code: `${randomBytes(8).toString('hex').toUpperCase().match(/.{4}/g)?.join('-')}`,
    pin: `${randomInt(1_000_000)}`.padStart(6, '0'),
  }))

async function seedUser(db: Db, vault: LedgerCipher, user: (typeof DEMO_USERS)[number]): Promise<void> {
  const { ownerId, level } = user
  await keepFirstLevel(db, ownerId, level)
  const cause = (part: string) => ({
    operationKey: `demo/${ownerId}/${part}`,
    operatorId: 'demo',
    reason: '演示账户初始额度',
  })
  await grantPoints({ db, vault }, ownerId, user.lasting, null, cause('points'))
  // The expiry date counts from the first run, so a later run must not post it again.
  if (user.expiring > 0 && !(await isBooked(db, cause('expiring').operationKey))) {
    await grantPoints(
      { db, vault },
      ownerId,
      user.expiring,
      new Date(Date.now() + 20 * DAY_MS),
      cause('expiring'),
    )
  }
  if (fenOf(user.cash) > 0n) await addCash({ db, vault }, ownerId, fenOf(user.cash), cause('cash'))
}

export async function isBooked(db: Db, operationKey: string): Promise<boolean> {
  const transfer = await db
    .selectFrom('wallet_transfers')
    .select('operation_key')
    .where('operation_key', '=', operationKey)
    .executeTakeFirst()
  return transfer !== undefined
}
