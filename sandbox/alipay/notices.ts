import { randomInt } from 'node:crypto'
import { decimalFromFen } from '../../domain/money.ts'
import type { Refund, Trade } from '../books.ts'
import type { Notice } from '../notify.ts'
import { encodeGbk } from './gbk.ts'
import type { AlipayMerchant } from './merchant.ts'
import { doneOf, requestNoOf } from './refunds.ts'
import { signedText, signRsa2 } from './signature.ts'
import { shanghaiText } from './time.ts'
import { METHOD } from './trades.ts'

/** Another shop. */
const ANOTHER = { appId: '2021000000000099', sellerId: '2088000000000099' }

type Who = Pick<AlipayMerchant, 'appId' | 'sellerId'>

/** Alipay sends nothing for a declined payment: the trade stays open. */
export function tradeNotices(
  merchant: Who,
  trade: Trade,
  happened: 'paid' | 'declined' | 'closed',
  asAnotherMerchant: boolean,
): Notice[] {
  const who = asAnotherMerchant ? ANOTHER : merchant
  const now = shanghaiText(new Date())
  switch (happened) {
    case 'paid': {
      const amount = decimalFromFen(trade.amountFen)
      return [
        notice(who, trade, 'TRADE_SUCCESS', {
          gmt_payment: now,
          buyer_pay_amount: amount,
          receipt_amount: amount,
          invoice_amount: amount,
          point_amount: '0.00',
          fund_bill_list: `[{"amount":"${amount}","fundChannel":"ALIPAYACCOUNT"}]`,
        }),
      ]
    }
    case 'closed':
      return [notice(who, trade, 'TRADE_CLOSED', { gmt_close: now, refund_fee: '0.00' })]
    case 'declined':
      return []
  }
}

/** Refunds are reported under their trade's status, with the total refunded so far. Failed ones are not. */
export function refundNotices(merchant: Who, trade: Trade, refund: Refund, all: readonly Refund[]): Notice[] {
  if (refund.state !== 'done') return []
  const back = doneOf(all)
  const now = shanghaiText(new Date())
  const whole = back === trade.amountFen
  return [
    notice(merchant, trade, whole ? 'TRADE_CLOSED' : 'TRADE_SUCCESS', {
      ...(trade.paidAt && { gmt_payment: shanghaiText(trade.paidAt) }),
      gmt_refund: `${now}.000`,
      ...(whole && { gmt_close: now }),
      refund_fee: decimalFromFen(back),
      out_biz_no: requestNoOf(refund),
    }),
  ]
}

function notice(who: Who, trade: Trade, status: string, more: Readonly<Record<string, string>>): Notice {
  const now = new Date()
  const day = shanghaiText(now).slice(0, 10).replaceAll('-', '')
  const eventId = `${day}00222${Array.from({ length: 21 }, () => randomInt(10)).join('')}`
  const body = new URLSearchParams({
    gmt_create: shanghaiText(trade.createdAt),
    charset: 'utf-8',
    subject: trade.subject,
    buyer_id: '2088000000000009',
    buyer_logon_id: 'sha***@sandbox.com',
    notify_id: eventId,
    notify_type: 'trade_status_sync',
    notify_time: shanghaiText(now),
    version: '1.0',
    app_id: who.appId,
    auth_app_id: who.appId,
    seller_id: who.sellerId,
    out_trade_no: trade.outTradeNo,
    trade_no: trade.paymentRef,
    trade_status: status,
    total_amount: decimalFromFen(trade.amountFen),
    ...more,
  })
  return { method: METHOD, outTradeNo: trade.outTradeNo, eventId, body: body.toString() }
}

/** `sign_type` is not signed; `wrongly` signs another text. @param inGbk in GBK, and the charset says so */
export function sealNotice(body: string, privateKey: string, wrongly: boolean, inGbk: boolean): string {
  const fields = new URLSearchParams(body)
  if (inGbk) fields.set('charset', 'GBK')
  const text = `${signedText(new Map(fields))}${wrongly ? '&' : ''}`
  const signature = signRsa2(inGbk ? encodeGbk(text) : text, privateKey)
  fields.set('sign_type', 'RSA2')
  fields.set('sign', signature)
  return inGbk
    ? [...fields].map(([name, value]) => `${name}=${escapeGbk(value)}`).join('&')
    : fields.toString()
}

function escapeGbk(value: string): string {
  return Array.from(encodeGbk(value), (byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join(
    '',
  )
}
