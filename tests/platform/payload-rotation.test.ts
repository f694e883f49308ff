import { randomBytes } from 'node:crypto'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { addAddress, readAddresses } from '../../application/customers/addresses.ts'
import { claimKeptForms, keepForm, readKeptForms } from '../../application/customers/kept-forms.ts'
import { openSecrets } from '../../application/messaging/endpoint-secrets.ts'
import { repeatRequests } from '../../application/orders/requests.ts'
import { listRunsOfOldKeys } from '../../application/temporal/old-keys.ts'
import type { Db } from '../../db/client.ts'
import { readChannel } from '../../db/orders/attempts.ts'
import { searchOrders } from '../../db/orders/search.ts'
import { createEncryptor, type Encryptor } from '../../db/platform/encryption.ts'
import { rotatePayloads } from '../../db/platform/payload-rotation.ts'
import { boundColumns, contextOf, type Row, SEALED_COLUMNS } from '../../db/platform/sealed-columns.ts'
import { keepTracked } from '../../db/shipments/tracking.ts'
import { connectPatiently } from '../support/database.ts'
import { ended } from '../support/db-snapshot.ts'
import { openTestApp, type TestApp } from '../support/test-app.ts'

const OLD = { id: 'old', key: randomBytes(32) }
const NEW = { id: 'new', key: randomBytes(32) }

/** Encrypts with the keys that the mall is configured with at the moment. */
let current: Encryptor = createEncryptor([OLD])
const sealer: Encryptor = {
  get keyId() {
    return current.keyId
  },
  seal: (value, context) => current.seal(value, context),
  open: (blob, context) => current.open(blob, context),
  macs: (text, context) => current.macs(text, context),
}
const configure = (...keys: Parameters<typeof createEncryptor>[0]) => {
  current = createEncryptor(keys)
}

let mall: TestApp
let owner: Db
beforeAll(async () => {
  mall = await openTestApp({ sealer })
  owner = connectPatiently(mall.databaseUrl, 4, 'owner')
})
afterAll(async () => {
  await owner.destroy()
  await mall.close()
})

/** Encrypted with LEDGER_KEYS, or not encrypted: hashes and pictures. */
const OTHERS = [
  'earnings.mac',
  'idempotency_keys.body_hash',
  'kept_forms.browser_hash',
  'pictures.bytes',
  'points_exchange_orders.contact_terms',
  'product_codes.code_mac',
  'shipment_events.digest',
  'vouchers.code_mac',
  'wallet_accounts.head',
  'wallet_accounts.sealed',
  'wallet_entries.mac',
  'wallet_entries.sealed',
  'web_sessions.token_hash',
]

const nameOf = ({ table, column }: { readonly table: string; readonly column: string }) =>
  `${table}.${column}`

test('every column of bytes in the schema is listed as encrypted, or as something else', async () => {
  const { rows } = await sql<{ name: string }>`
    select table_name || '.' || column_name as name from information_schema.columns
    where table_schema = 'public' and (udt_name = 'bytea' or udt_name = '_bytea') order by 1`.execute(mall.db)
  const listed = [...SEALED_COLUMNS.map(nameOf), ...OTHERS]
  expect(rows.map(({ name }) => name)).toEqual(listed.toSorted())
})

const OP = { as: 'op', role: 'operator' } as const
const admin = (method: string, path: string, body?: unknown) =>
  mall.call(method, `/api/admin/points-mall/${path}`, { ...OP, ...(body === undefined ? {} : { body }) })
const ADDRESS = { name: '韩梅梅', phone: '13912345678', detail: '杭州市西湖区' }
const HOME = { ...ADDRESS, province: '浙江省', city: '杭州市', district: '西湖区' }
const CODES = [{ code: 'ROTA-0001', pin: '4711' }, { code: 'ROTA-0002' }]

async function onSale(fields: object): Promise<string> {
  const body = { title: '轮换', payment_mode: 'points_only', point: 10, ...fields }
  const made = await admin('POST', 'products', body)
  expect(made.status, JSON.stringify(made.body)).toBe(201)
  const { id } = made.body.data
  if ('delivery' in fields && fields.delivery === 'codes') {
    expect((await admin('POST', `products/${id}/codes`, { codes: CODES })).status).toBe(201)
  }
  expect((await admin('POST', `products/${id}/publish`, {})).status).toBe(200)
  return id
}

async function bought(owner: string, product_id: string, more: object = {}, key?: string) {
  await mall.points(owner, 100)
  const answer = await mall.exchange(owner, { product_id, ...more }, key ? { key } : {})
  expect(answer.status, JSON.stringify(answer.body)).toBe(201)
  return answer.body.data as { order_no: string; id: string }
}

