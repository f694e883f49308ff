import { type AfterSaleDeps, createAfterSaleActivities } from './after-sales.ts'
import { type ChargeDeps, createChargeActivities } from './charges.ts'
import { createDeliveryActivities } from './delivery.ts'
import { createExpiryActivities } from './expiry.ts'
import { withFailures } from './failures.ts'
import { createOrderActivities, type OrderDeps } from './orders.ts'
import type { PaymentDeps } from './payment-deps.ts'
import { createPaymentActivities } from './payments.ts'
import { createPlaceActivities, type PlaceDeps } from './place.ts'
import { createPointsActivities, type PointsDeps } from './points.ts'
import { createReconciliationActivities, type ReconciliationDeps } from './reconciliation.ts'
import { createRefundActivities, type RefundDeps } from './refunds.ts'
import { createResumeActivities } from './resume.ts'
import { createShipmentActivities } from './shipments.ts'
import { createStockActivities } from './stock.ts'

export function createActivities(
  deps: PlaceDeps &
    OrderDeps &
    PaymentDeps &
    PointsDeps &
    RefundDeps &
    ReconciliationDeps &
    AfterSaleDeps &
    ChargeDeps,
) {
  return withFailures({
    ...createPlaceActivities(deps),
    ...createOrderActivities(deps),
    ...createDeliveryActivities(deps),
    ...createChargeActivities(deps),
    ...createStockActivities(deps),
    ...createPointsActivities(deps),
    ...createPaymentActivities(deps),
    ...createRefundActivities(deps),
    ...createAfterSaleActivities(deps),
    ...createExpiryActivities(deps),
    ...createReconciliationActivities(deps),
    ...createResumeActivities(deps),
    ...createShipmentActivities(deps),
  })
}

export type Activities = ReturnType<typeof createActivities>
