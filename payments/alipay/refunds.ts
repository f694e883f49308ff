import { z } from 'zod'
import { decimalFromFen } from '../../domain/money.ts'
import { ProviderRefusalError, type RefundOutcome, type RefundRequest } from '../port.ts'
import { type AlipayAccount, AlipayError, callAlipay, yuan } from './api.ts'

/** Whether the same refund may succeed later. Unlisted codes are `never`, so that a person looks. */
const REFUND_CODES: Readonly<Record<string, 'again' | 'never'>> = {
  // Resolved by a top-up, by unfreezing the trade, or by recalculating the fee.
  'ACQ.SELLER_BALANCE_NOT_ENOUGH': 'again',
  'ACQ.REASON_TRADE_BEEN_FREEZEN': 'again',
  'ACQ.REFUND_CHARGE_ERROR': 'again',
  // Past twelve months, or the contract's limit.
  'ACQ.TRADE_HAS_FINISHED': 'never',
  'ACQ.TRADE_NOT_ALLOW_REFUND': 'never',
  // Never paid, or fully refunded.
  'ACQ.TRADE_NOT_EXIST': 'never',
  'ACQ.TRADE_STATUS_ERROR': 'never',
  'ACQ.TRADE_HAS_CLOSE': 'never',
  // More than the remainder, or another amount under a used number.
  'ACQ.REASON_TRADE_REFUND_FEE_ERR': 'never',
  'ACQ.REFUND_AMT_NOT_EQUAL_TOTAL': 'never',
  'ACQ.DISCORDANT_REPEAT_REQUEST': 'never',
  'ACQ.INVALID_PARAMETER': 'never',
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

/** `fund_change` Y proves that money moved now. @throws AlipayError while it is not done */
export async function createRefund(account: AlipayAccount, refund: RefundRequest): Promise<RefundOutcome> {
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
  throw new AlipayError(`${refundNo}: not refunded yet ${refusal?.code ?? ''}`.trimEnd(), refusal?.code)
}

/** @returns `pending` where it is not done, since Alipay does not say whether it will be */
export async function queryRefund(
  account: AlipayAccount,
  outTradeNo: string,
  refundNo: string,
): Promise<RefundOutcome> {
  const made = await findRefund(account, outTradeNo, refundNo)
  return { state: made ? 'done' : 'pending', refundRef: refundNo }
}

/** `code` 10000 means only that the query was answered. */
async function findRefund(account: AlipayAccount, outTradeNo: string, refundNo: string) {
  const node = await callAlipay(account, 'alipay.trade.fastpay.refund.query', {
    out_trade_no: outTradeNo,
    out_request_no: refundNo,
  })
  const found = foundRefund.parse(node)
  if (found.refund_status !== 'REFUND_SUCCESS') return undefined
  const { out_trade_no, out_request_no, refund_amount: amountFen } = found
  if (out_trade_no !== outTradeNo || out_request_no !== refundNo || amountFen === undefined) {
    throw new AlipayError(`${refundNo}: the response is for another refund`)
  }
  return { amountFen }
}
