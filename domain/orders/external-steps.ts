/** The steps of an exchange that may belong to another system: the shop's own stock, wallet or order service. */
export type ExternalStep = 'stock' | 'points' | 'orders'
