import { CancellationScope, patched } from '@temporalio/workflow'
import type { ReportedMoney } from '../activities/payment-deps.ts'
import type { OwedRefund } from '../activities/refunds.ts'
import { hasReached, ORDER_ACTIONS, type OrderStatus } from '../domain/orders/status.ts'
import { MAX_PAYMENT_ATTEMPTS, type PaymentMethod } from '../domain/payments/method.ts'
import type { Cause } from './compensation.ts'
import { CONFLICT } from './mailbox.ts'
import type { PaymentNotice, Reply } from './messages.ts'
import {
  applyRefundDecision,
  attentionTo,
  captureExternal,
  type Exchange,
  flagOrder,
  type OperatorDecision,
  refundOwed,
  refundsNamedBy,
  retryUntilResolved,
} from './redemption.ts'
import { handOver, isLong, readStanding } from './resume.ts'
import { localStepsUntilDone, remoteSteps, remoteStepsUntilDone, requireStepFailure } from './steps.ts'

export async function openPayment(exchange: Exchange, outTradeNo: string): Promise<void> {
  undoPayment(exchange, outTradeNo)
  await remoteSteps.openPayment(outTradeNo)
}

export function undoPayment(exchange: Exchange, outTradeNo: string): void {
  exchange.undo.add('payment', async (cause) => {
    const late = (await closeAttempt(outTradeNo, { cause })).paid
    if (!late) return
    exchange.undo.addLast('late_money', async () => {
      await applyPayment(exchange, late)
    })
  })
}

/** Closes an attempt that an earlier run left open, after another attempt paid the order. */
export async function closeLeftOpen(exchange: Exchange, outTradeNo: string): Promise<void> {
  const { orderNo, mailbox } = exchange
  await retryUntilResolved(orderNo, mailbox, 'payment', async () => {
    const outcome = await remoteStepsUntilDone.closePayment(outTradeNo)
    if (!outcome.closed) await applyPayment(exchange, outcome.paid)
  })
}

const UNPAID: readonly OrderStatus[] = ['exchanged', 'order_created']

/**
 * At the deadline the payment is closed at the provider first; only the answer "closed" releases points and
 * stock.
 */
export async function pay(exchange: Exchange, firstTradeNo: string): Promise<OrderStatus> {
  let open = firstTradeNo
  for (;;) {
    if (isLong(exchange)) await handOver(exchange)
    const message = await exchange.mailbox.next(exchange.payBy - Date.now())
    if (message?.kind === 'pay' && Date.now() >= exchange.payBy) {
      // Repeated payment requests do not extend the deadline.
      message.reply(CONFLICT)
      continue
    }
    if (!message) {
      const cause = { reason: 'payment_timeout', by: { type: 'system' as const }, allowedIn: UNPAID }
      const { paid: late, status } = await closeAttempt(open, { cause })
      if (status) return status
      if (late && (await applyPayment(exchange, late)) === 'settled') return 'order_paid'
      return exchange.cancel(cause)
    }
    if (message.kind === 'payment') {
      if ((await onPaymentNotice(exchange, message.notice)) === 'settled') return 'order_paid'
    } else if (message.kind === 'resync') {
      const standing = await readStanding(exchange)
      if (standing && !UNPAID.includes(standing.status)) return standing.status
    } else if (message.kind === 'cancel') {
      const { by, reason = `canceled_by_${by.type}` } = message
      const status = await exchange.cancel({ reason, by, allowedIn: ORDER_ACTIONS.cancel })
      message.reply(status === 'order_canceled' ? { ok: true } : CONFLICT)
      return status
    } else if (message.kind === 'order') {
      if (message.notice.kind !== 'canceled') continue
      const by = { type: 'order_domain' as const }
      return exchange.cancel({ reason: 'canceled_by_order_domain', by, allowedIn: ORDER_ACTIONS.cancel })
    } else if (message.kind === 'pay') {
      const again = await payAgain(exchange, open, message.method)
      open = again.open
      message.reply(again.reply)
      if (again.paid) return 'order_paid'
    } else if (message.kind === 'resolve') {
      await onRefundDecision(exchange, message)
    } else {
      message.reply(CONFLICT)
    }
  }
}

interface Again {
  readonly open: string
  readonly paid: boolean
  readonly reply: Reply
}

