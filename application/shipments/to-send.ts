import type { Db } from '../../db/client.ts'
import { countToSend } from '../../db/shipments/shipments.ts'

/** Pieces of an order that are still to leave: neither sent nor refunded before that. */
export const readToSend = (
  db: Db,
  order: { readonly order_no: string; readonly quantity: number },
): Promise<number> => countToSend(db, order)
