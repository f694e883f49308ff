import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { type Mall, openMall } from './mall.ts'

let mall: Mall
beforeAll(async () => {
  mall = await openMall()
})
afterAll(() => mall.close())
afterEach(async () => expect(await mall.brokenLaws()).toEqual([]))

test('points only: one request, and the order is paid with points captured', async () => {
  const product_id = await mall.product({ point: 120, stock: 5 })
  await mall.points('p1', 500)
  const answer = await mall.exchange('p1', { product_id, quantity: 2 })
  expect(answer.status).toBe(201)
  expect(answer.body.data).toMatchObject({ status: 'order_paid', payment_status: 'paid', total_points: 240 })
  const wallet = await mall.call('GET', '/api/points-mall/wallet', { as: 'p1' })
  expect(wallet.body.data).toMatchObject({ available: 260, held: 0 })
})
