import { execFile } from 'node:child_process'
import { globSync, readFileSync } from 'node:fs'
import { promisify } from 'node:util'
import { SignJWT } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createApp } from '../../api/app.ts'
import { addAddress, readAddresses } from '../../application/customers/addresses.ts'
import { signIn } from '../../application/customers/sessions.ts'
import { importCodes, readOrderCodes } from '../../application/fulfilment/codes.ts'
import { createStore, redeemVoucher } from '../../application/fulfilment/vouchers.ts'
import { keepFirstLevel } from '../../db/customers/users.ts'
import { hasRight, PAGE_ROLES, type PageRole, RIGHTS, ROLES, type Role } from '../../domain/access.ts'
import { ACTIONS } from '../../web/texts/console/wallets.ts'
import { digestTables } from '../support/db-snapshot.ts'
import { turnOf } from '../support/sample.ts'
import { fieldsOf, formMarkIn } from '../support/shopper.ts'
import { openTestApp, SECRET, type TestApp, token, until } from '../support/test-app.ts'

/** The permissions of every route, reading or writing, as one table. */

type Who = 'nobody' | Role
const EVERYBODY: readonly Who[] = ['nobody', ...ROLES]

let mall: TestApp
let app: ReturnType<typeof createApp>
beforeAll(async () => {
  mall = await openTestApp()
  // Not a demo: there the codec needs no token.
  app = createApp({ ...mall.deps, demo: false })
})
afterAll(async () => {
  expect(await mall.brokenLaws()).toEqual([])
  await mall.close()
})

const ENV = { incoming: { socket: { remoteAddress: '127.0.0.1', remotePort: 1, remoteFamily: 'IPv4' } } }

/** A request: a JSON body for the API, or fields of a form. */
interface Ask {
  readonly path: string
  readonly body?: unknown
  readonly fields?: Readonly<Record<string, string>>
}

interface Answer {
  readonly status: number
  readonly location: string
  readonly text: string
}

const isPage = (path: string) => !/^\/(api|codec)\//.test(path)

/** The account that forms are for, which a page in this session has. */
async function markIn(headers: Record<string, string>): Promise<string> {
  const page = await app.request(`${mall.url}/points-mall/addresses/new`, { headers }, ENV)
  return formMarkIn(await page.text()) ?? ''
}
const markOf = async (sub: string, role: PageRole) =>
  markIn({ cookie: `points_mall_session=${await signIn(mall.db, { sub, role, level: 1 })}` })

/** Sends it as somebody of this role: with a token, or with the session of a person at a page. */
async function send(method: string, ask: Ask, who: Who, sub: string, lang = 'zh'): Promise<Answer> {
  let { fields } = ask
  const headers: Record<string, string> = { 'accept-language': lang, origin: mall.url }
  if (isPage(ask.path)) {
    headers.cookie = `points_mall_lang=${lang}`
    // A partner system has no session: at a page it is anonymous.
    if (who !== 'nobody' && who !== 'system') {
      headers.cookie += `; points_mall_session=${await signIn(mall.db, { sub, role: who, level: 1 })}`
      if (fields && !('form_for' in fields)) fields = { ...fields, form_for: await markIn(headers) }
    }
  } else if (who !== 'nobody') headers.authorization = `Bearer ${await token(sub, who, 1)}`
  if (ask.body !== undefined) headers['content-type'] = 'application/json'
  const body = fields
    ? { body: new URLSearchParams(fields) }
    : ask.body === undefined
      ? {}
      : { body: JSON.stringify(ask.body) }
  const answer = await app.request(`${mall.url}${ask.path}`, { method, headers, ...body }, ENV)
  return { status: answer.status, location: answer.headers.get('location') ?? '', text: await answer.text() }
}

/** Temporary rows: sessions and kept forms of this test, a running comparison. */
const PASSING = ['web_sessions', 'kept_forms', 'reconciliations', 'reconciliation_findings']
const state = () => digestTables(mall.db, PASSING)

/** Once the refunds of earlier cases have ended, which is no effect of what is refused. */
async function stateAtRest() {
  await until(
    () => mall.db.selectFrom('after_sales').select('id').where('state', '=', 'refunding').executeTakeFirst(),
    (found) => found === undefined,
    'no refund of an after-sale is under way',
  )
  return state()
}

const problemOf = ({ text }: Answer) => JSON.parse(text) as Record<string, unknown>
const isSentToSignIn = ({ status, location }: Answer) =>
  status === 303 && location.startsWith('/points-mall/sign-in')

// Subjects of requests: a new one each time, so that no row of the table affects another.

const ADDRESS = {
  name: '王芳',
  phone: '13800138000',
  province: '上海市',
  city: '上海市',
  district: '徐汇区',
  detail: '漕溪北路 1 号',
}
let made = 0
const fresh = (what: string) => {
  made += 1
  return `${what}-${made}`
}

async function paid(owner: string): Promise<string> {
  const product_id = await mall.product({ shipping_type: 'logistics' })
  await mall.points(owner, 100)
  const answer = await mall.exchange(owner, { product_id, address: ADDRESS })
  expect(answer.status, JSON.stringify(answer.body)).toBe(201)
  return answer.body.data.order_no
}

async function accepted(owner: string): Promise<string> {
  const orderNo = await paid(owner)
  expect((await mall.operate(orderNo, 'accept')).status).toBe(200)
  return orderNo
}

async function shipped(owner: string): Promise<string> {
  const orderNo = await accepted(owner)
  expect((await mall.operate(orderNo, 'ship', { carrier: '顺丰', tracking_no: 'SF1' })).status).toBe(200)
  return orderNo
}

/** An order that the supplier did not charge: its charge can still be asked about, and nothing asks by itself. */
async function notCharged(owner: string): Promise<string> {
  await mall.control('supplier/faults', { fault: 'fails_at_once' })
  const orderNo = await redeemCharge(owner, 'failed')
  await mall.reach(owner, orderNo, 'order_canceled')
  return orderNo
}

/** An order that was charged and refunded. */
async function chargedAndRefunded(owner: string): Promise<string> {
  const orderNo = await redeemCharge(owner, 'succeeded')
  await mall.operate(orderNo, 'refund', reason)
  return orderNo
}

async function redeemCharge(owner: string, state: string): Promise<string> {
  const product_id = await mall.product({ point: 5, shipping_type: 'none' })
  await mall.db
    .updateTable('points_products')
    .set({ delivery: 'charge', charge: JSON.stringify({ item: 'mobile-10' }) })
    .where('id', '=', product_id)
    .execute()
  await mall.points(owner, 5)
  const { order_no } = (await mall.exchange(owner, { product_id, account: '13812345678' })).body.data
  await until(
    () => mall.call('GET', `${STAFF_API}/orders/${order_no}`, boss),
    ({ body }) => body.data.charge.state === state,
    `the charge is ${state}`,
  )
  return order_no
}

async function codeProduct(codes = 0): Promise<string> {
  const id = await mall.product({ shipping_type: 'none', stock: 0 })
  await mall.db.updateTable('points_products').set({ delivery: 'codes' }).where('id', '=', id).execute()
  const lines = Array.from({ length: codes }, (_, n) => ({ line: n + 1, code: fresh('CODE') }))
  await importCodes(mall.deps, id, lines, { operationKey: fresh('import'), operatorId: 'op' })
  return id
}

/** @returns an order with a code, and the code's id */
async function issued(owner: string): Promise<readonly [orderNo: string, codeId: string]> {
  const product_id = await codeProduct(3)
  await mall.points(owner, 100)
  const orderNo = (await mall.exchange(owner, { product_id })).body.data.order_no as string
  await mall.reach(owner, orderNo, 'order_shipped')
  const [code] = await readOrderCodes(mall.db, orderNo)
  return [orderNo, code?.id ?? '']
}

