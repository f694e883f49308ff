import { readExchangeByKey } from '../../application/attempts.ts'
import type { ApiContext, ApiDeps } from '../deps.ts'
import { orderFor } from '../order-schemas.ts'
import { ApiError } from '../problems.ts'
import { one } from '../schemas.ts'

/** Answers a repeat of `POST exchange` whose first request still runs: 202 with the same order number. */
export function answerUnderWay(deps: ApiDeps) {
  return async (c: ApiContext) => {
    const view = await readExchangeByKey(deps, c.get('who').sub, c.get('idempotencyKey') ?? '')
    if (!view) throw new ApiError('UNAVAILABLE')
    return c.json(one(orderFor('customer', view, c.get('lang'))), 202)
  }
}
