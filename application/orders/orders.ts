import { randomUUID } from 'node:crypto'
import { type UpdateDefinition, WithStartWorkflowOperation } from '@temporalio/client'
import { sql } from 'kysely'
import type { Db } from '../../db/client.ts'
import type { Attempt, PrivateRequest } from '../../db/orders/attempts.ts'
import { changeChannel, type PaymentChannel } from '../../db/orders/attempts.ts'
import { findShippingType } from '../../db/orders/audit-trail.ts'
import { readEligibilityInputs } from '../../db/orders/eligibility-inputs.ts'
import { type ExchangeOrder, SYSTEM } from '../../db/orders/orders.ts'
import { listOrderRefunds, listRefunds, type ShownRefund } from '../../db/orders/refunds.ts'
import { keepRequest } from '../../db/orders/requests.ts'
import { countAttempts, readOpenPayment } from '../../db/payments/payments.ts'
import type { Encryptor } from '../../db/platform/encryption.ts'
import type { PaymentInfo } from '../../db/schema/points-exchange-orders.ts'
import { mustNotBeOwn } from '../../domain/access.ts'
import { totalOf } from '../../domain/catalogue/pricing.ts'
import { needsAddress, type PaymentMode } from '../../domain/catalogue/product.ts'
import { DomainError, InvalidInputError, type RefusalCode } from '../../domain/errors.ts'
import { fenOf, type Money, moneyFromFen } from '../../domain/money.ts'
import type { ExternalStep } from '../../domain/orders/external-steps.ts'
import { cancelNote, type OrderNote } from '../../domain/orders/notes.ts'
import { allows, isPaid, type OrderStatus } from '../../domain/orders/status.ts'
import { MAX_PAYMENT_ATTEMPTS, type PaymentMethod } from '../../domain/payments/method.ts'
import {
  acceptUpdate,
  cancelUpdate,
  exchangeWorkflowId,
  finishUpdate,
  PART_REFUND_WORKFLOW,
  type PartRefundInput,
  payUpdate,
  REFUND_WORKFLOW,
  type RefundInput,
  type Reply,
  type Requester,
  type ResolveAction,
  refundTakenUpdate,
  refundUpdate,
  refundWorkflowId,
  resolveUpdate,
  resyncSignal,
  shipUpdate,
  TASK_QUEUE,
} from '../../workflows/messages.ts'
import {
  ANSWER_DEADLINE_MS,
  isGone,
  isRejected,
  isTimeout,
  isUnavailable,
  OverloadedError,
  retryUnavailable,
  type Temporal,
} from '../temporal/client.ts'
import { type AdoptionDeps, AFTER_SALE, adoptOrder } from './adoption.ts'
import { hasNothingLeft, type Refundable } from './audit-trail.ts'
import type { OrderReader, OrderView, RefundView } from './view.ts'

export type { OrderReader, OrderView, RefundView }

export interface OrderFilter {
  readonly ownerId?: string | undefined
  readonly status?: OrderStatus | undefined
  /** Any of these. */
  readonly statuses?: readonly OrderStatus[] | undefined
  readonly paymentMode?: PaymentMode | undefined
  readonly productId?: string | undefined
  readonly needsAttention?: boolean | undefined
}

/** Orders, newest first, and how many there are. */
export async function listOrders(
  { db, sealer }: OrderReader,
  filter: OrderFilter,
  page: { readonly limit: number; readonly offset: number },
): Promise<{ orders: OrderView[]; total: number }> {
  let query = db.selectFrom('points_exchange_orders').where('deleted_at', 'is', null)
  if (filter.ownerId !== undefined) {
    query = query.where('owner_type', '=', 'user').where('owner_id', '=', filter.ownerId)
  }
  if (filter.status) query = query.where('status', '=', filter.status)
  if (filter.statuses) query = query.where('status', 'in', filter.statuses)
  if (filter.paymentMode) query = query.where('payment_mode', '=', filter.paymentMode)
  if (filter.productId) query = query.where('product_id', '=', filter.productId)
  if (filter.needsAttention) query = query.where('needs_attention', 'is not', null)
  const [rows, count] = await Promise.all([
    query.selectAll().orderBy('id', 'desc').limit(page.limit).offset(page.offset).execute(),
    query.select((eb) => eb.fn.countAll<string>().as('total')).executeTakeFirstOrThrow(),
  ])
  return { orders: await viewOrders(db, sealer, rows), total: Number(count.total) }
}

