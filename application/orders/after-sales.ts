import { randomUUID } from 'node:crypto'
import type { Db } from '../../db/client.ts'
import { findOrderVoucher } from '../../db/fulfilment/vouchers.ts'
import {
  type AfterSale,
  type AfterSaleEvent,
  type AfterSaleFilter,
  appendPicture,
  countPieces,
  findAfterSale,
  findAfterSaleByKey,
  hasAfterSaleEvent,
  insertAfterSale,
  listAfterSaleEvents,
  listAfterSales,
  listOpenAfterSales,
} from '../../db/orders/after-sales.ts'
import { hasPointsOutside } from '../../db/orders/attempts.ts'
import { type ExchangeOrder, lockOrder, readFinishedAt } from '../../db/orders/orders.ts'
import { readRemainder } from '../../db/orders/refunds.ts'
import type { ShippingInfo } from '../../db/schema/points-exchange-orders.ts'
import { countSent } from '../../db/shipments/shipments.ts'
import { mustNotBeOwn } from '../../domain/access.ts'
import { DomainError } from '../../domain/errors.ts'
import { decimalFromFen, fenOf, type Money, moneyFromFen } from '../../domain/money.ts'
import {
  AFTER_SALE_ACTIONS,
  type AfterSaleEventData,
  type AfterSaleStage,
  type AfterSaleState,
  type AfterSaleType,
  allowsAfterSale,
  type GoodsState,
  goodsStateOf,
  isUnsent,
  type MoneyState,
  moneyStateOf,
  PICTURES_MAX,
  reasonAgainstAfterSale,
} from '../../domain/orders/after-sale.ts'
import { shareOf } from '../../domain/orders/refund.ts'
import {
  AFTER_SALE_WORKFLOW,
  type AfterSaleAsk,
  type AfterSaleInput,
  afterSaleUpdate,
  afterSaleWorkflowId,
  SEARCH_ATTRIBUTES,
} from '../../workflows/messages.ts'
import { isGone, isTimeout, isUnavailable, OverloadedError } from '../temporal/client.ts'
import type { AdoptionDeps } from './adoption.ts'
import { createAsk } from './ask-workflow.ts'
import { startTaken } from './start-refund.ts'

export type AfterSaleDeps = Pick<AdoptionDeps, 'db' | 'temporal' | 'settings'>

/** Times are ISO 8601 UTC. */
export interface AfterSaleView {
  readonly id: string
  readonly order_no: string
  readonly owner_id: string
  readonly type: AfterSaleType
  readonly stage: AfterSaleStage
  readonly quantity: number
  readonly state: AfterSaleState
  readonly goods_state: GoodsState
  readonly money_state: MoneyState
  /** What is refunded; before that, what would be. */
  readonly points: number
  readonly money: Money
  readonly reason: string
  readonly pictures: readonly string[]
  readonly return_shipment: ShippingInfo | null
  readonly refund_no: string | null
  /** When the state ends by itself, or an operator is late; null: never. */
  readonly deadline: string | null
  /** It waits for an operator beyond its deadline. */
  readonly overdue: boolean
  readonly timeline: readonly AfterSaleEventView[]
  readonly created_at: string
  readonly updated_at: string
}

export interface AfterSaleEventView {
  readonly state: AfterSaleState
  readonly at: string
  readonly event: AfterSaleEventData
  readonly by: { readonly type: string; readonly id: string | null }
}

/** What an order's customer asks for. */
export interface AfterSaleWish {
  readonly type: AfterSaleType
  readonly quantity: number
  readonly reason: string
  readonly pictures: readonly string[]
}

/**
 * What can still be asked for of an order. @returns the number of pieces, or the refusal; under the order's lock for a
 * decision that counts
 */
async function checkWish(db: Db, order: ExchangeOrder, wish: Pick<AfterSaleWish, 'type' | 'quantity'>) {
  const { order_no, status, returnable, delivery, quantity: bought } = order
  const { claimed } = await countPieces(db, order_no)
  const receivedAt = await readFinishedAt(db, order_no)
  const hasLeft = (await countSent(db, order_no)) > 0
  const isOutside = await hasPointsOutside(db, order_no)
  const voucher = delivery === 'voucher' ? await findOrderVoucher(db, order_no) : undefined
  const refusal = reasonAgainstAfterSale({
    ...wish,
    status,
    returnable,
    delivery,
    hasLeft,
    receivedAt: receivedAt?.getTime(),
    now: Date.now(),
    bought,
    claimed,
    used: voucher !== undefined && voucher.uses_left < voucher.uses_total,
    travels: order.shipping_type !== 'none',
    // One voucher is for all pieces.
    divisible: !isOutside && delivery !== 'voucher',
  })
  return { refusal, left: bought - claimed, sent: hasLeft || !isUnsent(status) }
}

