import type { UpdateDefinition } from '@temporalio/client'
import type { PaymentChannel } from '../../db/orders/attempts.ts'
import type { RefusalCode } from '../../domain/errors.ts'
import type { PaymentMethod } from '../../domain/payments/method.ts'
import {
  acceptUpdate,
  cancelUpdate,
  correctShipmentUpdate,
  extendUpdate,
  finishUpdate,
  payUpdate,
  type Reply,
  type Requester,
  type ResolveAction,
  refundUpdate,
  resolveUpdate,
  shipmentUpdate,
  shipUpdate,
} from '../../workflows/messages.ts'
import type { AdoptionDeps } from './adoption.ts'
import type { Refundable } from './audit-trail.ts'
import type { OrderReader, OrderView } from './view.ts'

export interface OrderActor extends OrderReader, AdoptionDeps {}

export type OrderRequest =
  | { readonly kind: 'cancel'; readonly reason?: string | undefined }
  | {
      readonly kind: 'pay'
      readonly method?: PaymentMethod | undefined
      readonly channel?: PaymentChannel | undefined
    }
  | { readonly kind: 'accept' }
  | { readonly kind: 'ship'; readonly carrier: string; readonly trackingNo: string }
  | {
      readonly kind: 'shipment'
      readonly carrier: string
      readonly trackingNo: string
      /** Undefined: all that is left. */
      readonly quantity?: number | undefined
    }
  | {
      readonly kind: 'correctShipment'
      readonly shipmentId: string
      readonly carrier: string
      readonly trackingNo: string
    }
  | { readonly kind: 'extend' }
  | { readonly kind: 'finish' }
  | {
      readonly kind: 'refund'
      readonly reason: string
      /** Undefined: a full refund, which ends the order. */
      readonly part?: { readonly points: number; readonly money: string } | undefined
    }
  | {
      readonly kind: 'resolve'
      readonly action: ResolveAction
      readonly reason: string
      /** For `settle`; undefined: the only stuck refund. */
      readonly refundNo?: string | undefined
    }

export type AskedOrder = Pick<
  OrderView,
  'order_no' | 'owner_id' | 'status' | 'payment_status' | 'needs_attention' | 'returnable'
> &
  Refundable

/**
 * The Temporal update and its argument.
 * @param refundNos for `settle`: all provider numbers of the refund @param key for parcels, which are kept under it
 */
export function messageOf(
  by: Requester,
  request: OrderRequest,
  refundNos: readonly string[] | undefined,
  key: string,
): [UpdateDefinition<Reply, [never]>, never] {
  // Personal data stays out of Temporal.
  const {
    kind,
    channel: _channel,
    refundNo: _refundNo,
    ...rest
  } = { channel: undefined, refundNo: undefined, ...request, refundNos }
  const updates = {
    cancel: cancelUpdate,
    pay: payUpdate,
    accept: acceptUpdate,
    ship: shipUpdate,
    shipment: shipmentUpdate,
    correctShipment: correctShipmentUpdate,
    extend: extendUpdate,
    finish: finishUpdate,
    refund: refundUpdate,
    resolve: resolveUpdate,
  }
  const keyed = kind === 'shipment' || kind === 'correctShipment' || kind === 'extend' ? { key } : {}
  const defined = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined))
  return [updates[kind] as UpdateDefinition<Reply, [never]>, { by, ...keyed, ...defined } as never]
}

/** The refusal for a state that does not allow the request. */
export function refusalAtEnd(by: Requester, request: OrderRequest): RefusalCode {
  return request.kind === 'cancel' && by.type === 'customer' ? 'ORDER_NOT_CANCELABLE' : 'ORDER_STATE_CONFLICT'
}