/**
 * @param idOrNo the id, or the order number (which is never all digits)
 * @param ownerId undefined: anybody's (for operators)
 * @throws DomainError NOT_FOUND, also for another owner's order
 */
export async function getOrder(
  { db, sealer, vault }: OrderReader,
  idOrNo: string,
  ownerId: string | undefined,
): Promise<OrderView> {
  const byId = /^\d{1,18}$/.test(idOrNo)
  const order = await db
    .selectFrom('points_exchange_orders')
    .selectAll()
    .where(byId ? 'id' : 'order_no', '=', idOrNo)
    .where('deleted_at', 'is', null)
    .executeTakeFirst()
  if (order) {
    if (ownerId !== undefined && order.owner_id !== ownerId) throw new DomainError({ code: 'NOT_FOUND' })
    const [view] = await viewOrders(db, sealer, [order])
    if (view) return view
  }
  const attempt = await db
    .selectFrom('exchange_attempts')
    .selectAll()
    .where(byId ? 'id' : 'order_no', '=', idOrNo)
    .executeTakeFirst()
  if (!attempt || (ownerId !== undefined && attempt.owner_id !== ownerId)) {
    throw new DomainError({ code: 'NOT_FOUND' })
  }
  return viewAttempt({ db, sealer, vault }, attempt)
}

/** What is known of a redemption before its order exists, or when it was refused later on. */
export async function viewAttempt({ db, sealer, vault }: OrderReader, attempt: Attempt): Promise<OrderView> {
  const { facts, product } = await readEligibilityInputs(
    db,
    vault,
    attempt.owner_id,
    attempt.product_id,
    attempt.level,
  )
  const price = facts.product ?? { paymentMode: 'points_only' as const, points: 0, fen: 0n }
  const total = totalOf(price, attempt.quantity)
  const { address, ...notes } = sealer.open(attempt.request, `request/${attempt.order_no}`) as PrivateRequest
  const at = attempt.created_at.toISOString()
  const refused = attempt.state === 'refused'
  return {
    id: attempt.id,
    order_no: attempt.order_no,
    order_id: null,
    owner_id: attempt.owner_id,
    product_id: attempt.product_id,
    product_title: product?.title ?? '',
    product_image: product?.image ?? null,
    points_price: price.points,
    money_price: moneyFromFen(price.fen),
    quantity: attempt.quantity,
    total_points: total.points,
    total_money: moneyFromFen(total.fen),
    payment_mode: price.paymentMode,
    status: refused ? 'order_canceled' : 'exchanged',
    payment_status: refused ? 'closed' : 'unpaid',
    cancel_reason: attempt.refusal?.code ?? null,
    needs_attention: null,
    exchange_time: at,
    shipping_info: null,
    address_info: address ?? null,
    customer_notes: notes,
    payment_info: {
      payment_mode: price.paymentMode,
      points_amount: total.points,
      money_amount: moneyFromFen(total.fen),
      payment_method: total.fen > 0n ? attempt.payment_method : null,
      trade_no: null,
      pay_url: null,
      jsapi: null,
      expires_at: null,
    },
    refunds: [],
    timeline: [
      { status: 'exchanged', at, note: null },
      ...(attempt.resolved_at && refused
        ? [
            {
              status: 'order_canceled',
              at: attempt.resolved_at.toISOString(),
              note: attempt.refusal ? cancelNote(attempt.refusal.code, SYSTEM) : null,
            },
          ]
        : []),
    ],
    created_at: at,
    updated_at: (attempt.resolved_at ?? attempt.created_at).toISOString(),
  }
}

