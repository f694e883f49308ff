import { z } from 'zod'
import { ProviderRefusalError, type RefundOutcome, type RefundRequest } from '../port.ts'
import { callWechat, type WechatAccount } from './api.ts'
import { cutToBytes } from './text.ts'
import { fen, findTransaction, stateOf } from './transaction.ts'

const REASON_BYTES = 80

const refundObject = z.object({
  refund_id: z.string().min(1),
  out_refund_no: z.string().min(1),
  out_trade_no: z.string().min(1),
  status: z.enum(['SUCCESS', 'CLOSED', 'PROCESSING', 'ABNORMAL']),
  amount: z.object({ refund: fen }),
})
type Refund = z.output<typeof refundObject>

/** Refusals that are not final (申请退款). All others are, and leave the refund number unused. */
const NOT_FINAL: Readonly<Record<string, 'later' | 'ask'>> = {
  // The merchant's balance is too low.
  NOT_ENOUGH: 'later',
  // More than the remainder, or another amount under this number: query the refund.
  INVALID_REQUEST: 'ask',
}

export const REFUND_WAITS_FOR_SHOP = Object.keys(NOT_FINAL).filter((code) => NOT_FINAL[code] === 'later')

/** @throws ProviderRefusalError `not_paid`, or `refund_no_reused` for a number used with another amount */
export async function createRefund(account: WechatAccount, refund: RefundRequest): Promise<RefundOutcome> {
  // The request needs the order's total amount.
  const paid = await findTransaction(account, refund)
  if (stateOf(paid) !== 'paid' || !paid?.amount) {
    throw new ProviderRefusalError('not_paid', `${refund.outTradeNo}: not paid, so nothing can be refunded`)
  }
  const body = {
    out_trade_no: refund.outTradeNo,
    out_refund_no: refund.refundNo,
    reason: cutToBytes(refund.reason, REASON_BYTES),
    notify_url: account.notifyUrl,
    amount: { refund: Number(refund.amountFen), total: Number(paid.amount.total), currency: 'CNY' },
  }
  const made = await callWechat(account, { method: 'POST', path: '/v3/refund/domestic/refunds', body }).then(
    (answer) => refundObject.parse(answer),
    (error: unknown) => resolveRefusal(account, refund, error),
  )
  if (made.amount.refund !== refund.amountFen || made.out_trade_no !== refund.outTradeNo) {
    throw new ProviderRefusalError(
      'refund_no_reused',
      `${refund.refundNo} was used for ${made.amount.refund} fen`,
    )
  }
  // The refund exists: store its number first; a later query reports ABNORMAL.
  if (made.status === 'ABNORMAL') return { state: 'pending', refundRef: made.refund_id }
  return refundOutcomeOf(made)
}

async function resolveRefusal(
  account: WechatAccount,
  refund: RefundRequest,
  error: unknown,
): Promise<Refund> {
  const meaning = error instanceof ProviderRefusalError && NOT_FINAL[error.code]
  if (meaning === 'later')
    throw new Error(`${refund.refundNo} cannot be refunded yet: ${(error as Error).message}`, {
      cause: error,
    })
  const found = meaning === 'ask' && (await findRefund(account, refund.refundNo))
  if (!found) throw error
  return found
}

/** @throws ProviderRefusalError `RESOURCE_NOT_EXISTS`, or `ABNORMAL` where the customer's bank rejects it */
export async function queryRefund(account: WechatAccount, refundNo: string): Promise<RefundOutcome> {
  const found = await findRefund(account, refundNo)
  if (!found) throw new ProviderRefusalError('RESOURCE_NOT_EXISTS', `WeChat Pay has no refund ${refundNo}`)
  return refundOutcomeOf(found)
}

async function findRefund(account: WechatAccount, refundNo: string): Promise<Refund | undefined> {
  const path = `/v3/refund/domestic/refunds/${encodeURIComponent(refundNo)}`
  try {
    const found = refundObject.parse(await callWechat(account, { method: 'GET', path }))
    if (found.out_refund_no === refundNo) return found
    throw new ProviderRefusalError('refund_mismatch', `the response is not for ${refundNo}`)
  } catch (error) {
    if (error instanceof ProviderRefusalError && error.code === 'RESOURCE_NOT_EXISTS') return undefined
    throw error
  }
}

/**
 * CLOSED refunded nothing; the next try needs a new number. ABNORMAL must be completed in WeChat Pay's
 * merchant platform: another number would refund twice.
 */
function refundOutcomeOf({ refund_id: refundRef, out_refund_no, status }: Refund): RefundOutcome {
  switch (status) {
    case 'SUCCESS':
      return { state: 'done', refundRef }
    case 'PROCESSING':
      return { state: 'pending', refundRef }
    case 'CLOSED':
      return { state: 'failed', refundRef, reason: status }
    case 'ABNORMAL':
      throw new ProviderRefusalError(
        status,
        `${out_refund_no} is ABNORMAL: the customer's bank refuses it; complete it in the merchant platform`,
      )
  }
}
