import type { Db } from '../db/client.ts'
import { findAttempt, lockAttempt, markRefused } from '../db/orders/attempts.ts'
import { newOrderOf, noteServiceNo } from '../db/orders/external-orders.ts'
import {
  type Actor,
  createStandardOrder,
  findOrderForUpdate,
  hideOrder,
  lockOrder,
  moveOrder,
  setAttention,
} from '../db/orders/orders.ts'
import { findLastRefund } from '../db/orders/refunds.ts'
import { unsettleOutside } from '../db/orders/runs.ts'
import type { Encryptor } from '../db/platform/encryption.ts'
import { countSent, countToSend, planShipment } from '../db/shipments/shipments.ts'
import type { LedgerCipher } from '../db/wallet/ledger-cipher.ts'
import { needsAddress } from '../domain/catalogue/product.ts'
import { DomainError, type Refusal, type RefusalCode } from '../domain/errors.ts'
import { isKept } from '../domain/orders/after-sale.ts'
import { type Attention, attentionOf } from '../domain/orders/attention.ts'
import type { ExternalStep } from '../domain/orders/external-steps.ts'
import { allowsFor, hasReached, LEADS_TO, type OrderStatus, type Step } from '../domain/orders/status.ts'
import { type OrderAtService, type OrderService, PartnerRefusalError } from '../partners/port.ts'
import { isUndecided } from './open-charge.ts'
import { parcelOf, sendRest } from './parcels.ts'
import { currentTry, requireCurrentRun } from './run.ts'
import { cancelOrder, settle } from './settle.ts'

export interface AdvanceInput {
  readonly orderNo: string
  readonly action: Step
  readonly by: Actor
  readonly note?: 'auto_confirm'
  readonly confirmBy?: string
  readonly shipping?: { readonly carrier: string; readonly trackingNo: string }
}

export interface CancelInput {
  readonly orderNo: string
  readonly reason: string
  readonly by: Actor
  readonly outsideSteps: readonly ExternalStep[]
  readonly refusal?: Refusal
  /** The cancel applies only in these statuses; undefined: in all. */
  readonly allowedIn?: readonly OrderStatus[]
}

/** The status may be further than the workflow assumed. */
export interface Moved {
  readonly status: OrderStatus
  /** Null: the step is done, now or earlier. */
  readonly refusal: RefusalCode | null
}

export interface OrderDeps {
  readonly db: Db
  readonly vault: LedgerCipher
  readonly expiryGraceMs: number
  /** Whether an accepted order gets the parcel that is to be sent. */
  readonly autoCreateLogistics: boolean
  readonly sealer: Encryptor
  /** The shop's own; undefined: the mall keeps its orders. */
  readonly orderService: OrderService | undefined
}

