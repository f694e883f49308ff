import { execFileSync } from 'node:child_process'
import { createCipheriv, createDecipheriv, createHash, createHmac, createSign } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Webhook } from 'standardwebhooks'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createApp } from '../../api/app.ts'
import { describeApi } from '../../api/document/document.ts'
import { EXAMPLE_API_V3_KEY } from '../../api/document/notification-examples.ts'
import { isOwnerId } from '../../application/customers/users.ts'
import { signedByOthers } from '../payments/wechat-sides.ts'
import { ACCOUNTS } from '../support/accounts.ts'
import { createApiClient } from '../support/api-client.ts'
import { typesOf } from '../support/api-types-source.ts'
import { openTestApp, type TestApp, token, until } from '../support/test-app.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
let mall: TestApp
beforeAll(async () => {
  mall = await openTestApp()
})
afterAll(async () => {
  expect(await mall.brokenLaws()).toEqual([])
  await mall.close()
})

const operations = () =>
  Object.entries(mall.contract.document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ method: method.toUpperCase(), path, operation })),
  )

describe('the document', () => {
  test('describes every operation, property and parameter, and nothing else', () => {
    expect(describeApi(createApp(mall.deps), mall.url).problems).toEqual([])
  })

  test('names each operation once', () => {
    const ids = operations().map(({ operation }) => operation.operationId)
    expect(new Set(ids).size).toBe(ids.length)
    expect(ids).not.toContain(undefined)
  })

  test('has patterns that mean the same with the flag u and without', () => {
    const samples = [
      'alice',
      '王芳',
      '😀',
      'C{p}',
      ' a',
      'a b',
      '',
      ' ',
      '\t',
      '1',
      '0',
      'PM20261122',
      '9.90',
      '/x.png',
      'a/u',
    ]
    const { patterns } = mall.contract
    expect(patterns.length).toBeGreaterThan(5)
    for (const pattern of patterns) {
      for (const sample of samples) {
        const read = (flags: string) => [pattern, sample, new RegExp(pattern, flags).test(sample)]
        expect(read('')).toEqual(read('u'))
      }
    }
  })

  test('accepts the owner ids that the mall accepts', () => {
    const operation = mall.contract.find('GET', '/api/admin/points-mall/users/alice')
    const pattern = operation?.parameters?.find(({ name }) => name === 'owner_id')?.schema?.pattern ?? ''
    const ids = [
      'alice',
      'C-1',
      'p{Cc}',
      '王 芳',
      '😀',
      '\u3000a',
      'a@b.example',
      '',
      ' ',
      '\u00a0',
      'a\nb',
      '\u0085',
      'a\u007f',
    ]
    const matches = (id: string) => new RegExp(pattern).test(id)
    expect(ids.filter(isOwnerId).length).toBeGreaterThan(5)
    expect(ids.filter((id) => isOwnerId(id) && !matches(id))).toEqual([])
    expect(['', 'a\nb', '\u0085', 'a\u007f'].filter(matches)).toEqual([])
  })
})

describe('an answer', () => {
  const read = (status: number, body: unknown, type = 'application/json') =>
    mall.contract.problemsOfAnswer('GET', '/api/admin/points-mall/users/alice', { status, type, body })

  test('outside of the document is found', () => {
    const data = { owner_id: 'alice', level: null, version: '0' }
    expect(read(200, { success: true, data })).toEqual([])
    expect(read(201, { success: true, data })).toHaveLength(1)
    expect(read(200, { success: true, data: { ...data, more: 1 } })).toHaveLength(1)
    expect(read(200, { success: true, data: { owner_id: 'alice', version: '0' } })).toHaveLength(1)
    expect(read(200, { success: true, data }, 'text/plain')).toHaveLength(1)
  })

  test('with the code of another operation is found', async () => {
    const { body } = await mall.call('GET', '/api/admin/points-mall/users/alice')
    expect(read(401, body, 'application/problem+json')).toEqual([])
    expect(
      read(401, { ...body, code: 'WEBHOOK_SIGNATURE_INVALID' }, 'application/problem+json'),
    ).toHaveLength(1)
  })
})

