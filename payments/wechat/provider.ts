import type { PaymentProvider } from '../port.ts'
import type { WechatAccount } from './api.ts'
import { downloadBill } from './bill.ts'
import { verifyWechatNotification } from './notification.ts'
import { closeOrder, openOrder } from './order.ts'
import { createRefund, queryRefund, REFUND_WAITS_FOR_SHOP } from './refund.ts'
import { findTransaction, stateOf } from './transaction.ts'

export function createWechat(account: WechatAccount): PaymentProvider {
  return {
    method: 'wechat',
    name: 'wechat',
    received: '',
    refundWaitsForShop: REFUND_WAITS_FOR_SHOP,
    verify: (rawBody, headers, now) => verifyWechatNotification(account, rawBody, headers, now),
    downloadBill: (day) => downloadBill(account, day),
    create: (attempt) => openOrder(account, attempt),
    query: async (payment) => {
      const found = await findTransaction(account, payment)
      return {
        state: stateOf(found),
        ...(found?.amount && { amountFen: found.amount.total }),
        ...(found?.transaction_id && { paymentRef: found.transaction_id }),
        // 转入退款, in full or in part. The amount is unknown, so the whole payment counts as refunded.
        ...(found?.trade_state === 'REFUND' && found.amount && { refundedFen: found.amount.total }),
      }
    },
    close: (payment) => closeOrder(account, payment),
    refund: (refund) => createRefund(account, refund),
    queryRefund: ({ refundNo }) => queryRefund(account, refundNo),
  }
}