async function viewOrders(db: Db, sealer: Encryptor, rows: readonly ExchangeOrder[]): Promise<OrderView[]> {
  if (rows.length === 0) return []
  const numbers = rows.map((row) => row.order_no)
  const [events, refunds] = await Promise.all([
    db
      .selectFrom('order_events')
      .select(['order_no', 'status', 'note', 'created_at'])
      .where('order_no', 'in', numbers)
      .orderBy('id')
      .execute(),
    listRefunds(db, numbers),
  ])
  const timelines = Map.groupBy(events, (event) => event.order_no)
  const refundsOf = Map.groupBy(refunds, (refund) => refund.order_no)
  return rows.map((row) => ({
    ...viewOrder(sealer, row, timelines.get(row.order_no) ?? []),
    refunds: (refundsOf.get(row.order_no) ?? []).map(viewRefund),
  }))
}

function viewRefund(refund: ShownRefund): RefundView {
  const { refund_no, provider_refund_no, points, reason, failure } = refund
  return {
    refund_no,
    provider_refund_no,
    points,
    money: money(refund.money),
    state: refund.state,
    reason,
    failure,
    settled:
      refund.settled_by === null ? null : { by: refund.settled_by, reason: refund.settled_reason ?? '' },
    at: refund.created_at.toISOString(),
    done_at: refund.done_at?.toISOString() ?? null,
  }
}

function viewOrder(
  sealer: Encryptor,
  row: ExchangeOrder,
  events: readonly { status: string; note: OrderNote | null; created_at: Date }[],
): Omit<OrderView, 'refunds'> {
  const payable = row.status === 'order_created' && row.payment_status === 'unpaid'
  return {
    id: row.id,
    order_no: row.order_no,
    order_id: row.order_id,
    owner_id: row.owner_id,
    product_id: row.product_id,
    product_title: row.product_title,
    product_image: row.product_image,
    points_price: row.points_price,
    money_price: money(row.money_price),
    quantity: row.quantity,
    total_points: row.total_points,
    total_money: money(row.total_money),
    payment_mode: row.payment_mode,
    status: row.status,
    payment_status: row.payment_status,
    cancel_reason: row.cancel_reason,
    needs_attention: row.needs_attention,
    exchange_time: row.exchange_time.toISOString(),
    shipping_info: row.shipping_info,
    address_info: row.address_info ? sealer.open(row.address_info, `address/${row.order_no}`) : null,
    customer_notes: row.customer_notes ? sealer.open(row.customer_notes, `notes/${row.order_no}`) : null,
    payment_info: viewPayment(row, row.payment_info, payable),
    timeline: events.map((event) => ({
      status: event.status,
      at: event.created_at.toISOString(),
      note: event.note,
    })),
    created_at: row.created_at.toISOString(),
    updated_at: row.updated_at.toISOString(),
  }
}

function viewPayment(
  row: ExchangeOrder,
  info: PaymentInfo | null,
  payable: boolean,
): OrderView['payment_info'] {
  return {
    payment_mode: row.payment_mode,
    points_amount: row.total_points,
    money_amount: money(row.total_money),
    payment_method: row.payment_method,
    trade_no: info?.trade_no ?? null,
    pay_url: payable ? (info?.pay_url ?? null) : null,
    jsapi: payable ? (info?.jsapi ?? null) : null,
    expires_at: payable ? (row.pay_by?.toISOString() ?? null) : null,
  }
}

const money = (amount: string): Money => moneyFromFen(fenOf(amount))

export interface Statistics {
  readonly total: number
  readonly by_status: Record<string, number>
  readonly by_payment_mode: Record<string, number>
  readonly total_points: number
  readonly total_money: Money
}

/**
 * Counts of one owner's orders; points and money of the paid ones that were not canceled, without what went back
 * in parts: what he has spent in the end.
 */
