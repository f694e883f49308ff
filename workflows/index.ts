/** What the worker runs. */
export { exchangeWorkflow } from './exchange.ts'
export { refundWorkflow } from './refund.ts'
