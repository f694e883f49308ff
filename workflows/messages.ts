import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common'
import { defineSignal, defineUpdate } from '@temporalio/workflow'
import type { Refusal } from '../domain/errors.ts'
import type { OrderNotice, PaymentNotice } from '../domain/messaging/notices.ts'
import type { ExternalStep } from '../domain/orders/external-steps.ts'
import type { OrderStatus } from '../domain/orders/status.ts'
import type { PaymentMethod } from '../domain/payments/method.ts'

/** What the API, the worker and the workflows say to each other. Names and ids here are the contract's section 7. */

export const TASK_QUEUE = 'points-mall'
export { EXCHANGE_WORKFLOW } from '../domain/orders/runs.ts'
export type { OrderNotice, PaymentNotice }
export const REFUND_WORKFLOW = 'refundWorkflow'
/** A type of its own: a worker that knows no parts leaves it alone, where it would take back the whole order. */
export const PART_REFUND_WORKFLOW = 'partRefundWorkflow'
export const EXPIRY_WORKFLOW = 'expiryWorkflow'
export const RECONCILIATION_WORKFLOW = 'reconciliationWorkflow'
export const NIGHTLY_WORKFLOW = 'nightlyReconciliationWorkflow'

export const exchangeWorkflowId = (orderNo: string) => `exchange/${orderNo}`
/** The schedule's id, and what its runs' ids begin with. */
export const EXPIRY_ID = 'points-expiry'
export const NIGHTLY_ID = 'nightly-reconciliation'
/** @param day `YYYY-MM-DD` in Shanghai */
export const reconciliationId = (day: string) => `reconciliation/${day}`
/** @param n the number of the attempt to pay whose money goes back, `after-sale`, or a part's operation key */
export const refundWorkflowId = (orderNo: string, n: string) => `refund/${orderNo}/${n}`

export const SEARCH_ATTRIBUTES = {
  orderNo: defineSearchAttributeKey('OrderNo', SearchAttributeType.KEYWORD),
  ownerKey: defineSearchAttributeKey('OwnerKey', SearchAttributeType.KEYWORD),
  exchangeStatus: defineSearchAttributeKey('ExchangeStatus', SearchAttributeType.KEYWORD),
  paymentMode: defineSearchAttributeKey('PaymentMode', SearchAttributeType.KEYWORD),
}

export interface ExchangeInput {
  readonly orderNo: string
  /** These run as activities of their own, each with its own undo. */
  readonly outsideSteps: readonly ExternalStep[]
  readonly paymentTimeoutMs: number
  readonly autoConfirmTimeoutMs: number
  /** Another run carries the exchange on from what the database says; absent: the first run. */
  readonly resume?: { readonly epoch: number }
  /** When a run hands the exchange to the next one; absent: `RUN_LIMITS`. */
  readonly limits?: RunLimits
}

export interface RunLimits {
  /** Events in the history. */
  readonly events: number
  /** Requests taken. */
  readonly updates: number
}

/** Well below what the engine allows: 51,200 events and 2,000 updates. */
export const RUN_LIMITS: RunLimits = { events: 4_000, updates: 500 }

export type Verdict =
  | { readonly placed: true; readonly status: OrderStatus }
  | { readonly placed: false; readonly refusal: Refusal }

/** The answer to a request made of a running exchange. */
export type Reply = { readonly ok: true } | { readonly ok: false; readonly refusal: Refusal }

export interface Requester {
  readonly type: 'customer' | 'operator' | 'order_domain'
  readonly id?: string
}

/** The verdict on the redemption: the first answer of every exchange, the same at every repeat. */
export const placedUpdate = defineUpdate<Verdict>('placed')

export const cancelUpdate = defineUpdate<Reply, [{ by: Requester; reason?: string }]>('cancel')
export const payUpdate = defineUpdate<Reply, [{ by: Requester; method?: PaymentMethod }]>('pay')
export const acceptUpdate = defineUpdate<Reply, [{ by: Requester }]>('accept')
export const shipUpdate = defineUpdate<Reply, [{ by: Requester; carrier: string; trackingNo: string }]>(
  'ship',
)
export const finishUpdate = defineUpdate<Reply, [{ by: Requester }]>('finish')
export const refundUpdate = defineUpdate<Reply, [{ by: Requester; reason: string }]>('refund')

/**
 * An operator's word on what cannot finish by itself: `retry`; `skip`, to go on without an undo; or `settle`, of
 * money only, which is never skipped: it was given back outside.
 */
export type ResolveAction = 'retry' | 'skip' | 'settle'
export const resolveUpdate = defineUpdate<
  Reply,
  [
    {
      by: Requester
      action: ResolveAction
      reason: string
      /** With `settle`: every number that the refund has had at its provider; no other refund is meant. */
      refundNos?: readonly string[]
    },
  ]
>('resolve')

/** The database says something else than the workflow shows: it looks again. */
export const resyncSignal = defineSignal('resync')
export const paymentSignal = defineSignal<[PaymentNotice]>('payment')
export const orderSignal = defineSignal<[OrderNotice]>('order')

export type RefundInput =
  | { readonly kind: 'late_money'; readonly orderNo: string; readonly notice: PaymentNotice }
  | {
      readonly kind: 'after_sale'
      readonly orderNo: string
      readonly by: Requester
      readonly reason: string
      /** Where other systems have a part of the order to give back. Absent: none has. */
      readonly outsideSteps?: readonly ExternalStep[]
    }
  | ({ readonly kind: 'part' } & PartRefundInput)
  /** The workflow that had begun the refunds of an order at its end is gone. */
  | { readonly kind: 'owed'; readonly orderNo: string }

/** A part is taken back of an order that goes on, or has ended. */
export interface PartRefundInput {
  readonly orderNo: string
  readonly by: Requester
  readonly reason: string
  readonly points: number
  /** Decimal CNY. */
  readonly money: string
  readonly operationKey: string
}

export interface ExpiryInput {
  /** Accounts, or earnings, in one activity. */
  readonly batchSize: number
}

export interface ReconciliationPace {
  /** How often a bill that is not made yet is asked for. */
  readonly asks: number
  readonly askAgainMs: number
}

/** Alipay and WeChat Pay make the bill of a day in the course of the next morning. */
export const RECONCILIATION: ReconciliationPace = { asks: 25, askAgainMs: 30 * 60_000 }

export interface ReconciliationInput extends ReconciliationPace {
  /** `YYYY-MM-DD` in Shanghai */
  readonly day: string
}

/** When a run was due; the engine's schedules set it. */
export const SCHEDULED_AT = defineSearchAttributeKey(
  'TemporalScheduledStartTime',
  SearchAttributeType.DATETIME,
)

/** The verdict on a refund: whether it was taken on. The money itself follows. */
export const refundTakenUpdate = defineUpdate<Reply>('taken')