const store = async () =>
  (await createStore(mall.db, { name: '店', address: null, staff: [] }, fresh('store'))).id

/** @returns the code and the order of a paid voucher */
async function voucherOf(owner: string): Promise<readonly [code: string, orderNo: string]> {
  const product_id = await mall.product({ shipping_type: 'none' })
  await mall.db
    .updateTable('points_products')
    .set({ delivery: 'voucher' })
    .where('id', '=', product_id)
    .execute()
  await mall.points(owner, 100)
  const orderNo = (await mall.exchange(owner, { product_id })).body.data.order_no as string
  await mall.reach(owner, orderNo, 'order_shipped')
  return [(await mall.order(owner, orderNo)).delivery.code, orderNo]
}

/** @returns the voucher's id */
async function usedVoucher(): Promise<string> {
  const [code] = await voucherOf(fresh('customer'))
  const clerk = { sub: 'clerk', role: 'operator' } as const
  return (await redeemVoucher(mall.deps, code, await store(), clerk, fresh('use'))).id
}

/** @returns the id of an after-sale of finished goods */
async function afterSale(owner: string, type = 'return_refund'): Promise<string> {
  const product_id = await mall.product({ shipping_type: 'logistics', returnable: { days: 7 } })
  await mall.points(owner, 100)
  const { order_no } = (await mall.exchange(owner, { product_id, address: ADDRESS })).body.data
  for (const [action, body] of [
    ['accept', {}],
    ['ship', parcel],
    ['finish', {}],
  ] as const) {
    expect((await mall.operate(order_no, action, body)).status).toBe(200)
  }
  const body = { type, quantity: 1, reason: '破损' }
  const asked = await mall.call('POST', `${API}/orders/${order_no}/after-sales`, { as: owner, body })
  expect(asked.status, JSON.stringify(asked.body)).toBe(201)
  return asked.body.data.id
}

const onAfterSale = async (id: string, action: string, body = {}) =>
  expect(
    (
      await mall.call('POST', `${STAFF_API}/after-sales/${id}/${action}`, {
        as: 'op',
        role: 'operator',
        body,
      })
    ).status,
  ).toBe(200)

async function refusedAfterSale(owner: string): Promise<string> {
  const id = await afterSale(owner)
  await onAfterSale(id, 'refuse', reason)
  return id
}

async function approvedAfterSale(owner: string): Promise<string> {
  const id = await afterSale(owner)
  await onAfterSale(id, 'approve')
  return id
}

async function returningAfterSale(owner: string): Promise<string> {
  const id = await approvedAfterSale(owner)
  const path = `${API}/after-sales/${id}/return-shipment`
  expect((await mall.call('POST', path, { as: owner, body: parcel })).status).toBe(200)
  return id
}

async function unpaid(owner: string): Promise<string> {
  const product_id = await mall.product({ payment_mode: 'money_only', fen: 100 })
  await mall.cash(owner, 100)
  return (await mall.exchange(owner, { product_id, payment_method: 'bank_card' })).body.data.order_no
}

const boss = { as: 'boss', role: 'admin' } as const
const admin = (path: string, body: unknown) =>
  mall.call('POST', `/api/admin/points-mall${path}`, { ...boss, body })

async function earning(owner: string): Promise<string> {
  const body = { owner_id: owner, source: 'order', external_id: fresh('SHOP'), points: 5 }
  return (await admin('/earnings', body)).body.data.id
}

async function blockOf(owner: string): Promise<string> {
  await mall.points(owner, 5)
  return (await admin(`/wallets/${owner}/block`, { points: 5, reason: '核查' })).body.data.block_id
}

async function address(owner: string): Promise<string> {
  await addAddress(mall.deps, owner, { ...ADDRESS }, false, fresh('address'))
  return (await readAddresses(mall.deps, owner)).at(-1)?.id ?? ''
}

const category = async () =>
  (await admin('/categories', { name: fresh('分类'), sort: 0 })).body.data.id as string
const RECEIVER = { url: 'https://erp.example.com/events', events: ['order.paid'] }
/** The only one: their number is limited. */
async function endpoint(): Promise<string> {
  const { data } = (await mall.call('GET', `${STAFF_API}/webhook-endpoints`, { as: 'root', role: 'admin' }))
    .body
  for (const { id } of data)
    await mall.call('DELETE', `${STAFF_API}/webhook-endpoints/${id}`, { as: 'root', role: 'admin' })
  return (await admin('/webhook-endpoints', RECEIVER)).body.data.id as string
}
const delivery = async () =>
  (await admin(`/webhook-endpoints/${await endpoint()}/test`, {})).body.data.id as string
const linked = async () =>
  (
    await mall.call('POST', `${STAFF_API}/products`, {
      as: 'op',
      role: 'operator',
      body: { ...draft, external_id: fresh('SHOP') },
    })
  ).body.data.id

const draft = { title: '钢笔', payment_mode: 'points_only', point: 10 }
const draftForm = { title: '钢笔', payment_mode: 'points_only', point: '10', stock: '1' }

/** Whom the subject of a route belongs to. */
type Whose =
  /** The caller: what customers do. */
  | 'own'
  /** A customer: refused if that customer is the caller. */
  | 'customer'
  /** Nobody. */
  | 'none'

interface Row {
  /** As registered, without parameter patterns. */
  readonly route: string
  /** One row per action; undefined if the route has one. */
  readonly what?: string
  readonly may: readonly Who[]
  /** The status of an allowed request. */
  readonly done: number
  readonly whose: Whose
  readonly ask: (owner: string) => Promise<Ask> | Ask
}

const PEOPLE: readonly Who[] = ['customer', 'operator', 'admin']
const STAFF: readonly Who[] = ['operator', 'admin']
const ADMIN: readonly Who[] = ['admin']

const row = (
  route: string,
  may: readonly Who[],
  done: number,
  whose: Whose,
  ask: (owner: string, path: string) => Promise<Partial<Ask>> | Partial<Ask>,
  what?: string,
): Row => ({
  route,
  ...(what === undefined ? {} : { what }),
  may,
  done,
  whose,
  ask: async (owner) => {
    const path = route.slice(route.indexOf(' ') + 1)
    return { path, ...(await ask(owner, path)) }
  },
})

const reason = { reason: '核对后处理' }
const parcel = { carrier: '顺丰', tracking_no: 'SF1' }
const API = '/api/points-mall'
const STAFF_API = '/api/admin/points-mall'

/** Actions of staff on orders: what they need, and the answers of API and page. */
const ORDER_ACTS = [
  ['accept', paid, {}, 200, 303],
  ['ship', accepted, parcel, 200, 303],
  ['finish', shipped, {}, 200, 303],
  ['cancel', paid, reason, 200, 303],
  ['refund', paid, reason, 200, 303],
  // Nothing is stuck: an allowed caller gets 409.
  ['resolve', paid, { ...reason, action: 'retry' }, 409, 409],
] as const
/** Actions on after-sales: what they need, their fields. */
const CUSTOMER_AFTER_SALE_ACTS = [
  ['cancel', afterSale, {}],
  ['appeal', refusedAfterSale, reason],
  ['return-shipment', approvedAfterSale, parcel],
] as const
const AFTER_SALE_ACTS = [
  ['approve', afterSale, {}, {}],
  ['refuse', afterSale, reason, reason],
  ['receive', returningAfterSale, { sellable: true }, { sellable: 'yes' }],
  ['refuse-receipt', returningAfterSale, reason, reason],
] as const
/** Actions of an admin on wallets: the API's body, the form's fields. */
const WALLET_ACTS = [
  ['grant', { points: 5, ...reason }, { points: '5', ...reason }],
  ['adjust', { points: 5, ...reason }, { points: '5', way: 'add', ...reason }],
  ['cash', { amount: { amount: '1.00', currency: 'CNY' }, ...reason }, { amount: '1.00', ...reason }],
  ['freeze', reason, reason],
  ['unfreeze', reason, reason],
] as const

