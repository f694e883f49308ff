import { randomUUID } from 'node:crypto'
import type { Db } from '../../db/client.ts'
import { changeChannel, hasPointsOutside } from '../../db/orders/attempts.ts'
import { findShippingType } from '../../db/orders/audit-trail.ts'
import { keepCancelWords } from '../../db/orders/orders.ts'
import { keepRequest } from '../../db/orders/requests.ts'
import { countAttempts, readOpenPayment } from '../../db/payments/payments.ts'
import { mustNotBeOwn } from '../../domain/access.ts'
import { needsAddress } from '../../domain/catalogue/product.ts'
import { DomainError } from '../../domain/errors.ts'
import { isKept } from '../../domain/orders/after-sale.ts'
import { MAX_PAYMENT_ATTEMPTS, type PaymentMethod } from '../../domain/payments/method.ts'
import {
  PART_REFUND_WORKFLOW,
  REFUND_WORKFLOW,
  type Reply,
  type Requester,
} from '../../workflows/messages.ts'
import { isGone, isTimeout, isUnavailable, OverloadedError } from '../temporal/client.ts'
import { AFTER_SALE } from './adoption.ts'
import { askExchange, CONFLICT, createAsk, knownReply, tellAll, workflowsOf } from './ask-workflow.ts'
import { hasNothingLeft } from './audit-trail.ts'
import { decideUntoldOrder } from './external-order.ts'
import {
  type AskedOrder,
  messageOf,
  type OrderActor,
  type OrderRequest,
  refusalAtEnd,
} from './order-request.ts'
import { hasFinished, startRefund } from './start-refund.ts'
import { findStuckRefund } from './stuck-refunds.ts'
import { cancelWordsOf } from './view.ts'

/**
 * Asks the order's workflow to act. @returns false when the outcome is unknown after `temporal.answerMs`
 * @throws DomainError the refusal; OverloadedError when Temporal is unavailable; InvalidInputError when `settle` has a
 * choice of refunds and names none
 */
export async function actOnOrder(
  actor: OrderActor,
  order: AskedOrder,
  by: Requester,
  request: OrderRequest,
  operationKey: string = randomUUID(),
): Promise<boolean> {
  if (by.type === 'customer' && request.kind === 'cancel' && isKept(order)) {
    throw new DomainError({ code: 'NOT_RETURNABLE' })
  }
  const known = await askOrder(actor, order, by, await withoutWords(actor, order, by, request), operationKey)
  // Payments and decisions read the order again. Other requests are stored, in case Temporal loses them.
  if (!known && request.kind !== 'pay' && request.kind !== 'resolve') {
    const { db, sealer } = actor
    const place = `order-request/${order.order_no}/${operationKey}`
    const kept = sealer.seal({ by, request }, place)
    await keepRequest(db, { order_no: order.order_no, operation_key: operationKey, request: kept })
  }
  return known
}

/** The words of a customer are personal: they are sealed with the order, and everything else has a code in their place. */
async function withoutWords(
  { db, sealer }: OrderActor,
  { order_no }: AskedOrder,
  by: Requester,
  request: OrderRequest,
): Promise<OrderRequest> {
  if (by.type !== 'customer' || request.kind !== 'cancel' || request.reason === undefined) return request
  await keepCancelWords(db, order_no, sealer.seal(request.reason, cancelWordsOf(order_no)))
  return { kind: 'cancel' }
}

