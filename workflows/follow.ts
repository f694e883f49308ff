import { allows, type OrderStatus } from '../domain/order-status.ts'
import { CONFLICT, type Request } from './mailbox.ts'
import type { OrderNotice, Reply } from './messages.ts'
import { hear, resolveBeside } from './pay.ts'
import type { Exchange } from './redemption.ts'
import { surely } from './steps.ts'

type Ended = 'order_finished' | 'order_canceled'

/**
 * Follows a paid order: accepted, shipped, finished, by a person, by the order domain, or by the clock that
 * starts when it ships. Until then it can be canceled, and later refunded.
 */
export async function follow(exchange: Exchange): Promise<Ended> {
  let status: OrderStatus = 'order_paid'
  let confirmBy = Number.POSITIVE_INFINITY
  for (;;) {
    exchange.show(status)
    const message = await exchange.mailbox.next(
      status === 'order_shipped' ? confirmBy - Date.now() : undefined,
    )
    if (!message) {
      await surely.advanceOrder({
        orderNo: exchange.orderNo,
        action: 'finish',
        by: { type: 'system' },
        note: 'auto_confirm',
      })
      return 'order_finished'
    }
    if (message.kind === 'payment') {
      await hear(exchange, message.notice)
      continue
    }
    if (message.kind === 'resolve') {
      await resolveBeside(exchange, message)
      continue
    }
    const before: OrderStatus = status
    if (message.kind === 'order') status = await obey(exchange, status, message.notice)
    else status = await serve(exchange, status, message)
    if (status === 'order_finished' || status === 'order_canceled') return status
    if (status !== before && status === 'order_shipped')
      confirmBy = Date.now() + exchange.autoConfirmTimeoutMs
  }
}

/** Does what a person asks, where the state allows it. */
async function serve(exchange: Exchange, status: OrderStatus, request: Request): Promise<OrderStatus> {
  switch (request.kind) {
    case 'cancel':
    case 'refund': {
      if (!allows(status, request.kind)) {
        const code = request.by.type === 'customer' ? 'ORDER_NOT_CANCELABLE' : 'ORDER_STATE_CONFLICT'
        request.reply({ ok: false, refusal: { code } })
        return status
      }
      await exchange.cancel({ reason: request.reason ?? `canceled_by_${request.by.type}`, by: request.by })
      request.reply({ ok: true })
      return 'order_canceled'
    }
    case 'accept':
      return moved(request, await advance(exchange, status, 'accept', request))
    case 'ship':
      return moved(request, await advance(exchange, status, 'ship', request))
    case 'finish': {
      const action = request.by.type === 'customer' ? 'confirm' : 'finish'
      return moved(request, await advance(exchange, status, action, request))
    }
    default:
      request.reply(CONFLICT)
      return status
  }
}

interface Move {
  readonly status: OrderStatus
  readonly reply: Reply
}

function moved(request: Request, move: Move): OrderStatus {
  request.reply(move.reply)
  return move.status
}

async function advance(
  exchange: Exchange,
  status: OrderStatus,
  action: 'accept' | 'ship' | 'finish' | 'confirm',
  { by, ...request }: Pick<Request, 'by'> & { readonly carrier?: string; readonly trackingNo?: string },
): Promise<Move> {
  const { carrier, trackingNo } = request
  if (!allows(status, action)) return { status, reply: CONFLICT }
  const code = await surely.advanceOrder({
    orderNo: exchange.orderNo,
    action,
    by,
    ...(carrier && trackingNo ? { shipping: { carrier, trackingNo } } : {}),
  })
  if (code) return { status, reply: { ok: false, refusal: { code } } }
  const to = {
    accept: 'order_accepted',
    ship: 'order_shipped',
    finish: 'order_finished',
    confirm: 'order_finished',
  }
  return { status: to[action] as OrderStatus, reply: { ok: true } }
}

/** The order domain's events may come late, twice or out of order: the order only ever moves forward. */
async function obey(exchange: Exchange, status: OrderStatus, notice: OrderNotice): Promise<OrderStatus> {
  const by = { type: 'order_domain' as const }
  if (notice.kind === 'canceled') {
    if (!allows(status, 'cancel')) return status
    await exchange.cancel({ reason: 'canceled_by_order_domain', by })
    return 'order_canceled'
  }
  const path = ['accept', 'ship', 'finish'] as const
  const target = { accepted: 0, shipped: 1, finished: 2 }[notice.kind]
  const reached = { order_accepted: 0, order_shipped: 1 }[status as string] ?? -1
  let now = status
  for (const action of path.slice(reached + 1, target + 1)) {
    now = (await advance(exchange, now, action, { by, ...notice })).status
  }
  return now
}