const TABLE: readonly Row[] = [
  row(`POST ${API}/exchange`, PEOPLE, 201, 'own', async (owner) => {
    await mall.points(owner, 100)
    return { body: { product_id: await mall.product(), quantity: 1 } }
  }),
  row(`POST ${API}/check-exchange`, PEOPLE, 200, 'own', async () => ({
    body: { product_id: await mall.product(), quantity: 1 },
  })),
  row(`POST ${API}/orders/:id/pay`, PEOPLE, 200, 'own', async (owner) => ({
    path: `${API}/orders/${await unpaid(owner)}/pay`,
    body: { payment_method: 'wallet' },
  })),
  row(`POST ${API}/orders/:id/cancel`, PEOPLE, 200, 'own', async (owner) => ({
    path: `${API}/orders/${await paid(owner)}/cancel`,
    body: {},
  })),
  row(`PATCH ${API}/orders/:id/address`, PEOPLE, 200, 'own', async (owner) => ({
    path: `${API}/orders/${await paid(owner)}/address`,
    body: { name: '王芳', phone: '13800138000', detail: '漕溪北路 1 号' },
  })),
  row(`POST ${API}/orders/:id/extend`, PEOPLE, 200, 'own', async (owner) => ({
    path: `${API}/orders/${await shipped(owner)}/extend`,
    body: {},
  })),
  row(`POST ${API}/orders/:id/confirm`, PEOPLE, 200, 'own', async (owner) => ({
    path: `${API}/orders/${await shipped(owner)}/confirm`,
    body: {},
  })),
  row(`POST ${API}/orders/:id/messages`, PEOPLE, 201, 'own', async (owner) => ({
    path: `${API}/orders/${await paid(owner)}/messages`,
    body: { text: '什么时候发货？' },
  })),
  row(`POST ${STAFF_API}/orders/:id/messages`, STAFF, 201, 'customer', async (owner) => ({
    path: `${STAFF_API}/orders/${await paid(owner)}/messages`,
    body: { text: '今天' },
  })),
  // Nothing of that kind: an allowed caller gets 404, and a page leads back to the list.
  ...['retry', 'skip', 'refund'].map((act) =>
    row(`POST ${STAFF_API}/attention/:id/${act}`, STAFF, 404, 'none', () => ({
      path: `${STAFF_API}/attention/order-999999999/${act}`,
      body: reason,
    })),
  ),
  ...['retry', 'skip', 'refund'].map((act) =>
    row(`POST /admin/attention/:id/${act}`, STAFF, 303, 'none', () => ({
      path: `/admin/attention/order-999999999/${act}`,
      fields: reason,
    })),
  ),
  row(`POST ${STAFF_API}/orders/:id/notes`, STAFF, 201, 'customer', async (owner) => ({
    path: `${STAFF_API}/orders/${await paid(owner)}/notes`,
    body: { text: '先不要发货' },
  })),
  row(`PUT ${STAFF_API}/orders/:id/assignee`, STAFF, 200, 'customer', async (owner) => ({
    path: `${STAFF_API}/orders/${await paid(owner)}/assignee`,
    body: { assignee: 'olga' },
  })),
  row(`POST ${API}/orders/:id/after-sales`, PEOPLE, 201, 'own', async (owner) => ({
    path: `${API}/orders/${await paid(owner)}/after-sales`,
    body: { type: 'refund_only', quantity: 1, ...reason },
  })),
  ...CUSTOMER_AFTER_SALE_ACTS.map(([act, sale, body]) =>
    row(`POST ${API}/after-sales/:id/${act}`, PEOPLE, 200, 'own', async (owner) => ({
      path: `${API}/after-sales/${await sale(owner)}/${act}`,
      body,
    })),
  ),

  row(`POST ${STAFF_API}/products`, STAFF, 201, 'none', () => ({ body: draft })),
  row(`PATCH ${STAFF_API}/products/:id`, STAFF, 200, 'none', async () => ({
    path: `${STAFF_API}/products/${await mall.product()}`,
    body: { title: '毛笔' },
  })),
  row(`DELETE ${STAFF_API}/products/:id`, STAFF, 200, 'none', async () => ({
    path: `${STAFF_API}/products/${await mall.product()}`,
  })),
  ...(['publish', 'unpublish'] as const).map((act) =>
    row(`POST ${STAFF_API}/products/:id/${act}`, STAFF, 200, 'none', async () => ({
      path: `${STAFF_API}/products/${await mall.product({ status: 'off_sale' })}/${act}`,
      body: {},
    })),
  ),
  row(`POST ${STAFF_API}/products/:id/move`, STAFF, 200, 'none', async () => ({
    path: `${STAFF_API}/products/${await mall.product()}/move`,
    body: { before_id: null },
  })),
  row(`POST ${STAFF_API}/products/:id/copy`, STAFF, 201, 'none', async () => ({
    path: `${STAFF_API}/products/${await mall.product()}/copy`,
    body: {},
  })),
  row(`POST ${STAFF_API}/products/:id/codes`, STAFF, 201, 'none', async () => ({
    path: `${STAFF_API}/products/${await codeProduct()}/codes`,
    body: { codes: [{ code: fresh('CODE') }] },
  })),
  row(`POST ${STAFF_API}/orders/:id/codes/:code_id/replace`, STAFF, 200, 'customer', async (owner) => {
    const [orderNo, codeId] = await issued(owner)
    return { path: `${STAFF_API}/orders/${orderNo}/codes/${codeId}/replace`, body: reason }
  }),
  row(`POST ${STAFF_API}/orders/:id/charge/query`, STAFF, 200, 'customer', async (owner) => ({
    path: `${STAFF_API}/orders/${await notCharged(owner)}/charge/query`,
    body: {},
  })),
  row(`POST ${STAFF_API}/orders/:id/charge/acknowledge`, STAFF, 200, 'customer', async (owner) => ({
    path: `${STAFF_API}/orders/${await chargedAndRefunded(owner)}/charge/acknowledge`,
    body: reason,
  })),
  row(`POST ${STAFF_API}/vouchers/redeem`, STAFF, 200, 'none', async () => {
    const [code] = await voucherOf(fresh('customer'))
    return { body: { code, store_id: await store() } }
  }),
  row(`POST ${STAFF_API}/vouchers/:id/undo`, STAFF, 200, 'none', async () => ({
    path: `${STAFF_API}/vouchers/${await usedVoucher()}/undo`,
    body: reason,
  })),
  row(`POST ${STAFF_API}/stores`, STAFF, 201, 'none', () => ({ body: { name: fresh('店') } })),
  row(`PATCH ${STAFF_API}/stores/:id`, STAFF, 200, 'none', async () => ({
    path: `${STAFF_API}/stores/${await store()}`,
    body: { staff: [] },
  })),
  row(`POST ${STAFF_API}/categories`, STAFF, 201, 'none', () => ({ body: { name: fresh('分类') } })),
  row(`PATCH ${STAFF_API}/categories/:id`, STAFF, 200, 'none', async () => ({
    path: `${STAFF_API}/categories/${await category()}`,
    body: { sort: 3 },
  })),
  row(`DELETE ${STAFF_API}/categories/:id`, STAFF, 200, 'none', async () => ({
    path: `${STAFF_API}/categories/${await category()}`,
  })),
  ...WALLET_ACTS.map(([act, body]) =>
    row(`POST ${STAFF_API}/wallets/:owner_id/${act}`, ADMIN, 200, 'customer', (owner) => ({
      path: `${STAFF_API}/wallets/${owner}/${act}`,
      body,
    })),
  ),
  row(`POST ${STAFF_API}/wallets/:owner_id/block`, ADMIN, 200, 'customer', async (owner) => {
    await mall.points(owner, 5)
    return { path: `${STAFF_API}/wallets/${owner}/block`, body: { points: 5, ...reason } }
  }),
  row(`POST ${STAFF_API}/wallets/:owner_id/unblock`, ADMIN, 200, 'customer', async (owner) => ({
    path: `${STAFF_API}/wallets/${owner}/unblock`,
    body: { block_id: await blockOf(owner), ...reason },
  })),
  row(`POST ${STAFF_API}/earnings`, ['admin', 'system'], 201, 'customer', (owner) => ({
    body: { owner_id: owner, source: 'order', external_id: fresh('SHOP'), points: 5 },
  })),
  row(`POST ${STAFF_API}/earnings/:id/reverse`, ['admin', 'system'], 200, 'customer', async (owner) => ({
    path: `${STAFF_API}/earnings/${await earning(owner)}/reverse`,
    body: reason,
  })),
  row(`PUT ${STAFF_API}/users/:owner_id`, STAFF, 200, 'customer', (owner) => ({
    path: `${STAFF_API}/users/${owner}`,
    body: { level: 2 },
  })),
  ...ORDER_ACTS.map(([act, order, body, done]) =>
    row(`POST ${STAFF_API}/orders/:id/${act}`, STAFF, done, 'customer', async (owner) => ({
      path: `${STAFF_API}/orders/${await order(owner)}/${act}`,
      body,
    })),
  ),
  row(`POST ${STAFF_API}/orders/:id/shipments`, STAFF, 200, 'customer', async (owner) => ({
    path: `${STAFF_API}/orders/${await accepted(owner)}/shipments`,
    body: { carrier: 'sf', tracking_no: 'SF1234567' },
  })),
  row(`POST ${STAFF_API}/orders/accept-batch`, STAFF, 200, 'none', async (owner) => ({
    body: { order_nos: [await paid(owner)] },
  })),
  row(`POST ${STAFF_API}/orders/ship-batch`, STAFF, 200, 'none', async (owner) => ({
    body: { lines: [{ order_no: await accepted(owner), carrier: 'sf', tracking_no: 'SF7654321' }] },
  })),
  row(`PATCH ${STAFF_API}/orders/:id/shipments/:shipment_id`, STAFF, 200, 'customer', async (owner) => {
    const orderNo = await shipped(owner)
    const path = `${STAFF_API}/orders/${orderNo}`
    const { shipments } = (await mall.call('GET', path, boss)).body.data
    return {
      path: `${path}/shipments/${shipments[0].id}`,
      body: { carrier: 'sf', tracking_no: 'SF7654321' },
    }
  }),
  ...AFTER_SALE_ACTS.map(([act, sale, body]) =>
    row(`POST ${STAFF_API}/after-sales/:id/${act}`, STAFF, 200, 'customer', async (owner) => ({
      path: `${STAFF_API}/after-sales/${await sale(owner)}/${act}`,
      body,
    })),
  ),

  row('POST /points-mall/sign-in', EVERYBODY, 303, 'none', () => ({ fields: { user: 'alice' } })),
  row('POST /points-mall/sign-in/link', EVERYBODY, 303, 'none', () => ({ fields: { token: 'none' } })),
  row('POST /points-mall/sign-out/everywhere', PEOPLE, 303, 'own', () => ({ fields: {} })),
  row('POST /points-mall/sign-out', EVERYBODY, 303, 'none', () => ({ fields: {} })),
  row('POST /points-mall/products/:id/redeem', PEOPLE, 303, 'own', async (owner) => {
    await mall.points(owner, 100)
    return {
      path: `/points-mall/products/${await mall.product()}/redeem`,
      fields: { quantity: '1', points: '100', cash: '0.00' },
    }
  }),
  row('POST /points-mall/addresses/new', PEOPLE, 303, 'own', () => ({ fields: ADDRESS })),
  row('POST /points-mall/addresses/:id', PEOPLE, 303, 'own', async (owner) => ({
    path: `/points-mall/addresses/${await address(owner)}`,
    fields: ADDRESS,
  })),
  ...(['default', 'remove'] as const).map((act) =>
    row(`POST /points-mall/addresses/:id/${act}`, PEOPLE, 303, 'own', async (owner) => ({
      path: `/points-mall/addresses/${await address(owner)}/${act}`,
      fields: {},
    })),
  ),
  row('POST /points-mall/orders/:id/pay', PEOPLE, 303, 'own', async (owner) => ({
    path: `/points-mall/orders/${await unpaid(owner)}/pay`,
    fields: { method: 'wallet' },
  })),
  row('POST /points-mall/orders/:id/cancel', PEOPLE, 303, 'own', async (owner) => ({
    path: `/points-mall/orders/${await paid(owner)}/cancel`,
    fields: {},
  })),
  row('POST /points-mall/orders/:id/address', PEOPLE, 303, 'own', async (owner) => ({
    path: `/points-mall/orders/${await paid(owner)}/address`,
    fields: {
      name: '王芳',
      phone: '13800138000',
      province: '上海市',
      city: '上海市',
      detail: '漕溪北路 1 号',
    },
  })),
  row('POST /points-mall/orders/:id/extend', PEOPLE, 303, 'own', async (owner) => ({
    path: `/points-mall/orders/${await shipped(owner)}/extend`,
    fields: {},
  })),
  row('POST /admin/orders/selected', STAFF, 200, 'none', async (owner) => ({
    fields: { do: 'accept', order_1: await paid(owner) },
  })),
  row('POST /admin/orders/ship-queue', STAFF, 303, 'none', async (owner) => ({
    fields: { order: await accepted(owner), carrier: '顺丰', tracking_no: 'SF7654321' },
  })),
  row('POST /admin/orders/views', STAFF, 303, 'none', () => ({
    fields: { name: fresh('view'), query: 'sent=1' },
  })),
  row('POST /admin/orders/views/:view/delete', STAFF, 303, 'none', () => ({
    path: '/admin/orders/views/1/delete',
    fields: {},
  })),
  row('POST /admin/products/:id/copy', STAFF, 303, 'none', async () => ({
    path: `/admin/products/${await mall.product()}/copy`,
    fields: {},
  })),
  row('POST /admin/products/arrange', STAFF, 303, 'none', async () => ({
    fields: { move: `${await mall.product()},${await mall.product()}` },
  })),
  row('POST /admin/products/preview', STAFF, 200, 'none', () => ({ fields: { description: '**好**' } })),
  row('POST /admin/shortcuts', STAFF, 303, 'none', () => ({ fields: { keys: 'off' } })),
  row('POST /admin/orders/ship-batch', STAFF, 200, 'none', async (owner) => ({
    fields: { lines: `${await accepted(owner)},顺丰,SF7654321` },
  })),
  row('POST /admin/orders/:id/parcels/:parcel', STAFF, 303, 'customer', async (owner) => {
    const orderNo = await shipped(owner)
    const { shipments } = (await mall.call('GET', `${STAFF_API}/orders/${orderNo}`, boss)).body.data
    return {
      path: `/admin/orders/${orderNo}/parcels/${shipments[0].id}`,
      fields: { carrier: '顺丰', tracking_no: 'SF7654321' },
    }
  }),
  row('POST /points-mall/orders/:id/confirm', PEOPLE, 303, 'own', async (owner) => ({
    path: `/points-mall/orders/${await shipped(owner)}/confirm`,
    fields: {},
  })),
  row('POST /points-mall/orders/:id/messages', PEOPLE, 303, 'own', async (owner) => ({
    path: `/points-mall/orders/${await paid(owner)}/messages`,
    fields: { text: '什么时候发货？' },
  })),
  row('POST /admin/orders/:id/messages', STAFF, 303, 'customer', async (owner) => ({
    path: `/admin/orders/${await paid(owner)}/messages`,
    fields: { text: '今天' },
  })),
  row('POST /admin/orders/:id/notes', STAFF, 303, 'customer', async (owner) => ({
    path: `/admin/orders/${await paid(owner)}/notes`,
    fields: { note: '先不要发货' },
  })),
  ...['assign', 'unassign'].map((act) =>
    row(`POST /admin/orders/:id/${act}`, STAFF, 303, 'customer', async (owner) => ({
      path: `/admin/orders/${await paid(owner)}/${act}`,
      fields: {},
    })),
  ),
  row('POST /points-mall/orders/:id/after-sale', PEOPLE, 303, 'own', async (owner) => ({
    path: `/points-mall/orders/${await paid(owner)}/after-sale`,
    fields: { type: 'refund_only', quantity: '1', ...reason },
  })),
  ...CUSTOMER_AFTER_SALE_ACTS.map(([act, sale, fields]) =>
    row(`POST /points-mall/after-sales/:id/${act}`, PEOPLE, 303, 'own', async (owner) => ({
      path: `/points-mall/after-sales/${await sale(owner)}/${act}`,
      fields,
    })),
  ),
  row('POST /points-mall/after-sales/:id/picture', PEOPLE, 303, 'own', async (owner) => ({
    path: `/points-mall/after-sales/${await afterSale(owner)}/picture`,
    fields: {},
  })),
  ...AFTER_SALE_ACTS.map(([act, sale, , fields]) =>
    row(`POST /admin/after-sales/:id/${act}`, STAFF, 303, 'customer', async (owner) => ({
      path: `/admin/after-sales/${await sale(owner)}/${act}`,
      fields,
    })),
  ),

  row('POST /admin/products', STAFF, 303, 'none', () => ({ fields: draftForm })),
  row('POST /admin/products/:id', STAFF, 303, 'none', async () => ({
    path: `/admin/products/${await mall.product()}`,
    fields: draftForm,
  })),
  ...(
    ['publish', 'unpublish', 'delete', 'picture', 'picture/remove', 'gallery', 'gallery/edit'] as const
  ).map((act) =>
    row(`POST /admin/products/:id/${act}`, STAFF, 303, 'none', async () => ({
      path: `/admin/products/${await mall.product({ status: 'off_sale' })}/${act}`,
      fields: {},
    })),
  ),
  row('POST /admin/products/:id/refresh', STAFF, 303, 'none', async () => ({
    path: `/admin/products/${await linked()}/refresh`,
    fields: {},
  })),
  row('POST /points-mall/orders/:id/codes', PEOPLE, 200, 'own', async (owner) => ({
    path: `/points-mall/orders/${(await issued(owner))[0]}/codes`,
    fields: {},
  })),
  row('POST /admin/products/:id/codes', STAFF, 303, 'none', async () => ({
    path: `/admin/products/${await codeProduct()}/codes`,
    fields: { codes: fresh('CODE') },
  })),
  row('POST /admin/counter', STAFF, 200, 'none', async () => {
    const [code] = await voucherOf(fresh('customer'))
    return { fields: { code, store_id: await store() } }
  }),
  row('POST /admin/counter/:id/undo', STAFF, 303, 'none', async () => ({
    path: `/admin/counter/${await usedVoucher()}/undo`,
    fields: reason,
  })),
  row('POST /admin/stores', STAFF, 303, 'none', () => ({
    fields: { name: fresh('店'), address: '', staff: '' },
  })),
  row('POST /admin/stores/:id', STAFF, 303, 'none', async () => ({
    path: `/admin/stores/${await store()}`,
    fields: { name: fresh('店'), address: '', staff: 'wang' },
  })),
  row('POST /admin/orders/:id/codes/:code/replace', STAFF, 303, 'customer', async (owner) => {
    const [orderNo, codeId] = await issued(owner)
    return { path: `/admin/orders/${orderNo}/codes/${codeId}/replace`, fields: reason }
  }),
  row('POST /admin/orders/:id/charge/query', STAFF, 303, 'customer', async (owner) => ({
    path: `/admin/orders/${await notCharged(owner)}/charge/query`,
    fields: {},
  })),
  row('POST /admin/orders/:id/charge/acknowledge', STAFF, 303, 'customer', async (owner) => ({
    path: `/admin/orders/${await chargedAndRefunded(owner)}/charge/acknowledge`,
    fields: reason,
  })),
  row('POST /admin/products/:id/skus', STAFF, 303, 'none', async () => ({
    path: `/admin/products/${await mall.product({ status: 'off_sale' })}/skus`,
    fields: { point_0: '20' },
  })),
  row('POST /admin/products/:id/skus/picture', STAFF, 303, 'none', async () => {
    const id = await mall.product({ status: 'off_sale' })
    return { path: `/admin/products/${id}/skus/picture`, fields: { sku_id: id } }
  }),
  row('POST /admin/products/:id/custom-fields', STAFF, 303, 'none', async () => ({
    path: `/admin/products/${await mall.product({ status: 'off_sale' })}/custom-fields`,
    fields: { label_0: '刻字', kind_0: 'text' },
  })),
  row('POST /admin/categories', STAFF, 303, 'none', () => ({ fields: { name: fresh('分类'), sort: '0' } })),
  row('POST /admin/categories/:id', STAFF, 303, 'none', async () => ({
    path: `/admin/categories/${await category()}`,
    fields: { name: fresh('分类'), sort: '0' },
  })),
  row('POST /admin/categories/:id/delete', STAFF, 303, 'none', async () => ({
    path: `/admin/categories/${await category()}/delete`,
    fields: {},
  })),
  ...ORDER_ACTS.map(([act, order, fields, , done]) =>
    row(`POST /admin/orders/:id/${act}`, STAFF, done, 'customer', async (owner) => ({
      path: `/admin/orders/${await order(owner)}/${act}`,
      fields: { what: 'whole', ...fields },
    })),
  ),
  ...WALLET_ACTS.map(([act, , fields]) =>
    row(
      'POST /admin/users/:owner/:action',
      ADMIN,
      303,
      'customer',
      async (owner) => {
        await keepFirstLevel(mall.db, owner, 1)
        return { path: `/admin/users/${owner}/${act}`, fields }
      },
      act,
    ),
  ),
  row(
    'POST /admin/users/:owner/:action',
    ADMIN,
    303,
    'customer',
    async (owner) => {
      await mall.points(owner, 5)
      return { path: `/admin/users/${owner}/block`, fields: { points: '5', ...reason } }
    },
    'block',
  ),
  row(
    'POST /admin/users/:owner/:action',
    ADMIN,
    303,
    'customer',
    async (owner) => ({
      path: `/admin/users/${owner}/unblock`,
      fields: { block: await blockOf(owner), ...reason },
    }),
    'unblock',
  ),
  row(
    'POST /admin/users/:owner/:action',
    STAFF,
    // It asks first.
    200,
    'customer',
    (owner) => ({
      path: `/admin/users/${owner}/level`,
      fields: { level: '2', reason: '升级' },
    }),
    'level',
  ),
  row('POST /admin/users/:owner/earnings', ADMIN, 303, 'customer', async (owner) => {
    await keepFirstLevel(mall.db, owner, 1)
    return {
      path: `/admin/users/${owner}/earnings`,
      fields: { source: 'order', external_id: fresh('SHOP'), points: '5' },
    }
  }),
  row('POST /admin/users/:owner/earnings/:id/reverse', ADMIN, 303, 'customer', async (owner) => ({
    path: `/admin/users/${owner}/earnings/${await earning(owner)}/reverse`,
    fields: reason,
  })),
  // Of a demo: here an allowed caller gets 404.
  row('POST /admin/demo/crash-worker', PEOPLE, 404, 'none', () => ({ fields: {} })),

  // A signature decides, not a role; here there is none.
  row('POST /api/webhooks/payments/:provider', EVERYBODY, 401, 'none', () => ({
    path: '/api/webhooks/payments/stripe',
    body: {},
  })),
  row('POST /api/webhooks/tracking/:provider', EVERYBODY, 401, 'none', () => ({
    path: '/api/webhooks/tracking/kuaidi100',
    body: {},
  })),
  row('POST /api/webhooks/orders', EVERYBODY, 401, 'none', () => ({ body: {} })),
  row('POST /codec/decode', STAFF, 200, 'none', () => ({ body: { payloads: [] } })),

  row(`POST ${STAFF_API}/webhook-endpoints`, STAFF, 201, 'none', async () => {
    await endpoint()
    return { body: RECEIVER }
  }),
  row(`PATCH ${STAFF_API}/webhook-endpoints/:id`, STAFF, 200, 'none', async () => ({
    path: `${STAFF_API}/webhook-endpoints/${await endpoint()}`,
    body: { enabled: false },
  })),
  row(`DELETE ${STAFF_API}/webhook-endpoints/:id`, STAFF, 200, 'none', async () => ({
    path: `${STAFF_API}/webhook-endpoints/${await endpoint()}`,
  })),
  row(`POST ${STAFF_API}/webhook-endpoints/:id/rotate-secret`, STAFF, 200, 'none', async () => ({
    path: `${STAFF_API}/webhook-endpoints/${await endpoint()}/rotate-secret`,
    body: {},
  })),
  row(`POST ${STAFF_API}/webhook-endpoints/:id/test`, STAFF, 200, 'none', async () => ({
    path: `${STAFF_API}/webhook-endpoints/${await endpoint()}/test`,
    body: {},
  })),
  row(`POST ${STAFF_API}/webhook-endpoints/:id/resend-failed`, STAFF, 200, 'none', async () => ({
    path: `${STAFF_API}/webhook-endpoints/${await endpoint()}/resend-failed`,
    body: { since: '2026-01-01T00:00:00Z' },
  })),
  row(`POST ${STAFF_API}/deliveries/:id/resend`, STAFF, 200, 'none', async () => ({
    path: `${STAFF_API}/deliveries/${await delivery()}/resend`,
    body: {},
  })),

  row(`POST ${STAFF_API}/reconciliations`, STAFF, 202, 'none', () => ({ body: { day: '2026-01-01' } })),
  // The answer shows the secret.
  row('POST /admin/webhooks', STAFF, 200, 'none', async () => {
    await endpoint()
    return { fields: { url: RECEIVER.url, event_order_paid: '1' } }
  }),
  row('POST /admin/webhooks/:id', STAFF, 303, 'none', async () => ({
    path: `/admin/webhooks/${await endpoint()}`,
    fields: { url: `${RECEIVER.url}/new`, event_order_paid: '1' },
  })),
  row('POST /admin/webhooks/:id/rotate', STAFF, 200, 'none', async () => ({
    path: `/admin/webhooks/${await endpoint()}/rotate`,
    fields: { overlap: '24' },
  })),
  ...['disable', 'test', 'resend-failed', 'delete'].map((action) =>
    row(`POST /admin/webhooks/:id/${action}`, STAFF, 303, 'none', async () => ({
      path: `/admin/webhooks/${await endpoint()}/${action}`,
      fields: {},
    })),
  ),
  row('POST /admin/webhooks/:id/enable', STAFF, 303, 'none', async () => {
    const id = await endpoint()
    const off = { as: 'root', role: 'admin', body: { enabled: false } } as const
    await mall.call('PATCH', `${STAFF_API}/webhook-endpoints/${id}`, off)
    return { path: `/admin/webhooks/${id}/enable`, fields: {} }
  }),
  row('POST /admin/webhooks/:id/deliveries/:delivery/resend', STAFF, 303, 'none', async () => {
    const id = await endpoint()
    const sent = (await admin(`/webhook-endpoints/${id}/test`, {})).body.data.id as string
    const ended = { state: 'delivered' as const, next_try_at: null, ended_at: new Date() }
    await mall.db.updateTable('webhook_deliveries').set(ended).where('id', '=', sent).execute()
    return { path: `/admin/webhooks/${id}/deliveries/${sent}/resend`, fields: {} }
  }),

  row('POST /admin/reconciliations', STAFF, 303, 'none', () => ({ fields: { day: '2026-01-02' } })),
]