export function createOrderActivities({
  db,
  vault,
  expiryGraceMs,
  autoCreateLogistics,
  sealer,
  orderService,
}: OrderDeps) {
  /**
   * Creates the standard order: in the mall's own tables, and before that at the shop's order service if that keeps it.
   * @returns the refusal of the service, which is permanent
   */
  async function createOrder(orderNo: string): Promise<{ refusal: Refusal } | null> {
    const created = await createAtService(orderNo)
    if (created === 'refused') return { refusal: { code: 'ORDER_SERVICE_REFUSED' } }
    await db.transaction().execute(async (tx) => {
      const order = await lockOrder(tx, orderNo)
      requireCurrentRun(order)
      if (created) await noteServiceNo(tx, orderNo, created.id)
      if (order.status === 'exchanged') await createStandardOrder(tx, order)
      else if (order.status === 'order_canceled') throw new DomainError({ code: 'ORDER_STATE_CONFLICT' })
    })
    return null
  }

  /** @returns undefined where the mall keeps the order, or it is past this step */
  async function createAtService(orderNo: string): Promise<OrderAtService | 'refused' | undefined> {
    const attempt = await findAttempt(db, orderNo)
    if (attempt?.order_service !== 'outside') return undefined
    const order = await db.transaction().execute((tx) => lockOrder(tx, orderNo))
    requireCurrentRun(order)
    if (order.status !== 'exchanged') return undefined
    // Retried: the order continues once the service is set up again.
    if (!orderService) throw new Error('an order service keeps this order, and none is set up')
    const repeat = currentTry() > 1 || attempt.run_epoch > 0
    try {
      const created = await orderService.create(newOrderOf(sealer, order), repeat)
      // Its undo was there first.
      if (created.state === 'canceled') throw new DomainError({ code: 'ORDER_STATE_CONFLICT' })
      return created
    } catch (error) {
      if (error instanceof PartnerRefusalError) return 'refused'
      throw error
    }
  }

  /** For orders with nothing left to pay, or paid by the cash wallet: see `settle`. */
  async function settleExchange(input: {
    readonly orderNo: string
    readonly outsideSteps: readonly ExternalStep[]
  }): Promise<{ settled: true } | { settled: false; refusal: Refusal }> {
    try {
      await db.transaction().execute(async (tx) => {
        const order = await lockOrder(tx, input.orderNo)
        requireCurrentRun(order)
        if (hasReached(order.status, 'order_paid')) return
        if (order.status !== 'order_created') throw new DomainError({ code: 'ORDER_STATE_CONFLICT' })
        await settle(tx, vault, input.orderNo, {
          pointsCaptured: input.outsideSteps.includes('points'),
          stockCommitted: input.outsideSteps.includes('stock'),
        })
      })
      return { settled: true }
    } catch (error) {
      if (error instanceof DomainError) return { settled: false, refusal: error.refusal }
      throw error
    }
  }

  /**
   * Works even when the outcome of placing the order is unknown: a late placement is then refused.
   * @returns the order's status, unchanged outside `allowedIn`; null: there is no order
   */
  async function cancelExchange(input: CancelInput): Promise<{ status: OrderStatus | null }> {
    return db.transaction().execute(async (tx) => {
      const attempt = await lockAttempt(tx, input.orderNo)
      requireCurrentRun(attempt)
      if (input.refusal && attempt.state !== 'refused') {
        await markRefused(tx, input.orderNo, input.refusal, attempt.state)
      }
      const order = await findOrderForUpdate(tx, input.orderNo)
      if (!order) return { status: null }
      const { reason, by, outsideSteps, allowedIn } = input
      const isCanceled = order.status === 'order_canceled'
      if (!isCanceled && allowedIn && !allowedIn.includes(order.status)) return { status: order.status }
      // Paid since it was asked; a cancel that has begun before that is completed.
      if (by.type === 'customer' && isKept(order) && order.cancel_cause === null) {
        return { status: order.status }
      }
      const isBeforeShipping = allowedIn !== undefined && !allowedIn.includes('order_shipped')
      // A parcel has left: only a refund takes the order back.
      if (!isCanceled && isBeforeShipping && (await countSent(tx, input.orderNo)) > 0) {
        return { status: order.status }
      }
      // Points and cash come back only after the supplier has said no.
      if (!isCanceled && (await isUndecided(tx, order))) return { status: order.status }
      await cancelOrder(tx, vault, input.orderNo, reason, by, outsideSteps, expiryGraceMs)
      if (!isCanceled && outsideSteps.length > 0) await unsettleOutside(tx, input.orderNo)
      // Never confirmed: excluded from lists and statistics, while its number shows the refusal.
      if (input.refusal) await hideOrder(tx, input.orderNo)
      return { status: 'order_canceled' }
    })
  }

  /** A status that was already reached or passed counts as done: its answer was lost or is late. */
  async function advanceOrder(input: AdvanceInput): Promise<Moved> {
    return db.transaction().execute(async (tx) => {
      const order = await lockOrder(tx, input.orderNo)
      requireCurrentRun(order)
      const to = LEADS_TO[input.action]
      if (hasReached(order.status, to)) return { status: order.status, refusal: null }
      const isPaused = input.note === 'auto_confirm' && order.confirm_paused_at !== null
      if (isPaused || !allowsFor(order.status, input.action, order.shipping_type)) {
        return { status: order.status, refusal: 'ORDER_STATE_CONFLICT' }
      }
      if (input.action === 'accept' && autoCreateLogistics && needsAddress(order.shipping_type)) {
        await planShipment(tx, input.orderNo, await countToSend(tx, order))
      }
      if (input.shipping) await sendRest(tx, order, 'ship', parcelOf(input.shipping))
      await moveOrder(tx, input.orderNo, to, input.by, {
        ...(input.note ? { note: { code: input.note } } : {}),
        ...(input.confirmBy ? { confirm_by: new Date(input.confirmBy) } : {}),
        ...(input.shipping && order.shipping_info === null
          ? {
              shipping_info: JSON.stringify({
                carrier: input.shipping.carrier,
                tracking_no: input.shipping.trackingNo,
              }),
            }
          : {}),
      })
      return { status: to, refusal: null }
    })
  }

  /** @param attention null clears the flag; a sentence comes from a task of the previous version */
  async function flagOrder(
    orderNo: string,
    attention: Attention | string | null,
    owed?: string,
  ): Promise<boolean> {
    return db.transaction().execute(async (tx) => {
      await findOrderForUpdate(tx, orderNo)
      if (owed !== undefined && (await findLastRefund(tx, owed))?.state !== 'pending') return false
      await setAttention(tx, orderNo, attention === null ? null : attentionOf(attention))
      return true
    })
  }

  /** Placement was never recorded: it can no longer succeed, and its idempotency key is free. */
  async function refuseAttempt(orderNo: string, refusal: Refusal): Promise<void> {
    const attempt = await findAttempt(db, orderNo)
    if (attempt) requireCurrentRun(attempt)
    if (attempt?.state === 'pending') await markRefused(db, orderNo, refusal)
  }

  return { createOrder, settleExchange, cancelExchange, advanceOrder, flagOrder, refuseAttempt }
}
