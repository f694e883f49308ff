import { claimRequests, dropRequest } from '../../db/orders/requests.ts'
import { DomainError } from '../../domain/errors.ts'
import type { Requester } from '../../workflows/messages.ts'
import { actOnOrder } from './actions.ts'
import type { OrderActor, OrderRequest } from './order-request.ts'
import { getOrder } from './reads.ts'

/**
 * Asks again what was answered "accepted" and whose outcome is not known: the engine may have lost it. The same
 * operation key asks once, and an order that has moved on refuses, so nothing is done twice.
 * @param onError told of each that fails; the others go on
 * @returns how many have an outcome now
 */
export async function repeatRequests(
  actor: OrderActor,
  onError: (orderNo: string, error: unknown) => void,
): Promise<number> {
  const claimed = await claimRequests(actor.db, 50)
  const outcomes = await Promise.allSettled(
    claimed.map(async (kept) => {
      const { order_no, operation_key } = kept
      const place = `order-request/${order_no}/${operation_key}`
      const { by, request } = actor.sealer.open(kept.request, place) as {
        by: Requester
        request: OrderRequest
      }
      const known = await getOrder(actor, order_no, undefined)
        .then((order) => actOnOrder(actor, order, by, request, operation_key))
        .catch((error: unknown) => {
          if (error instanceof DomainError) return true
          throw error
        })
      if (known) await dropRequest(actor.db, kept)
      return known
    }),
  )
  for (const [n, outcome] of outcomes.entries()) {
    if (outcome.status === 'rejected') onError(claimed[n]?.order_no ?? '', outcome.reason)
  }
  return outcomes.filter((outcome) => outcome.status === 'fulfilled' && outcome.value).length
}
