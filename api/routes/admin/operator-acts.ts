import { actOnOrder } from '../../../application/orders/actions.ts'
import type { OrderRequest } from '../../../application/orders/order-request.ts'
import { getOrder } from '../../../application/orders/reads.ts'
import type { ApiContext, ApiDeps } from '../../deps.ts'
import { orderFor } from '../../schemas/order.ts'

/** What an operator asks of an order. @returns done: false while the result is not known */
export function operatorActs(deps: ApiDeps) {
  return async (c: ApiContext, idOrNo: string, request: OrderRequest) => {
    const before = await getOrder(deps, idOrNo, undefined)
    const by = { type: 'operator' as const, id: c.get('who').sub }
    const done = await actOnOrder(deps, before, by, request, c.get('operationKey'))
    const view = await getOrder(deps, before.order_no, undefined)
    return { done, view: orderFor('operator', view, c.get('lang'), deps.pointsToCnyMillionths) }
  }
}
