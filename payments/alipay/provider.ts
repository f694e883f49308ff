import { z } from 'zod'
import { shanghaiText } from '../../domain/business-time.ts'
import { decimalFromFen } from '../../domain/money.ts'
import {
  NotKnownYetError,
  type PaymentAttempt,
  type PaymentProvider,
  type PaymentRef,
  type ProviderPayment,
  ProviderRefusalError,
} from '../port.ts'
import { type AlipayAccount, AlipayError, callAlipay, cashierUrl, yuan } from './api.ts'
import { downloadBill } from './bill.ts'
import { verifyAlipayNotification } from './notification.ts'
import { createRefund, queryRefund, REFUND_WAITS_FOR_SHOP } from './refunds.ts'
import { ceilToSecond } from './time.ts'

export type { AlipayAccount } from './api.ts'

/** After `time_expire`: covers clock differences and requests in transit. */
const GRACE_MS = 5_000

/** Alipay's limit of 256 bytes, in characters that it counts as up to two bytes. */
const SUBJECT_MAX = 128

const trade = z.object({
  out_trade_no: z.string(),
  trade_no: z.string().min(1),
  trade_status: z.enum(['WAIT_BUYER_PAY', 'TRADE_SUCCESS', 'TRADE_FINISHED', 'TRADE_CLOSED']),
  total_amount: yuan,
  /** When the seller received the money; still present after a full refund. */
  send_pay_date: z.string().optional(),
})

export function createAlipay(account: AlipayAccount): PaymentProvider {
  return {
    method: 'alipay',
    name: 'alipay',
    received: 'success',
    refundWaitsForShop: REFUND_WAITS_FOR_SHOP,
    verify: (rawBody) => verifyAlipayNotification(rawBody, account),
    downloadBill: (day) => downloadBill(account, day),
    create: async (attempt) => openCashier(account, attempt),
    query: (payment) => queryTrade(account, payment.outTradeNo),
    close: (payment) => closeTrade(account, payment),
    refund: (refund) => createRefund(account, refund),
    queryRefund: ({ outTradeNo, refundNo }) => queryRefund(account, outTradeNo, refundNo),
  }
}

/** Makes no request: the trade is created when the customer opens the link, once per `out_trade_no`. */
function openCashier(account: AlipayAccount, attempt: PaymentAttempt) {
  const content = {
    out_trade_no: attempt.outTradeNo,
    total_amount: decimalFromFen(attempt.amountFen),
    subject: Array.from(attempt.subject.replace(/[/=&]/g, ' ')).slice(0, SUBJECT_MAX).join(''),
    time_expire: shanghaiText(ceilToSecond(attempt.expiresAt)),
  }
  const payUrl =
    attempt.client === 'desktop'
      ? cashierUrl(
          account,
          'alipay.trade.page.pay',
          { ...content, product_code: 'FAST_INSTANT_TRADE_PAY', qr_pay_mode: '2' },
          attempt.returnUrl,
        )
      : cashierUrl(
          account,
          'alipay.trade.wap.pay',
          { ...content, product_code: 'QUICK_WAP_WAY' },
          attempt.returnUrl,
        )
  return { providerRef: attempt.outTradeNo, payUrl }
}

async function queryTrade(account: AlipayAccount, outTradeNo: string): Promise<ProviderPayment> {
  let node: unknown
  try {
    node = await callAlipay(account, 'alipay.trade.query', { out_trade_no: outTradeNo })
  } catch (error) {
    if (error instanceof ProviderRefusalError && error.code === 'ACQ.TRADE_NOT_EXIST')
      return { state: 'unknown' }
    throw error
  }
  const found = trade.parse(node)
  if (found.out_trade_no !== outTradeNo) {
    throw new AlipayError(`${outTradeNo}: the response is for ${found.out_trade_no}`)
  }
  const known = { amountFen: found.total_amount, paymentRef: found.trade_no }
  switch (found.trade_status) {
    case 'WAIT_BUYER_PAY':
      return { state: 'unpaid', ...known }
    case 'TRADE_SUCCESS':
    case 'TRADE_FINISHED':
      return { state: 'paid', ...known }
    case 'TRADE_CLOSED':
      // Closed unpaid or fully refunded: only the latter has a payment time.
      return found.send_pay_date
        ? { state: 'paid', ...known, refundedFen: found.total_amount }
        : { state: 'closed', ...known }
  }
}

/** Only WAIT_BUYER_PAY can be closed. The answer is not trusted: the trade itself is queried afterwards. */
async function closeTrade(account: AlipayAccount, payment: PaymentRef): Promise<'closed' | 'paid'> {
  const { outTradeNo } = payment
  const askedAt = Date.now()
  const before = await queryTrade(account, outTradeNo)
  if (before.state === 'closed' || before.state === 'paid') return before.state
  if (before.state === 'unknown') {
    // The cashier was never opened; a customer with its URL still can until it expires.
    const deadAt = new Date(ceilToSecond(payment.expiresAt).getTime() + GRACE_MS)
    if (askedAt >= deadAt.getTime()) return 'closed'
    throw new NotKnownYetError(outTradeNo, deadAt)
  }
  const refused = await callAlipay(account, 'alipay.trade.close', { out_trade_no: outTradeNo }).then(
    () => undefined,
    (error: unknown) => error,
  )
  const { state } = await queryTrade(account, outTradeNo)
  if (state === 'closed' || state === 'paid') return state
  throw new AlipayError(`${outTradeNo} is still ${state} ${refused instanceof Error ? refused.message : ''}`)
}
