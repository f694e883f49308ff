import { z } from 'zod'
import { type PaymentRef, ProviderRefusalError, type ProviderState } from '../port.ts'
import { callWechat, type WechatAccount } from './api.ts'

export const fen = z.int().nonnegative().transform(BigInt)

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

const NO_SUCH_ORDER = new Set(['ORDER_NOT_EXIST', 'ORDERNOTEXIST'])

/** @returns undefined where there is no such order @throws ProviderRefusalError `trade_mismatch` */
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
        `the response is not for ${outTradeNo} of this merchant`,
      )
    }
    return found
  } catch (error) {
    if (error instanceof ProviderRefusalError && NO_SUCH_ORDER.has(error.code)) return undefined
    throw error
  }
}

/** A refunded order was paid first; USERPAYING can still end either way. */
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