/** The registered routes of API and pages: the app's table has both. */
function routesOf(isMeant: (method: string) => boolean): string[] {
  const routes = app.routes
    .filter(({ method }) => isMeant(method))
    .map(({ method, path }) => `${method} ${path.replaceAll(/:(\w+)\{[^/]*\}/g, ':$1')}`)
  return [...new Set(routes)].toSorted()
}
const changes = (method: string) => !['ALL', 'GET', 'HEAD', 'OPTIONS'].includes(method)
const reads = (method: string) => method === 'GET'

describe('the table of permissions', () => {
  test('names every route that changes something, and no other', () => {
    expect([...new Set(TABLE.map(({ route }) => route))].toSorted()).toEqual(routesOf(changes))
  })

  test('names every action of the one route that has several', () => {
    const named = TABLE.flatMap(({ route, what }) =>
      route === 'POST /admin/users/:owner/:action' ? [what] : [],
    )
    expect(new Set(named)).toEqual(new Set(Object.keys(ACTIONS)))
    expect(named).toHaveLength(Object.keys(ACTIONS).length)
  })

  test("marks every route about a customer's wallet, level, earning or order", () => {
    const isAbout = /\/admin\/(.*\/)?(:owner|orders\/:id|after-sales\/:id|earnings)/
    for (const { route, whose } of TABLE) {
      expect([route, whose === 'customer']).toEqual([route, isAbout.test(route)])
    }
  })

  test('matches the API’s document', async () => {
    const { paths } = JSON.parse(await (await app.request('/openapi.json')).text()) as {
      paths: Record<string, Record<string, unknown>>
    }
    const documented = Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path.replaceAll(/\{(\w+)\}/g, ':$1')}`),
    )
    const registered = routesOf((method) => method !== 'ALL').filter((route) => route.includes(' /api/'))
    expect(documented.filter((route) => route.includes(' /api/')).toSorted()).toEqual(registered)
  })
})

const titled = TABLE.map(
  (one) => [one.what === undefined ? one.route : `${one.route} (${one.what})`, one] as const,
)

describe('a route that changes something allows the right roles', () => {
  test.each(titled)('%s', async (_, { route, may, done, whose, ask }) => {
    const method = route.split(' ')[0] ?? ''
    // Who is refused changes nothing, so all of them ask for the same.
    const others = whose === 'own' ? undefined : await ask(fresh('customer'))
    const asked = await Promise.all(
      EVERYBODY.map(async (who) => {
        const sub = fresh(who)
        if (others && !may.includes(who)) return { who, sub, request: others }
        return { who, sub, request: await ask(whose === 'own' ? sub : fresh('customer')) }
      }),
    )
    const before = await stateAtRest()
    for (const { who, sub, request } of asked.filter((one) => !may.includes(one.who))) {
      const answer = await send(method, request, who, sub)
      const seen = `${who} ${answer.status} ${answer.text}`
      if (!isPage(request.path)) {
        const [status, code] = who === 'nobody' ? [401, 'UNAUTHENTICATED'] : [403, 'FORBIDDEN']
        expect([who, answer.status, problemOf(answer).code], seen).toEqual([who, status, code])
        expect(problemOf(answer)).not.toHaveProperty('reason')
      } else if (who === 'nobody' || who === 'system') {
        expect([who, isSentToSignIn(answer)], seen).toEqual([who, true])
      } else expect([who, answer.status], seen).toEqual([who, 403])
    }
    expect(await state()).toEqual(before)
    for (const { who, sub, request } of asked.filter((one) => may.includes(one.who))) {
      const answer = await send(method, request, who, sub)
      expect([who, answer.status], `${who} ${answer.text}`).toEqual([who, done])
      if (!route.startsWith('POST /points-mall/sign-in'))
        expect([who, isSentToSignIn(answer)]).toEqual([who, false])
    }
  })
})

describe('a form acts for the account that it was shown to', () => {
  /** They say who is signed in. */
  const BEFORE_SIGN_IN = [
    'POST /points-mall/sign-in',
    'POST /points-mall/sign-in/link',
    'POST /points-mall/sign-out',
  ]
  const forms = titled.filter(
    ([, { route }]) => isPage(route.split(' ')[1] ?? '') && !BEFORE_SIGN_IN.includes(route),
  )
  /** It sends no form: it takes JSON, a signature, or a file. */
  const NOT_SHOWN = [
    'POST /admin/products/:id/picture',
    'POST /admin/products/:id/skus/picture',
    'POST /admin/products/:id/gallery',
    'POST /admin/products/:id/codes',
    'POST /points-mall/after-sales/:id/picture',
    'POST /admin/demo/crash-worker',
  ]

  // All pages share what is tested here; `npm run prove` draws more of them.
  const taken = forms.filter((_form, n) => turnOf([true, false, false], n).includes(true))
  test.each(taken)('%s', async (_, { route, may, done, whose, ask }) => {
    const who = may.find((one) => one !== 'nobody' && one !== 'system') as PageRole
    const sub = fresh(who)
    let request = await ask(whose === 'own' ? sub : fresh('customer'))
    const says = { zh: '不是为当前账号打开的', en: 'was opened for another account' }
    const others = [
      ['zh', await markOf(fresh('other'), who)],
      // The same person in another role; and none, as in a page of before.
      ['en', await markOf(sub, who === 'customer' ? 'operator' : 'customer')],
      ['zh', ''],
    ] as const
    const before = await stateAtRest()
    for (const [lang, mark] of others) {
      const fields = { ...request.fields, form_for: mark, confirmed: 'yes' }
      const answer = await send('POST', { ...request, fields }, who, sub, lang)
      expect([answer.status, answer.text.includes(says[lang])]).toEqual([409, true])
      expect(answer.text).toContain(sub)
      if (NOT_SHOWN.includes(route)) continue
      const { once: _, ...shown } = fieldsOf(answer.text, request.path)
      expect(shown).toEqual({ ...request.fields, form_for: expect.any(String) })
      expect(shown.form_for).not.toBe(mark)
      request = { ...request, fields: shown }
    }
    expect(await state()).toEqual(before)
    // As it is shown again, it is done.
    expect((await send('POST', request, who, sub)).status).toBe(done)
  })

  test('every form of the pages has its account, but those of who is signed in', () => {
    const bare = globSync('web/**/*.ts').flatMap((path) =>
      [...readFileSync(path, 'utf8').matchAll(/<form method="post"[\s\S]*?<\/form>/g)]
        .filter(([form]) => !/\$\{formFields\(c/.test(form))
        .map(() => path),
    )
    expect([...new Set(bare)].toSorted()).toEqual([
      'web/console/layout.ts',
      'web/shop/customers/sign-in.ts',
      'web/shop/layout.ts',
    ])
  })
})

describe('nobody acts on his own account', () => {
  const about = titled.filter(([, { whose }]) => whose === 'customer')
  const DETAIL = {
    zh: '不能为自己办理：本人的账户和订单须由其他同事处理',
    en: 'You cannot do this for your own account or orders. Ask a colleague',
  }

  test.each(about)('%s', async (_, { route, may, ask }) => {
    const method = route.split(' ')[0] ?? ''
    for (const who of may) {
      const sub = fresh(`own-${who}`)
      const request = await ask(sub)
      const before = await stateAtRest()
      for (const lang of ['zh', 'en'] as const) {
        const answer = await send(method, request, who, sub, lang)
        expect([who, answer.status], answer.text).toEqual([who, 403])
        if (isPage(request.path)) expect(answer.text).toContain(DETAIL[lang])
        else {
          expect(problemOf(answer)).toMatchObject({
            code: 'FORBIDDEN',
            reason: 'own_account',
            detail: DETAIL[lang],
          })
        }
      }
      expect(await state()).toEqual(before)
    }
  })

  test('a page offers no form for it, says why, and refuses a known address', async () => {
    const [sub, other] = [fresh('own'), fresh('customer')]
    const forms: readonly (readonly [string, (owner: string) => Promise<string>])[] = [
      ['订单', async (owner) => `/admin/orders/${await paid(owner)}`],
      [
        '账户',
        async (owner) => {
          await blockOf(owner)
          return `/admin/users/${owner}`
        },
      ],
      [
        '账户',
        async (owner) => {
          await earning(owner)
          return `/admin/users/${owner}/earnings`
        },
      ],
    ]
    const actions =
      /(?:action|href)="\/admin\/(?:orders|users)\/[^"/?]+\/(?!earnings["?])[^"]+"|name="external_id"/
    for (const [word, path] of forms) {
      const own = await send('GET', { path: await path(sub) }, 'admin', sub)
      expect([own.status, actions.exec(own.text)]).toEqual([200, null])
      expect(own.text).toContain(`这是你本人的${word}，须由其他同事处理。`)
      const others = await send('GET', { path: await path(other) }, 'admin', sub)
      expect([others.status, actions.test(others.text)]).toEqual([200, true])
      expect(others.text).not.toContain('这是你本人的')
    }
    const addresses = [
      ...Object.keys(ACTIONS).map((action) => `/admin/users/${sub}/${action}`),
      `/admin/users/${sub}/earnings/${await earning(sub)}/reverse`,
      `/admin/orders/${await paid(sub)}/refund`,
      `/admin/orders/${await paid(sub)}/cancel`,
    ]
    for (const path of addresses) {
      expect([path, (await send('GET', { path }, 'admin', sub)).status]).toEqual([path, 403])
    }
  })
})

describe('a partner system', () => {
  test('gets a token from `npm run token`, reports and reverses with it', async () => {
    const env = { ...process.env, AUTH_JWT_SECRET: SECRET, DATA_DIR: mall.dataDir }
    const command = ['cli/token.ts', '--sub', 'crm', '--role', 'system']
    const { stdout } = await promisify(execFile)(process.execPath, command, { env })
    const headers = { authorization: `Bearer ${stdout.trim()}` }
    const body = { owner_id: 'sys-customer', source: 'crm', external_id: 'CRM-1', points: 7 }
    const told = await mall.call('POST', `${STAFF_API}/earnings`, { headers, body })
    expect([told.status, told.body.data.state]).toEqual([201, 'granted'])
    const again = await mall.call('POST', `${STAFF_API}/earnings`, { headers, body, key: 'same' })
    expect([again.status, again.body.data.id]).toEqual([200, told.body.data.id])
    const path = `${STAFF_API}/earnings/${told.body.data.id}/reverse`
    const undone = await mall.call('POST', path, { headers, body: { reason: '退货' } })
    expect([undone.status, undone.body.data.state]).toEqual([200, 'reversed'])
  })

  test('reads nothing that needs a token, and can open no page', async () => {
    const link = await new SignJWT({ role: 'system', level: 1, jti: fresh('a-link') })
      .setProtectedHeader({ alg: 'HS256' })
      .setSubject('crm')
      .setIssuer('points-mall')
      .setAudience('points-mall/sign-in')
      .setIssuedAt()
      .setExpirationTime('2m')
      .sign(new TextEncoder().encode(SECRET))
    const answer = await app.request(`${mall.url}/points-mall/sign-in/link?token=${link}`)
    expect([answer.status, answer.headers.get('location')]).toEqual([
      303,
      '/points-mall/sign-in?why=claim&claim=role',
    ])
    expect(answer.headers.get('set-cookie')).toBeNull()
    await expect(signIn(mall.db, { sub: 'crm', role: 'system' as PageRole, level: 1 })).rejects.toThrow(
      'web_sessions_role_check',
    )
    for (const role of PAGE_ROLES) await signIn(mall.db, { sub: 'somebody', role, level: 1 })
  })
})

/** Every route that reads, by the roles that may. */
const READS: readonly (readonly [readonly Who[], readonly string[]])[] = [
  [
    EVERYBODY,
    [
      '/',
      '/health/live',
      '/health/ready',
      '/metrics',
      '/openapi.json',
      '/docs',
      '/docs/start.js',
      '/docs/:asset',
      '/assets/*',
      '/assets/pictures/:name',
      ...['', '/search', '/category/:category_id', '/:id'].map((path) => `${API}/products${path}`),
      `${API}/categories`,
      '/points-mall',
      '/points-mall/*',
      '/points-mall/products',
      '/points-mall/products/:id',
      '/points-mall/regions.json',
      '/points-mall/sign-in',
      '/points-mall/sign-in/link',
      '/points-mall/sign-in/oidc',
      '/points-mall/sign-in/oidc/callback',
      // Nothing is sent to whom the order is not.
      '/points-mall/orders/:id/live',
    ],
  ],
  [
    PEOPLE,
    [
      ...['', '/statistics', '/:id', '/:id/messages'].map((path) => `${API}/orders${path}`),
      ...['', '/:id'].map((path) => `${API}/after-sales${path}`),
      ...['', '/transactions', '/transactions.csv'].map((path) => `${API}/wallet${path}`),
      '/points-mall/continue',
      '/points-mall/sign-out',
      '/points-mall/products/:id/redeem',
      ...['', '/new', '/:id', '/:id/remove'].map((path) => `/points-mall/addresses${path}`),
      ...[
        '',
        '/:id',
        '/:id/pay',
        '/:id/cancel',
        '/:id/confirm',
        '/:id/codes',
        '/:id/extend',
        '/:id/messages',
        '/:id/address',
        '/:id/after-sale',
      ].map((path) => `/points-mall/orders${path}`),
      ...['', '/:id'].map((path) => `/points-mall/after-sales${path}`),
      ...['', '/statement.csv'].map((path) => `/points-mall/wallet${path}`),
    ],
  ],
  [
    STAFF,
    [
      ...[
        'products',
        'products/:id',
        'products/:id/codes',
        'vouchers/:id',
        'stores',
        'products/:id/stock-movements',
        'categories',
        'categories/:id',
        'wallets/:owner_id',
        'users/:owner_id',
        'earnings',
      ],
      ...[
        'orders',
        'orders.csv',
        'orders/:id',
        'orders/:id/messages',
        'orders/:id/notes',
        'attention',
        'statistics',
        'statistics.csv',
        'after-sales',
        'after-sales/:id',
        'reconciliations',
        'reconciliations/:id',
        'reconciliations/:id/findings.csv',
        'webhook-endpoints',
        'webhook-endpoints/:id',
        'webhook-endpoints/:id/deliveries',
        'deliveries/:id',
      ],
    ].map((path) => `${STAFF_API}/${path}`),
  ],
  [
    STAFF,
    [
      '/admin',
      '/admin/*',
      ...[
        '/orders',
        '/orders/:id',
        '/orders/:id/:action',
        '/orders/:id/messages',
        '/orders/:id/notes',
        '/attention',
        '/statistics',
        '/statistics/statistics.csv',
        ...['retry', 'skip', 'refund'].map((act) => `/attention/:id/${act}`),
        '/after-sales',
        '/after-sales/:id',
        '/orders/:id/codes/:code/replace',
        '/orders/:id/assign',
        '/orders/:id/unassign',
        '/orders/:id/charge/:act',
        '/orders/selected',
        '/products/preview',
        '/orders/:id/parcels/:parcel',
        '/orders/export.csv',
        '/orders/ship-batch',
        '/orders/ship-queue',
        '/shortcuts',
        '/products/arrange',
        '/orders/packing-slips',
        '/products/:id/codes',
        '/counter',
        '/counter/:id',
        '/stores',
        '/stores/:id',
      ].map((path) => `/admin${path}`),
      ...['/products', '/products/new'].map((path) => `/admin${path}`),
      ...['', '/custom-fields', '/delete', '/skus', '/stock'].map((path) => `/admin/products/:id${path}`),
      ...['/categories', '/categories/:id', '/categories/:id/delete'].map((path) => `/admin${path}`),
      ...['/users', '/users/:owner', '/users/:owner/earnings'].map((path) => `/admin${path}`),
      ...['', '/:id', '/:id/findings.csv'].map((path) => `/admin/reconciliations${path}`),
      ...['', '/:id', '/:id/rotate', '/:id/delete'].map((path) => `/admin/webhooks${path}`),
    ],
  ],
  // An operator may read levels.
  [ADMIN, ['/admin/users/:owner/:action', '/admin/users/:owner/earnings/:id/reverse']],
]

describe('a route that reads', () => {
  test('is listed with its roles', () => {
    const named = READS.flatMap(([, paths]) => paths.map((path) => `GET ${path}`))
    expect(named.toSorted()).toEqual(routesOf(reads))
  })

  test('answers exactly those roles', async () => {
    for (const [may, paths] of READS) {
      for (const pattern of paths) {
        const path = pattern
          .replace(':action', pattern.startsWith('/admin/users') ? 'grant' : 'refund')
          .replace('/*', '/nothing')
          .replaceAll(/:(owner_id|owner)/g, 'somebody')
          .replaceAll(/:\w+/g, '9')
        for (const who of EVERYBODY) {
          const answer = await send('GET', { path }, who, 'reader')
          const isRefused = [401, 403].includes(answer.status) || isSentToSignIn(answer)
          const isOpen = may.includes(who) || pattern.includes('sign-in')
          expect([who, pattern, isRefused && !pattern.includes('sign-in')]).toEqual([who, pattern, !isOpen])
        }
      }
    }
  })
})

test("every right belongs to a role, and a partner system has no person's right", () => {
  for (const right of Object.keys(RIGHTS) as (keyof typeof RIGHTS)[]) {
    expect(RIGHTS[right].length).toBeGreaterThan(0)
    expect([right, hasRight('system', right)]).toEqual([right, right === 'report_earnings'])
  }
})