async function askOrder(
  actor: OrderActor,
  order: AskedOrder,
  by: Requester,
  request: OrderRequest,
  operationKey: string,
): Promise<boolean> {
  const { db, sealer, temporal } = actor
  if (by.type === 'operator') mustNotBeOwn(by.id ?? '', order.owner_id)
  if (request.kind === 'resolve' && order.needs_attention?.code === 'order_service') {
    await decideUntoldOrder(db, order.order_no, by, request)
    return true
  }
  const deadline = Date.now() + temporal.answerMs
  const refund = request.kind === 'resolve' && request.action === 'settle'
  const settled = refund ? await findStuckRefund(db, order.order_no, request.refundNo) : undefined
  const [update, args] = messageOf(by, request, settled?.refundNos, operationKey)
  const known = await knownReply(temporal, order, by, request, operationKey)
  if (known) return answerOf(known, by, request)
  if (order.payment_status === 'closing' && (request.kind === 'pay' || request.kind === 'cancel')) {
    // The order is being canceled, so its workflow refuses everything else.
    if (request.kind === 'pay' || order.needs_attention !== null) return answerOf(CONFLICT, by, request)
    return false
  }
  const isShipping = request.kind === 'ship' || request.kind === 'shipment'
  if (isShipping && !(await isShipped(db, order.order_no))) return answerOf(CONFLICT, by, request)
  if (request.kind === 'refund' && hasNothingLeft(order)) {
    throw new DomainError({ code: 'REFUND_EXCEEDS_REST' })
  }
  if (request.kind === 'refund' && request.part) {
    const { reason, part } = request
    const input = { orderNo: order.order_no, by, reason, ...part, operationKey }
    return temporal.gate.run(deadline, () =>
      startRefund(temporal, { workflow: PART_REFUND_WORKFLOW, input, n: operationKey, deadline }),
    )
  }
  if (request.kind === 'pay') {
    if (request.channel) await changeChannel(db, sealer, order.order_no, request.channel)
    if (await isOpenAt(actor, order.order_no, request.method)) return true
  }
  const ask = createAsk(temporal, { update, args, operationKey, deadline })
  let reply: Reply
  try {
    reply = await temporal.gate.run(deadline, async () =>
      request.kind === 'resolve'
        ? tellAll(settled?.workflowIds ?? (await workflowsOf(db, order.order_no)), ask)
        : askExchange(actor, order.order_no, ask),
    )
  } catch (error) {
    if (isTimeout(error)) return false
    if (isUnavailable(error)) throw new OverloadedError('Temporal is unavailable', { cause: error })
    if (!isGone(error)) throw error
    reply = CONFLICT
  }
  if (!reply.ok && request.kind === 'refund' && (await hasFinished(db, order.order_no))) {
    const external = await hasPointsOutside(db, order.order_no)
    const asked = { kind: 'after_sale', orderNo: order.order_no, by, reason: request.reason } as const
    const input = { ...asked, ...(external ? { outsideSteps: ['points'] as const } : {}) }
    return startRefund(temporal, { workflow: REFUND_WORKFLOW, input, n: AFTER_SALE, deadline })
  }
  return answerOf(reply, by, request)
}

/**
 * Whether a decision was accepted under this key by one of the order's workflows.
 * @throws OverloadedError when Temporal is unavailable
 */
export async function wasResolved(
  { db, temporal: { client } }: Pick<OrderActor, 'db' | 'temporal'>,
  orderNo: string,
  operationKey: string,
): Promise<boolean> {
  const replies = (await workflowsOf(db, orderNo)).map(async (workflowId) => {
    try {
      const update = client.workflow.getHandle(workflowId).getUpdateHandle<Reply>(operationKey)
      return await client.withDeadline(Date.now() + 1_000, () => update.result())
    } catch (error) {
      if (isUnavailable(error)) throw new OverloadedError('Temporal is unavailable', { cause: error })
      return CONFLICT
    }
  })
  return (await Promise.all(replies)).some(({ ok }) => ok)
}

/** @throws DomainError RATE_LIMITED when the order has no payment attempt left */
async function isOpenAt(
  { db, sealer }: OrderActor,
  orderNo: string,
  method: PaymentMethod | undefined,
): Promise<boolean> {
  const open = await readOpenPayment(db, sealer, orderNo)
  if (open?.opened && (method === undefined || method === open.method)) return true
  const attempts = open?.attempts ?? (await countAttempts(db, orderNo))
  if (attempts >= MAX_PAYMENT_ATTEMPTS) throw new DomainError({ code: 'RATE_LIMITED' })
  return false
}

/** @throws DomainError PAYMENT_METHOD_UNSUPPORTED when the shop does not offer this method */
export function mustBeSupported(method: PaymentMethod, supported: readonly PaymentMethod[]): void {
  if (supported.includes(method)) return
  throw new DomainError({ code: 'PAYMENT_METHOD_UNSUPPORTED', available: supported.join(', ') })
}

function answerOf(reply: Reply, by: Requester, request: OrderRequest): true {
  if (reply.ok) return true
  const code = reply.refusal.code
  const said = code === 'ORDER_STATE_CONFLICT' ? refusalAtEnd(by, request) : code
  throw new DomainError({ ...reply.refusal, code: said })
}

/** Other orders are handed over directly and never shipped. */
async function isShipped(db: Db, orderNo: string): Promise<boolean> {
  const shippingType = await findShippingType(db, orderNo)
  return shippingType !== undefined && needsAddress(shippingType)
}
