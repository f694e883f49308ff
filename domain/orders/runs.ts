/** The type of the workflow that carries one exchange from the request to the finished order. */
export const EXCHANGE_WORKFLOW = 'exchangeWorkflow'

/** How a step fails whose workflow run has been replaced by another one. */
export const SUPERSEDED = 'Superseded'
