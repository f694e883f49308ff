import {
  allHandlersFinished,
  condition,
  setHandler,
  TemporalFailure,
  upsertSearchAttributes,
} from '@temporalio/workflow'
import type { Quote } from '../activities/place.ts'
import type { Refusal } from '../domain/errors.ts'
import { hasReached, ORDER_ACTIONS, type OrderStatus } from '../domain/orders/status.ts'
import { createUndo, KeptError } from './compensation.ts'
import { follow } from './follow.ts'
import { openMailbox } from './mailbox.ts'
import { type ExchangeInput, placedUpdate, SEARCH_ATTRIBUTES, type Verdict } from './messages.ts'
import { closeLeftOpen, drain, openPayment, pay, refundInBackground, undoPayment } from './pay.ts'
import { askOperator, captureExternal, type Exchange, noteOutsideSettled } from './redemption.ts'
import { standingOf } from './resume.ts'
import { isSuperseded, localSteps, localStepsUntilDone, remoteSteps, remoteStepsUntilDone } from './steps.ts'

/**
 * The whole story of one redemption. A step that fails permanently undoes all previous steps; a resumed run
 * continues from the state in the database.
 */
export async function exchangeWorkflow(input: ExchangeInput): Promise<OrderStatus> {
  const { exchange, answer } = openExchange(input)
  let status: OrderStatus = input.resume ? 'exchanged' : 'order_canceled'
  let dueAtProvider = false
  let stands = false
  try {
    const placed = input.resume ? await resumePlacement(exchange, input.resume.epoch) : await place(exchange)
    stands = input.resume !== undefined
    dueAtProvider = placed.outTradeNo !== null
    if (placed.opens && placed.outTradeNo) await openPayment(exchange, placed.outTradeNo)
    status = placed.status
    exchange.show(status)
    answer({ placed: true, status })
    stands = true
    if (placed.outTradeNo && status === 'order_created') status = await pay(exchange, placed.outTradeNo)
    if (isFollowed(status)) status = await follow(exchange, status, placed.confirmBy)
  } catch (error) {
    if (isSuperseded(error)) return closeExchange(exchange, status)
    if (!(error instanceof RefusedError) && !(error instanceof TemporalFailure)) throw error
    const refusal: Refusal = error instanceof RefusedError ? error.refusal : { code: 'UNAVAILABLE' }
    const cause = { reason: refusal.code, by: { type: 'system' as const } }
    // A confirmed order is canceled; one that was never confirmed is refused.
    await exchange.cancel(stands ? cause : { ...cause, refusal })
    status = 'order_canceled'
    answer({ placed: false, refusal })
  }
  exchange.show(status)
  try {
    if (dueAtProvider) await drain(exchange)
    await noteOutsideSettled(input.orderNo, input.outsideSteps)
  } catch (error) {
    if (!isSuperseded(error)) throw error
  }
  return closeExchange(exchange, status)
}

async function closeExchange({ mailbox }: Exchange, status: OrderStatus): Promise<OrderStatus> {
  mailbox.close()
  await condition(allHandlersFinished)
  return status
}

const isFollowed = (status: OrderStatus) => hasReached(status, 'order_paid') && status !== 'order_finished'

class RefusedError extends Error {
  readonly refusal: Refusal
  constructor(refusal: Refusal) {
    super(refusal.code)
    this.refusal = refusal
  }
}

function openExchange(input: ExchangeInput): { exchange: Exchange; answer: (verdict: Verdict) => void } {
  let verdict: Verdict | undefined
  let shown: OrderStatus | undefined = input.resume ? undefined : 'exchanged'
  const mailbox = openMailbox()
  const undo = createUndo()
  setHandler(placedUpdate, async () => {
    await condition(() => verdict !== undefined)
    return verdict as Verdict
  })
  return {
    answer: (given) => {
      verdict ??= given
    },
    exchange: {
      ...input,
      input,
      mailbox,
      undo,
      stuck: [],
      payBy: Date.now() + input.paymentTimeoutMs,
      handsOut: false,
      charges: false,
      cancel: (cause) => undo.run(cause, (step, error) => askOperator(input.orderNo, mailbox, step, error)),
      show(status) {
        if (status === shown) return
        shown = status
        upsertSearchAttributes([{ key: SEARCH_ATTRIBUTES.exchangeStatus, value: status }])
      },
    },
  }
}

interface Standing {
  readonly status: OrderStatus
  readonly outTradeNo: string | null
  readonly opens: boolean
  /** Workflow time, ms. */
  readonly confirmBy?: number
}

async function place(exchange: Exchange): Promise<Standing> {
  const { orderNo, outsideSteps, undo } = exchange
  const quote = outsideSteps.length > 0 ? await runExternalSteps(exchange) : undefined
  registerCancel(exchange)
  const payBy = new Date(exchange.payBy).toISOString()
  const placed = await localSteps.placeExchange({ orderNo, payBy, outsideSteps, ...(quote ? { quote } : {}) })
  if (!placed.placed) {
    undo.forget('exchange')
    throw new RefusedError(placed.refusal)
  }
  const { status, outTradeNo } = placed
  exchange.handsOut = placed.handsOut === true
  exchange.charges = placed.charges === true
  if (!quote || status === 'order_paid') return { status, outTradeNo, opens: outTradeNo !== null }
  return completeExternalSteps(exchange, outTradeNo, outTradeNo !== null)
}

