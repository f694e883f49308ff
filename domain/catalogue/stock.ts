/**
 * Why the stock of a product changed: `committed` of reserved pieces changes nothing more, and of pieces that are paid
 * at once takes them; `released` is an unpaid order's, `returned` a paid one's.
 */
export const STOCK_MOVEMENT_KINDS = [
  'initial',
  'reserved',
  'committed',
  'released',
  'adjusted',
  'returned',
] as const
export type StockMovementKind = (typeof STOCK_MOVEMENT_KINDS)[number]
