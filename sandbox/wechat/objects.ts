import { createCipheriv, randomBytes, randomInt } from 'node:crypto'
import type { Refund, Trade } from '../books.ts'
import type { WechatMerchant } from './signature.ts'

export const METHOD = 'wechat'

export type Product = 'jsapi' | 'h5' | 'native'

export interface OrderWire {
  readonly product: Product
  /** To compare a repeat with. */
  readonly request: string
  readonly attach: string
  readonly openid: string
}

export interface RefundWire {
  readonly refundNo: string
  readonly reason: string
  /** The customer's bank rejected it: while pending, it waits for the merchant. */
  readonly abnormal?: boolean
}

const TRADE_TYPES = { jsapi: 'JSAPI', h5: 'MWEB', native: 'NATIVE' } as const

export const orderWire = (trade: Trade) => JSON.parse(trade.wire) as OrderWire
export const refundWire = (refund: Refund) => JSON.parse(refund.wire) as RefundWire
export const tradeTypeOf = (trade: Trade) => TRADE_TYPES[orderWire(trade).product]
export const isPaid = (trade: Trade) => trade.state === 'paid' || trade.state === 'refunded'
/** JSON integers; the request parser keeps amounts below 2^31. */
const integerOf = (fen: bigint) => Number(fen)

/** 28 digits. @param prefix such as `4200` */
export function newNumber(prefix: string): string {
  return Array.from({ length: 28 - prefix.length }, () => randomInt(10)).reduce((text, n) => text + n, prefix)
}

/** RFC 3339 in Shanghai. */
export function timeText(time: Date): string {
  return `${new Date(time.getTime() + 8 * 3_600_000).toISOString().slice(0, 19)}+08:00`
}

type TradeState = readonly [state: 'SUCCESS' | 'REFUND' | 'NOTPAY' | 'CLOSED', text: string]

function tradeState(trade: Trade, refunds: readonly Refund[]): TradeState {
  if (trade.state === 'closed') return ['CLOSED', '订单已关闭']
  if (!isPaid(trade)) return ['NOTPAY', '订单未支付']
  return refunds.some(({ state }) => state !== 'failed') ? ['REFUND', '转入退款'] : ['SUCCESS', '支付成功']
}

/** 查询订单 */
export function transactionObject(merchant: WechatMerchant, trade: Trade, refunds: readonly Refund[]) {
  const total = integerOf(trade.amountFen)
  const { attach, openid } = orderWire(trade)
  const [trade_state, trade_state_desc] = tradeState(trade, refunds)
  const order = {
    appid: merchant.appId,
    mchid: merchant.mchId,
    out_trade_no: trade.outTradeNo,
    trade_state,
    trade_state_desc,
    attach,
    promotion_detail: [],
  }
  if (!isPaid(trade)) return { ...order, amount: { total, currency: 'CNY' } }
  return {
    ...order,
    transaction_id: trade.paymentRef,
    trade_type: tradeTypeOf(trade),
    bank_type: 'OTHERS',
    success_time: timeText(trade.paidAt ?? trade.createdAt),
    payer: { openid },
    amount: { total, payer_total: total, currency: 'CNY', payer_currency: 'CNY' },
  }
}

/** Only CLOSED makes the amount refundable again. */
const REFUND_STATES = { done: 'SUCCESS', pending: 'PROCESSING', failed: 'CLOSED' } as const

function refundState(refund: Refund): 'SUCCESS' | 'PROCESSING' | 'ABNORMAL' | 'CLOSED' {
  const waits = refund.state === 'pending' && refundWire(refund).abnormal
  return waits ? 'ABNORMAL' : REFUND_STATES[refund.state]
}

/** 查询单笔退款 */
export function refundObject(trade: Trade, refund: Refund) {
  const status = refundState(refund)
  const given = integerOf(refund.amountFen)
  const total = integerOf(trade.amountFen)
  return {
    refund_id: refund.ref,
    out_refund_no: refundWire(refund).refundNo,
    transaction_id: trade.paymentRef,
    out_trade_no: trade.outTradeNo,
    channel: 'ORIGINAL',
    user_received_account: '支付用户零钱',
    ...(status === 'SUCCESS' && { success_time: timeText(new Date()) }),
    create_time: timeText(refund.createdAt),
    status,
    funds_account: 'AVAILABLE',
    amount: {
      total,
      refund: given,
      payer_total: total,
      payer_refund: given,
      settlement_refund: given,
      settlement_total: total,
      discount_refund: 0,
      currency: 'CNY',
    },
  }
}

/** Differs from the answer to a query. */
export function refundNotice(merchant: WechatMerchant, trade: Trade, refund: Refund) {
  const { refund_id, out_refund_no, transaction_id, out_trade_no, user_received_account, status, amount } =
    refundObject(trade, refund)
  const { total, refund: given, payer_total, payer_refund } = amount
  return {
    mchid: merchant.mchId,
    transaction_id,
    out_trade_no,
    refund_id,
    out_refund_no,
    refund_status: status,
    ...(status === 'SUCCESS' && { success_time: timeText(new Date()) }),
    user_received_account,
    amount: { total, refund: given, payer_total, payer_refund },
  }
}

export function sealEvent(
  merchant: WechatMerchant,
  eventType: string,
  originalType: 'transaction' | 'refund',
  summary: string,
  resource: object,
) {
  const nonce = randomBytes(6).toString('hex')
  const cipher = createCipheriv('aes-256-gcm', merchant.apiV3Key, nonce)
  cipher.setAAD(Buffer.from(originalType))
  const sealed = [cipher.update(JSON.stringify(resource), 'utf8'), cipher.final()]
  return {
    id: crypto.randomUUID(),
    create_time: timeText(new Date()),
    resource_type: 'encrypt-resource',
    event_type: eventType,
    summary,
    resource: {
      original_type: originalType,
      algorithm: 'AEAD_AES_256_GCM',
      ciphertext: Buffer.concat([...sealed, cipher.getAuthTag()]).toString('base64'),
      associated_data: originalType,
      nonce,
    },
  }
}
