export { exchangeWorkflow } from './exchange.ts'
export { expiryWorkflow } from './expiry.ts'
export { nightlyReconciliationWorkflow, reconciliationWorkflow } from './reconciliation.ts'
export { partRefundWorkflow, refundWorkflow } from './refund.ts'
