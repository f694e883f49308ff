import { randomBytes } from 'node:crypto'
import { z } from 'zod'
import {
  NotKnownYetError,
  type OpenedPayment,
  type PaymentAttempt,
  type PaymentRef,
  ProviderRefusalError,
} from '../port.ts'
import { callWechat, type WechatAccount } from './api.ts'
import { signLines } from './signature.ts'
import { cutToBytes } from './text.ts'
import { findTransaction, stateOf } from './transaction.ts'

const OUT_TRADE_NO = /^[0-9A-Za-z_\-|*]{6,32}$/
const DESCRIPTION_BYTES = 127
/** Orders are payable for at least a minute, whatever their `time_expire`; the rest is for clock differences. */
const GRACE_MS = 5 * 60_000
/** A placeholder where the customer's address is unknown; WeChat may refuse the cashier for it. */
const NO_ADDRESS = '127.0.0.1'

const prepaid = z.object({ prepay_id: z.string().min(1) })
const linked = z.object({ h5_url: z.url() })
const coded = z.object({ code_url: z.string().min(1) })

/**
 * JSAPI inside WeChat, H5 in a mobile browser, Native on a desktop.
 * @throws ProviderRefusalError `openid_required` inside WeChat, where H5 does not open
 */
export async function openOrder(account: WechatAccount, attempt: PaymentAttempt): Promise<OpenedPayment> {
  const { outTradeNo, client, openid } = attempt
  if (!OUT_TRADE_NO.test(outTradeNo)) {
    throw new ProviderRefusalError(
      'out_trade_no_unfit',
      `${outTradeNo} is not a valid order number for WeChat Pay`,
    )
  }
  if (client === 'in_app' && openid === undefined) {
    throw new ProviderRefusalError('openid_required', `${outTradeNo}: the openid of the payer is unknown`)
  }
  try {
    return { providerRef: outTradeNo, ...(await openAtWechat(account, attempt)) }
  } catch (error) {
    if (!(error instanceof ProviderRefusalError)) throw error
    // Paid, closed, or opened with another product (OUT_TRADE_NO_USED): it exists, without a cashier to show.
    const found = await findTransaction(account, attempt)
    if (!found || (found.amount && found.amount.total !== attempt.amountFen)) throw error
    return { providerRef: outTradeNo, payUrl: null }
  }
}

async function openAtWechat(
  account: WechatAccount,
  attempt: PaymentAttempt,
): Promise<Omit<OpenedPayment, 'providerRef'>> {
  const post = (product: string, more: object) =>
    callWechat(account, {
      method: 'POST',
      path: `/v3/pay/transactions/${product}`,
      body: { ...orderOf(account, attempt), ...more },
    })
  switch (attempt.client) {
    case 'in_app': {
      const answer = prepaid.parse(await post('jsapi', { payer: { openid: attempt.openid } }))
      return { payUrl: null, jsapi: bridgeParameters(account, answer.prepay_id) }
    }
    case 'h5': {
      const scene_info = { payer_client_ip: attempt.clientIp ?? NO_ADDRESS, h5_info: { type: 'Wap' } }
      const { h5_url } = linked.parse(await post('h5', { scene_info }))
      const back = `redirect_url=${encodeURIComponent(attempt.returnUrl)}`
      return { payUrl: `${h5_url}${h5_url.includes('?') ? '&' : '?'}${back}` }
    }
    case 'desktop':
      return { payUrl: coded.parse(await post('native', {})).code_url }
  }
}

/** Depends only on the attempt: a repeat with other fields is refused. */
function orderOf(account: WechatAccount, attempt: PaymentAttempt) {
  return {
    appid: account.appId,
    mchid: account.mchId,
    description: cutToBytes(attempt.subject, DESCRIPTION_BYTES),
    out_trade_no: attempt.outTradeNo,
    time_expire: inShanghai(attempt.expiresAt),
    notify_url: account.notifyUrl,
    // A JSON integer: order amounts stay far below 2^53.
    amount: { total: Number(attempt.amountFen), currency: 'CNY' },
  }
}

/** RFC 3339 rounded up to the second: the provider must not close before the mall. */
function inShanghai(time: Date): string {
  const seconds = Math.ceil(time.getTime() / 1000)
  return `${new Date((seconds + 8 * 3_600) * 1000).toISOString().slice(0, 19)}+08:00`
}

function bridgeParameters(account: WechatAccount, prepayId: string): Record<string, string> {
  const timeStamp = Math.floor(Date.now() / 1000).toString()
  const nonceStr = randomBytes(16).toString('hex')
  const prepay = `prepay_id=${prepayId}`
  return {
    appId: account.appId,
    timeStamp,
    nonceStr,
    package: prepay,
    signType: 'RSA',
    paySign: signLines([account.appId, timeStamp, nonceStr, prepay], account.privateKey),
  }
}

/** The answer is not trusted: the order is queried again. @throws NotKnownYetError */
export async function closeOrder(account: WechatAccount, payment: PaymentRef): Promise<'closed' | 'paid'> {
  const before = stateOf(await findTransaction(account, payment))
  if (before === 'paid' || before === 'closed') return before
  if (before === 'unknown') return closedOnceDead(payment)
  const path = `/v3/pay/transactions/out-trade-no/${encodeURIComponent(payment.outTradeNo)}/close`
  try {
    await callWechat(account, { method: 'POST', path, body: { mchid: account.mchId } })
  } catch {
    // ORDERPAID, ORDER_CLOSED and a lost answer look alike, so the order is queried.
  }
  const after = stateOf(await findTransaction(account, payment))
  if (after === 'paid' || after === 'closed') return after
  throw new Error(`${payment.outTradeNo} is still ${after} at WeChat Pay`)
}

function closedOnceDead({ outTradeNo, expiresAt }: PaymentRef): 'closed' {
  const deadAt = new Date(expiresAt.getTime() + GRACE_MS)
  if (Date.now() < deadAt.getTime()) throw new NotKnownYetError(outTradeNo, deadAt)
  return 'closed'
}
