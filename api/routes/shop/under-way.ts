import { readExchangeByKey } from '../../../application/orders/attempts.ts'
import type { ApiContext, ApiDeps } from '../../deps.ts'
import { ApiError } from '../../errors.ts'
import { one } from '../../schemas/common.ts'
import { orderFor } from '../../schemas/order.ts'

/** 202 with the order number, for a repeat while the first `POST exchange` runs. */
export function answerUnderWay(deps: ApiDeps) {
  return async (c: ApiContext) => {
    const view = await readExchangeByKey(deps, c.get('who').sub, c.get('idempotencyKey') ?? '')
    if (!view) throw new ApiError('UNAVAILABLE')
    return c.json(one(orderFor('customer', view, c.get('lang'), deps.pointsToCnyMillionths)), 202)
  }
}