describe('each operation', () => {
  const CUSTOMER = { as: 'alice', role: 'customer' } as const
  const ADMIN = { as: 'root', role: 'admin' } as const
  const rolesOf = (path: string) => (path.includes('/admin/') ? ADMIN : CUSTOMER)

  async function redeemed(): Promise<string> {
    await mall.points('alice', 100)
    const body = mall.contract.find('POST', '/api/points-mall/exchange')?.requestBody?.content
    const answer = await mall.exchange(
      'alice',
      body?.['application/json']?.example as object as Record<string, unknown>,
    )
    expect(answer.status).toBe(201)
    return answer.body.data.order_no
  }
  const operate = async (orderNo: string, action: string, body = {}) =>
    expect((await mall.operate(orderNo, action, body)).status).toBe(200)
  async function shipped(): Promise<string> {
    const orderNo = await redeemed()
    await operate(orderNo, 'accept')
    await operate(orderNo, 'ship', { carrier: '顺丰', tracking_no: 'SF1' })
    return orderNo
  }
  async function unpaid(): Promise<string> {
    const product_id = await mall.product({ payment_mode: 'money_only', fen: 100 })
    const answer = await mall.exchange('alice', { product_id, payment_method: 'bank_card' })
    return answer.body.data.order_no
  }
  const admin = (path: string, body: unknown) =>
    mall.call('POST', `/api/admin/points-mall/${path}`, { ...ADMIN, body })
  let categories = 0
  const category = async () => ({
    id: (await admin('categories', { name: `c${categories++}` })).body.data.id as string,
  })
  const draft = async () => ({ id: await mall.product() })
  const owner = () => ({ owner_id: 'alice' })
  const asPath = (id: string) => ({ id })
  async function codeProduct(): Promise<string> {
    const id = await mall.product({ stock: 0 })
    await mall.db.updateTable('points_products').set({ delivery: 'codes' }).where('id', '=', id).execute()
    return id
  }
  async function usedVoucher() {
    const product_id = await mall.product()
    await mall.db
      .updateTable('points_products')
      .set({ delivery: 'voucher' })
      .where('id', '=', product_id)
      .execute()
    await mall.points('bob', 100)
    const { order_no } = (await mall.exchange('bob', { product_id })).body.data
    await mall.reach('bob', order_no, 'order_shipped')
    const { code } = (await mall.order('bob', order_no)).delivery
    const store_id = (await admin('stores', { name: '城北店' })).body.data.id
    return asPath((await admin('vouchers/redeem', { code, store_id })).body.data.id)
  }
  async function replaceable() {
    const product_id = await codeProduct()
    await admin(`products/${product_id}/codes`, { codes: [{ code: 'A-1000' }, { code: 'A-1001' }] })
    await mall.points('bob', 100)
    const { order_no } = (await mall.exchange('bob', { product_id })).body.data
    await mall.reach('bob', order_no, 'order_shipped')
    const order = await mall.call('GET', `/api/admin/points-mall/orders/${order_no}`, ADMIN)
    return { id: order_no as string, code_id: order.body.data.codes[0].id as string }
  }
  async function held() {
    const answer = await admin('wallets/alice/block', { points: 1, reason: 'r' })
    return { owner_id: 'alice', block_id: answer.body.data.block_id as string }
  }
  async function endpoint() {
    const answer = await admin('webhook-endpoints', {
      url: 'https://erp.example.com',
      events: ['order.paid'],
    })
    return asPath(answer.body.data.id)
  }
  const delivery = async () =>
    asPath((await admin(`webhook-endpoints/${(await endpoint()).id}/test`, {})).body.data.id)
  async function compared() {
    const path = '/api/admin/points-mall/reconciliations'
    expect((await admin('reconciliations', { day: '2026-01-01' })).status).toBe(202)
    const list = await until(
      () => mall.call('GET', path, ADMIN),
      ({ body }) => body.data.length > 0,
      'the reconciliation starts',
    )
    return asPath(list.body.data[0].id)
  }

  async function afterSale(state?: 'refused' | 'approved' | 'returning'): Promise<{ id: string }> {
    // Of goods that can be returned once they are received.
    await mall.points('alice', 20)
    await mall.db
      .updateTable('points_products')
      .set({ returnable: '{"days":7}' })
      .where('id', '=', '1')
      .execute()
    const orderNo = await shipped()
    const body = { type: 'return_refund', quantity: 1, reason: '破损' }
    const path = `/api/points-mall/orders/${orderNo}/after-sales`
    const { id } = (await mall.call('POST', path, { ...CUSTOMER, body })).body.data
    const act = async (who: typeof CUSTOMER | typeof ADMIN, area: string, action: string, sent: object) =>
      expect(
        (await mall.call('POST', `/api/${area}/after-sales/${id}/${action}`, { ...who, body: sent })).status,
      ).toBe(200)
    if (state === 'refused') await act(ADMIN, 'admin/points-mall', 'refuse', { reason: '不符合' })
    else if (state !== undefined) await act(ADMIN, 'admin/points-mall', 'approve', {})
    if (state === 'returning') {
      await act(CUSTOMER, 'points-mall', 'return-shipment', { carrier: '顺丰', tracking_no: 'SF1' })
    }
    return asPath(id)
  }

  /** What its example needs first: parameters of the path, and fields with identifiers that only the mall knows. */
  const NEEDS: Readonly<Record<string, () => Record<string, string> | Promise<Record<string, string>>>> = {
    getProduct: () => ({ id: '1' }),
    listProductsOfCategory: async () => ({ category_id: (await category()).id }),
    getOrder: async () => asPath(await redeemed()),
    payOrder: async () => asPath(await unpaid()),
    cancelOrder: async () => asPath(await redeemed()),
    changeOrderAddress: async () => asPath(await redeemed()),
    extendOrder: async () => asPath(await shipped()),
    confirmOrder: async () => asPath(await shipped()),
    adminAddShipment: async () => {
      const orderNo = await redeemed()
      await operate(orderNo, 'accept')
      return asPath(orderNo)
    },
    adminCorrectShipment: async () => {
      const id = await shipped()
      const [parcel] = (await mall.call('GET', `/api/admin/points-mall/orders/${id}`, ADMIN)).body.data
        .shipments
      return { id, shipment_id: parcel.id }
    },
    createAfterSale: async () => asPath(await redeemed()),
    listOrderMessages: async () => asPath(await redeemed()),
    createOrderMessage: async () => asPath(await redeemed()),
    adminListOrderMessages: async () => asPath(await redeemed()),
    adminCreateOrderMessage: async () => asPath(await redeemed()),
    adminListOrderNotes: async () => asPath(await redeemed()),
    adminAddOrderNote: async () => asPath(await redeemed()),
    adminAssignOrder: async () => asPath(await redeemed()),
    getAfterSale: () => afterSale(),
    cancelAfterSale: () => afterSale(),
    appealAfterSale: () => afterSale('refused'),
    sendAfterSaleBack: () => afterSale('approved'),
    adminGetAfterSale: () => afterSale(),
    adminApproveAfterSale: () => afterSale(),
    adminRefuseAfterSale: () => afterSale(),
    adminReceiveAfterSale: () => afterSale('returning'),
    adminRefuseAfterSaleReceipt: () => afterSale('returning'),
    adminGetProduct: draft,
    adminListStockMovements: draft,
    adminUpdateProduct: draft,
    adminDeleteProduct: draft,
    adminCopyProduct: draft,
    adminMoveProduct: async () => asPath(await mall.product()),
    adminPublishProduct: draft,
    adminUnpublishProduct: draft,
    adminImportCodes: async () => asPath(await codeProduct()),
    adminListCodes: async () => asPath(await codeProduct()),
    adminReplaceCode: replaceable,
    adminRedeemVoucher: async () => {
      await admin('stores', { name: '西湖店' })
      return {}
    },
    adminGetVoucher: usedVoucher,
    adminUndoVoucherUse: usedVoucher,
    adminUpdateStore: async () => asPath((await admin('stores', { name: '滨江店' })).body.data.id),
    adminGetCategory: category,
    adminUpdateCategory: category,
    adminDeleteCategory: category,
    adminGetWallet: owner,
    adminGrantPoints: owner,
    adminAdjustPoints: owner,
    adminAddCash: owner,
    adminFreezeWallet: () => ({ owner_id: 'frozen' }),
    adminUnfreezeWallet: () => ({ owner_id: 'frozen' }),
    adminHoldPoints: owner,
    adminReleasePoints: held,
    adminReverseEarning: async () =>
      asPath(
        (await admin('earnings', { owner_id: 'bob', source: 's', external_id: 'e', points: 1 })).body.data.id,
      ),
    adminGetUser: owner,
    adminUpdateUser: owner,
    adminGetOrder: async () => asPath(await redeemed()),
    adminAcceptOrder: async () => asPath(await redeemed()),
    adminShipOrder: async () => {
      const orderNo = await redeemed()
      await operate(orderNo, 'accept')
      return { id: orderNo }
    },
    adminFinishOrder: async () => asPath(await shipped()),
    adminCancelOrder: async () => asPath(await redeemed()),
    adminRefundOrder: async () => asPath(await redeemed()),
    adminResolveOrder: async () => asPath(await redeemed()),
    adminQueryCharge: async () => asPath(await redeemed()),
    adminAcknowledgeCharge: async () => asPath(await redeemed()),
    adminDownloadFindings: compared,
    adminGetReconciliation: compared,
    adminGetWebhookEndpoint: endpoint,
    adminUpdateWebhookEndpoint: endpoint,
    adminDeleteWebhookEndpoint: endpoint,
    adminRotateWebhookSecret: endpoint,
    adminTestWebhookEndpoint: endpoint,
    adminResendFailedWebhooks: endpoint,
    adminListWebhookDeliveries: endpoint,
    adminGetWebhookDelivery: delivery,
    adminResendWebhookDelivery: delivery,
  }
  const QUERY: Readonly<Record<string, string>> = { searchProducts: '?keyword=a' }
  /** The order needs nothing. */
  const REFUSED: Readonly<Record<string, number>> = {
    adminRetryAttention: 404,
    adminSkipAttention: 404,
    adminRefundAttention: 404,
    adminResolveOrder: 409,
    adminQueryCharge: 409,
    adminAcknowledgeCharge: 409,
    adminRedeemVoucher: 404,
  }

  test('accepts its example, and its answer matches its schema', async () => {
    expect(await mall.product({ point: 20, stock: 1000, shipping_type: 'logistics' })).toBe('1')
    await mall.points('alice', 1000)
    let sent = 0
    for (const { method, path, operation } of operations()) {
      const id = operation.operationId ?? ''
      if (path.startsWith('/api/webhooks/')) continue
      const given = (await NEEDS[id]?.()) ?? {}
      const url = path.replaceAll(/\{(\w+)\}/g, (_all, name: string) => given[name] ?? `no ${name}`)
      const example = operation.requestBody?.content['application/json']?.example as object | undefined
      const { block_id } = given
      const body = example && { ...example, ...(block_id && 'block_id' in example ? { block_id } : {}) }
      const answer = await mall.call(method, `${url}${QUERY[id] ?? ''}`, {
        ...rolesOf(path),
        ...(body && { body }),
      })
      const wanted = REFUSED[id]
      expect([id, wanted ? answer.status : answer.status < 300, JSON.stringify(answer.body)]).toEqual([
        id,
        wanted ?? true,
        JSON.stringify(answer.body),
      ])
      sent += 1
    }
    expect(sent).toBeGreaterThan(50)
  })
})

