import type { Charged, ChargeWhen } from '../activities/charges.ts'
import type { RefusalCode } from '../domain/errors.ts'
import { ORDER_ACTIONS, type OrderStatus } from '../domain/orders/status.ts'
import { CONFLICT, type Message, type Request } from './mailbox.ts'
import { onPaymentNotice, onRefundDecision } from './pay.ts'
import type { Exchange } from './redemption.ts'
import { handOver, isLong, type Standing } from './resume.ts'
import { remoteStepsUntilDone } from './steps.ts'

/**
 * Charges the customer's account at the supplier. Ends with the order shipped, or canceled after the supplier said no; until
 * then nobody else moves the order, and it is canceled only after a negative answer.
 */
export async function charge(exchange: Exchange): Promise<Standing> {
  let early: Early = { nextAt: null, pauseMs: SHORTEST_PAUSE_MS }
  for (;;) {
    const charged = await ask(exchange, 'due')
    if (charged.charge === null) {
      // An order of before: an operator does it.
      exchange.charges = false
      return standingOf(charged)
    }
    if (charged.status !== 'order_paid') return standingOf(charged)
    if (charged.charge.state === 'failed') {
      const status = await exchange.cancel({ reason: 'charge_failed', by: { type: 'system' } })
      return { status, confirmBy: Number.POSITIVE_INFINITY }
    }
    if (isLong(exchange)) await handOver(exchange)
    const { nextAt } = charged.charge
    const pauseMs = nextAt === null ? undefined : Math.max(Date.parse(nextAt) - Date.now(), early.pauseMs)
    const message = await exchange.mailbox.next(pauseMs)
    if (!message) {
      early = { nextAt, pauseMs: nextAt === early.nextAt ? early.pauseMs * 2 : SHORTEST_PAUSE_MS }
      continue
    }
    const status = await onMessage(exchange, message)
    if (status !== 'order_paid') return { status, confirmBy: Number.POSITIVE_INFINITY }
  }
}

/** Asked at its time and not due: the clock of the activity is behind, so the next pause is longer. */
interface Early {
  readonly nextAt: string | null
  readonly pauseMs: number
}

const SHORTEST_PAUSE_MS = 100

function ask({ orderNo, autoConfirmTimeoutMs }: Exchange, when: ChargeWhen): Promise<Charged> {
  const confirmBy = new Date(Date.now() + autoConfirmTimeoutMs).toISOString()
  return remoteStepsUntilDone.chargeOrder(orderNo, confirmBy, when)
}

const standingOf = ({ status, confirmBy }: Charged): Standing => ({
  status,
  confirmBy: confirmBy === null ? Number.POSITIVE_INFINITY : Date.parse(confirmBy),
})

async function onMessage(exchange: Exchange, message: Message): Promise<OrderStatus> {
  switch (message.kind) {
    case 'payment':
      await onPaymentNotice(exchange, message.notice)
      return 'order_paid'
    case 'resolve':
      await onRefundDecision(exchange, message)
      return 'order_paid'
    // The row says what is due.
    case 'resync':
      return 'order_paid'
    case 'order': {
      const by = { type: 'order_domain' as const }
      if (message.notice.kind !== 'canceled' || !(await isRefundable(exchange))) return 'order_paid'
      return exchange.cancel({
        reason: 'canceled_by_order_domain',
        by,
        allowedIn: ORDER_ACTIONS.cancel,
      })
    }
    case 'cancel':
    case 'refund':
      return withdraw(exchange, message)
    default:
      message.reply(CONFLICT)
      return 'order_paid'
  }
}

/** Staff may take the order back, after the supplier has just said that it did not charge. */
async function withdraw(
  exchange: Exchange,
  request: Request & { readonly kind: 'cancel' | 'refund' },
): Promise<OrderStatus> {
  const { by, kind, reason = `canceled_by_${by.type}` } = request
  const refuse = (code: RefusalCode): OrderStatus => {
    request.reply({ ok: false, refusal: { code } })
    return 'order_paid'
  }
  if (by.type === 'customer') return refuse('ORDER_NOT_CANCELABLE')
  if (!(await isRefundable(exchange))) return refuse('CHARGE_UNDECIDED')
  const status = await exchange.cancel({ reason, by, allowedIn: ORDER_ACTIONS[kind] })
  request.reply(status === 'order_canceled' ? { ok: true } : CONFLICT)
  return status
}

const isRefundable = async (exchange: Exchange): Promise<boolean> =>
  (await ask(exchange, 'now')).charge?.refundable === true
