import { settlePieces } from '../db/catalogue/stock.ts'
import type { Db, Tx } from '../db/client.ts'
import { isVoucherUsed } from '../db/fulfilment/vouchers.ts'
import {
  type AfterSale,
  type AfterSaleStep,
  countPieces,
  hasAfterSaleEvent,
  lockAfterSale,
  moveAfterSale,
  noteAfterSaleRefund,
  noteSent,
} from '../db/orders/after-sales.ts'
import { hasPointsOutside } from '../db/orders/attempts.ts'
import { type Actor, type ExchangeOrder, SYSTEM } from '../db/orders/orders.ts'
import { listOrderRefunds, owedRefunds, readRemainder } from '../db/orders/refunds.ts'
import { unsettleOutside } from '../db/orders/runs.ts'
import { countSent, countToSend, trimPlan } from '../db/shipments/shipments.ts'
import type { RefusalCode } from '../domain/errors.ts'
import { decimalFromFen } from '../domain/money.ts'
import {
  type AfterSaleAction,
  type AfterSaleDeadlines,
  type AfterSaleEventData,
  type AfterSaleState,
  afterSaleDeadline,
  afterSaleKey,
  afterSaleStateAfter,
  isUnsent,
  returnsToStock,
} from '../domain/orders/after-sale.ts'
import type { ExternalStep } from '../domain/orders/external-steps.ts'
import { shareOf } from '../domain/orders/refund.ts'
import { allows } from '../domain/orders/status.ts'
import { bookPart, type PartDeps } from './refund-part.ts'
import { cancelOrder } from './settle.ts'

export interface AfterSaleDeps extends PartDeps {
  readonly db: Db
}

/** Where an after-sale stands, for its workflow. */
export interface AfterSaleStanding {
  readonly state: AfterSaleState
  /** ISO; null: nothing happens by itself. */
  readonly dueAt: string | null
  /** What is refunded: `part`: under a key of its own; `order`: all that was left, which ended the order. */
  readonly refund: 'none' | 'part' | 'order'
  /** Refunds of the order that other systems have to make. */
  readonly outsideSteps: readonly ExternalStep[]
}

export interface AfterSaleRequestInput {
  readonly id: string
  readonly action: AfterSaleAction
  readonly by: Actor
  readonly operationKey: string
  readonly reason?: string
  readonly shipping?: { readonly carrier: string; readonly trackingNo: string }
  readonly sellable?: boolean
  readonly deadlines: AfterSaleDeadlines
}

export interface AfterSaleAnswer {
  readonly refusal: RefusalCode | null
  readonly standing: AfterSaleStanding
}

