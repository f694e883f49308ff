import { z } from 'zod'
import { decimalFromFen } from '../../domain/money.ts'
import { ProviderRefusalError, type RefundOutcome, type RefundRequest } from '../port.ts'
import { type AlipayAccount, AlipayError, callAlipay, yuan } from './api.ts'

/**
 * What a business error of `alipay.trade.refund` means for the same number and amount: `again` may succeed later,
 * `never` will not. A code that is not here is `never`, so that a person looks at it; no other number is tried.
 */
const REFUND_CODES: Readonly<Record<string, 'again' | 'never'>> = {
  // The merchant tops up his balance; the trade is unfrozen; the fee is worked out again.
  'ACQ.SELLER_BALANCE_NOT_ENOUGH': 'again',
  'ACQ.REASON_TRADE_BEEN_FREEZEN': 'again',
  'ACQ.REFUND_CHARGE_ERROR': 'again',
  // Too late: twelve months, or what the contract says, have passed.
  'ACQ.TRADE_HAS_FINISHED': 'never',
  'ACQ.TRADE_NOT_ALLOW_REFUND': 'never',
  // Never paid, or all of it is back already.
  'ACQ.TRADE_NOT_EXIST': 'never',
  'ACQ.TRADE_STATUS_ERROR': 'never',
  'ACQ.TRADE_HAS_CLOSE': 'never',
  // More than is left, or another amount under a number that was used.
  'ACQ.REASON_TRADE_REFUND_FEE_ERR': 'never',
  'ACQ.REFUND_AMT_NOT_EQUAL_TOTAL': 'never',
  'ACQ.DISCORDANT_REPEAT_REQUEST': 'never',
  'ACQ.INVALID_PARAMETER': 'never',
  // The buyer's account is gone.
  'ACQ.BUYER_ERROR': 'never',
  'ACQ.BUYER_NOT_EXIST': 'never',
}

export const REFUND_WAITS_FOR_SHOP = Object.keys(REFUND_CODES).filter(
  (code) => REFUND_CODES[code] === 'again',
)

const refundAnswer = z.object({ out_trade_no: z.string(), fund_change: z.string().optional() })
const foundRefund = z.object({
  out_trade_no: z.string().optional(),
  out_request_no: z.string().optional(),
  refund_amount: yuan.optional(),
  refund_status: z.string().optional(),
})

/**
 * `alipay.trade.refund`. `fund_change` Y says that the money moved just now; without it the refund itself is asked.
 * @throws AlipayFault while it is not done: Alipay wants the same number and amount again then, and pays once
 */
export async function giveBack(account: AlipayAccount, refund: RefundRequest): Promise<RefundOutcome> {
  const { outTradeNo, refundNo, amountFen } = refund
  const done = { state: 'done', refundRef: refundNo } as const
  let refusal: ProviderRefusalError | undefined
  try {
    const node = await callAlipay(account, 'alipay.trade.refund', {
      out_trade_no: outTradeNo,
      out_request_no: refundNo,
      refund_amount: decimalFromFen(amountFen),
      refund_reason: refund.reason.slice(0, 128),
    })
    const answer = refundAnswer.parse(node)
    if (answer.out_trade_no === outTradeNo && answer.fund_change === 'Y') return done
  } catch (error) {
    if (!(error instanceof ProviderRefusalError)) throw error
    refusal = error
  }
  const made = await findRefund(account, outTradeNo, refundNo)
  if (made && made.amountFen !== amountFen) {
    throw new ProviderRefusalError('refund_no_reused', `${refundNo} was used for ${made.amountFen} fen`)
  }
  if (made) return done
  if (refusal && REFUND_CODES[refusal.code] !== 'again') throw refusal
  throw new AlipayError(`${refundNo}: not given back yet ${refusal?.code ?? ''}`.trimEnd(), refusal?.code)
}

/** @returns `pending` where it is not done: Alipay says nothing about whether it still will be. */
export async function askRefund(
  account: AlipayAccount,
  outTradeNo: string,
  refundNo: string,
): Promise<RefundOutcome> {
  const made = await findRefund(account, outTradeNo, refundNo)
  return { state: made ? 'done' : 'pending', refundRef: refundNo }
}

/** `alipay.trade.fastpay.refund.query`, whose `code` 10000 says only that the question was answered. */
async function findRefund(account: AlipayAccount, outTradeNo: string, refundNo: string) {
  const node = await callAlipay(account, 'alipay.trade.fastpay.refund.query', {
    out_trade_no: outTradeNo,
    out_request_no: refundNo,
  })
  const found = foundRefund.parse(node)
  if (found.refund_status !== 'REFUND_SUCCESS') return undefined
  const { out_trade_no, out_request_no, refund_amount: amountFen } = found
  if (out_trade_no !== outTradeNo || out_request_no !== refundNo || amountFen === undefined) {
    throw new AlipayError(`${refundNo}: the answer is not about this refund`)
  }
  return { amountFen }
}
