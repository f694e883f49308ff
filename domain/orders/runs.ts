export const EXCHANGE_WORKFLOW = 'exchangeWorkflow'

/** The failure type of a step whose workflow run was replaced by a newer one. */
export const SUPERSEDED = 'Superseded'