describe('the webhooks', () => {
  const event = (data: object) => ({ type: 'order.accepted', data })

  async function send(body: object): Promise<number> {
    const secret = mall.deps.ordersWebhookSecret ?? ''
    const text = JSON.stringify(body)
    const at = new Date()
    const id = `evt_${createHash('sha256').update(text).digest('hex')}`
    const response = await fetch(`${mall.url}/api/webhooks/orders`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'webhook-id': id,
        'webhook-timestamp': `${Math.floor(at.getTime() / 1000)}`,
        'webhook-signature': new Webhook(secret).sign(id, at, text),
      },
      body: text,
    })
    const problems = mall.contract.problemsOfAnswer('POST', '/api/webhooks/orders', {
      status: response.status,
      type: response.headers.get('content-type'),
      body: ((text) => text && JSON.parse(text))(await response.text()),
    })
    expect(problems).toEqual([])
    return response.status
  }

  test('have a body that the mall accepts exactly as documented', async () => {
    const told = async (body: object) => [
      mall.contract.problemsOfRequest('POST', '/api/webhooks/orders', body).length === 0,
      await send(body),
    ]
    expect(await told(event({ order_no: 'PM1' }))).toEqual([true, 200])
    expect(await told(event({ order_no: 'PM 1' }))).toEqual([false, 422])
    expect(await told({ ...event({ order_no: 'PM1' }), type: 'order.lost' })).toEqual([false, 422])
  })

  test('have an example of each order event, which the mall accepts as it stands', async () => {
    const { examples } =
      mall.contract.document.webhooks.orderEvent?.post?.requestBody?.content?.['application/json'] ?? {}
    const values = Object.entries((examples ?? {}) as Record<string, { value: object }>)
    expect(values.map(([type]) => type)).toEqual(
      ['created', 'paid', 'accepted', 'shipped', 'finished', 'canceled'].map((kind) => `order.${kind}`),
    )
    for (const [type, { value }] of values) {
      expect(mall.contract.problemsOfRequest('POST', '/api/webhooks/orders', value), type).toEqual([])
      expect([type, await send(value)]).toEqual([type, 200])
    }
  })

  describe('of a payment provider', () => {
    const examplesOf = (name: string, type: string) =>
      Object.entries(
        (mall.contract.document.webhooks[name]?.post?.requestBody?.content?.[type]?.examples ?? {}) as Record<
          string,
          { value: Record<string, string> }
        >,
      ).map(([title, { value }]) => ({ title, value }))
    const post = async (provider: string, headers: Record<string, string>, body: string) => {
      const answer = await fetch(`${mall.url}/api/webhooks/payments/${provider}`, {
        method: 'POST',
        headers,
        body,
      })
      return [answer.status, await answer.text()] as const
    }
    /** The genuine body first, then with each of some bytes changed. */
    const statuses = async (provider: string, headers: Record<string, string>, body: string) => {
      const changed = [0, 0.3, 0.6, 0.9].map((part) => {
        const at = Math.floor(part * body.length)
        return `${body.slice(0, at)}${body[at] === 'a' ? 'b' : 'a'}${body.slice(at + 1)}`
      })
      const all = []
      for (const one of [body, ...changed]) all.push((await post(provider, headers, one))[0])
      return all
    }
    const ONLY_GENUINE = [200, 401, 401, 401, 401]

    test('Alipay: its examples are accepted as they stand, signed for this shop', async () => {
      const examples = examplesOf('alipayNotification', 'application/x-www-form-urlencoded')
      expect(examples).toHaveLength(2)
      for (const { title, value } of examples) {
        const text = Object.keys(value)
          .filter((name) => name !== 'sign' && name !== 'sign_type')
          .sort()
          .map((name) => `${name}=${value[name]}`)
          .join('&')
        const sign = createSign('RSA-SHA256').update(text).sign(ACCOUNTS.alipay.providerKey, 'base64')
        const body = new URLSearchParams({ ...value, sign }).toString()
        const headers = { 'content-type': 'application/x-www-form-urlencoded' }
        expect([title, ...(await statuses('alipay', headers, body))]).toEqual([title, ...ONLY_GENUINE])
        const unsigned = new URLSearchParams(value).toString()
        expect((await post('alipay', headers, unsigned))[0]).toBe(401)
      }
    })

    test('WeChat Pay: its examples are accepted, encrypted and signed for this shop', async () => {
      const examples = examplesOf('wechatNotification', 'application/json')
      expect(examples).toHaveLength(2)
      for (const { title, value } of examples) {
        expect(mall.contract.problemsOfRequest('POST', '/api/webhooks/payments/wechat', value)).toEqual([])
        const sent = value.resource as unknown as Record<string, string>
        const { ciphertext = '', nonce = '', associated_data = '' } = sent
        const sealed = Buffer.from(ciphertext, 'base64')
        const opened = createDecipheriv('aes-256-gcm', EXAMPLE_API_V3_KEY, nonce)
        opened.setAAD(Buffer.from(associated_data)).setAuthTag(sealed.subarray(-16))
        const plain = Buffer.concat([opened.update(sealed.subarray(0, -16)), opened.final()])
        const cipher = createCipheriv('aes-256-gcm', ACCOUNTS.wechat.apiV3Key, nonce)
        cipher.setAAD(Buffer.from(associated_data))
        const parts = [cipher.update(plain), cipher.final(), cipher.getAuthTag()]
        const resource = { ...sent, ciphertext: Buffer.concat(parts).toString('base64') }
        const body = JSON.stringify({ ...value, resource })
        const headers = { 'content-type': 'application/json', ...signedByOthers(body) }
        expect([title, ...(await statuses('wechat', headers, body))]).toEqual([title, ...ONLY_GENUINE])
      }
    })

    test('Stripe: its examples are accepted as they stand, signed for this shop', async () => {
      const examples = examplesOf('stripeEvent', 'application/json')
      expect(examples).toHaveLength(2)
      for (const { title, value } of examples) {
        expect(mall.contract.problemsOfRequest('POST', '/api/webhooks/payments/stripe', value)).toEqual([])
        const body = JSON.stringify(value)
        const at = Math.floor(Date.now() / 1000)
        const v1 = createHmac('sha256', ACCOUNTS.stripe.webhookSecret).update(`${at}.${body}`).digest('hex')
        const headers = { 'content-type': 'application/json', 'stripe-signature': `t=${at},v1=${v1}` }
        expect([title, ...(await statuses('stripe', headers, body))]).toEqual([title, ...ONLY_GENUINE])
      }
    })

    test('every example is kept as what it says', async () => {
      const rows = await mall.db
        .selectFrom('webhook_inbox')
        .select(['source', 'kind'])
        .where('event', '@>', JSON.stringify({ outTradeNo: 'PM20260301120000ABCDEFGHJKMN-1' }) as never)
        .execute()
      expect(rows.map(({ source, kind }) => `${source} ${kind}`).toSorted()).toEqual(
        ['alipay', 'stripe', 'wechat'].flatMap((name) => [`${name} paid`, `${name} refunded`]),
      )
    })
  })

  test('give an order the address and the notes that they describe', () => {
    const schemas = mall.contract.document.components?.schemas as Record<string, { properties?: object }>
    expect(Object.keys(schemas.OrderAddress?.properties ?? {})).toContain('detail')
    expect(Object.keys(schemas.CustomerNotes?.properties ?? {})).toEqual([
      'buyer_remarks',
      'buyer_message',
      'customized',
      'custom',
    ])
  })

  test('are in the section of webhooks, each at the route that receives it', () => {
    const { webhooks, paths } = mall.contract.document
    expect(Object.keys(webhooks)).toEqual([
      'orderEvent',
      'alipayNotification',
      'wechatNotification',
      'stripeEvent',
    ])
    const types = Object.keys(paths['/api/webhooks/payments/{provider}']?.post?.requestBody?.content ?? {})
    expect(types.toSorted()).toEqual(['application/json', 'application/x-www-form-urlencoded'])
  })
})

