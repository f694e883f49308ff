import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common'
import { defineSignal, defineUpdate } from '@temporalio/workflow'
import type { Refusal } from '../domain/errors.ts'
import type { OrderNotice, PaymentNotice } from '../domain/messaging/notices.ts'
import {
  type AfterSaleAction,
  type AfterSaleDeadlines,
  afterSaleKey,
  isAfterSaleKey,
} from '../domain/orders/after-sale.ts'
import type { ExternalStep } from '../domain/orders/external-steps.ts'
import type { OrderStatus } from '../domain/orders/status.ts'
import type { PaymentMethod } from '../domain/payments/method.ts'

export const TASK_QUEUE = 'points-mall'
export { EXCHANGE_WORKFLOW } from '../domain/orders/runs.ts'
export type { OrderNotice, PaymentNotice }
export const REFUND_WORKFLOW = 'refundWorkflow'
/** Separate from REFUND_WORKFLOW: an older worker would refund the whole order. */
export const PART_REFUND_WORKFLOW = 'partRefundWorkflow'
export const AFTER_SALE_WORKFLOW = 'afterSaleWorkflow'
export const EXPIRY_WORKFLOW = 'expiryWorkflow'
export const RECONCILIATION_WORKFLOW = 'reconciliationWorkflow'
export const NIGHTLY_WORKFLOW = 'nightlyReconciliationWorkflow'

export const exchangeWorkflowId = (orderNo: string) => `exchange/${orderNo}`
export const EXPIRY_ID = 'points-expiry'
export const NIGHTLY_ID = 'nightly-reconciliation'
/** @param day `YYYY-MM-DD` in Shanghai */
export const reconciliationId = (day: string) => `reconciliation/${day}`
/**
 * @param n the refunded payment attempt's number, `after-sale`, or the operation key of a partial refund; that of an
 * after-sale names its own workflow
 */
export const refundWorkflowId = (orderNo: string, n: string) =>
  isAfterSaleKey(n) ? n : `refund/${orderNo}/${n}`
export const afterSaleWorkflowId = afterSaleKey

export const SEARCH_ATTRIBUTES = {
  orderNo: defineSearchAttributeKey('OrderNo', SearchAttributeType.KEYWORD),
  ownerKey: defineSearchAttributeKey('OwnerKey', SearchAttributeType.KEYWORD),
  exchangeStatus: defineSearchAttributeKey('ExchangeStatus', SearchAttributeType.KEYWORD),
  paymentMode: defineSearchAttributeKey('PaymentMode', SearchAttributeType.KEYWORD),
}

export interface ExchangeInput {
  readonly orderNo: string
  readonly outsideSteps: readonly ExternalStep[]
  readonly paymentTimeoutMs: number
  readonly autoConfirmTimeoutMs: number
  /** Set where a new run resumes the exchange from the database. */
  readonly resume?: { readonly epoch: number }
  readonly limits?: RunLimits
}

export interface RunLimits {
  readonly events: number
  readonly updates: number
}

/** Well below Temporal's limits of 51,200 events and 2,000 updates. */
export const RUN_LIMITS: RunLimits = { events: 4_000, updates: 500 }

export type Verdict =
  | { readonly placed: true; readonly status: OrderStatus }
  | { readonly placed: false; readonly refusal: Refusal }

export type Reply = { readonly ok: true } | { readonly ok: false; readonly refusal: Refusal }

export interface Requester {
  readonly type: 'customer' | 'operator' | 'order_domain'
  readonly id?: string
}

export const placedUpdate = defineUpdate<Verdict>('placed')

export const cancelUpdate = defineUpdate<Reply, [{ by: Requester; reason?: string }]>('cancel')
export const payUpdate = defineUpdate<Reply, [{ by: Requester; method?: PaymentMethod }]>('pay')
export const acceptUpdate = defineUpdate<Reply, [{ by: Requester }]>('accept')
export const shipUpdate = defineUpdate<Reply, [{ by: Requester; carrier: string; trackingNo: string }]>(
  'ship',
)
/** One parcel. @param quantity undefined: all that is left @param key of the request, which takes effect once */
export const shipmentUpdate = defineUpdate<
  Reply,
  [{ by: Requester; key: string; carrier: string; trackingNo: string; quantity?: number }]
>('shipment')
export const correctShipmentUpdate = defineUpdate<
  Reply,
  [{ by: Requester; key: string; shipmentId: string; carrier: string; trackingNo: string }]
>('correctShipment')
/** The customer postpones the automatic confirmation, once. */
export const extendUpdate = defineUpdate<Reply, [{ by: Requester; key: string }]>('extend')
export const finishUpdate = defineUpdate<Reply, [{ by: Requester }]>('finish')
export const refundUpdate = defineUpdate<Reply, [{ by: Requester; reason: string }]>('refund')

/**
 * `skip` continues without an undo. `settle` is for money refunded outside the provider, which cannot be
 * skipped.
 */
export type ResolveAction = 'retry' | 'skip' | 'settle'
export const resolveUpdate = defineUpdate<
  Reply,
  [
    {
      by: Requester
      action: ResolveAction
      reason: string
      /** With `settle`: every number that the refund has had at its provider. */
      refundNos?: readonly string[]
    },
  ]
>('resolve')

/** Tells the workflow to re-read the database, which has changed. */
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
      readonly outsideSteps?: readonly ExternalStep[]
    }
  | ({ readonly kind: 'part' } & PartRefundInput)
  | { readonly kind: 'owed'; readonly orderNo: string }

export interface PartRefundInput {
  readonly orderNo: string
  readonly by: Requester
  readonly reason: string
  readonly points: number
  /** Decimal CNY. */
  readonly money: string
  readonly operationKey: string
}

export interface AfterSaleInput {
  readonly id: string
  readonly orderNo: string
  readonly deadlines: AfterSaleDeadlines
}

/** What somebody asks of an after-sale. */
export interface AfterSaleAsk {
  readonly by: Requester
  /** A repeat under the same key changes nothing. */
  readonly operationKey: string
  readonly action: AfterSaleAction
  readonly reason?: string
  readonly shipping?: { readonly carrier: string; readonly trackingNo: string }
  readonly sellable?: boolean
}

export const afterSaleUpdate = defineUpdate<Reply, [AfterSaleAsk]>('afterSale')

export interface ExpiryInput {
  readonly batchSize: number
}

export interface ReconciliationPace {
  /** How often to ask for a bill that is not available yet. */
  readonly asks: number
  readonly askAgainMs: number
}

/** Alipay and WeChat Pay publish a day's bill during the next morning. */
export const RECONCILIATION: ReconciliationPace = { asks: 25, askAgainMs: 30 * 60_000 }

export interface ReconciliationInput extends ReconciliationPace {
  /** `YYYY-MM-DD` in Shanghai. */
  readonly day: string
}

export const SCHEDULED_AT = defineSearchAttributeKey(
  'TemporalScheduledStartTime',
  SearchAttributeType.DATETIME,
)

/** Whether the refund was accepted, or the after-sale has begun; the money follows later. */
export const refundTakenUpdate = defineUpdate<Reply>('taken')