export async function readStatistics(db: Db, ownerId: string): Promise<Statistics> {
  const rows = await db
    .selectFrom('points_exchange_orders as exchange')
    .leftJoinLateral(
      (eb) =>
        eb
          .selectFrom('order_refunds')
          .select([sql`sum(points)`.as('points'), sql`sum(money)`.as('money')])
          .whereRef('order_no', '=', 'exchange.order_no')
          .as('back'),
      (join) => join.onTrue(),
    )
    .select((eb) => [
      'status',
      'payment_mode',
      eb.fn.countAll<string>().as('orders'),
      sql<string>`coalesce(sum(total_points - coalesce(back.points, 0)), 0)`.as('points'),
      sql<string>`coalesce(sum(total_money - coalesce(back.money, 0)), 0)::numeric(20,2)`.as('money'),
    ])
    .where('owner_type', '=', 'user')
    .where('owner_id', '=', ownerId)
    .where('deleted_at', 'is', null)
    .groupBy(['status', 'payment_mode'])
    .execute()
  const paid = rows.filter((row) => isPaid(row.status))
  const count = (key: 'status' | 'payment_mode') =>
    rows.reduce<Record<string, number>>((sums, row) => {
      sums[row[key]] = (sums[row[key]] ?? 0) + Number(row.orders)
      return sums
    }, {})
  const fen = paid.reduce((sum, row) => sum + fenOf(row.money), 0n)
  return {
    total: rows.reduce((sum, row) => sum + Number(row.orders), 0),
    by_status: count('status'),
    by_payment_mode: count('payment_mode'),
    total_points: paid.reduce((sum, row) => sum + Number(row.points), 0),
    total_money: moneyFromFen(fen),
  }
}

/** What somebody asks of an order that runs. */
export type OrderRequest =
  | { readonly kind: 'cancel'; readonly reason?: string | undefined }
  | {
      readonly kind: 'pay'
      readonly method?: PaymentMethod | undefined
      /** Where the customer stands now; undefined: as before. */
      readonly channel?: PaymentChannel | undefined
    }
  | { readonly kind: 'accept' }
  | { readonly kind: 'ship'; readonly carrier: string; readonly trackingNo: string }
  | { readonly kind: 'finish' }
  | {
      readonly kind: 'refund'
      readonly reason: string
      /** Takes back this part, and the order goes on; undefined: all that is left, and it ends. */
      readonly part?: { readonly points: number; readonly money: string } | undefined
    }
  | {
      readonly kind: 'resolve'
      readonly action: ResolveAction
      readonly reason: string
      /** The refund that was given back outside, as the order shows it; undefined: the only one that is stuck. */
      readonly refundNo?: string | undefined
    }

/** What has to be known of an order to ask something of it. */
export type AskedOrder = Pick<
  OrderView,
  'order_no' | 'owner_id' | 'status' | 'payment_status' | 'needs_attention'
> &
  Refundable

export interface OrderActor extends OrderReader, AdoptionDeps {}

/**
 * Asks the order's workflow to act; never touches its rows. The same operation key asks once.
 * @returns true when it was done, false when the outcome is not known within `ANSWER_DEADLINE_MS`
 * @throws DomainError FORBIDDEN where an operator asks it of an order of his own, ORDER_NOT_CANCELABLE,
 *   ORDER_STATE_CONFLICT, REFUND_EXCEEDS_REST, REFUND_IS_WHOLE, RATE_LIMITED, or why a payment is refused
 * @throws InvalidInput where "settle" does not say which of several refunds
 * @throws Overloaded when the engine is away
 */