describe('the typed client', () => {
  test('is made from the document as it is; otherwise run npm run openapi:types', () => {
    const file = join(ROOT, 'tests/support/api-types.ts')
    const biome = join(ROOT, 'node_modules/.bin/biome')
    const made = execFileSync(biome, ['format', `--stdin-file-path=${file}`], {
      cwd: ROOT,
      input: typesOf(mall.contract.document),
      encoding: 'utf8',
    })
    expect(readFileSync(file, 'utf8')).toBe(made)
  })

  test('redeems, reads and cancels', async () => {
    const call = createApiClient(mall.url, await token('client', 'customer', 1))
    const product_id = await mall.product({ title: '搪瓷杯', point: 30 })
    await mall.points('client', 100)
    const found = await call('searchProducts', { query: { keyword: '搪瓷杯', per_page: 1 } })
    if (found.status !== 200) throw new Error(found.body.detail)
    expect(found.body.data.map(({ id, points_price }) => [id, points_price])).toEqual([[product_id, 30]])
    const placed = await call('createExchange', { body: { product_id, quantity: 2 } })
    if (placed.status !== 201) throw new Error(`${placed.status}`)
    const { order_no, total_points } = placed.body.data
    expect(total_points).toBe(60)
    const canceled = await call('cancelOrder', { path: { id: order_no }, body: { reason: 'r' } })
    expect(canceled.status).toBe(200)
    const wallet = await call('getWallet', {})
    expect(wallet.status === 200 && wallet.body.data.available).toBe(100)
  })

  test('gets refusals by their codes, and takes no body that the document does not have', async () => {
    const call = createApiClient(mall.url, await token('client', 'customer', 1))
    const refused = await call('createExchange', { body: { product_id: '999999', quantity: 1 } })
    expect(refused.status === 404 && refused.body.code).toBe('NOT_FOUND')
    // @ts-expect-error A quantity is a number.
    const wrong = await call('createExchange', { body: { product_id: '1', quantity: 'one' } })
    expect(wrong.status === 422 && wrong.body.errors.map(({ code }) => code)).toEqual(['type'])
  })
})
