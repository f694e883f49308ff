import { createCipheriv } from 'node:crypto'

/** Notifications as each provider sends them, for a payment and its refund. Tests send them to the mall, signed anew. */

/** The merchant's APIv3 key under which the resources of the WeChat Pay examples are encrypted. */
export const EXAMPLE_API_V3_KEY = '0123456789abcdef0123456789abcdef'

const PAYMENT = 'PM20260301120000ABCDEFGHJKMN-1'
const REFUND = 'PM20260301120000ABCDEFGHJKMN-1-R1'

const alipayPaid = {
  notify_id: '2026030100222120005000000000000001',
  notify_time: '2026-03-01 12:00:06',
  notify_type: 'trade_status_sync',
  app_id: '2021000000000001',
  auth_app_id: '2021000000000001',
  seller_id: '2088000000000001',
  charset: 'utf-8',
  version: '1.0',
  sign_type: 'RSA2',
  sign: 'c2lnbmF0dXJlIG9mIHRoZSBvdGhlciBmaWVsZHM=',
  trade_no: '2026030122001400000000000001',
  out_trade_no: PAYMENT,
  trade_status: 'TRADE_SUCCESS',
  total_amount: '9.90',
  subject: '搪瓷杯',
  gmt_create: '2026-03-01 12:00:00',
  gmt_payment: '2026-03-01 12:00:05',
}
const alipayRefunded = {
  ...alipayPaid,
  notify_id: '2026030100222120005000000000000002',
  notify_time: '2026-03-01 13:00:01',
  out_biz_no: REFUND,
  refund_fee: '9.90',
  gmt_refund: '2026-03-01 13:00:00',
  trade_status: 'TRADE_CLOSED',
}

const wechatEnvelope = (
  name: 'transaction' | 'refund',
  event_type: string,
  summary: string,
  resource: object,
) => {
  const nonce = 'fdasflkja484'
  const cipher = createCipheriv('aes-256-gcm', EXAMPLE_API_V3_KEY, nonce)
  cipher.setAAD(Buffer.from(name))
  const sealed = [cipher.update(JSON.stringify(resource)), cipher.final(), cipher.getAuthTag()]
  return {
    id: `EV-2026030112000${name.length}`,
    create_time: '2026-03-01T12:00:06+08:00',
    event_type,
    resource_type: 'encrypt-resource',
    summary,
    resource: {
      algorithm: 'AEAD_AES_256_GCM',
      original_type: name,
      ciphertext: Buffer.concat(sealed).toString('base64'),
      associated_data: name,
      nonce,
    },
  }
}

const wechatTrade = {
  mchid: '1900000001',
  out_trade_no: PAYMENT,
  transaction_id: '4200000000202603010000000001',
}
const wechatPaid = {
  ...wechatTrade,
  appid: 'wx0000000000000001',
  trade_type: 'NATIVE',
  trade_state: 'SUCCESS',
  trade_state_desc: '支付成功',
  success_time: '2026-03-01T12:00:05+08:00',
  amount: { total: 990, payer_total: 990, currency: 'CNY', payer_currency: 'CNY' },
}
const wechatRefunded = {
  ...wechatTrade,
  out_refund_no: REFUND,
  refund_id: '50000000002026030100000000001',
  refund_status: 'SUCCESS',
  success_time: '2026-03-01T13:00:00+08:00',
  amount: { total: 990, refund: 990, payer_total: 990, payer_refund: 990 },
}

const stripeEvent = (id: string, type: string, created: number, object: object) => ({
  id,
  object: 'event',
  api_version: '2026-01-28.clover',
  created,
  livemode: true,
  pending_webhooks: 1,
  type,
  data: { object },
})
const stripePaid = {
  id: 'cs_live_a1',
  object: 'checkout.session',
  client_reference_id: PAYMENT,
  payment_status: 'paid',
  status: 'complete',
  amount_total: 990,
  currency: 'cny',
  payment_intent: 'pi_1',
}
const stripeRefunded = {
  id: 're_1',
  object: 'refund',
  amount: 990,
  currency: 'cny',
  status: 'succeeded',
  payment_intent: 'pi_1',
  metadata: { refund_no: REFUND, out_trade_no: PAYMENT },
}

export const ALIPAY_EXAMPLES = {
  'alipay payment': { summary: 'A payment', value: alipayPaid },
  'alipay refund': { summary: 'A refund', value: alipayRefunded },
}
const WECHAT_KEY = `; the resource is encrypted with the APIv3 key ${EXAMPLE_API_V3_KEY}`
export const WECHAT_EXAMPLES = {
  'wechat payment': {
    summary: `A payment${WECHAT_KEY}`,
    value: wechatEnvelope('transaction', 'TRANSACTION.SUCCESS', '支付成功', wechatPaid),
  },
  'wechat refund': {
    summary: `A refund${WECHAT_KEY}`,
    value: wechatEnvelope('refund', 'REFUND.SUCCESS', '退款成功', wechatRefunded),
  },
}
export const STRIPE_EXAMPLES = {
  'stripe payment': {
    summary: 'A payment',
    value: stripeEvent('evt_1', 'checkout.session.completed', 1772337605, stripePaid),
  },
  'stripe refund': {
    summary: 'A refund',
    value: stripeEvent('evt_2', 'refund.updated', 1772341200, stripeRefunded),
  },
}