/** What a page offers: how many pieces, and which types; `refusal`: none. */
export async function readAfterSaleOffer(db: Db, orderNo: string) {
  const order = await db
    .selectFrom('points_exchange_orders')
    .selectAll()
    .where('order_no', '=', orderNo)
    .executeTakeFirst()
  if (!order) throw new DomainError({ code: 'NOT_FOUND' })
  const { refusal, left, sent } = await checkWish(db, order, { type: 'refund_only', quantity: 1 })
  const isWhole = refusal?.code === 'AFTER_SALE_WHOLE_ONLY'
  return {
    refusal: isWhole ? undefined : refusal,
    pieces: left,
    isWhole,
    sent,
    canSendBack: sent && order.shipping_type !== 'none',
  }
}

/**
 * Records the request, then starts its workflow; the worker starts it where that fails.
 * @returns the id @throws DomainError the refusal
 */
export async function requestAfterSale(
  deps: AfterSaleDeps,
  order: { readonly order_no: string; readonly owner_id: string },
  wish: AfterSaleWish,
  operationKey: string,
): Promise<string> {
  const { db, settings } = deps
  const by = { type: 'customer', id: order.owner_id } as const
  const { id } = await db.transaction().execute(async (tx) => {
    const locked = await lockOrder(tx, order.order_no)
    const before = await findAfterSaleByKey(tx, operationKey)
    if (before) return before
    const { refusal, sent } = await checkWish(tx, locked, wish)
    if (refusal) throw new DomainError(refusal)
    const { refunded } = await countPieces(tx, order.order_no)
    const share = shareOf(await readRemainder(tx, locked), wish.quantity, locked.quantity - refunded)
    return insertAfterSale(
      tx,
      {
        order_no: order.order_no,
        owner_id: order.owner_id,
        type: wish.type,
        stage: locked.status === 'order_finished' ? 'after_sale' : 'in_sale',
        sent,
        quantity: wish.quantity,
        reason: wish.reason,
        pictures: JSON.stringify(wish.pictures),
        points: Number(share.points),
        money: decimalFromFen(share.fen),
        due_at: sent ? new Date(Date.now() + settings.afterSale.decideMs) : null,
        operation_key: operationKey,
      },
      by,
    )
  })
  try {
    await startAfterSale(deps, { id, order_no: order.order_no }, Date.now() + deps.temporal.answerMs)
  } catch (error) {
    if (!isTimeout(error) && !isUnavailable(error) && !(error instanceof OverloadedError)) throw error
  }
  return id
}

/** Waits for its first step. */
async function startAfterSale(
  { temporal, settings }: AfterSaleDeps,
  { id, order_no }: Pick<AfterSale, 'id' | 'order_no'>,
  deadline: number,
): Promise<void> {
  const input: AfterSaleInput = { id, orderNo: order_no, deadlines: settings.afterSale }
  await temporal.gate.run(deadline, () =>
    startTaken(temporal, {
      workflow: AFTER_SALE_WORKFLOW,
      workflowId: afterSaleWorkflowId(id),
      input,
      // The same id would be answered by a run that has ended.
      updateId: `taken/${randomUUID()}`,
      typedSearchAttributes: [{ key: SEARCH_ATTRIBUTES.orderNo, value: order_no }],
      deadline,
    }),
  )
}

export type AfterSaleOrder = Omit<AfterSaleAsk, 'by' | 'operationKey'>

/**
 * Asks the after-sale's workflow to act. @returns false when the outcome is unknown after `temporal.answerMs`
 * @throws DomainError the refusal; OverloadedError when Temporal is unavailable
 */
export async function actOnAfterSale(
  deps: AfterSaleDeps,
  sale: Pick<AfterSaleView, 'id' | 'order_no' | 'owner_id' | 'state'>,
  by: string,
  asked: AfterSaleOrder,
  operationKey: string,
): Promise<boolean> {
  const type = AFTER_SALE_ACTIONS[asked.action].by
  if (type === 'operator') mustNotBeOwn(by, sale.owner_id)
  const isDone = () => hasAfterSaleEvent(deps.db, sale.id, operationKey)
  if (await isDone()) return true
  // A run accepts only 2,000 updates: what the state refuses is refused here.
  if (!allowsAfterSale(sale.state, asked.action)) throw conflict()
  const deadline = Date.now() + deps.temporal.answerMs
  const args = { by: { type, id: by }, operationKey, ...asked }
  const ask = createAsk(deps.temporal, {
    update: afterSaleUpdate as never,
    args: args as never,
    operationKey,
    deadline,
  })
  try {
    const reply = await deps.temporal.gate.run(deadline, () =>
      ask(afterSaleWorkflowId(sale.id)).catch(async (error: unknown) => {
        if (!isGone(error)) throw error
        await startAfterSale(deps, sale, deadline)
        return ask(afterSaleWorkflowId(sale.id))
      }),
    )
    if (reply.ok || (await isDone())) return true
    throw reply.refusal.code === 'NOT_RETURNABLE' ? new DomainError({ code: 'NOT_RETURNABLE' }) : conflict()
  } catch (error) {
    if (isTimeout(error)) return false
    // Its workflow ended with it: in a burst the answer is lost, and the row says that it is done.
    if (isGone(error) && (await isDone())) return true
    if (isUnavailable(error)) throw new OverloadedError('Temporal is unavailable', { cause: error })
    if (isGone(error)) throw conflict()
    throw error
  }
}

