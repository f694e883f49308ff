import { createHash } from 'node:crypto'
import { z } from 'zod'
import { decimalFromFen } from '../../domain/money.ts'
import { findTrade, paidBetween, type Refund, refundedBetween, type Trade } from '../books.ts'
import type { Desk } from '../teller.ts'
import { type Answer, refusal, WechatRefusalError } from './errors.ts'
import { METHOD, orderWire, refundWire, timeText, tradeTypeOf } from './objects.ts'
import { read } from './request.ts'
import type { WechatMerchant } from './signature.ts'

const DAY_MS = 86_400_000

const query = z.strictObject({ bill_date: z.iso.date(), bill_type: z.literal('ALL').optional() })
const link = z.strictObject({ token: z.iso.date() })

/** 申请交易账单. The sandbox also provides the current day's bill. */
export function billLink(desk: Desk, merchant: WechatMerchant, given: unknown): Answer {
  const { bill_date: day } = read(query, given)
  const today = timeText(new Date()).slice(0, 10)
  if (day > today) return refusal(400, 'INVALID_REQUEST', '账单日期不合法')
  const bill = billOf(desk, merchant, day)
  if (!bill && day === today) return refusal(400, 'STATEMENT_CREATING', '账单生成中')
  if (!bill) return refusal(400, 'NO_STATEMENT_EXIST', '账单文件不存在')
  const { origin } = new URL(desk.payUrl(''))
  return {
    status: 200,
    body: {
      hash_type: 'SHA1',
      hash_value: createHash('sha1').update(bill).digest('hex'),
      download_url: `${origin}/v3/billdownload/file?token=${day}`,
    },
  }
}

/** The file is not signed. */
export function billFile(desk: Desk, merchant: WechatMerchant, given: unknown): string {
  const bill = billOf(desk, merchant, read(link, given).token)
  if (bill) return bill
  throw new WechatRefusalError(refusal(400, 'INVALID_REQUEST', '账单文件不存在'))
}

const COLUMNS =
  '交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,货币种类,应结订单金额,代金券金额,微信退款单号,商户退款单号,退款金额,充值券退款金额,退款类型,退款状态,商品名称,商户数据包,手续费,费率,订单金额,申请退款金额,费率备注'
const TOTALS = '总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额'

/** @returns undefined for a day without movements */
function billOf({ db }: Desk, merchant: WechatMerchant, day: string): string | undefined {
  const from = new Date(`${day}T00:00:00+08:00`)
  const to = new Date(from.getTime() + DAY_MS)
  const paid = paidBetween(db, METHOD, from, to)
  const refunds = refundedBetween(db, METHOD, from, to).flatMap((refund) => {
    const trade = findTrade(db, refund.tradeRef)
    return trade ? [{ trade, refund }] : []
  })
  const lines = [
    ...paid.map((trade) => lineOf(merchant, trade, undefined)),
    ...refunds.map(({ trade, refund }) => lineOf(merchant, trade, refund)),
  ]
  if (lines.length === 0) return undefined
  const received = decimalFromFen(paid.reduce((sum, { amountFen }) => sum + amountFen, 0n))
  const returned = decimalFromFen(refunds.reduce((sum, { refund }) => sum + refund.amountFen, 0n))
  const totals = [lines.length, received, returned, '0.00', '0.00000', received, returned]
  return `\uFEFF${[COLUMNS, ...lines, TOTALS, written(totals)].map((line) => `${line}\r\n`).join('')}`
}

const REFUND_STATES = { done: 'SUCCESS', pending: 'PROCESSING', failed: 'FAIL' } as const

function lineOf(merchant: WechatMerchant, trade: Trade, refund: Refund | undefined): string {
  const { attach, openid } = orderWire(trade)
  const at = refund ? refund.createdAt : (trade.paidAt ?? trade.createdAt)
  const received = refund ? '0.00' : decimalFromFen(trade.amountFen)
  const returned = refund ? decimalFromFen(refund.amountFen) : '0.00'
  return written([
    ...[timeText(at).slice(0, 19).replace('T', ' '), merchant.appId, merchant.mchId, '0', ''],
    ...[trade.paymentRef, trade.outTradeNo, openid, tradeTypeOf(trade), refund ? 'REFUND' : 'SUCCESS'],
    ...['OTHERS', 'CNY', received, '0.00', refund?.ref ?? '0', refund ? refundWire(refund).refundNo : '0'],
    ...[returned, '0.00', refund ? 'ORIGINAL' : '', refund ? REFUND_STATES[refund.state] : ''],
    ...[trade.subject, attach, '0.00000', '0.00%', received, returned, ''],
  ])
}

/** The backtick keeps spreadsheets from rounding a value. */
function written(values: readonly (string | number)[]): string {
  return values.map((value) => `\`${`${value}`.replace(/[`\r\n]/g, ' ')}`).join(',')
}
