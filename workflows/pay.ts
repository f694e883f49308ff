import { CancellationScope, patched, TemporalFailure } from '@temporalio/workflow'
import type { ReportedMoney } from '../activities/payments.ts'
import type { OwedRefund } from '../activities/refunds.ts'
import type { PaymentMethod } from '../domain/payment.ts'
import { CONFLICT } from './mailbox.ts'
import type { PaymentNotice, Reply } from './messages.ts'
import {
  captureOutside,
  type Exchange,
  flag,
  giveMoneyBack,
  insist,
  meantBy,
  messageOf,
  takeWordOnMoney,
  type Word,
} from './redemption.ts'
import { persistently, surely, theirs } from './steps.ts'

/** Opens the payment at its provider; undone by closing it there. */
export async function openPayment(exchange: Exchange, outTradeNo: string): Promise<void> {
  exchange.undo.add('payment', async () => {
    const late = await close(outTradeNo, true)
    if (!late) return
    exchange.undo.addLast('late money', async () => {
      await takeMoney(exchange, late)
    })
  })
  await theirs.openPayment(outTradeNo)
}

/**
 * Waits for "paid" or the deadline. At the deadline the payment is closed at the provider first; only when it
 * says "closed" is anything released, and when it says "paid" the order goes on.
 */
export async function pay(
  exchange: Exchange,
  firstTradeNo: string,
): Promise<'order_paid' | 'order_canceled'> {
  let open = firstTradeNo
  for (;;) {
    const message = await exchange.mailbox.next(exchange.payBy - Date.now())
    if (message?.kind === 'pay' && Date.now() >= exchange.payBy) {
      // However many ask, the deadline does not move.
      message.reply(CONFLICT)
      continue
    }
    if (!message) {
      const late = await close(open, true)
      if (late && (await takeMoney(exchange, late)) === 'settled') return 'order_paid'
      await exchange.cancel({ reason: 'payment_timeout', by: { type: 'system' } })
      return 'order_canceled'
    }
    if (message.kind === 'payment') {
      if ((await hear(exchange, message.notice)) === 'settled') return 'order_paid'
    } else if (message.kind === 'cancel') {
      await exchange.cancel({ reason: message.reason ?? `canceled_by_${message.by.type}`, by: message.by })
      message.reply({ ok: true })
      return 'order_canceled'
    } else if (message.kind === 'order') {
      if (message.notice.kind !== 'canceled') continue
      await exchange.cancel({ reason: 'canceled_by_order_domain', by: { type: 'order_domain' } })
      return 'order_canceled'
    } else if (message.kind === 'pay') {
      const again = await payAgain(exchange, open, message.method)
      open = again.open
      message.reply(again.reply)
      if (again.paid) return 'order_paid'
    } else if (message.kind === 'resolve') {
      await resolveBeside(exchange, message)
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

/** Opens the cashier again, or another method: the earlier attempt is closed first. The deadline stays. */
async function payAgain(exchange: Exchange, open: string, method?: PaymentMethod): Promise<Again> {
  const { orderNo, outsideSteps } = exchange
  const current = await surely.findOpenPayment(orderNo)
  if (current?.opened && (method === undefined || method === current.method)) {
    return { open, paid: false, reply: { ok: true } }
  }
  if (method === 'wallet') {
    const refusal = await surely.checkCash(orderNo)
    if (refusal) return { open, paid: false, reply: { ok: false, refusal } }
  }
  if (current) {
    const late = await close(current.outTradeNo, false, true)
    const outcome = late && (await takeMoney(exchange, late))
    if (outcome === 'settled') return { open, paid: true, reply: { ok: true } }
    // An exchange that began earlier has left this to its end.
    if (outcome === 'refund' && patched('refund-beside-pay-again')) refundBeside(exchange)
  }
  if (method === 'wallet') {
    const settled = await surely.settleExchange({ orderNo, outsideSteps })
    if (!settled.settled) return { open, paid: false, reply: { ok: false, refusal: settled.refusal } }
    await captureOutside(exchange)
    return { open, paid: true, reply: { ok: true } }
  }
  const next = await surely.newPayment(orderNo, method ?? current?.method ?? 'bank_card')
  try {
    await openPayment(exchange, next)
    return { open: next, paid: false, reply: { ok: true } }
  } catch (error) {
    if (!(error instanceof TemporalFailure)) throw error
    return { open: next, paid: false, reply: { ok: false, refusal: { code: 'UNAVAILABLE' } } }
  }
}

/** Closes an attempt at its provider. @returns the money, when some had come in first. */
async function close(
  outTradeNo: string,
  showOnOrder: boolean,
  replaced = false,
): Promise<ReportedMoney | undefined> {
  await surely.beginClosing(outTradeNo, showOnOrder)
  const outcome = await persistently.closePayment(outTradeNo, replaced)
  return outcome.closed ? undefined : outcome.paid
}

/** Takes what a provider tells us. Money that was not due goes back beside the story, which goes on. */
export async function hear(exchange: Exchange, notice: PaymentNotice): Promise<'settled' | 'noted'> {
  if (notice.kind === 'paid') {
    const outcome = await takeMoney(exchange, notice)
    if (outcome === 'settled') return 'settled'
    if (outcome === 'refund') refundBeside(exchange)
  } else if (notice.kind === 'declined') {
    await surely.noteDeclined(notice.outTradeNo, notice.eventId)
  }
  return 'noted'
}

/** Refunds what is owed while the story goes on; what fails here is taken up again at its end. */
function refundBeside({ orderNo, stuck }: Exchange): void {
  let asked: OwedRefund | undefined
  const refund = async () => {
    for (const owed of await surely.listOwedRefunds(orderNo)) {
      asked = owed
      await persistently.refundPayment(owed)
    }
  }
  refund().catch((error: unknown) => {
    if (asked) stuck.push(asked)
    return flag(orderNo, `refund: ${messageOf(error)}`)
  })
}

/** An operator's word on a refund beside the story that could not finish. */
export async function resolveBeside(exchange: Exchange, word: Word): Promise<void> {
  const { orderNo, stuck } = exchange
  const owed = await surely.listOwedRefunds(orderNo)
  if (owed.length === 0) return word.reply(CONFLICT)
  const reply = await takeWordOnMoney(orderNo, word, stuck)
  const meant = meantBy(word, stuck)
  if (reply.ok) stuck.splice(0, stuck.length, ...stuck.filter((refund) => !meant.includes(refund)))
  if (reply.ok && word.action === 'retry') refundBeside(exchange)
  word.reply(reply)
}

/**
 * The order is finished or canceled: money that came in meanwhile is heard of, and all that is owed goes
 * back, also when somebody has canceled the workflow itself.
 */
export function settleUp(exchange: Exchange): Promise<void> {
  const { orderNo, mailbox } = exchange
  return CancellationScope.nonCancellable(async () => {
    for (;;) {
      await giveMoneyBack(orderNo, mailbox)
      const message = await mailbox.next(0)
      if (!message) return
      if ('reply' in message) message.reply(CONFLICT)
      else if (message.kind === 'payment' && message.notice.kind === 'paid') {
        const { notice } = message
        await insist(orderNo, mailbox, 'late money', () => takeMoney(exchange, notice))
      }
    }
  })
}

/** Money came in: for the order, or it goes back. */
async function takeMoney(exchange: Exchange, money: ReportedMoney) {
  const { outTradeNo, amount, paymentRef } = money
  const outcome = await surely.settlePayment(
    { outTradeNo, ...(amount ? { amount } : {}), ...(paymentRef ? { paymentRef } : {}) },
    exchange.outsideSteps,
  )
  if (outcome === 'settled') await captureOutside(exchange)
  return outcome
}
