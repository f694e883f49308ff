import { z } from 'zod'
import {
  fenGivenBack,
  findRefundByNumber,
  insertRefund,
  type Refund,
  refundsOf,
  type Trade,
} from '../books.ts'
import { takeFault } from '../faults.ts'
import { type Desk, settleRefund } from '../teller.ts'
import { type Answer, refusal } from './errors.ts'
import { isPaid, METHOD, newNumber, type RefundWire, refundObject } from './objects.ts'
import { findOrder } from './orders.ts'
import type { Action } from './request.ts'

const fields = z.strictObject({
  out_trade_no: z.string().regex(/^[0-9A-Za-z_\-|*]{6,32}$/),
  out_refund_no: z.string().regex(/^[0-9A-Za-z_\-|*@]{1,64}$/),
  reason: z
    .string()
    .refine((text) => Buffer.byteLength(text) <= 80, 'at most 80 bytes')
    .optional(),
  notify_url: z
    .url({ protocol: /^https?$/ })
    .max(256)
    .optional(),
  amount: z.strictObject({
    refund: z.int().min(1).transform(BigInt),
    total: z.int().min(1).transform(BigInt),
    currency: z.literal('CNY'),
  }),
})

/** 申请退款 */
export function createRefund(desk: Desk): Action<typeof fields> {
  const { db } = desk
  return {
    fields,
    act: (input) => {
      const { refund: amountFen, total } = input.amount
      const trade = findOrder(desk, input.out_trade_no)
      if (!trade || !isPaid(trade)) return refusal(404, 'RESOURCE_NOT_EXISTS', '订单不存在或未支付')
      const known = findRefundByNumber(db, METHOD, input.out_refund_no)
      if (known) return repeatRefund(trade, known, amountFen)
      if (total !== trade.amountFen) return refusal(400, 'INVALID_REQUEST', '订单金额不一致')
      if (amountFen > trade.amountFen - fenGivenBack(refundsOf(db, trade.ref))) {
        return refusal(400, 'INVALID_REQUEST', '申请退款金额大于订单可退金额')
      }
      const abnormal = Boolean(takeFault(db, METHOD, 'refund_abnormal'))
      const wire: RefundWire = { refundNo: input.out_refund_no, reason: input.reason ?? '', abnormal }
      const fresh: Refund = {
        ref: newNumber('5030'),
        tradeRef: trade.ref,
        amountFen,
        state: 'pending',
        createdAt: new Date(),
        wire: JSON.stringify(wire),
      }
      insertRefund(db, fresh)
      if (!abnormal && takeFault(db, METHOD, 'refund_stuck')) {
        return { status: 200, body: refundObject(trade, fresh) }
      }
      const state = abnormal ? 'pending' : takeFault(db, METHOD, 'refund_failed') ? 'failed' : 'done'
      return { status: 200, body: refundObject(trade, settleRefund(desk, trade, fresh, state)) }
    },
  }
}

function repeatRefund(trade: Trade, known: Refund, amountFen: bigint): Answer {
  if (known.tradeRef === trade.ref && known.amountFen === amountFen) {
    return { status: 200, body: refundObject(trade, known) }
  }
  return refusal(400, 'INVALID_REQUEST', '退款单号已被使用，且参数不一致')
}
