import { createHash } from 'node:crypto'
import { hasReached } from '../../domain/orders/status.ts'
import type { Requester } from '../../workflows/messages.ts'
import { actOnOrder } from './actions.ts'
import { type LineRefusal, type Outcome, runBatch } from './batch.ts'
import type { OrderActor } from './order-request.ts'
import { getOrder } from './reads.ts'

/** Orders of one request. */
export const ACCEPT_MAX = 100

/** `already_accepted`: by an earlier request, perhaps sent on since. `pending`: the result is not known yet. */
export const ACCEPT_RESULTS = ['accepted', 'already_accepted', 'pending', 'not_tried', 'refused'] as const

export interface AcceptResult {
  readonly order_no: string
  readonly result: (typeof ACCEPT_RESULTS)[number]
  readonly refusal: LineRefusal | null
}

/**
 * Accepts paid orders, each through its workflow. The same request again accepts nothing twice.
 * @param orderNos at most `ACCEPT_MAX`; repeats count once
 * @returns a result for each, in their order
 */
export async function acceptBatch(
  actor: OrderActor,
  by: Requester,
  orderNos: readonly string[],
  operationKey: string,
): Promise<AcceptResult[]> {
  const named = [...new Set(orderNos)].slice(0, ACCEPT_MAX)
  const results = new Map<string, Outcome<'accepted' | 'already_accepted' | 'pending'>>()
  await runBatch(
    named.map((orderNo) => [orderNo]),
    (orderNo) => acceptOne(actor, by, orderNo, operationKey),
    (orderNo, outcome) => results.set(orderNo, outcome),
  )
  return named.flatMap((order_no) => {
    const outcome = results.get(order_no)
    return outcome ? [{ order_no, ...outcome }] : []
  })
}

async function acceptOne(actor: OrderActor, by: Requester, orderNo: string, operationKey: string) {
  const order = await getOrder(actor, orderNo, undefined)
  const isAccepted = hasReached(order.status, 'order_accepted') && order.status !== 'order_canceled'
  if (isAccepted) return { result: 'already_accepted', refusal: null } as const
  // A key of its own for each request: an order that was refused unpaid is accepted once it is paid.
  const key = createHash('sha256').update(`${operationKey}\n${order.order_no}`).digest('base64url')
  const isKnown = await actOnOrder(actor, order, by, { kind: 'accept' }, key)
  return { result: isKnown ? 'accepted' : 'pending', refusal: null } as const
}
