import { findAttempt, lockAttempt, markRefused } from '../db/attempts.ts'
import type { Db } from '../db/client.ts'
import {
  type Actor,
  createStandardOrder,
  findOrderForUpdate,
  hideOrder,
  lockOrder,
  moveOrder,
} from '../db/orders.ts'
import type { Vault } from '../db/vault.ts'
import type { Refusal, RefusalCode } from '../domain/errors.ts'
import { DomainError } from '../domain/errors.ts'
import { allowsFor, type OrderAction, type OrderStatus } from '../domain/order-status.ts'
import type { OutsideStep } from '../domain/steps.ts'
import type { OwedRefund } from './refunds.ts'
import { cancelOrder, settle } from './settle.ts'

/** Which state an action leads to. */
const LEADS_TO = {
  accept: 'order_accepted',
  ship: 'order_shipped',
  finish: 'order_finished',
  confirm: 'order_finished',
} as const satisfies Partial<Record<OrderAction, OrderStatus>>

export interface AdvanceInput {
  readonly orderNo: string
  readonly action: keyof typeof LEADS_TO
  readonly by: Actor
  readonly note?: string
  readonly shipping?: { readonly carrier: string; readonly trackingNo: string }
}

export interface CancelInput {
  readonly orderNo: string
  readonly reason: string
  readonly by: Actor
  readonly outsideSteps: readonly OutsideStep[]
  /** The redemption never stood: its idempotency key is free again. */
  readonly refusal?: Refusal
}

export interface OrderDeps {
  readonly db: Db
  readonly vault: Vault
  /** Points that come back after their date may still be spent for so long. */
  readonly expiryGraceMs: number
}

export function createOrderActivities({ db, vault, expiryGraceMs }: OrderDeps) {
  /** The order domain's part of "place", where that is an outside system. */
  async function createOrder(orderNo: string): Promise<void> {
    await db.transaction().execute(async (tx) => {
      const order = await lockOrder(tx, orderNo)
      if (order.status === 'exchanged') await createStandardOrder(tx, order)
      else if (order.status === 'order_canceled') throw new DomainError({ code: 'ORDER_STATE_CONFLICT' })
    })
  }

  /** Nothing is left to pay, or the cash wallet pays now: see `settle`. */
  async function settleExchange(input: {
    readonly orderNo: string
    readonly outsideSteps: readonly OutsideStep[]
  }): Promise<{ settled: true } | { settled: false; refusal: Refusal }> {
    try {
      await db.transaction().execute(async (tx) => {
        const order = await lockOrder(tx, input.orderNo)
        if (order.status !== 'order_created') return
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
   * and then a late placement finds it refused.
   */
  async function cancelExchange(input: CancelInput): Promise<OwedRefund[]> {
    return db.transaction().execute(async (tx) => {
      const attempt = await lockAttempt(tx, input.orderNo)
      if (input.refusal && attempt.state !== 'refused') {
        await markRefused(tx, input.orderNo, input.refusal, attempt.state)
      }
      const order = await findOrderForUpdate(tx, input.orderNo)
      if (!order) return []
      const { reason, by, outsideSteps } = input
      const owed = await cancelOrder(tx, vault, input.orderNo, reason, by, outsideSteps, expiryGraceMs)
      // Nobody was told of an order: lists and statistics do not count it, its number shows the refusal.
      if (input.refusal) await hideOrder(tx, input.orderNo)
      return owed
    })
  }

  /** Moves an order on. @returns the code that refuses it, or null. */
  async function advanceOrder(input: AdvanceInput): Promise<RefusalCode | null> {
    return db.transaction().execute(async (tx) => {
      const order = await lockOrder(tx, input.orderNo)
      const to = LEADS_TO[input.action]
      // A first try whose answer was lost has moved it.
      if (order.status === to) return null
      if (!allowsFor(order.status, input.action, order.shipping_type)) return 'ORDER_STATE_CONFLICT'
      await moveOrder(tx, input.orderNo, to, input.by, {
        ...(input.note ? { note: input.note } : {}),
        ...(input.shipping
          ? {
              shipping_info: JSON.stringify({
                carrier: input.shipping.carrier,
                tracking_no: input.shipping.trackingNo,
              }),
            }
          : {}),
      })
      return null
    })
  }

  /** The order cannot go on by itself; an operator sees why. Null: it goes on again. */
  async function flagOrder(orderNo: string, attention: string | null): Promise<void> {
    await db
      .updateTable('points_exchange_orders')
      .set({ needs_attention: attention, updated_at: new Date() })
      .where('order_no', '=', orderNo)
      .execute()
  }

  /** The redemption failed before it was recorded: it can never be placed, and its idempotency key is free again. */
  async function refuseAttempt(orderNo: string, refusal: Refusal): Promise<void> {
    const attempt = await findAttempt(db, orderNo)
    if (attempt?.state === 'pending') await markRefused(db, orderNo, refusal)
  }

  return { createOrder, settleExchange, cancelExchange, advanceOrder, flagOrder, refuseAttempt }
}
