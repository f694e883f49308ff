import type { UpdateDefinition } from '@temporalio/client'
import type { Db } from '../../db/client.ts'
import { listAfterSales } from '../../db/orders/after-sales.ts'
import { listOrderRefunds } from '../../db/orders/refunds.ts'
import { allows, type OrderStatus } from '../../domain/orders/status.ts'
import {
  afterSaleWorkflowId,
  exchangeWorkflowId,
  type Reply,
  type Requester,
  refundWorkflowId,
  resyncSignal,
} from '../../workflows/messages.ts'
import { isGone, isRejected, retryUnavailable, type Temporal } from '../temporal/client.ts'
import { AFTER_SALE, adoptOrder } from './adoption.ts'
import type { OrderActor, OrderRequest } from './order-request.ts'
import type { OrderView } from './view.ts'

export const CONFLICT: Reply = { ok: false, refusal: { code: 'ORDER_STATE_CONFLICT' } }

type Ask = (workflowId: string) => Promise<Reply>

interface Message {
  readonly update: UpdateDefinition<Reply, [never]>
  readonly args: never
  readonly operationKey: string
  /** Milliseconds since 1970. */
  readonly deadline: number
}

/** The returned function sends the message until the workflow answers or the deadline passes. */
export function createAsk({ client }: Temporal, { update, args, operationKey, deadline }: Message): Ask {
  return (workflowId) =>
    retryUnavailable(deadline, () =>
      client.withDeadline(deadline, async () => {
        const handle = client.workflow.getHandle(workflowId)
        try {
          return await handle.executeUpdate(update, { updateId: operationKey, args: [args] })
        } catch (error) {
          // A run that accepts no more updates continues as a new run when it receives a signal.
          if (isRejected(error)) await handle.signal(resyncSignal).catch(() => undefined)
          throw error
        }
      }),
    )
}

/** Restarts the exchange and asks again when the order is open but its workflow is gone. */
export async function askExchange(actor: OrderActor, orderNo: string, ask: Ask): Promise<Reply> {
  try {
    return await ask(exchangeWorkflowId(orderNo))
  } catch (error) {
    if (!isGone(error) || (await adoptOrder(actor, orderNo)).is !== 'running') throw error
    return ask(exchangeWorkflowId(orderNo))
  }
}

/** Asks all workflows that may wait for one decision. @returns acceptance if one accepts */
export async function tellAll(workflowIds: readonly string[], ask: Ask): Promise<Reply> {
  const answers = await Promise.allSettled(workflowIds.map(ask))
  const replies = answers.filter((answer) => answer.status === 'fulfilled').map(({ value }) => value)
  const failed = answers.find((answer) => answer.status === 'rejected' && !isGone(answer.reason))
  const taken = replies.find(({ ok }) => ok)
  if (!taken && failed?.status === 'rejected') throw failed.reason
  return taken ?? replies.at(-1) ?? CONFLICT
}

/** The exchange, all refunds and after-sales of the order. */
export async function workflowsOf(db: Db, orderNo: string): Promise<string[]> {
  const attempts = await db
    .selectFrom('payments')
    .select('attempt_no')
    .where('order_no', '=', orderNo)
    .orderBy('attempt_no')
    .execute()
  const parts = (await listOrderRefunds(db, orderNo)).filter(({ kind }) => kind === 'part')
  const { rows: sales } = await listAfterSales(
    db,
    { orderNo, states: ['refunding'] },
    { limit: 100, offset: 0 },
  )
  const refunds = [
    ...attempts.map(({ attempt_no }) => `${attempt_no}`),
    AFTER_SALE,
    ...parts.map((part) => part.operation_key),
  ]
  const ids = [
    exchangeWorkflowId(orderNo),
    ...refunds.map((n) => refundWorkflowId(orderNo, n)),
    ...sales.map(({ id }) => afterSaleWorkflowId(id)),
  ]
  return [...new Set(ids)]
}

/**
 * Answers requests that the order's state refuses: a workflow run accepts only 2,000 updates.
 * @returns undefined when the workflow has to decide
 */
export async function knownReply(
  { client }: Temporal,
  order: Pick<OrderView, 'order_no' | 'status'>,
  by: Requester,
  request: OrderRequest,
  operationKey: string,
): Promise<Reply | undefined> {
  if (request.kind === 'resolve') return undefined
  if (mayBeAllowed(order.status, by, request.kind)) return undefined
  try {
    const handle = client.workflow.getHandle(exchangeWorkflowId(order.order_no))
    return await client.withDeadline(Date.now() + 1_000, () =>
      handle.getUpdateHandle<Reply>(operationKey).result(),
    )
  } catch {
    return CONFLICT
  }
}

function mayBeAllowed(
  status: OrderStatus,
  by: Requester,
  kind: Exclude<OrderRequest['kind'], 'resolve'>,
): boolean {
  switch (kind) {
    case 'shipment':
      return allows(status, 'ship')
    case 'correctShipment':
      return allows(status, 'ship') || status === 'order_shipped'
    case 'extend':
      return allows(status, 'confirm')
    case 'finish':
      return allows(status, by.type === 'customer' ? 'confirm' : 'finish')
    default:
      return allows(status, kind)
  }
}