/** Each step locks the order first, and finds what it has done before. */
export function createAfterSaleActivities(deps: AfterSaleDeps) {
  const { db } = deps

  /** Refunds immediately what has not left the shop; everything else waits for an operator. */
  async function openAfterSale(id: string, deadlines: AfterSaleDeadlines): Promise<AfterSaleStanding> {
    return db.transaction().execute(async (tx) => {
      const { order, sale } = await lockAfterSale(tx, id)
      if (sale.state !== 'requested' || sale.sent) return standingOf(tx, sale)
      if (!isUnsent(order.status) || (await countSent(tx, order.order_no)) > 0) {
        const due = new Date(Date.now() + deadlines.decideMs)
        return standingOf(tx, await noteSent(tx, id, due))
      }
      const event = { code: 'refund_at_once', data: {} } as const
      return standingOf(tx, await refund(tx, order, sale, { key: event.code, event, by: SYSTEM }, null))
    })
  }

  async function actOnAfterSale(input: AfterSaleRequestInput): Promise<AfterSaleAnswer> {
    const { id, action, by, operationKey, deadlines } = input
    return db.transaction().execute(async (tx) => {
      const { order, sale } = await lockAfterSale(tx, id)
      if (await hasAfterSaleEvent(tx, id, operationKey)) {
        return { refusal: null, standing: await standingOf(tx, sale) }
      }
      const to = afterSaleStateAfter(action, sale)
      if (to === undefined || !allows(order.status, 'refund')) {
        return { refusal: 'AFTER_SALE_STATE_CONFLICT', standing: await standingOf(tx, sale) }
      }
      const step = { key: operationKey, event: eventOf(input), by }
      if (to === 'refunding') {
        // Used since the customer asked.
        if (order.delivery === 'voucher' && (await isVoucherUsed(tx, order.order_no))) {
          return { refusal: 'NOT_RETURNABLE', standing: await standingOf(tx, sale) }
        }
        const moved = await refund(tx, order, sale, step, input.sellable ?? null)
        return { refusal: null, standing: await standingOf(tx, moved) }
      }
      const shipment = input.shipping && {
        return_shipment: JSON.stringify({
          carrier: input.shipping.carrier,
          tracking_no: input.shipping.trackingNo,
        }),
      }
      const moved = await moveAfterSale(tx, sale, step, {
        state: to,
        due_at: dueAt(to, deadlines),
        ...shipment,
      })
      return { refusal: null, standing: await standingOf(tx, moved) }
    })
  }

  /** @param due the deadline that has passed, ISO: another one may have taken its place */
  async function passAfterSaleDeadline(
    id: string,
    due: string,
    deadlines: AfterSaleDeadlines,
  ): Promise<AfterSaleStanding> {
    return db.transaction().execute(async (tx) => {
      const { sale } = await lockAfterSale(tx, id)
      const ends = afterSaleDeadline(sale.state, deadlines)?.ends
      if (sale.due_at?.toISOString() !== due || ends === undefined) return standingOf(tx, sale)
      const key = `deadline/${sale.state}/${due}`
      if (ends === 'closed') {
        const event = { code: 'closed', data: { by: 'deadline' } } as const
        return standingOf(tx, await moveAfterSale(tx, sale, { key, event, by: SYSTEM }, { state: 'closed' }))
      }
      const event = { code: 'overdue', data: {} } as const
      const change = { state: sale.state, overdue_at: new Date() }
      return standingOf(tx, await moveAfterSale(tx, sale, { key, event, by: SYSTEM }, change))
    })
  }

  /** Ends it once nothing of its refund is owed. */
  async function completeAfterSale(id: string): Promise<AfterSaleStanding> {
    return db.transaction().execute(async (tx) => {
      const { order, sale } = await lockAfterSale(tx, id)
      if (sale.state !== 'refunding') return standingOf(tx, sale)
      const { refund: whose } = await standingOf(tx, sale)
      const owed = await owedRefunds(
        tx,
        order.order_no,
        whose === 'order' ? 'order' : { part: afterSaleKey(id) },
      )
      if (owed.length > 0) return standingOf(tx, sale)
      const step = { key: 'refunded', event: { code: 'refunded', data: {} }, by: SYSTEM } as const
      return standingOf(tx, await moveAfterSale(tx, sale, step, { state: 'completed' }))
    })
  }

  /**
   * Refunds its pieces' share of what is left of the order. The last pieces take all of it, which ends the order.
   */
  async function refund(
    tx: Tx,
    order: ExchangeOrder,
    sale: AfterSale,
    step: AfterSaleStep,
    sellable: boolean | null,
  ): Promise<AfterSale> {
    const orderNo = order.order_no
    const { sent } = sale
    const left = order.quantity - (await countPieces(tx, orderNo)).refunded
    const share = shareOf(await readRemainder(tx, order), sale.quantity, left)
    await settlePieces(tx, orderNo, sale.quantity, returnsToStock({ sent, sellable }), afterSaleKey(sale.id))
    const amounts = { points: Number(share.points), money: decimalFromFen(share.fen) }
    const refunding = await moveAfterSale(tx, sale, step, {
      state: 'refunding',
      ...amounts,
      ...(sellable === null ? {} : { sellable }),
    })
    if (sale.quantity === left) {
      const external = await hasPointsOutside(tx, orderNo)
      const outside = external ? (['points'] as const) : []
      await cancelOrder(tx, deps.vault, orderNo, 'returned_in_full', SYSTEM, outside, deps.expiryGraceMs)
      if (external) await unsettleOutside(tx, orderNo)
      const rest = (await listOrderRefunds(tx, orderNo)).find(({ kind }) => kind === 'rest')
      return rest ? noteAfterSaleRefund(tx, sale.id, rest.refund_no) : refunding
    }
    if (!sent) await trimPlan(tx, orderNo, await countToSend(tx, order))
    if (share.points === 0n && share.fen === 0n) return refunding
    const cause = { reason: sale.reason, by: step.by, operationKey: afterSaleKey(sale.id) }
    const { refund_no } = await bookPart(tx, deps, order, share, cause)
    return noteAfterSaleRefund(tx, sale.id, refund_no)
  }

  return { openAfterSale, actOnAfterSale, passAfterSaleDeadline, completeAfterSale }
}

async function standingOf(tx: Tx, sale: AfterSale): Promise<AfterSaleStanding> {
  const { state, due_at, refund_no, order_no } = sale
  const refund = (await listOrderRefunds(tx, order_no)).find((one) => one.refund_no === refund_no)
  const isWhole = refund?.kind === 'rest'
  const external = isWhole && refund.points > 0 && (await hasPointsOutside(tx, order_no))
  return {
    state,
    dueAt: due_at?.toISOString() ?? null,
    refund: !refund ? 'none' : isWhole ? 'order' : 'part',
    outsideSteps: external ? ['points'] : [],
  }
}

function dueAt(state: AfterSaleState, deadlines: AfterSaleDeadlines, from = new Date()): Date | null {
  const deadline = afterSaleDeadline(state, deadlines)
  return deadline ? new Date(from.getTime() + deadline.ms) : null
}

function eventOf({ action, reason = '', shipping, sellable }: AfterSaleRequestInput): AfterSaleEventData {
  switch (action) {
    case 'cancel':
      return { code: 'closed', data: { by: 'customer' } }
    case 'appeal':
      return { code: 'appealed', data: { reason } }
    case 'send_back': {
      const { carrier = '', trackingNo = '' } = shipping ?? {}
      return { code: 'sent_back', data: { carrier, tracking_no: trackingNo } }
    }
    case 'approve':
      return { code: 'approved', data: {} }
    case 'refuse':
      return { code: 'refused', data: { reason } }
    case 'receive':
      return { code: 'received', data: { sellable: sellable === true ? 'true' : 'false' } }
    case 'refuse_receipt':
      return { code: 'receipt_refused', data: { reason } }
  }
}