export async function actOnOrder(
  actor: OrderActor,
  order: AskedOrder,
  by: Requester,
  request: OrderRequest,
  operationKey: string = randomUUID(),
): Promise<boolean> {
  const known = await askOrder(actor, order, by, request, operationKey)
  // Whoever wants to pay, or resolves, looks again; everything else is done, whatever the engine loses.
  if (!known && request.kind !== 'pay' && request.kind !== 'resolve') {
    const { db, sealer } = actor
    const place = `order-request/${order.order_no}/${operationKey}`
    const kept = sealer.seal({ by, request }, place)
    await keepRequest(db, { order_no: order.order_no, operation_key: operationKey, request: kept })
  }
  return known
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
  const deadline = Date.now() + ANSWER_DEADLINE_MS
  const refund = request.kind === 'resolve' && request.action === 'settle'
  const settled = refund ? await findStuck(db, order.order_no, request.refundNo) : undefined
  const [update, args] = messageOf(by, request, settled?.refundNos)
  const known = await knownReply(temporal, order, by, request, operationKey)
  if (known) return settleReply(known, by, request)
  if (order.payment_status === 'closing' && (request.kind === 'pay' || request.kind === 'cancel')) {
    // The order is being canceled, and its workflow hears nothing else.
    if (request.kind === 'pay' || order.needs_attention !== null) return settleReply(CONFLICT, by, request)
    return false
  }
  if (request.kind === 'ship' && !(await travels(db, order.order_no)))
    return settleReply(CONFLICT, by, request)
  if (request.kind === 'refund' && hasNothingLeft(order)) {
    throw new DomainError({ code: 'REFUND_EXCEEDS_REST' })
  }
  if (request.kind === 'refund' && request.part) {
    const { reason, part } = request
    const input = { orderNo: order.order_no, by, reason, ...part, operationKey }
    return temporal.gate.run(deadline, () =>
      startRefund(temporal, PART_REFUND_WORKFLOW, input, operationKey, deadline),
    )
  }
  if (request.kind === 'pay') {
    if (request.channel) await changeChannel(db, sealer, order.order_no, request.channel)
    if (await isOpenAt(actor, order.order_no, request.method)) return true
  }
  const ask = (workflowId: string) =>
    retryUnavailable(deadline, () =>
      temporal.client.withDeadline(deadline, async () => {
        const handle = temporal.client.workflow.getHandle(workflowId)
        try {
          return await handle.executeUpdate(update, { updateId: operationKey, args: [args] })
        } catch (error) {
          // A run that takes no more requests hands over to its successor when it looks up.
          if (isRejected(error)) await handle.signal(resyncSignal).catch(() => undefined)
          throw error
        }
      }),
    )
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
    const outsideSteps = await pointsElsewhere(db, order.order_no)
    const input = { kind: 'after_sale', orderNo: order.order_no, by, reason: request.reason } as const
    return startRefund(temporal, REFUND_WORKFLOW, { ...input, ...outsideSteps }, AFTER_SALE, deadline)
  }
  return settleReply(reply, by, request)
}

/** Asks the order's workflow; where that is gone before the order came to rest, its successor. */
async function askExchange(
  actor: OrderActor,
  orderNo: string,
  ask: (workflowId: string) => Promise<Reply>,
): Promise<Reply> {
  try {
    return await ask(exchangeWorkflowId(orderNo))
  } catch (error) {
    if (!isGone(error) || (await adoptOrder(actor, orderNo)).is !== 'running') throw error
    return ask(exchangeWorkflowId(orderNo))
  }
}

/**
 * Whether the customer can be shown the cashier that is open, which costs the workflow nothing.
 * @throws DomainError RATE_LIMITED where another attempt would be one too many
 */
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

/** @throws DomainError PAYMENT_METHOD_UNSUPPORTED where the shop does not take this method */
export function mustBeSupported(method: PaymentMethod, supported: readonly PaymentMethod[]): void {
  if (supported.includes(method)) return
  throw new DomainError({ code: 'PAYMENT_METHOD_UNSUPPORTED', available: supported.join(', ') })
}

const CONFLICT: Reply = { ok: false, refusal: { code: 'ORDER_STATE_CONFLICT' } }

/** @throws DomainError when the reply is a "no" */
function settleReply(reply: Reply, by: Requester, request: OrderRequest): true {
  if (reply.ok) return true
  const code = reply.refusal.code
  const said = code === 'ORDER_STATE_CONFLICT' ? refusalAtEnd(by, request) : code
  throw new DomainError({ ...reply.refusal, code: said })
}

/**
 * What can be answered without asking the workflow to do anything: it takes 2,000 requests in its life, and
 * none shall be spent on what the order's state does not allow. A repeat of a request that was done gets its
 * first answer. Undefined: ask.
 */
async function knownReply(
  { client }: Temporal,
  order: Pick<OrderView, 'order_no' | 'status'>,
  by: Requester,
  request: OrderRequest,
  operationKey: string,
): Promise<Reply | undefined> {
  if (request.kind === 'resolve') return undefined
  const action = request.kind === 'finish' && by.type === 'customer' ? 'confirm' : request.kind
  if (allows(order.status, action)) return undefined
  try {
    const handle = client.workflow.getHandle(exchangeWorkflowId(order.order_no))
    return await client.withDeadline(Date.now() + 1_000, () =>
      handle.getUpdateHandle<Reply>(operationKey).result(),
    )
  } catch {
    return CONFLICT
  }
}