/** A text in every encrypted column, by the ways that write them. */
async function writeEverything() {
  await addAddress(mall.deps, 'reader', HOME, true, 'first')
  const cup = await onSale({ stock_quantity: 100, shipping_type: 'logistics' })
  const parcel = await bought('reader', cup, { address: ADDRESS, buyer_remarks: '放门口' }, 'once')
  await mall.reach('reader', parcel.order_no, 'order_paid')
  await mall.operate(parcel.order_no, 'accept')
  await mall.operate(parcel.order_no, 'ship', { carrier: '顺丰', tracking_no: 'SF1234567890123' })
  const event = { at: new Date(), text: '快递员王师傅正在派送', state: 'out_for_delivery' as const }
  await keepTracked(mall.db, sealer, 'SF1234567890123', {
    state: 'out_for_delivery',
    events: [event],
    deliveredAt: undefined,
  })
  await mall.operate(parcel.order_no, 'finish')
  expect((await mall.act('reader', parcel.order_no, 'messages', { text: '请发顺丰' })).status).toBe(201)
  expect((await admin('POST', `orders/${parcel.order_no}/notes`, { text: '客户着急' })).status).toBe(201)
  const credit = await onSale({
    stock_quantity: 9,
    product_type: 'virtual',
    delivery: 'charge',
    charge: { item: 'mobile-10' },
  })
  const topUp = await bought('reader', credit, { account: '13812345678' })
  await mall.reach('reader', topUp.order_no, 'order_shipped')
  await mall.operate(topUp.order_no, 'finish')
  await ended(mall, topUp.order_no)

  const pool = await onSale({ product_type: 'virtual', shipping_type: 'none', delivery: 'codes' })
  const coded = await bought('reader', pool)
  await mall.reach('reader', coded.order_no, 'order_shipped')
  await mall.operate(coded.order_no, 'finish')
  const wash = await onSale({
    stock_quantity: 9,
    product_type: 'service',
    shipping_type: 'pickup',
    delivery: 'voucher',
    voucher: { uses: 2, valid_days: 30 },
  })
  const washed = await bought('reader', wash)
  await mall.reach('reader', washed.order_no, 'order_shipped')
  const { code: voucher } = (await mall.order('reader', washed.order_no)).delivery

  const priced = await onSale({
    payment_mode: 'money_only',
    point: 0,
    price: { amount: '9.90', currency: 'CNY' },
    stock_quantity: 9,
    shipping_type: 'none',
  })
  const open = await bought('payer', priced, {
    payment_method: 'wechat',
    client: 'in_app',
    openid: 'oUpF8uMuAJO_M2pxb1Q9',
  })
  expect((await mall.act('payer', open.order_no, 'cancel', { reason: '拍错了' })).status).toBe(200)
  await ended(mall, open.order_no)

  const hook = await admin('POST', 'webhook-endpoints', {
    url: 'https://example.com/x',
    events: ['order.paid'],
  })
  expect(hook.status, JSON.stringify(hook.body)).toBe(201)
  const browser = await keepForm(
    mall.deps,
    { path: '/points-mall/redeem', fields: { quantity: '3' } },
    { browser: undefined, session: undefined, networkAddress: '127.0.0.1' },
  )
  return { cup, parcel, topUp, pool, coded, washed, voucher, open, hook: hook.body.data, browser }
}

/** A request that nobody has answered yet. */
async function leaveRequest(cup: string) {
  const waiting = await bought('waiter', cup, { address: ADDRESS })
  await mall.reach('waiter', waiting.order_no, 'order_paid')
  await mall.stopWorker()
  mall.answerWithin(2_000)
  expect((await mall.operate(waiting.order_no, 'accept')).status).toBe(202)
  return waiting
}

const readSealed = async (listed: (typeof SEALED_COLUMNS)[number]) => {
  const names = [listed.column, ...boundColumns(listed)].map((name) => sql.ref(name))
  const { rows } = await sql<Row>`select ${sql.join(names)} from ${sql.table(listed.table)}
    where ${sql.ref(listed.column)} is not null`.execute(mall.db)
  return rows.map((row) => ({ row, blob: row[listed.column] as Buffer }))
}

