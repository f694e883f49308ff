import type { Db } from '../db/client.ts'
import { findAttempt, lockAttempt, markRefused } from '../db/orders/attempts.ts'
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
import type { LedgerCipher } from '../db/wallet/ledger-cipher.ts'
import { DomainError, type Refusal, type RefusalCode } from '../domain/errors.ts'
import { type Attention, attentionOf } from '../domain/orders/attention.ts'
import type { ExternalStep } from '../domain/orders/external-steps.ts'
import { allowsFor, hasReached, LEADS_TO, type OrderStatus, type Step } from '../domain/orders/status.ts'
import { requireCurrentRun } from './run.ts'
import { cancelOrder, settle } from './settle.ts'

export interface AdvanceInput {
  readonly orderNo: string
  readonly action: Step
  readonly by: Actor
  readonly note?: 'auto_confirm'
  /** ISO time at which receipt is confirmed automatically, of an order that ships. */
  readonly confirmBy?: string
  readonly shipping?: { readonly carrier: string; readonly trackingNo: string }
}

export interface CancelInput {
  readonly orderNo: string
  readonly reason: string
  readonly by: Actor
  readonly outsideSteps: readonly ExternalStep[]
  /** The redemption never stood: its idempotency key is free again. */
  readonly refusal?: Refusal
  /** Nothing happens in any other state; undefined: in every state. */
  readonly allowedIn?: readonly OrderStatus[]
}

/** Where the order stands after a step, whatever its workflow believed. */
export interface Moved {
  readonly status: OrderStatus
  /** Why the step is refused; null: it is done, now or before. */
  readonly refusal: RefusalCode | null
}

export interface OrderDeps {
  readonly db: Db
  readonly vault: LedgerCipher
  /** How long after their date points may be spent that come back after it. */
  readonly expiryGraceMs: number
}

export function createOrderActivities({ db, vault, expiryGraceMs }: OrderDeps) {
  /** The order domain's part of "place", where that is an outside system. */
  async function createOrder(orderNo: string): Promise<void> {
    await db.transaction().execute(async (tx) => {
      const order = await lockOrder(tx, orderNo)
      requireCurrentRun(order)
      if (order.status === 'exchanged') await createStandardOrder(tx, order)
      else if (order.status === 'order_canceled') throw new DomainError({ code: 'ORDER_STATE_CONFLICT' })
    })
  }

  /** Nothing is left to pay, or the cash wallet pays now: see `settle`. */
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
   * Undoes the redemption, whatever of it has happened: also when the outcome of placing it is not known,
   * and then a late placement finds it refused. An order that has gone beyond `allowedIn` stays as it is.
   * @returns where the order stands; null: there is none
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
      await cancelOrder(tx, vault, input.orderNo, reason, by, outsideSteps, expiryGraceMs)
      if (!isCanceled && outsideSteps.length > 0) await unsettleOutside(tx, input.orderNo)
      // Nobody was told of an order: lists and statistics do not count it, its number shows the refusal.
      if (input.refusal) await hideOrder(tx, input.orderNo)
      return { status: 'order_canceled' }
    })
  }

  /** Moves an order on. A step that the order has taken or passed is done: its answer was lost, or came late. */
  async function advanceOrder(input: AdvanceInput): Promise<Moved> {
    return db.transaction().execute(async (tx) => {
      const order = await lockOrder(tx, input.orderNo)
      requireCurrentRun(order)
      const to = LEADS_TO[input.action]
      if (hasReached(order.status, to)) return { status: order.status, refusal: null }
      if (!allowsFor(order.status, input.action, order.shipping_type)) {
        return { status: order.status, refusal: 'ORDER_STATE_CONFLICT' }
      }
      await moveOrder(tx, input.orderNo, to, input.by, {
        ...(input.note ? { note: { code: input.note } } : {}),
        ...(input.confirmBy ? { confirm_by: new Date(input.confirmBy) } : {}),
        ...(input.shipping
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

  /**
   * The order cannot go on by itself; an operator sees why.
   * @param attention null: it goes on again. A sentence comes in a task that the version before has written.
   * @param owed the number of the refund that this is about: once its money is seen to, there is nothing to show
   * @returns whether it is shown
   */
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

  /** The redemption failed before it was recorded: it can never be placed, and its idempotency key is free again. */
  async function refuseAttempt(orderNo: string, refusal: Refusal): Promise<void> {
    const attempt = await findAttempt(db, orderNo)
    if (attempt) requireCurrentRun(attempt)
    if (attempt?.state === 'pending') await markRefused(db, orderNo, refusal)
  }

  return { createOrder, settleExchange, cancelExchange, advanceOrder, flagOrder, refuseAttempt }
}
