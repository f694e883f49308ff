import { findProduct } from '../db/catalogue/products.ts'
import * as stock from '../db/catalogue/stock.ts'
import type { Db } from '../db/client.ts'
import { type Attempt, findAttempt } from '../db/orders/attempts.ts'
import { DomainError } from '../domain/errors.ts'
import { fenOf } from '../domain/money.ts'
import { piecesOf, type Quote } from './place.ts'
import { requireCurrentRun } from './run.ts'

export function createStockActivities({ db }: { readonly db: Db }) {
  /** @returns false when there is too little, or the reservation was undone before it arrived */
  async function reserveStock(orderNo: string, quote: Quote): Promise<boolean> {
    await requireCurrent(orderNo)
    return db
      .transaction()
      .execute(async (tx) => {
        const before = await stock.findReservation(tx, orderNo)
        if (before) return before.state !== 'released'
        const product = await findProduct(tx, quote.productId)
        const piece = {
          points: quote.points,
          fen: fenOf(quote.pieceAmount),
          delivery: product?.delivery ?? null,
        }
        return stock.reserveStock(tx, orderNo, piecesOf(quote), piece)
      })
      .catch((error: unknown) => {
        // The transaction is undone: nothing is reserved.
        if (error instanceof DomainError && error.refusal.code === 'OUT_OF_STOCK') return false
        throw error
      })
  }

  async function commitStock(orderNo: string): Promise<void> {
    await requireCurrent(orderNo)
    await db.transaction().execute((tx) => stock.commitStock(tx, orderNo))
  }

  async function releaseStock(orderNo: string): Promise<void> {
    const attempt = await requireCurrent(orderNo)
    if (!attempt) return
    const { product_id: productId, sku_id, quantity } = attempt
    const pieces = { productId, skuId: sku_id ?? productId, quantity }
    await db.transaction().execute((tx) => stock.voidReservation(tx, orderNo, pieces))
  }

  async function requireCurrent(orderNo: string): Promise<Attempt | undefined> {
    const attempt = await findAttempt(db, orderNo)
    if (attempt) requireCurrentRun(attempt)
    return attempt
  }

  return { reserveStock, commitStock, releaseStock }
}
