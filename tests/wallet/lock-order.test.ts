import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { createOrderActivities } from '../../activities/orders.ts'
import { createPlaceActivities } from '../../activities/place.ts'
import { setFrozen } from '../../application/wallet/freezes.ts'
import { keepAttempt } from '../../db/orders/attempts.ts'
import { createEncryptor } from '../../db/platform/encryption.ts'
import { grant } from '../../db/wallet/grants.ts'
import { readBalance } from '../../db/wallet/reads.ts'
import { newOrderNo } from '../../domain/orders/number.ts'
import { type Books, findBroken, openBooks } from '../models/wallet-books.ts'

const EACH = 12

let books: Books
beforeAll(async () => {
  books = await openBooks(inject('postgresUrl'), 20)
})
afterAll(() => books.close())

test('concurrent orders of one owner that move points and cash in every combination never deadlock', async () => {
  const { db, vault } = books
  const sealer = createEncryptor([{ id: 't1', key: Buffer.alloc(32, 'key of the tests') }])
  const rules = {
    minPoints: 1,
    maxPointsPerOrder: 10_000,
    exchangeLimitEnabled: true,
    maxUnpaidOrders: 5,
    maxUnpaidPieces: 5,
    supportedMethods: ['wallet'] as const,
  }
  const { placeExchange } = createPlaceActivities({ db, sealer, vault, rules })
  const { settleExchange, cancelExchange } = createOrderActivities({
    db,
    sealer,
    orderService: undefined,
    vault,
    expiryGraceMs: 0,
    autoCreateLogistics: false,
  })
  const ledger = { db, vault, outsideWallet: undefined }
  for (const currency of ['ZJF', 'CNY'] as const) {
    const cause = { operationKey: `start/${currency}` }
    await db
      .transaction()
      .execute((tx) =>
        grant(tx, vault, { ownerId: 'ann', currency, amount: 100_000n, expiresAt: null }, cause),
      )
  }
  const product = await db
    .insertInto('points_products')
    .values({
      title: '保温杯',
      description: null,
      image: null,
      point: 10,
      price_amount: '1.00',
      payment_mode: 'mixed',
      stock_quantity: 1000,
      status: 'on_sale',
      shipping_type: 'none',
      properties: null,
      outer_id: null,
      operator_type: null,
      operator_id: null,
      operation_key: null,
      deleted_at: null,
    })
    .returning('id')
    .executeTakeFirstOrThrow()
  const payBy = new Date(Date.UTC(2031, 0, 1)).toISOString()
  const by = { type: 'system' } as const

  const newAttempt = async () => {
    const order_no = newOrderNo(new Date(), randomBytes(12))
    await keepAttempt(db, {
      order_no,
      owner_id: 'ann',
      idempotency_key: null,
      product_id: product.id,
      quantity: 1,
      payment_method: 'wallet',
      cash_amount: null,
      level: 1,
      request: sealer.seal({}, `request/${order_no}`),
      refusal: null,
      resolved_at: null,
    })
    return order_no
  }
  /** With external stock, an order is settled in a transaction of its own. */
  const place = (orderNo: string, outsideSteps: 'stock'[]) => placeExchange({ orderNo, payBy, outsideSteps })
  const some = () => Promise.all(Array.from({ length: EACH }, newAttempt))
  const [placed, waiting, paid] = [await some(), await some(), await some()]
  for (const orderNo of waiting) await place(orderNo, ['stock'])
  for (const orderNo of paid) await place(orderNo, [])

  const freezing = { operationKey: 'thaw', operatorId: 'op', reason: 'no doubt' }
  const answers = await Promise.all([
    ...placed.map((orderNo) => place(orderNo, [])),
    ...waiting.map((orderNo) => settleExchange({ orderNo, outsideSteps: ['stock'] })),
    ...paid.map((orderNo) => cancelExchange({ orderNo, reason: 'changed my mind', by, outsideSteps: [] })),
    setFrozen(ledger, 'ann', false, freezing),
  ])

  expect(answers.slice(0, EACH)).toEqual(
    placed.map(() => ({ placed: true, status: 'order_paid', outTradeNo: null })),
  )
  expect(answers.slice(EACH, 2 * EACH)).toEqual(waiting.map(() => ({ settled: true })))
  expect(await readBalance(db, vault, 'ann', 'ZJF')).toMatchObject({
    available: 100_000n - 20n * BigInt(EACH),
    held: 0n,
  })
  expect(await readBalance(db, vault, 'ann', 'CNY')).toMatchObject({
    available: 100_000n - 200n * BigInt(EACH),
    held: 0n,
  })
  expect(await findBroken(books)).toEqual([])
})
