export type ExternalStep = 'stock' | 'points' | 'orders'