async function completeExternalSteps(
  exchange: Exchange,
  outTradeNo: string | null,
  opens: boolean,
): Promise<Standing> {
  const { orderNo, outsideSteps } = exchange
  if (outsideSteps.includes('orders')) {
    // Activities of the previous version answered nothing.
    const created = await remoteSteps.createOrder(orderNo)
    if (created?.refusal) throw new RefusedError(created.refusal)
  }
  if (outTradeNo) return { status: 'order_created', outTradeNo, opens }
  const settled = await localStepsUntilDone.settleExchange({ orderNo, outsideSteps })
  if (!settled.settled) throw new RefusedError(settled.refusal)
  await captureExternal(exchange)
  return { status: 'order_paid', outTradeNo: null, opens: false }
}

function registerCancel({ orderNo, outsideSteps, undo }: Exchange): void {
  undo.add('exchange', async ({ reason, by, refusal, allowedIn }) => {
    const canceled: unknown = await remoteStepsUntilDone.cancelExchange({
      orderNo,
      reason,
      by,
      outsideSteps,
      ...(refusal ? { refusal } : {}),
      ...(allowedIn ? { allowedIn } : {}),
    })
    // Activities of the previous version answered with a list.
    const { status = null } = canceled as { status?: OrderStatus | null }
    if (status !== null && status !== 'order_canceled') throw new KeptError(status)
  })
}

function undoExternalStep(exchange: Exchange, step: 'attempt' | 'stock' | 'points'): void {
  const { orderNo, undo } = exchange
  if (step === 'attempt') {
    undo.add('attempt', async ({ refusal }) => {
      if (refusal) await remoteStepsUntilDone.refuseAttempt(orderNo, refusal)
    })
  } else if (step === 'stock') undo.add('stock', () => remoteStepsUntilDone.releaseStock(orderNo))
  else undo.add('points', ({ reason }) => remoteStepsUntilDone.releasePoints(orderNo, reason))
}

/** The steps of external systems: one activity each, its undo registered first. */
async function runExternalSteps(exchange: Exchange): Promise<Quote> {
  const { orderNo, outsideSteps, undo } = exchange
  undoExternalStep(exchange, 'attempt')
  const quoted = await localSteps.quoteExchange(orderNo)
  if ('refusal' in quoted) {
    undo.forget('attempt')
    throw new RefusedError(quoted.refusal)
  }
  const { quote } = quoted
  if (outsideSteps.includes('stock')) {
    undoExternalStep(exchange, 'stock')
    const reserved = await remoteSteps.reserveStock(orderNo, quote)
    if (!reserved) throw new RefusedError({ code: 'OUT_OF_STOCK' })
  }
  if (outsideSteps.includes('points') && quote.totalPoints > 0) {
    undoExternalStep(exchange, 'points')
    const held = await remoteSteps.holdPoints(orderNo, quote.totalPoints)
    if (!held) throw new RefusedError({ code: 'INSUFFICIENT_POINTS', required: `${quote.totalPoints}` })
  }
  return quote
}

/** Every step may have happened: each is repeatable and registers its undo again. */
async function resumePlacement(exchange: Exchange, epoch: number): Promise<Standing> {
  const { orderNo, outsideSteps } = exchange
  const progress = await localStepsUntilDone.resumeExchange(orderNo, epoch)
  if (progress.phase === 'pending') {
    exchange.payBy = Date.parse(progress.since) + exchange.paymentTimeoutMs
    if (outsideSteps.length === 0) return place(exchange)
  }
  if (outsideSteps.length > 0) undoExternalStep(exchange, 'attempt')
  if (outsideSteps.includes('stock')) undoExternalStep(exchange, 'stock')
  if (outsideSteps.includes('points')) undoExternalStep(exchange, 'points')
  // The state of external systems is unknown, and nothing was promised to the customer.
  if (progress.phase === 'pending') throw new RefusedError({ code: 'UNAVAILABLE' })
  registerCancel(exchange)
  if (progress.phase === 'refused') throw new RefusedError(progress.refusal)

  const { status, lastTradeNo: outTradeNo, openAttempts, cancelCause, cancelReason } = progress
  const { confirmBy } = standingOf(progress, exchange.autoConfirmTimeoutMs)
  exchange.handsOut = progress.handsOut === true
  exchange.charges = progress.charges === true
  const standing = { status, outTradeNo, opens: false, confirmBy }
  if (progress.payBy !== null) exchange.payBy = Date.parse(progress.payBy)
  if (hasReached(status, 'order_paid')) {
    for (const attempt of openAttempts) await closeLeftOpen(exchange, attempt.outTradeNo)
    await captureExternal(exchange)
    refundInBackground(exchange)
    return standing
  }
  const opens = status !== 'order_canceled' && !cancelCause && openAttempts.at(-1)?.state === 'unpaid'
  for (const attempt of openAttempts) {
    if (!opens || attempt.outTradeNo !== outTradeNo) undoPayment(exchange, attempt.outTradeNo)
  }
  if (status === 'order_canceled') {
    await exchange.cancel({ reason: cancelReason ?? status, by: { type: 'system' } })
    return standing
  }
  if (cancelCause) {
    return { ...standing, status: await exchange.cancel({ ...cancelCause, allowedIn: ORDER_ACTIONS.cancel }) }
  }
  if (outTradeNo !== null) refundInBackground(exchange)
  return outsideSteps.length > 0 ? completeExternalSteps(exchange, outTradeNo, opens) : { ...standing, opens }
}