/** What is collected or needs no delivery is handed over, and never shipped. */
async function travels(db: Db, orderNo: string): Promise<boolean> {
  const shippingType = await findShippingType(db, orderNo)
  return shippingType !== undefined && needsAddress(shippingType)
}

/** Every workflow that may wait for an operator's word on this order: the exchange, and what came after it. */
async function workflowsOf(db: Db, orderNo: string): Promise<string[]> {
  const attempts = await db
    .selectFrom('payments')
    .select('attempt_no')
    .where('order_no', '=', orderNo)
    .orderBy('attempt_no')
    .execute()
  const parts = (await listOrderRefunds(db, orderNo)).filter(({ kind }) => kind === 'part')
  const refunds = [
    ...attempts.map(({ attempt_no }) => `${attempt_no}`),
    AFTER_SALE,
    ...parts.map((part) => part.operation_key),
  ]
  return [exchangeWorkflowId(orderNo), ...refunds.map((n) => refundWorkflowId(orderNo, n))]
}

interface StuckRefund {
  /** Every number that it has had at its provider: a workflow may wait with one that was refused. */
  readonly refundNos: readonly string[]
  /** Who may wait with it; undefined: whoever refunds the order. */
  readonly workflowIds: readonly string[] | undefined
}

/**
 * The refund that an operator gave back outside.
 * @param refundNo as the order shows it, or a number it has had at its provider; undefined: the only one that is stuck
 * @throws InvalidInput where several are
 */
async function findStuck(db: Db, orderNo: string, refundNo: string | undefined): Promise<StuckRefund> {
  const rows = await db
    .selectFrom('payment_refunds as refund')
    .innerJoin('payments as payment', 'payment.out_trade_no', 'refund.out_trade_no')
    .leftJoin('order_refunds as shown', 'shown.refund_no', 'refund.order_refund')
    .select([
      'refund.refund_no',
      'refund.order_refund',
      'refund.replaces',
      'refund.state',
      'refund.failure',
      'shown.kind',
      'shown.operation_key',
    ])
    .where('payment.order_no', '=', orderNo)
    .execute()
  /** A refund and the numbers it had before, the last first. */
  const chainOf = (last: (typeof rows)[number]): typeof rows => {
    const before = rows.find(({ refund_no }) => refund_no === last.replaces)
    return before ? [last, ...chainOf(before)] : [last]
  }
  const chains = rows.filter(({ state }) => state !== 'failed').map(chainOf)
  const owed = chains.filter(([last]) => last?.state === 'pending')
  const refused = owed.filter((chain) => chain.some(({ failure }) => failure !== null))
  // Where a first "settle" was done and its answer lost, the workflow still waits for it.
  const candidates = [refused, owed, chains].find((some) => some.length > 0) ?? []
  const meant =
    refundNo === undefined
      ? candidates
      : chains.filter((chain) =>
          chain.some((row) => row.refund_no === refundNo || row.order_refund === refundNo),
        )
  if (refundNo === undefined && owed.length > 0 && meant.length > 1) {
    throw new InvalidInputError({ field: 'refund_no', rule: 'required' })
  }
  const found = meant.flat()
  const parts = found.flatMap(({ kind, operation_key }) => (kind === 'part' && operation_key) || [])
  const onlyParts = parts.length === found.length
  return {
    refundNos: found.map(({ refund_no }) => refund_no),
    workflowIds: onlyParts ? [...new Set(parts)].map((key) => refundWorkflowId(orderNo, key)) : undefined,
  }
}

/** Several may wait, each for the same word. @returns a "yes" where one has taken it */
async function tellAll(
  workflowIds: readonly string[],
  ask: (workflowId: string) => Promise<Reply>,
): Promise<Reply> {
  const answers = await Promise.allSettled(workflowIds.map(ask))
  const replies = answers.filter((answer) => answer.status === 'fulfilled').map(({ value }) => value)
  const failed = answers.find((answer) => answer.status === 'rejected' && !isGone(answer.reason))
  const taken = replies.find(({ ok }) => ok)
  if (!taken && failed?.status === 'rejected') throw failed.reason
  return taken ?? replies.at(-1) ?? CONFLICT
}

