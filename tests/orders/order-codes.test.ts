import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { createActivities } from '../../activities/index.ts'
import { createEngine } from '../../application/reconciliation/reconciliation.ts'
import { attentionOf } from '../../domain/orders/attention.ts'
import { openTestApp, type TestApp } from '../support/test-app.ts'

let mall: TestApp
let customers = 0
beforeAll(async () => {
  mall = await openTestApp()
})
afterAll(() => mall.close())
afterEach(async () => {
  expect(await mall.brokenLaws()).toEqual([])
})

async function redeemed() {
  customers += 1
  const owner = `coded${customers}`
  await mall.points(owner, 500)
  const product_id = await mall.product({ stock: 5, point: 100 })
  const { body } = await mall.exchange(owner, { product_id })
  return { owner, orderNo: body.data.order_no as string }
}

const lastOf = async (owner: string, orderNo: string, lang: string) =>
  (
    await mall.call('GET', `/api/points-mall/orders/${orderNo}`, {
      as: owner,
      headers: { 'accept-language': lang },
    })
  ).body.data.timeline.at(-1)

test("a person's text is never read as a code of the mall", async () => {
  for (const words of [
    'payment declined',
    'refunded',
    'refund in part: all',
    'payment_timeout',
    'auto_confirm',
  ]) {
    const { owner, orderNo } = await redeemed()
    await mall.act(owner, orderNo, 'cancel', { reason: words })
    for (const lang of ['zh', 'en']) {
      expect(await lastOf(owner, orderNo, lang)).toMatchObject({
        status: 'order_canceled',
        note: words,
        code: 'canceled_with_words',
        data: { words },
      })
    }
  }
})

test('a note of the mall is a code with a text in the language of the request', async () => {
  const { owner, orderNo } = await redeemed()
  await mall.act(owner, orderNo, 'cancel')
  const said = { code: 'canceled', data: { cause: 'canceled_by_customer' } }
  expect(await lastOf(owner, orderNo, 'zh')).toMatchObject({ ...said, note: '买家取消订单' })
  expect(await lastOf(owner, orderNo, 'en')).toMatchObject({
    ...said,
    note: 'Order canceled by the customer',
  })
})

test('a task written by the previous version flags the order as one of this version does', async () => {
  const { db, vault, sealer, settings, providers, expiryGraceMs, outsideWallet } = mall.deps
  const { flagOrder } = createActivities({
    db,
    vault,
    sealer,
    rules: settings.rules,
    expiryGraceMs,
    autoCreateLogistics: true,
    outsideWallet,
    orderService: undefined,
    providers,
    engine: createEngine(mall.deps),
    returnUrl: () => '',
  })
  const { owner, orderNo } = await redeemed()
  const shown = async (as: string, role: 'customer' | 'operator') => {
    const path = role === 'customer' ? '/api/points-mall/orders' : '/api/admin/points-mall/orders'
    const { body } = await mall.call('GET', `${path}/${orderNo}`, { as, role })
    return { needs_attention: body.data.needs_attention, attention: body.data.attention }
  }
  const typed = { code: 'late_money', data: { said: 'read: ECONNRESET' } } as const
  for (const given of ['late money: read: ECONNRESET', typed]) {
    await flagOrder(orderNo, given)
    expect(await shown('op', 'operator')).toEqual({
      needs_attention: '处理迟到款项失败：read: ECONNRESET',
      attention: typed,
    })
    expect(await shown(owner, 'customer')).toEqual({ needs_attention: 'support', attention: undefined })
    await flagOrder(orderNo, null)
    expect(await shown('op', 'operator')).toEqual({ needs_attention: null, attention: undefined })
  }
  expect(attentionOf('nobody knows')).toEqual({ code: 'other', data: { said: 'nobody knows' } })
})
