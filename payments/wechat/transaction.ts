import { z } from 'zod'
import { type PaymentRef, ProviderRefusalError, type ProviderState } from '../port.ts'
import { callWechat, type WechatAccount } from './api.ts'

/** Fen, as the JSON integer that WeChat Pay writes. */
export const fen = z.int().nonnegative().transform(BigInt)

/** An order as WeChat Pay shows it: when asked, and inside the notification of its payment. */
export const transaction = z.object({
  appid: z.string(),
  mchid: z.string(),
  out_trade_no: z.string().min(1).max(32),
  transaction_id: z.string().min(1).max(64).optional(),
  trade_state: z.enum([
    'SUCCESS',
    'REFUND',
    'NOTPAY',
    'CLOSED',
    'REVOKED',
    'USERPAYING',
    'PAYERROR',
    'ACCEPT',
  ]),
  amount: z.object({ total: fen, currency: z.literal('CNY').optional() }).optional(),
})
type Transaction = z.output<typeof transaction>

/** The order does not exist at WeChat Pay; the code has been written both ways. */
const NO_SUCH_ORDER = new Set(['ORDER_NOT_EXIST', 'ORDERNOTEXIST'])

/**
 * Asks for the order by our own number.
 * @returns undefined where WeChat Pay knows none
 * @throws ProviderRefusal `trade_mismatch` where the answer is about something else
 */
export async function findTransaction(
  account: WechatAccount,
  { outTradeNo }: Pick<PaymentRef, 'outTradeNo'>,
): Promise<Transaction | undefined> {
  const path = `/v3/pay/transactions/out-trade-no/${encodeURIComponent(outTradeNo)}?mchid=${account.mchId}`
  try {
    const found = transaction.parse(await callWechat(account, { method: 'GET', path }))
    const ours = found.appid === account.appId && found.mchid === account.mchId
    if (!ours || found.out_trade_no !== outTradeNo) {
      throw new ProviderRefusalError(
        'trade_mismatch',
        `the answer is not about ${outTradeNo} of this merchant`,
      )
    }
    return found
  } catch (error) {
    if (error instanceof ProviderRefusalError && NO_SUCH_ORDER.has(error.code)) return undefined
    throw error
  }
}

/** An order whose money went back was paid first. One that somebody is just paying can still come to anything. */
export function stateOf(found: Transaction | undefined): ProviderState {
  switch (found?.trade_state) {
    case undefined:
      return 'unknown'
    case 'SUCCESS':
    case 'REFUND':
      return 'paid'
    case 'CLOSED':
    case 'REVOKED':
      return 'closed'
    case 'NOTPAY':
    case 'USERPAYING':
    case 'PAYERROR':
    case 'ACCEPT':
      return 'unpaid'
  }
}
