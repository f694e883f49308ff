import { decimalFromFen } from '../../domain/money.ts'
import { fenGivenBack, findTrade, insertRefund, type Refund, refundsOf, type Trade } from '../books.ts'
import { takeFault } from '../faults.ts'
import { closeOpen, type Desk, settleRefund } from '../teller.ts'
import { failed, type Node, success } from './answers.ts'
import { type Content, NUMBER, optional, readAmount, required } from './request.ts'
import { shanghaiText } from './time.ts'
import { isPaid, METHOD, namedTrade, namesOf } from './trades.ts'

interface RefundWire {
  readonly outRequestNo: string
}

export const requestNoOf = (refund: Refund) => (JSON.parse(refund.wire) as RefundWire).outRequestNo

/** A failed refund is retried under the same `out_request_no`. */
export function refundTrade(desk: Desk, content: Content): Node {
  const trade = namedTrade(desk, content)
  const amountFen = readAmount(content, 'refund_amount')
  const given = optional(content, 'out_request_no', NUMBER)
  const requestNo = given ?? trade.outTradeNo
  if (!isPaid(trade)) {
    return trade.state === 'closed'
      ? failed('TRADE_HAS_CLOSE', '交易已经关闭')
      : failed('TRADE_STATUS_ERROR', '交易状态不合法')
  }
  const all = refundsOf(desk.db, trade.ref)
  const made = all.find((refund) => requestNoOf(refund) === requestNo)
  if (made && made.amountFen !== amountFen) {
    return failed('DISCORDANT_REPEAT_REQUEST', '同一笔退款请求号，退款金额不一致')
  }
  if (made && made.state !== 'failed') return refundAnswer(desk, trade, made, 'N')
  if (amountFen > trade.amountFen - fenGivenBack(all)) {
    return failed('REASON_TRADE_REFUND_FEE_ERR', '退款金额无效')
  }
  if (given === undefined && amountFen !== trade.amountFen) {
    return failed('REFUND_AMT_NOT_EQUAL_TOTAL', '退款金额与订单金额不一致')
  }
  const refund = settleOrFail(desk, trade, made ?? newRefund(desk, trade, requestNo, amountFen))
  return refundAnswer(desk, trade, refund, refund.state === 'done' ? 'Y' : 'N')
}

/** Closes an unpaid trade; refunds a paid one. */
export function cancelTrade(desk: Desk, content: Content): Node {
  const trade = namedTrade(desk, content)
  const done = (action: 'close' | 'refund') => success({ ...namesOf(trade), retry_flag: 'N', action })
  if (!isPaid(trade)) {
    closeOpen(desk, trade)
    return done('close')
  }
  if (refundsOf(desk.db, trade.ref).length > 0) return failed('REASON_TRADE_REFUND_FEE_ERR', '退款金额无效')
  settleOrFail(desk, trade, newRefund(desk, trade, trade.outTradeNo, trade.amountFen))
  return done('refund')
}

function refundAnswer(desk: Desk, trade: Trade, refund: Refund, fundChange: 'Y' | 'N'): Node {
  return success({
    buyer_logon_id: 'sha***@sandbox.com',
    fund_change: fundChange,
    ...(refund.state === 'done' && { gmt_refund_pay: shanghaiText(new Date()) }),
    out_trade_no: trade.outTradeNo,
    // The total of all refunds.
    refund_fee: decimalFromFen(doneOf(refundsOf(desk.db, trade.ref))),
    send_back_fee: decimalFromFen(refund.state === 'done' ? refund.amountFen : 0n),
    trade_no: trade.paymentRef,
  })
}

function newRefund(desk: Desk, trade: Trade, outRequestNo: string, amountFen: bigint): Refund {
  const wire: RefundWire = { outRequestNo }
  const refund: Refund = {
    ref: `${trade.ref}/${outRequestNo}`,
    tradeRef: trade.ref,
    amountFen,
    state: 'pending',
    createdAt: new Date(),
    wire: JSON.stringify(wire),
  }
  insertRefund(desk.db, refund)
  return refund
}

function settleOrFail(desk: Desk, trade: Trade, refund: Refund): Refund {
  if (takeFault(desk.db, METHOD, 'refund_stuck')) return refund
  return settleRefund(desk, trade, refund, takeFault(desk.db, METHOD, 'refund_failed') ? 'failed' : 'done')
}

/** Returns nothing for a refund that is not done. */
export function queryRefund(desk: Desk, content: Content): Node {
  const trade = namedTrade(desk, content)
  const requestNo = required(content, 'out_request_no', NUMBER)
  const made = refundsOf(desk.db, trade.ref).find((refund) => requestNoOf(refund) === requestNo)
  if (made?.state !== 'done') return success()
  return success({
    ...namesOf(trade),
    out_request_no: requestNo,
    refund_amount: decimalFromFen(made.amountFen),
    refund_status: 'REFUND_SUCCESS',
    total_amount: decimalFromFen(trade.amountFen),
  })
}

/** Fen. */
export function doneOf(refunds: readonly Refund[]): bigint {
  return refunds.reduce((sum, { state, amountFen }) => sum + (state === 'done' ? amountFen : 0n), 0n)
}

export function tradeOf(desk: Desk, refund: Refund): Trade {
  const trade = findTrade(desk.db, refund.tradeRef)
  if (!trade) throw new Error(`refund ${refund.ref} has no trade`)
  return trade
}
