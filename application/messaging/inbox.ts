import type { Db } from '../../db/client.ts'
import { claimUndelivered, type InboxEvent, keepEvent, markDelivered } from '../../db/messaging/inbox.ts'
import { findShippingType } from '../../db/orders/audit-trail.ts'
import { needsAddress } from '../../domain/catalogue/product.ts'
import { InvalidInputError } from '../../domain/errors.ts'
import {
  type EarlyOrderNotice,
  isOrderNotice,
  isPaymentNotice,
  type NoticeOutcome,
  type OrderNotice,
  type PaymentNoticeKind,
} from '../../domain/messaging/notices.ts'
import { decimalFromFen } from '../../domain/money.ts'
import { orderNoOf } from '../../domain/orders/number.ts'
import {
  exchangeWorkflowId,
  orderSignal,
  paymentSignal,
  REFUND_WORKFLOW,
  type RefundInput,
  refundWorkflowId,
  TASK_QUEUE,
} from '../../workflows/messages.ts'
import { type AdoptionDeps, adoptOrder } from '../orders/adoption.ts'
import { isGone } from '../temporal/client.ts'

export type { InboxEvent }

/** `amount` is in fen. */
export interface PaymentEvent {
  readonly eventId: string
  readonly kind: PaymentNoticeKind
  readonly outTradeNo?: string
  readonly amountFen?: bigint
  readonly paymentRef?: string
}

/** Respond to the provider once this returns; delivery to the workflow may follow later. */
export async function keepPaymentEvent(db: Db, source: string, event: PaymentEvent) {
  const orderNo = event.outTradeNo ? orderNoOf(event.outTradeNo) : undefined
  const notice = {
    eventId: `${source}/${event.eventId}`,
    kind: event.kind,
    ...(event.outTradeNo === undefined ? {} : { outTradeNo: event.outTradeNo }),
    ...(event.amountFen === undefined ? {} : { amount: decimalFromFen(event.amountFen) }),
    ...(event.paymentRef ? { paymentRef: event.paymentRef } : {}),
  }
  return keepEvent(db, source, event.eventId, orderNo ?? null, notice)
}

/**
 * Stores a verified order event once. Goods that travel are shipped with their parcel; others may be handed over without.
 * @throws InvalidInputError without a carrier or a tracking number
 */
export async function keepOrderEvent(db: Db, orderNo: string, notice: OrderNotice | EarlyOrderNotice) {
  if (notice.kind === 'shipped') await mustBeShippable(db, orderNo, notice)
  return keepEvent(db, 'orders', notice.eventId, orderNo, notice)
}

async function mustBeShippable(db: Db, orderNo: string, { carrier, trackingNo }: OrderNotice): Promise<void> {
  const shippingType = await findShippingType(db, orderNo)
  // Of another system's order nothing is known, and nothing follows.
  if (shippingType === undefined || !needsAddress(shippingType)) return
  const missing = [...(carrier ? [] : ['data.carrier']), ...(trackingNo ? [] : ['data.tracking_no'])] as const
  if (missing.length > 0) {
    throw new InvalidInputError(...missing.map((field) => ({ field, rule: 'required' as const })))
  }
}

/** For an ended workflow, money received starts a refund. */
export async function deliver(deps: AdoptionDeps, event: InboxEvent): Promise<NoticeOutcome> {
  const outcome = await signalWorkflow(deps, event)
  await markDelivered(deps.db, event.id, outcome)
  return outcome
}

/** A call that hangs would block the other events. */
const CALL_MS = 10_000

async function signalWorkflow(deps: AdoptionDeps, event: InboxEvent): Promise<NoticeOutcome> {
  const { client } = deps.temporal
  const orderNo = event.order_no
  if (!orderNo) return 'no_order'
  const inTime = <T>(call: () => Promise<T>) => client.withDeadline(Date.now() + CALL_MS, call)
  const handle = client.workflow.getHandle(exchangeWorkflowId(orderNo))
  const notice = event.event
  if (!isOrderNotice(notice) && !isPaymentNotice(notice)) return 'not_relevant'
  const signal = async (): Promise<boolean> => {
    try {
      await inTime(() =>
        isOrderNotice(notice) ? handle.signal(orderSignal, notice) : handle.signal(paymentSignal, notice),
      )
      return true
    } catch (error) {
      if (isGone(error)) return false
      throw error
    }
  }
  if (await signal()) return 'signalled'
  // The exchange has ended, or Temporal lost the workflow of an open one.
  if ((await adoptOrder(deps, orderNo)).is === 'running' && (await signal())) return 'signalled'
  if (isOrderNotice(notice) || notice.kind !== 'paid') return 'exchange_ended'
  const input: RefundInput = { kind: 'late_money', orderNo: orderNo, notice }
  const n = notice.outTradeNo.slice(orderNo.length + 1)
  await inTime(() =>
    client.workflow.start(REFUND_WORKFLOW, {
      workflowId: refundWorkflowId(orderNo, n),
      taskQueue: TASK_QUEUE,
      args: [input],
      workflowIdConflictPolicy: 'USE_EXISTING',
      workflowIdReusePolicy: 'ALLOW_DUPLICATE',
    }),
  )
  return 'refund_started'
}

/** For events that a crash or an outage left undelivered. @returns how many were delivered */
export async function sweepInbox(
  deps: AdoptionDeps,
  onError: (event: InboxEvent, error: unknown) => void,
): Promise<number> {
  let delivered = 0
  for (const event of await claimUndelivered(deps.db, 50)) {
    try {
      await deliver(deps, event)
      delivered += 1
    } catch (error) {
      onError(event, error)
    }
  }
  return delivered
}
