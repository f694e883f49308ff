/** What the worker runs. */
export { exchangeWorkflow } from './exchange.ts'
export { expiryWorkflow } from './expiry.ts'
export { refundWorkflow } from './refund.ts'