async function payAgain(exchange: Exchange, open: string, method?: PaymentMethod): Promise<Again> {
  const { orderNo, outsideSteps } = exchange
  const current = await localStepsUntilDone.findOpenPayment(orderNo)
  if (current?.opened && (method === undefined || method === current.method)) {
    return { open, paid: false, reply: { ok: true } }
  }
  if ((current?.attempts ?? 0) >= MAX_PAYMENT_ATTEMPTS) {
    return { open, paid: false, reply: { ok: false, refusal: { code: 'RATE_LIMITED' } } }
  }
  if (method === 'wallet') {
    const refusal = await localStepsUntilDone.checkCash(orderNo)
    if (refusal) return { open, paid: false, reply: { ok: false, refusal } }
  }
  if (current) {
    const { paid: late, status } = await closeAttempt(current.outTradeNo, 'replaced')
    if (status) return { open, paid: hasReached(status, 'order_paid'), reply: CONFLICT }
    const outcome = late && (await applyPayment(exchange, late))
    if (outcome === 'settled') return { open, paid: true, reply: { ok: true } }
    // Earlier exchanges refunded this at their end.
    if (outcome === 'refund' && patched('refund-beside-pay-again')) refundInBackground(exchange)
  }
  if (method === 'wallet') {
    const settled = await localStepsUntilDone.settleExchange({ orderNo, outsideSteps })
    if (!settled.settled) return { open, paid: false, reply: { ok: false, refusal: settled.refusal } }
    await captureExternal(exchange)
    return { open, paid: true, reply: { ok: true } }
  }
  const next = await localStepsUntilDone.newPayment(orderNo, method ?? current?.method ?? 'bank_card')
  if (next === null) return { open, paid: false, reply: CONFLICT }
  try {
    await openPayment(exchange, next)
    return { open: next, paid: false, reply: { ok: true } }
  } catch (error) {
    requireStepFailure(error)
    return { open: next, paid: false, reply: { ok: false, refusal: { code: 'UNAVAILABLE' } } }
  }
}

interface Closed {
  readonly paid?: ReportedMoney
  /** The order no longer waits for this attempt; nothing was closed. */
  readonly status?: OrderStatus
}

/** @param why a recorded `cause` is completed by any later run */
async function closeAttempt(
  outTradeNo: string,
  why: 'replaced' | { readonly cause: Cause },
): Promise<Closed> {
  const replaced = why === 'replaced'
  const asked = replaced || why.cause.by.type === 'system' ? undefined : why.cause
  const status: OrderStatus | undefined = await localStepsUntilDone.beginClosing(
    outTradeNo,
    !replaced,
    ...(asked ? [{ reason: asked.reason, by: asked.by }] : []),
  )
  // Activities of the previous version returned nothing.
  if (status && (hasReached(status, 'order_paid') || (replaced && status === 'order_canceled')))
    return { status }
  const outcome = await remoteStepsUntilDone.closePayment(outTradeNo, replaced)
  return outcome.closed ? {} : { paid: outcome.paid }
}

export async function onPaymentNotice(
  exchange: Exchange,
  notice: PaymentNotice,
): Promise<'settled' | 'noted'> {
  if (notice.kind === 'paid') {
    const outcome = await applyPayment(exchange, notice)
    if (outcome === 'settled') return 'settled'
    if (outcome === 'refund') refundInBackground(exchange)
  } else if (notice.kind === 'declined') {
    await localStepsUntilDone.noteDeclined(notice.outTradeNo, notice.eventId)
  }
  return 'noted'
}

/** Failed refunds are retried when the order ends. */
export function refundInBackground({ orderNo, stuck }: Exchange): void {
  let asked: OwedRefund | undefined
  const refund = async () => {
    for (const owed of await localStepsUntilDone.listOwedRefunds(orderNo)) {
      asked = owed
      await remoteStepsUntilDone.refundPayment(owed)
    }
  }
  refund().catch(async (error: unknown) => {
    if (asked) stuck.push(asked)
    await flagOrder(orderNo, attentionTo('refund', error), asked)
  })
}

export async function onRefundDecision(exchange: Exchange, decision: OperatorDecision): Promise<void> {
  const { orderNo, stuck } = exchange
  const owed = await localStepsUntilDone.listOwedRefunds(orderNo)
  if (owed.length === 0) return decision.reply(CONFLICT)
  const reply = await applyRefundDecision(orderNo, decision, stuck)
  const meant = refundsNamedBy(decision, stuck)
  if (reply.ok) stuck.splice(0, stuck.length, ...stuck.filter((refund) => !meant.includes(refund)))
  if (reply.ok && decision.action === 'retry') refundInBackground(exchange)
  decision.reply(reply)
}

/** After the order's end: handles late payments and completes all refunds, even while being canceled. */
export function drain(exchange: Exchange): Promise<void> {
  const { orderNo, mailbox } = exchange
  return CancellationScope.nonCancellable(async () => {
    for (;;) {
      await refundOwed(orderNo, mailbox)
      const message = await mailbox.next(0)
      if (!message) return
      if ('reply' in message) message.reply(CONFLICT)
      else if (message.kind === 'payment' && message.notice.kind === 'paid') {
        const { notice } = message
        await retryUntilResolved(orderNo, mailbox, 'late_money', () => applyPayment(exchange, notice))
      }
    }
  })
}

async function applyPayment(exchange: Exchange, money: ReportedMoney) {
  const { outTradeNo, amount, paymentRef } = money
  const outcome = await localStepsUntilDone.settlePayment(
    { outTradeNo, ...(amount ? { amount } : {}), ...(paymentRef ? { paymentRef } : {}) },
    exchange.outsideSteps,
  )
  if (outcome === 'settled') await captureExternal(exchange)
  return outcome
}