/**
 * @param keep stores the picture, only where there is room for one @returns false where there is none
 * @throws what `keep` throws
 */
export async function addAfterSalePicture(
  db: Db,
  sale: Pick<AfterSaleView, 'id' | 'state' | 'pictures'>,
  keep: () => Promise<string>,
): Promise<boolean> {
  if (!allowsAfterSale(sale.state, 'cancel')) throw conflict()
  if (sale.pictures.length >= PICTURES_MAX) return false
  return appendPicture(db, sale.id, await keep(), PICTURES_MAX)
}

const conflict = () => new DomainError({ code: 'AFTER_SALE_STATE_CONFLICT' })

/** @param ownerId undefined: any owner @throws DomainError NOT_FOUND, also for another owner's */
export async function getAfterSale(db: Db, id: string, ownerId: string | undefined): Promise<AfterSaleView> {
  const row = /^[1-9]\d{0,17}$/.test(id) ? await findAfterSale(db, id, ownerId) : undefined
  if (!row) throw new DomainError({ code: 'NOT_FOUND' })
  const [view] = await viewAfterSales(db, [row])
  if (!view) throw new DomainError({ code: 'NOT_FOUND' })
  return view
}

export async function readAfterSales(
  db: Db,
  filter: AfterSaleFilter,
  page: { readonly limit: number; readonly offset: number },
): Promise<{ sales: AfterSaleView[]; total: number }> {
  const { rows, total } = await listAfterSales(db, filter, page)
  return { sales: await viewAfterSales(db, rows), total }
}

async function viewAfterSales(db: Db, rows: readonly AfterSale[]): Promise<AfterSaleView[]> {
  const events = await listAfterSaleEvents(
    db,
    rows.map(({ id }) => id),
  )
  const timelines = Map.groupBy(events, ({ after_sale_id }) => after_sale_id)
  return rows.map((row) => viewOf(row, timelines.get(row.id) ?? []))
}

function viewOf(row: AfterSale, events: readonly AfterSaleEvent[]): AfterSaleView {
  return {
    id: row.id,
    order_no: row.order_no,
    owner_id: row.owner_id,
    type: row.type,
    stage: row.stage,
    quantity: row.quantity,
    state: row.state,
    goods_state: goodsStateOf(row),
    money_state: moneyStateOf(row),
    points: row.points,
    money: moneyFromFen(fenOf(row.money)),
    reason: row.reason,
    pictures: row.pictures,
    return_shipment: row.return_shipment,
    refund_no: row.refund_no,
    deadline: row.due_at?.toISOString() ?? null,
    overdue: row.overdue_at !== null,
    timeline: events.map(({ state, code, data, actor_type, actor_id, created_at }) => ({
      state,
      at: created_at.toISOString(),
      event: { code, data } as AfterSaleEventData,
      by: { type: actor_type, id: actor_id },
    })),
    created_at: row.created_at.toISOString(),
    updated_at: row.updated_at.toISOString(),
  }
}

const PAGE = 500
const CALL_MS = 10_000
const LIST_MS = 60_000
/** The request that created a younger one is still starting it. */
const YOUNG_SECONDS = 15

/**
 * Starts the workflows of open after-sales that have none: their start failed, or Temporal has lost its state.
 * @param onError called per after-sale; the others continue @returns the ids of those that it started
 */
export async function adoptAfterSales(
  deps: AfterSaleDeps,
  onError: (id: string, error: unknown) => void,
  minAgeSeconds = YOUNG_SECONDS,
): Promise<string[]> {
  const running = await listRunning(deps)
  const adopted: string[] = []
  for (let after = '0'; ; ) {
    const page = await listOpenAfterSales(deps.db, { after, limit: PAGE, minAgeSeconds })
    for (const sale of page.filter(({ id }) => !running.has(afterSaleWorkflowId(id)))) {
      try {
        await startAfterSale(deps, sale, Date.now() + CALL_MS)
        adopted.push(sale.id)
      } catch (error) {
        onError(sale.id, error)
      }
    }
    if (page.length < PAGE) return adopted
    after = page.at(-1)?.id ?? after
  }
}

async function listRunning({ temporal: { client } }: AfterSaleDeps): Promise<ReadonlySet<string>> {
  const query = `WorkflowType = '${AFTER_SALE_WORKFLOW}' AND ExecutionStatus = 'Running'`
  return client.withDeadline(Date.now() + LIST_MS, async () => {
    const running = new Set<string>()
    for await (const { workflowId } of client.workflow.list({ query })) running.add(workflowId)
    return running
  })
}
