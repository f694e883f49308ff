import { patched } from '@temporalio/workflow'
import type { Moved } from '../activities/orders.ts'
import type { RefusalCode } from '../domain/errors.ts'
import {
  allows,
  hasReached,
  LEADS_TO,
  ORDER_ACTIONS,
  type OrderStatus,
  type Step,
} from '../domain/orders/status.ts'
import { charge } from './charge.ts'
import type { Cause } from './compensation.ts'
import { CONFLICT, type Request } from './mailbox.ts'
import type { OrderNotice, Reply } from './messages.ts'
import { onPaymentNotice, onRefundDecision } from './pay.ts'
import type { Exchange } from './redemption.ts'
import { handOver, isLong, PAUSED, readStanding, type Standing } from './resume.ts'
import { localStepsUntilDone } from './steps.ts'

/** A person, the order domain or the auto-confirm timer moves a paid order on. */
export async function follow(
  exchange: Exchange,
  from: OrderStatus,
  confirmTime?: number,
): Promise<OrderStatus> {
  let status = from
  let confirmBy = confirmTime ?? Number.POSITIVE_INFINITY
  for (;;) {
    exchange.show(status)
    if (status === 'order_finished' || status === 'order_canceled') return status
    if (status === 'order_paid' && exchange.handsOut && patched('hand-out')) {
      const handedOut = await handOut(exchange)
      if (handedOut.status !== status) {
        ;({ status, confirmBy } = handedOut)
        continue
      }
    }
    if (status === 'order_paid' && exchange.charges && patched('charge')) {
      const charged = await charge(exchange)
      // Without a charge the order stays as it is, for an operator.
      if (charged.status !== status) {
        ;({ status, confirmBy } = charged)
        continue
      }
    }
    if (status === 'order_shipped' && confirmBy === Number.POSITIVE_INFINITY) {
      confirmBy = (await readStanding(exchange))?.confirmBy ?? Date.now()
    }
    if (isLong(exchange)) await handOver(exchange)
    const message = await exchange.mailbox.next(
      status === 'order_shipped' && confirmBy !== PAUSED ? confirmBy - Date.now() : undefined,
    )
    if (!message) {
      const by = { type: 'system' as const }
      status = (await advance(exchange, status, 'finish', { by, note: 'auto_confirm' }, confirmBy)).status
      // Refused: an after-sale is open.
      if (status === 'order_shipped' && patched('confirm-pauses')) {
        const standing = await readStanding(exchange)
        if (standing) ({ status, confirmBy } = standing)
      }
      continue
    }
    if (message.kind === 'payment') {
      await onPaymentNotice(exchange, message.notice)
      continue
    }
    if (message.kind === 'resolve') {
      await onRefundDecision(exchange, message)
      continue
    }
    if (message.kind === 'resync') {
      const standing = await readStanding(exchange)
      if (standing) ({ status, confirmBy } = standing)
      continue
    }
    const before: OrderStatus = status
    if (message.kind === 'extend') {
      ;({ status, confirmBy } = await extend(exchange, status, message, confirmBy))
      continue
    }
    const ifShipped = Date.now() + exchange.autoConfirmTimeoutMs
    if (message.kind === 'order') status = await onOrderEvent(exchange, status, message.notice, ifShipped)
    else status = await onRequest(exchange, status, message, ifShipped)
    if (status !== before && status === 'order_shipped') confirmBy = ifShipped
  }
}

/** Nobody asks for it: the goods are the mall's own. */
async function handOut({ orderNo, autoConfirmTimeoutMs }: Exchange): Promise<Standing> {
  const confirmBy = new Date(Date.now() + autoConfirmTimeoutMs).toISOString()
  const delivered = await localStepsUntilDone.deliverOrder(orderNo, confirmBy)
  const by = delivered.confirmBy
  return { status: delivered.status, confirmBy: by === null ? Number.POSITIVE_INFINITY : Date.parse(by) }
}

