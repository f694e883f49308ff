import {
  allHandlersFinished,
  condition,
  setHandler,
  TemporalFailure,
  upsertSearchAttributes,
} from '@temporalio/workflow'
import type { Quote } from '../activities/place.ts'
import type { Refusal } from '../domain/errors.ts'
import type { OrderStatus } from '../domain/order-status.ts'
import { createUndo } from './compensation.ts'
import { follow } from './follow.ts'
import { openMailbox } from './mailbox.ts'
import { type ExchangeInput, placedUpdate, SEARCH_ATTRIBUTES, type Verdict } from './messages.ts'
import { openPayment, pay, settleUp } from './pay.ts'
import { askOperator, captureOutside, type Exchange } from './redemption.ts'
import { ours, persistently, surely, theirs } from './steps.ts'

/**
 * One redemption, from request to finished order (section 8 of the seed): place it, have it paid, follow it
 * to its end. A step that fails for good undoes what was done, in reverse, until it is done.
 */
export async function exchangeWorkflow(input: ExchangeInput): Promise<OrderStatus> {
  const { exchange, answer } = begin(input)
  let status: OrderStatus = 'order_canceled'
  let dueAtProvider = false
  let stands = false
  try {
    const placed = await place(exchange)
    dueAtProvider = placed.outTradeNo !== null
    if (placed.outTradeNo) await openPayment(exchange, placed.outTradeNo)
    status = placed.status
    exchange.show(status)
    answer({ placed: true, status })
    stands = true
    if (placed.outTradeNo) status = await pay(exchange, placed.outTradeNo)
    if (status === 'order_paid') status = await follow(exchange)
  } catch (error) {
    if (!(error instanceof Refused) && !(error instanceof TemporalFailure)) throw error
    const refusal: Refusal = error instanceof Refused ? error.refusal : { code: 'UNAVAILABLE' }
    const cause = { reason: refusal.code, by: { type: 'system' as const } }
    // An order that somebody was told of is canceled; one that nobody knows was refused.
    await exchange.cancel(stands ? cause : { ...cause, refusal })
    status = 'order_canceled'
    answer({ placed: false, refusal })
  }
  exchange.show(status)
  if (dueAtProvider) await settleUp(exchange)
  exchange.mailbox.close()
  await condition(allHandlersFinished)
  return status
}

/** The redemption is refused, by a rule or by what there is. */
class Refused extends Error {
  readonly refusal: Refusal
  constructor(refusal: Refusal) {
    super(refusal.code)
    this.refusal = refusal
  }
}

function begin(input: ExchangeInput): { exchange: Exchange; answer: (verdict: Verdict) => void } {
  let verdict: Verdict | undefined
  let shown: OrderStatus = 'exchanged'
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
      mailbox,
      undo,
      stuck: [],
      payBy: Date.now() + input.paymentTimeoutMs,
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
  /** The attempt to pay that is to be opened, if cash is due at a provider. */
  readonly outTradeNo: string | null
}

/** Reserve the stock, hold the points, record the exchange order, create the standard order. */
async function place(exchange: Exchange): Promise<Standing> {
  const { orderNo, outsideSteps, undo } = exchange
  const quote = outsideSteps.length > 0 ? await placeOutside(exchange) : undefined
  undo.add('exchange', async ({ reason, by, refusal }) => {
    await persistently.cancelExchange({ orderNo, reason, by, outsideSteps, ...(refusal ? { refusal } : {}) })
  })
  const payBy = new Date(exchange.payBy).toISOString()
  const placed = await ours.placeExchange({ orderNo, payBy, outsideSteps, ...(quote ? { quote } : {}) })
  if (!placed.placed) {
    undo.forget('exchange')
    throw new Refused(placed.refusal)
  }
  if (!quote || placed.status === 'order_paid') return placed
  if (outsideSteps.includes('orders')) await theirs.createOrder(orderNo)
  if (placed.outTradeNo) return { ...placed, status: 'order_created' }
  const settled = await surely.settleExchange({ orderNo, outsideSteps })
  if (!settled.settled) throw new Refused(settled.refusal)
  await captureOutside(exchange)
  return { status: 'order_paid', outTradeNo: null }
}

/** The same steps where they belong to other systems: each an activity of its own, its undo registered first. */
async function placeOutside({ orderNo, outsideSteps, undo }: Exchange): Promise<Quote> {
  undo.add('attempt', async ({ refusal }) => {
    if (refusal) await persistently.refuseAttempt(orderNo, refusal)
  })
  const quoted = await ours.quoteExchange(orderNo)
  if ('refusal' in quoted) {
    undo.forget('attempt')
    throw new Refused(quoted.refusal)
  }
  const { quote } = quoted
  if (outsideSteps.includes('stock')) {
    undo.add('stock', () => persistently.releaseStock(orderNo))
    const reserved = await theirs.reserveStock(orderNo, quote)
    if (!reserved) throw new Refused({ code: 'OUT_OF_STOCK' })
  }
  if (outsideSteps.includes('points') && quote.totalPoints > 0) {
    undo.add('points', ({ reason }) => persistently.releasePoints(orderNo, reason))
    const held = await theirs.holdPoints(orderNo, quote.totalPoints)
    if (!held) throw new Refused({ code: 'INSUFFICIENT_POINTS', required: `${quote.totalPoints}` })
  }
  return quote
}
