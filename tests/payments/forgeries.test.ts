import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { realsOf, type Shown } from '../chaos/prove-forgeries.ts'
import { ACCOUNTS } from '../support/accounts.ts'
import { openTestApp, type TestApp, until } from '../support/test-app.ts'
import { PROVIDERS } from './forgeries.ts'
import { allWays, sendForgeries, type Target } from './forgery-run.ts'

const METHODS = { alipay: 'alipay', wechat: 'wechat', stripe: 'bank_card' } as const

let mall: TestApp
let target: Target

beforeAll(async () => {
  mall = await openTestApp()
  await mall.points('ann', 10_000)
  const product = await mall.product({ payment_mode: 'mixed' })
  for (const provider of [...PROVIDERS, ...PROVIDERS]) {
    const answer = await mall.exchange('ann', { product_id: product, payment_method: METHODS[provider] })
    expect(answer.status).toBe(201)
    await mall.cashier(answer.body.data.payment_info.pay_url, 'pay')
    await mall.reach('ann', answer.body.data.order_no, 'order_paid')
  }
  const sends = (await mall.control('notifications')).body as Shown[]
  target = {
    url: mall.url,
    keys: {
      alipay: ACCOUNTS.alipay.providerKey,
      wechat: ACCOUNTS.wechat.providerKey,
      apiV3Key: ACCOUNTS.wechat.apiV3Key,
      stripe: ACCOUNTS.stripe.webhookSecret,
    },
    reals: {
      alipay: realsOf('alipay', sends),
      wechat: realsOf('wechat', sends),
      stripe: realsOf('stripe', sends),
    },
    countKept: async () =>
      Number(
        (
          await mall.db
            .selectFrom('webhook_inbox')
            .select((eb) => eb.fn.countAll().as('count'))
            .executeTakeFirstOrThrow()
        ).count,
      ),
  }
})
afterAll(() => mall.close())

describe('a forged notification', () => {
  it('is never accepted and breaks nothing: 500 of each provider', async () => {
    const run = await sendForgeries(target, { each: 500, seed: 20_261_123 })
    expect(run.wrong).toEqual([])
    expect(run.sent).toEqual({ alipay: 500, wechat: 500, stripe: 500 })
    expect(Object.keys(run.ways).sort()).toEqual(allWays().sort())
    // The API and the worker still work.
    const product = await mall.product({ payment_mode: 'mixed' })
    const answer = await mall.exchange('ann', { product_id: product, payment_method: 'wechat' })
    await mall.cashier(answer.body.data.payment_info.pay_url, 'pay')
    await mall.reach('ann', answer.body.data.order_no, 'order_paid')
    expect(await mall.brokenLaws()).toEqual([])
  })

  it.each(PROVIDERS)('of %s differs from a repeated genuine one, which is accepted', async (provider) => {
    const before = await target.countKept()
    for (const { headers, body } of target.reals[provider]) {
      const answer = await until(
        () =>
          fetch(`${mall.url}/api/webhooks/payments/${provider}`, {
            method: 'POST',
            headers,
            body: new Uint8Array(body),
          }),
        ({ status }) => status === 200,
        'a real one is taken',
      )
      expect(await answer.text()).toBe(provider === 'alipay' ? 'success' : '')
    }
    expect(await target.countKept()).toBe(before)
  })
})
