import type { TrackingProvider } from '../../tracking/port.ts'
import type { TestApp } from './test-app.ts'

/** Parcels of the tests, and what the sandbox says of them. */

let customers = 0

/** An order that is accepted and shipped in one parcel. */
export async function shipParcel(mall: TestApp, carrier: string, tracking_no: string) {
  customers += 1
  const owner = `follower${customers}`
  await mall.points(owner, 100)
  const product_id = await mall.product({ stock: 1, shipping_type: 'logistics' })
  const address = { name: '李四', phone: '13900001234', detail: '人民路 2 号' }
  const { order_no } = (await mall.exchange(owner, { product_id, address })).body.data
  await mall.operate(order_no, 'accept')
  const { status } = await mall.operate(order_no, 'ship', { carrier, tracking_no })
  if (status !== 200) throw new Error(`not shipped: ${status}`)
  return {
    owner,
    orderNo: order_no as string,
    show: async () => (await mall.order(owner, order_no)).delivery.shipments[0],
  }
}

interface SandboxTracking {
  readonly parcels: readonly { readonly num: string; readonly queries: number }[]
  readonly subscriptions: readonly {
    readonly num: string
    readonly com: string
    readonly callback: string
    readonly state: string
  }[]
  readonly pushes: readonly {
    readonly num: string
    readonly content: string
    readonly state: string
    readonly attempts: number
    readonly status: number | null
  }[]
}

/** What the sandbox has in its books of one number. */
export async function sandboxBooksOf(mall: TestApp, num: string) {
  const { parcels, subscriptions, pushes } = (await mall.control('tracking')).body as SandboxTracking
  return {
    queries: parcels.find((one) => one.num === num)?.queries ?? 0,
    subscriptions: subscriptions.filter((one) => one.num === num),
    pushes: pushes.filter((one) => one.num === num),
  }
}

export const only = (mall: TestApp, name: TrackingProvider['name']) => ({
  ...mall.deps,
  tracking: mall.deps.tracking.filter((one) => one.name === name),
})