test('a rotation rewrites every text while 32 clients write, and then nothing needs the old key', async () => {
  const made = await writeEverything()
  const request = await leaveRequest(made.cup)
  for (const listed of SEALED_COLUMNS) {
    expect([nameOf(listed), (await readSealed(listed)).length > 0]).toEqual([nameOf(listed), true])
  }
  // Every process gets the new key, then writes with it.
  configure(OLD, NEW)
  configure(NEW, OLD)
  expect(await listRunsOfOldKeys(mall.temporal, NEW.id)).toEqual(
    [`exchange/${request.order_no}`, `exchange/${made.washed.order_no}`].toSorted(),
  )

  // Stopped after the first column, it continues.
  const stopped = rotatePayloads(owner, sealer, () => {
    throw new Error('stopped')
  })
  await expect(stopped).rejects.toThrow('stopped')
  mall.answerWithin(60_000)
  await mall.startWorker()
  const writers = Array.from({ length: 32 }, async (_, n) => {
    const owner = `writer${n}`
    const { id } = await bought(owner, made.cup, { address: ADDRESS })
    for (let turn = 0; turn < 3; turn += 1) {
      const address = { ...ADDRESS, detail: `第 ${turn} 单元` }
      const answer = await mall.call('PATCH', `/api/points-mall/orders/${id}/address`, {
        as: owner,
        body: address,
      })
      expect(answer.status, JSON.stringify(answer.body)).toBe(200)
      await addAddress(mall.deps, owner, { ...HOME, ...address }, false, `${owner}/${turn}`)
    }
  })
  const [first] = await Promise.all([rotatePayloads(owner, sealer, () => {}), ...writers])
  expect(first.filter(({ left }) => left > 0)).toEqual([])
  expect(first.reduce((sum, { sealed }) => sum + sealed, 0)).toBeGreaterThan(10)
  expect((await rotatePayloads(owner, sealer, () => {})).filter(({ sealed }) => sealed > 0)).toEqual([])

  // What began before is done; then the old key is gone.
  await sql`update order_requests set next_try_at = now()`.execute(mall.db)
  await repeatRequests(mall.deps, () => {})
  await mall.reach('waiter', request.order_no, 'order_accepted')
  configure(NEW)
  for (const listed of SEALED_COLUMNS) {
    for (const { row, blob } of await readSealed(listed)) sealer.open(blob, contextOf(listed, row))
  }
  expect(await readAddresses(mall.deps, 'reader')).toMatchObject([HOME])
  const shown = await mall.order('reader', made.parcel.order_no)
  expect(shown).toMatchObject({ address_info: ADDRESS, customer_notes: { buyer_remarks: '放门口' } })
  expect(shown.delivery.shipments[0].events[0].text).toBe('快递员王师傅正在派送')
  expect((await mall.order('payer', made.open.order_no)).cancel_reason).toBe('拍错了')
  expect(await readChannel(mall.db, sealer, made.open.order_no)).toMatchObject({
    openid: 'oUpF8uMuAJO_M2pxb1Q9',
  })
  expect((await mall.order('reader', made.coded.order_no)).delivery.codes).toMatchObject([CODES[0]])
  expect((await mall.order('reader', made.washed.order_no)).delivery.code).toBe(made.voucher)
  expect((await mall.order('reader', made.topUp.order_no)).delivery.account).toBe('13812345678')
  const messages = await mall.call('GET', `/api/points-mall/orders/${made.parcel.order_no}/messages`, {
    as: 'reader',
  })
  expect(messages.body.data).toMatchObject([{ text: '请发顺丰' }])
  const notes = await admin('GET', `orders/${made.parcel.order_no}/notes`)
  expect(JSON.stringify(notes.body.data)).toContain('客户着急')
  const { sealed } = await mall.db
    .selectFrom('webhook_endpoints')
    .select('sealed')
    .where('id', '=', made.hook.id)
    .executeTakeFirstOrThrow()
  expect(openSecrets(sealer, made.hook.id, sealed, Date.now())).toHaveLength(1)
  expect(await claimKeptForms(mall.deps, made.browser ?? '', 'reader')).toBe(true)
  expect(await readKeptForms(mall.deps, made.browser ?? '', 'reader')).toMatchObject([
    { fields: { quantity: '3' } },
  ])
  // A repeat of a request of before gets its answer; what is looked up by a keyed hash is found.
  const again = await mall.exchange(
    'reader',
    { product_id: made.cup, address: ADDRESS, buyer_remarks: '放门口' },
    { key: 'once' },
  )
  expect(again.body.data.order_no).toBe(made.parcel.order_no)
  const search = { words: ADDRESS.phone, ownerId: 'reader' }
  const found = await searchOrders(mall.deps, search, { limit: 9, oldestFirst: true })
  expect(found.map(({ order_no }) => order_no)).toEqual([made.parcel.order_no])
  const store = await admin('POST', 'stores', { name: '西湖店' })
  const use = { code: made.voucher, store_id: store.body.data.id }
  expect((await admin('POST', 'vouchers/redeem', use)).status).toBe(200)
  const imported = await admin('POST', `products/${made.pool}/codes`, { codes: CODES })
  expect(imported.body.data).toMatchObject({ imported: 0, duplicates: 2 })
})
