import { type AfterSaleDeps, createAfterSaleActivities } from './after-sales.ts'
import { createExpiryActivities } from './expiry.ts'
import { withFailures } from './failures.ts'
import { createOrderActivities } from './orders.ts'
import type { PaymentDeps } from './payment-deps.ts'
import { createPaymentActivities } from './payments.ts'
import { createPlaceActivities, type PlaceDeps } from './place.ts'
import { createPointsActivities, type PointsDeps } from './points.ts'
import { createReconciliationActivities, type ReconciliationDeps } from './reconciliation.ts'
import { createRefundActivities, type RefundDeps } from './refunds.ts'
import { createResumeActivities } from './resume.ts'
import { createStockActivities } from './stock.ts'

export function createActivities(
  deps: PlaceDeps & PaymentDeps & PointsDeps & RefundDeps & ReconciliationDeps & AfterSaleDeps,
) {
  return withFailures({
    ...createPlaceActivities(deps),
    ...createOrderActivities(deps),
    ...createStockActivities(deps),
    ...createPointsActivities(deps),
    ...createPaymentActivities(deps),
    ...createRefundActivities(deps),
    ...createAfterSaleActivities(deps),
    ...createExpiryActivities(deps),
    ...createReconciliationActivities(deps),
    ...createResumeActivities(deps),
  })
}

export type Activities = ReturnType<typeof createActivities>
