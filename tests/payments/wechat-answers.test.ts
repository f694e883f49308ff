import { describe, expect, onTestFinished, test } from 'vitest'
import { type PaymentAttempt, ProviderRefusalError } from '../../payments/port.ts'
import { createWechat } from '../../payments/wechat/provider.ts'
import { newKey } from '../support/accounts.ts'
import { accountAt, MERCHANT, type Said, signedByOthers, startAnswering } from './wechat-sides.ts'

const MALL = 'http://127.0.0.1:1'
const ATTEMPT: PaymentAttempt & { readonly providerRef: string } = {
  outTradeNo: 'PM-000-1',
  providerRef: 'PM-000-1',
  amountFen: 990n,
  subject: '保温杯',
  expiresAt: new Date(Date.now() + 1_800_000),
  returnUrl: 'http://127.0.0.1:3000/',
  client: 'h5',
}
const REFUND = { ...ATTEMPT, refundNo: 'PM-000-1-R1', amountFen: 300n, reason: '客户取消' }

/** The adapter on a WeChat Pay that gives these answers. */
async function saying(answer: (method: string, path: string) => Said) {
  const stub = await startAnswering(answer)
  onTestFinished(stub.stop)
  return createWechat(accountAt(stub.url, MALL))
}

test.each<[string, (body: string) => Record<string, string>]>([
  ['unsigned', () => ({})],
  ['signed by another key', (body) => signedByOthers(body, { key: newKey() })],
  ['signed under an unknown serial', (body) => signedByOthers(body, { serial: 'PUB_KEY_ID_9' })],
  ['signed for another body', () => signedByOthers('{}')],
  ['old', (body) => signedByOthers(body, { at: new Date(Date.now() - 310_000) })],
])('an answer that is %s decides nothing, whatever it says', async (_name, headers) => {
  const closed: Said[] = [
    { status: 204, headers: headers('') },
    { status: 400, body: { code: 'PARAM_ERROR', message: 'no' } },
    { status: 404, body: { code: 'ORDER_NOT_EXIST', message: 'no' } },
    { status: 200, body: { prepay_id: 'wx1', h5_url: 'http://127.0.0.1/pay/1' } },
  ]
  for (const said of closed) {
    const text = said.body === undefined ? '' : JSON.stringify(said.body)
    const stub = await startAnswering(() => ({ ...said, headers: headers(text) }))
    onTestFinished(stub.stop)
    const asked = createWechat(accountAt(stub.url, MALL)).create(ATTEMPT)
    await expect(asked).rejects.toMatchObject({ name: 'WechatError' })
  }
})

describe('answers that the sandbox never gives', () => {
  const order = (trade_state: string, more: object = {}) => ({
    status: 200,
    body: { appid: MERCHANT.appId, mchid: MERCHANT.mchId, out_trade_no: 'PM-000-1', trade_state, ...more },
  })
  const amount = { total: 990, currency: 'CNY' }

  test.each([
    ['SUCCESS', 'paid'],
    ['USERPAYING', 'unpaid'],
    ['PAYERROR', 'unpaid'],
    ['REVOKED', 'closed'],
  ])('an order that is %s is %s', async (tradeState, state) => {
    const wechat = await saying(() => order(tradeState, { amount }))
    expect(await wechat.query(ATTEMPT)).toEqual({ state, amountFen: 990n })
  })

  test('a partly refunded order was paid, and has nothing to be settled', async () => {
    const wechat = await saying(() => order('REFUND', { amount }))
    expect(await wechat.query(ATTEMPT)).toEqual({ state: 'paid', amountFen: 990n, refundedFen: 990n })
    expect(await wechat.close(ATTEMPT)).toBe('paid')
  })

  test('an order of unknown state, another merchant or number, in dollars or fractions is rejected', async () => {
    const answers = [
      order('MELTED'),
      order('SUCCESS', { mchid: '1' }),
      order('SUCCESS', { appid: 'wx1' }),
      order('SUCCESS', { out_trade_no: 'PM-000-2' }),
      order('SUCCESS', { amount: { total: 990, currency: 'USD' } }),
      order('SUCCESS', { amount: { total: 9.9 } }),
    ]
    for (const answer of answers) {
      const wechat = await saying(() => answer)
      await expect(wechat.query(ATTEMPT)).rejects.toThrow()
      await expect(wechat.close(ATTEMPT)).rejects.toThrow()
    }
  })

  test('an order does not exist, in the older spelling', async () => {
    const wechat = await saying(() => ({ status: 404, body: { code: 'ORDERNOTEXIST', message: '' } }))
    expect(await wechat.query(ATTEMPT)).toEqual({ state: 'unknown' })
  })

  test('an order that cannot be closed while somebody pays stays open', async () => {
    const wechat = await saying((method) =>
      method === 'GET' ? order('USERPAYING') : { status: 400, body: { code: 'USERPAYING', message: '' } },
    )
    await expect(wechat.close(ATTEMPT)).rejects.toThrow('still unpaid')
  })

  test.each([
    ['SIGN_ERROR', 401, false],
    ['FREQUENCY_LIMITED', 429, false],
    ['FREQUENCY_LIMITED', 403, false],
    ['SYSTEM_ERROR', 500, false],
    ['RULE_LIMIT', 403, false],
    ['BANK_ERROR', 400, false],
    ['NO_AUTH', 403, true],
    ['PARAM_ERROR', 400, true],
    ['APPID_MCHID_NOT_MATCH', 400, true],
  ])('%s (%i) to create is final: %s', async (code, status, final) => {
    const wechat = await saying((method) =>
      method === 'POST'
        ? { status, body: { code, message: '' } }
        : { status: 404, body: { code: 'ORDER_NOT_EXIST' } },
    )
    const failed = await wechat.create(ATTEMPT).catch((error: unknown) => error)
    expect(failed instanceof ProviderRefusalError && failed.code).toBe(final && code)
  })

  test.each([
    ['NOT_ENOUGH', 403, false],
    ['FREQUENCY_LIMITED', 429, false],
    ['SYSTEM_ERROR', 500, false],
    ['USER_ACCOUNT_ABNORMAL', 403, true],
    ['RESOURCE_NOT_EXISTS', 404, true],
    ['NO_AUTH', 403, true],
    ['INVALID_REQUEST', 400, true],
  ])('%s (%i) to a refund is final: %s', async (code, status, final) => {
    const wechat = await saying((method, path) => {
      if (method === 'POST') return { status, body: { code, message: '' } }
      if (path.includes('/refunds/')) return { status: 404, body: { code: 'RESOURCE_NOT_EXISTS' } }
      return order('SUCCESS', { amount, transaction_id: '4200' })
    })
    const failed = await wechat.refund(REFUND).catch((error: unknown) => error)
    expect(failed).toBeInstanceOf(Error)
    expect(failed instanceof ProviderRefusalError && failed.code).toBe(final && code)
  })

  test('errors contain no secret', async () => {
    const wechat = await saying(() => ({ status: 401, body: { code: 'SIGN_ERROR', message: '' } }))
    const failed = (await wechat.create(ATTEMPT).catch((error: unknown) => error)) as Error
    expect(`${failed.stack}`).not.toMatch(/PRIVATE|signature=|the tests know this key/)
  })
})
