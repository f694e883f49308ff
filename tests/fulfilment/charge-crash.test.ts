import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { sampleOf } from '../support/sample.ts'
import { compareCharges, type SupplierCharge } from '../support/supplier-books.ts'
import { openTestApp, SUPPLIER, type TestApp, until } from '../support/test-app.ts'
import { createWorkerProcess } from '../support/worker-process.ts'

const ORDERS = 4
/** What the supplier does with the requests during which the worker is killed. */
const FAULTS = sampleOf(['silent', 'error_before', 'answer_lost'], 1)
vi.setConfig({ testTimeout: 180_000 })

let mall: TestApp
let worker: ReturnType<typeof createWorkerProcess>
beforeAll(async () => {
  mall = await openTestApp({ worker: false, answerMs: 120_000 })
  worker = createWorkerProcess(mall, {
    POINTS_MALL_SUPPLIER_URL: `${mall.sandbox.url}/supplier`,
    POINTS_MALL_SUPPLIER_KEY_ID: SUPPLIER.keyId,
    POINTS_MALL_SUPPLIER_SECRET: SUPPLIER.secret,
    POINTS_MALL_CHARGE_QUERY_SECONDS: '0.1,0.5',
  })
})
afterAll(async () => {
  await worker.remove()
  await mall.close()
})

const requests = async () =>
  (await mall.control('supplier/requests')).body as { kind: string; charge_no: string }[]

test.each(FAULTS)(
  'kill -9 of the worker during a charge (%s) loses none and charges none twice',
  async (fault) => {
    const product_id = await mall.product({ point: 10, shipping_type: 'none', stock: ORDERS })
    await mall.db
      .updateTable('points_products')
      .set({ delivery: 'charge', charge: JSON.stringify({ item: 'mobile-10' }) })
      .where('id', '=', product_id)
      .execute()
    await mall.points('caller', 10 * ORDERS)
    await mall.control('supplier/faults', { fault, count: ORDERS })
    worker.start()
    const placing = Promise.all(
      Array.from({ length: ORDERS }, () =>
        mall.exchange('caller', { product_id, account: '13812345678' }, { undocumented: true }),
      ),
    )
    await until(requests, (all) => all.length > 0, 'a charge is on its way', 120_000)
    await worker.kill()
    worker.start()
    await placing
    const orders = await until(
      () =>
        mall.db
          .selectFrom('points_exchange_orders')
          .select(['order_no', 'status'])
          .where('owner_id', '=', 'caller')
          .execute(),
      (all) => all.length === ORDERS && all.every(({ status }) => status === 'order_shipped'),
      'every order is charged',
      120_000,
    )
    const books = (await mall.control('supplier/charges')).body as SupplierCharge[]
    expect(books.map(({ charge_no }) => charge_no).toSorted()).toEqual(
      orders.map(({ order_no }) => order_no).toSorted(),
    )
    expect(await compareCharges(mall.db, books)).toEqual([])
    const numbers = new Set((await requests()).map(({ charge_no }) => charge_no))
    expect(numbers.size).toBe(ORDERS)
    expect(await mall.brokenLaws()).toEqual([])
  },
)