/** @param confirmBy when receipt is confirmed automatically, should the order ship now */
async function onRequest(
  exchange: Exchange,
  status: OrderStatus,
  request: Request,
  confirmBy: number,
): Promise<OrderStatus> {
  switch (request.kind) {
    case 'cancel':
    case 'refund': {
      if (!allows(status, request.kind)) {
        const code = request.by.type === 'customer' ? 'ORDER_NOT_CANCELABLE' : 'ORDER_STATE_CONFLICT'
        request.reply({ ok: false, refusal: { code } })
        return status
      }
      const { by, reason = `canceled_by_${by.type}` } = request
      const ended = await exchange.cancel({ reason, by, allowedIn: ORDER_ACTIONS[request.kind] })
      request.reply(ended === 'order_canceled' ? { ok: true } : CONFLICT)
      return ended
    }
    case 'accept':
      return moved(request, await advance(exchange, status, 'accept', request, confirmBy))
    case 'ship':
      return moved(request, await advance(exchange, status, 'ship', request, confirmBy))
    case 'shipment':
    case 'correctShipment':
      return moved(request, await onParcel(exchange, request, confirmBy))
    case 'finish': {
      const action = request.by.type === 'customer' ? 'confirm' : 'finish'
      return moved(request, await advance(exchange, status, action, request, confirmBy))
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

/** Old histories have no such request, so its steps need no patch. */
async function onParcel(
  { orderNo }: Exchange,
  request: Request & { readonly kind: 'shipment' | 'correctShipment' },
  confirmBy: number,
): Promise<Move> {
  const { by, key: operationKey, carrier, trackingNo } = request
  const parcel = { orderNo, by, operationKey, carrier, trackingNo }
  const answer =
    request.kind === 'shipment'
      ? await localStepsUntilDone.addShipment({
          ...parcel,
          ...(request.quantity === undefined ? {} : { quantity: request.quantity }),
          confirmBy: new Date(confirmBy).toISOString(),
        })
      : await localStepsUntilDone.correctShipment({ ...parcel, shipmentId: request.shipmentId })
  return { status: answer.status, reply: replyOf(answer.refusal) }
}

async function extend(
  { orderNo }: Exchange,
  status: OrderStatus,
  request: Request & { readonly kind: 'extend' },
  confirmBy: number,
): Promise<{ status: OrderStatus; confirmBy: number }> {
  const { by, key: operationKey } = request
  if (status !== 'order_shipped') {
    request.reply(CONFLICT)
    return { status, confirmBy }
  }
  const isPaused = confirmBy === PAUSED
  const due = new Date(isPaused ? Date.now() : confirmBy).toISOString()
  const extended = await localStepsUntilDone.extendConfirm({ orderNo, by, operationKey, confirmBy: due })
  request.reply(replyOf(extended.refusal))
  return {
    status: extended.status,
    // The after-sale that ends last reads the new time.
    confirmBy: isPaused || extended.confirmBy === null ? confirmBy : Date.parse(extended.confirmBy),
  }
}

const replyOf = (code: RefusalCode | null): Reply =>
  code === null ? { ok: true } : { ok: false, refusal: { code } }

async function advance(
  exchange: Exchange,
  status: OrderStatus,
  action: Step,
  request: {
    readonly by: Cause['by']
    readonly note?: 'auto_confirm'
    readonly carrier?: string
    readonly trackingNo?: string
  },
  confirmBy: number,
): Promise<Move> {
  const { by, note, carrier, trackingNo } = request
  if (!allows(status, action)) return { status, reply: CONFLICT }
  const moved: unknown = await localStepsUntilDone.advanceOrder({
    orderNo: exchange.orderNo,
    action,
    by,
    ...(note ? { note } : {}),
    ...(action === 'ship' ? { confirmBy: new Date(confirmBy).toISOString() } : {}),
    ...(carrier && trackingNo ? { shipping: { carrier, trackingNo } } : {}),
  })
  if (!isMoved(moved)) {
    // Activities of the previous version answered the refusal code, or null.
    const code = moved as RefusalCode | null
    return code
      ? { status, reply: { ok: false, refusal: { code } } }
      : { status: LEADS_TO[action], reply: { ok: true } }
  }
  return { status: moved.status, reply: replyOf(moved.refusal) }
}

const isMoved = (answer: unknown): answer is Moved => typeof answer === 'object' && answer !== null

/** Events may be late, duplicated or out of order: the order only moves forward. */
async function onOrderEvent(
  exchange: Exchange,
  status: OrderStatus,
  notice: OrderNotice,
  confirmBy: number,
): Promise<OrderStatus> {
  const by = { type: 'order_domain' as const }
  if (notice.kind === 'canceled') {
    if (!allows(status, 'cancel')) return status
    return exchange.cancel({ reason: 'canceled_by_order_domain', by, allowedIn: ORDER_ACTIONS.cancel })
  }
  const steps = STEPS_TO[notice.kind].filter((step) => !hasReached(status, LEADS_TO[step]))
  let now = status
  for (const step of steps) {
    now = (await advance(exchange, now, step, { by, ...notice }, confirmBy)).status
  }
  return now
}

const STEPS_TO = {
  accepted: ['accept'],
  shipped: ['accept', 'ship'],
  finished: ['accept', 'ship', 'finish'],
} as const satisfies Record<Exclude<OrderNotice['kind'], 'canceled'>, readonly Step[]>
