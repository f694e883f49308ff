import { claimRequests, dropRequest } from '../../db/orders/requests.ts'
import { DomainError } from '../../domain/errors.ts'
import type { Requester } from '../../workflows/messages.ts'
import { actOnOrder } from './actions.ts'
import type { OrderActor, OrderRequest } from './order-request.ts'
import { getOrder } from './reads.ts'

/**
 * Sends requests without a result again, since Temporal may have lost them. The operation key applies each once.
 * @param onError called per failure; the others continue @returns how many have a result now
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
