import { randomBytes, randomInt } from 'node:crypto'
import { decimalFromFen } from '../../domain/money.ts'
import {
  fenGivenBack,
  findTradeByNumber,
  findTradeByPayment,
  insertTrade,
  refundsOf,
  type Trade,
} from '../books.ts'
import { takeFault } from '../faults.ts'
import { closeOpen, countQuery, type Desk, receive } from '../teller.ts'
import { AlipayRefusalError, failed, type Node, success } from './answers.ts'
import { type Content, NUMBER, optional, type Params, readAmount, required } from './request.ts'
import { fromShanghaiText, shanghaiText } from './time.ts'

export const METHOD = 'alipay'

/** Without `time_expire` a trade stays open for 15 days. */
const OPEN_MS = 15 * 86_400_000

const PRODUCTS: Readonly<Record<string, string>> = {
  'alipay.trade.page.pay': 'FAST_INSTANT_TRADE_PAY',
  'alipay.trade.wap.pay': 'QUICK_WAP_WAY',
}

export const isPagePay = (method: string) => Object.hasOwn(PRODUCTS, method)
export const isPaid = (trade: Trade) => trade.state === 'paid' || trade.state === 'refunded'

/** Runs in the caller's transaction. @throws AlipayRefusalError where the trade cannot be opened */
export function openTrade(desk: Desk, params: Params, content: Content): Trade {
  const outTradeNo = required(content, 'out_trade_no', NUMBER)
  const amountFen = readAmount(content, 'total_amount')
  const subject = required(content, 'subject', /^[^/=&]{1,256}$/)
  const product = required(content, 'product_code')
  const expiry = optional(content, 'time_expire')
  const expiresAt = expiry === undefined ? new Date(Date.now() + OPEN_MS) : fromShanghaiText(expiry)
  const returnUrl = params.get('return_url') ?? ''
  const wrong = product !== PRODUCTS[params.get('method') ?? ''] || (returnUrl && !isWebAddress(returnUrl))
  if (wrong || !expiresAt) throw new AlipayRefusalError(failed('INVALID_PARAMETER', '参数有误'))

  const known = findTradeByNumber(desk.db, outTradeNo)
  if (known?.method === METHOD) {
    if (known.amountFen === amountFen) return known
    throw new AlipayRefusalError(failed('CONTEXT_INCONSISTENT', '交易信息被篡改'))
  }
  if (expiresAt.getTime() <= Date.now()) {
    throw new AlipayRefusalError(failed('TRADE_HAS_CLOSE', '订单已过期，无法继续支付'))
  }
  const createdAt = new Date()
  return insertTrade(desk.db, {
    ref: `ali_${randomBytes(16).toString('hex')}`,
    method: METHOD,
    outTradeNo,
    paymentRef: newTradeNo(createdAt),
    amountFen,
    subject,
    returnUrl,
    payBy: expiresAt,
    expiresAt,
    createdAt,
    wire: '{}',
  })
}

function isWebAddress(text: string): boolean {
  const protocol = URL.parse(text)?.protocol
  return protocol === 'https:' || protocol === 'http:'
}

/** 28 digits, starting with the date. */
function newTradeNo(at: Date): string {
  const digits = Array.from({ length: 14 }, () => randomInt(10)).join('')
  return `${shanghaiText(at).slice(0, 10).replaceAll('-', '')}220014${digits}`
}

/** `trade_no` takes precedence over `out_trade_no`. @throws AlipayRefusalError */
export function namedTrade(desk: Desk, content: Content): Trade {
  const tradeNo = optional(content, 'trade_no', NUMBER)
  const found =
    tradeNo === undefined
      ? findTradeByNumber(desk.db, required(content, 'out_trade_no', NUMBER))
      : findTradeByPayment(desk.db, tradeNo)
  if (found?.method === METHOD) return found
  throw new AlipayRefusalError(failed('TRADE_NOT_EXIST', '交易不存在'))
}

const STATUSES = {
  unpaid: 'WAIT_BUYER_PAY',
  declined: 'WAIT_BUYER_PAY',
  paid: 'TRADE_SUCCESS',
  refunded: 'TRADE_CLOSED',
  closed: 'TRADE_CLOSED',
} as const

export const namesOf = (trade: Trade) => ({ out_trade_no: trade.outTradeNo, trade_no: trade.paymentRef })

export function queryTrade(desk: Desk, content: Content): Node {
  const named = optional(content, 'out_trade_no', NUMBER)
  if (named !== undefined) countQuery(desk, named)
  const trade = namedTrade(desk, content)
  const kept = trade.state === 'paid' ? trade.amountFen - fenGivenBack(refundsOf(desk.db, trade.ref)) : 0n
  return success({
    buyer_logon_id: 'sha***@sandbox.com',
    buyer_pay_amount: decimalFromFen(kept),
    buyer_user_id: '2088000000000009',
    buyer_user_type: 'PRIVATE',
    invoice_amount: decimalFromFen(kept),
    out_trade_no: trade.outTradeNo,
    point_amount: '0.00',
    receipt_amount: decimalFromFen(kept),
    ...(isPaid(trade) && trade.paidAt && { send_pay_date: shanghaiText(trade.paidAt) }),
    total_amount: decimalFromFen(trade.amountFen),
    trade_no: trade.paymentRef,
    trade_status: STATUSES[trade.state],
  })
}

/** Only WAIT_BUYER_PAY can be closed. */
export function closeTrade(desk: Desk, content: Content): Node {
  const found = namedTrade(desk, content)
  const open = found.state === 'unpaid' || found.state === 'declined'
  const trade = open && takeFault(desk.db, METHOD, 'pay_during_close') ? receive(desk, found) : found
  if (isPaid(trade) || trade.state === 'closed') return failed('TRADE_STATUS_ERROR', '交易状态不合法')
  closeOpen(desk, trade)
  return success(namesOf(trade))
}
