import { withFailures } from './failures.ts'
import { createOrderActivities } from './orders.ts'
import { createPaymentActivities, type PaymentDeps } from './payments.ts'
import { createPlaceActivities, type PlaceDeps } from './place.ts'
import { createPointsActivities } from './points.ts'
import { createStockActivities } from './stock.ts'

/** Everything a workflow may do to the world. */
export function createActivities(deps: PlaceDeps & PaymentDeps) {
  return withFailures({
    ...createPlaceActivities(deps),
    ...createOrderActivities(deps),
    ...createStockActivities(deps),
    ...createPointsActivities(deps),
    ...createPaymentActivities(deps),
  })
}

export type Activities = ReturnType<typeof createActivities>