/** @param refundNos with "settle": the numbers of the refund that is meant */
function messageOf(
  by: Requester,
  request: OrderRequest,
  refundNos: readonly string[] | undefined,
): [UpdateDefinition<Reply, [never]>, never] {
  // What is personal stays in the database.
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
    finish: finishUpdate,
    refund: refundUpdate,
    resolve: resolveUpdate,
  }
  const defined = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined))
  return [updates[kind] as UpdateDefinition<Reply, [never]>, { by, ...defined } as never]
}

/** How a request is refused when the order's state does not allow it. */
function refusalAtEnd(by: Requester, request: OrderRequest): RefusalCode {
  return request.kind === 'cancel' && by.type === 'customer' ? 'ORDER_NOT_CANCELABLE' : 'ORDER_STATE_CONFLICT'
}

async function hasFinished(db: Db, orderNo: string): Promise<boolean> {
  const order = await db
    .selectFrom('points_exchange_orders')
    .select('status')
    .where('order_no', '=', orderNo)
    .executeTakeFirst()
  return order?.status === 'order_finished'
}

/** Names the points as a step outside where another system took them. */
async function pointsElsewhere(db: Db, orderNo: string): Promise<{ outsideSteps?: readonly ExternalStep[] }> {
  const found = await db
    .selectFrom('exchange_attempts as attempt')
    .innerJoin('points_exchange_orders as order', 'order.order_no', 'attempt.order_no')
    .select('attempt.order_no')
    .where('attempt.order_no', '=', orderNo)
    .where('attempt.points_wallet', '=', 'outside')
    .where('order.total_points', '>', 0)
    .executeTakeFirst()
  return found ? { outsideSteps: ['points'] } : {}
}

/**
 * A workflow of its own takes something back: all of an exchange that has ended, or a part.
 * @param n the refund's number; once for each
 */
async function startRefund(
  { client }: Temporal,
  workflow: typeof REFUND_WORKFLOW | typeof PART_REFUND_WORKFLOW,
  input: RefundInput | PartRefundInput,
  n: string,
  deadline: number,
): Promise<boolean> {
  const start = () =>
    client.withDeadline(deadline, () =>
      client.workflow.executeUpdateWithStart(refundTakenUpdate, {
        updateId: 'taken',
        startWorkflowOperation: new WithStartWorkflowOperation(workflow, {
          workflowId: refundWorkflowId(input.orderNo, n),
          taskQueue: TASK_QUEUE,
          args: [input],
          workflowIdConflictPolicy: 'USE_EXISTING',
          // Taking the same back twice takes it back once; what an operator skipped may be tried again.
          workflowIdReusePolicy: 'ALLOW_DUPLICATE',
        }),
      }),
    )
  try {
    const reply = await start().catch((error: unknown) => {
      // Its workflow was ended under it: the next one finds what is done.
      if (isGone(error)) return start()
      throw error
    })
    if (!reply.ok) throw new DomainError(reply.refusal)
    return true
  } catch (error) {
    if (isTimeout(error)) return false
    if (isUnavailable(error)) throw new OverloadedError('Temporal is unavailable', { cause: error })
    throw error
  }
}

export interface WorkflowLink {
  readonly id: string
  readonly run_id: string | null
  readonly url: string | null
}

/** Where the order's run is to be inspected. The run is null while the engine is away, or after its retention. */
export async function findWorkflow(
  { client }: Temporal,
  orderNo: string,
  uiUrl: string | undefined,
): Promise<WorkflowLink> {
  const id = exchangeWorkflowId(orderNo)
  const namespace = client.options.namespace
  try {
    const { runId } = await client.withDeadline(Date.now() + 1_000, () =>
      client.workflow.getHandle(id).describe(),
    )
    const path = `namespaces/${namespace}/workflows/${encodeURIComponent(id)}/${runId}/history`
    return { id, run_id: runId, url: uiUrl ? `${uiUrl}/${path}` : null }
  } catch {
    return { id, run_id: null, url: null }
  }
}

/** Customers learn that somebody has to look, not what our systems said. */
export function forCustomer(view: OrderView): OrderView {
  const refunds = view.refunds.map((refund) => ({ ...refund, failure: null, settled: null }))
  const needs_attention = view.needs_attention && { code: 'other' as const, data: { said: '' } }
  return { ...view, refunds, needs_attention }
}
