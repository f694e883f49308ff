import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/**
 * A shop's product system, written from docs/outside-products.md alone: it shares no code with the mall. It sells its
 * pieces elsewhere as well, and can be told to fail.
 */

export const PRODUCT_FAULTS = [
  'lost',
  'silent',
  'error',
  'busy',
  'garbage',
  'huge',
  'stranger',
  'elsewhere',
] as const
export type ProductFault = (typeof PRODUCT_FAULTS)[number]

export interface ShopGoods {
  title: string
  image: string | null
  price: string | null
  on_sale: boolean
  /** Null: the mall is given none. */
  allotted: number | null
  /** Pieces that the mall counts on, as it has said last. */
  applied: number
}

export async function startProductServer(keys: Record<string, string>) {
  const products = new Map<string, ShopGoods>()
  const requests: { ids: string[]; applied: string[] }[] = []
  const faults: ProductFault[] = []
  const refused: string[] = []
  const nonces = new Set<string>()
  let chaos: (() => ProductFault | undefined) | undefined

  function answer(url: URL): unknown {
    const listed = (name: string) =>
      (
        url.search
          .slice(1)
          .split('&')
          .find((part) => part.startsWith(`${name}=`)) ?? ''
      )
        .slice(name.length + 1)
        .split(',')
        .map(decodeURIComponent)
    const ids = listed('ids')
    const applied = listed('applied')
    requests.push({ ids, applied })
    const found = ids.flatMap((id, n) => {
      const product = products.get(id)
      if (!product) return []
      product.applied = Number(applied[n] === '-' ? 0 : applied[n])
      const { title, image, price, on_sale, allotted } = product
      const money = price === null ? null : { amount: price, currency: 'CNY' }
      return [{ id, title, image, price: money, on_sale, allotted, more: 'is ignored' }]
    })
    return { products: found }
  }

  function handle(response: ServerResponse, url: URL): void {
    const send = (status: number, body: unknown) =>
      response
        .writeHead(status, { 'content-type': 'application/json' })
        .end(typeof body === 'string' ? body : JSON.stringify(body))
    const fault = faults.shift() ?? chaos?.()
    if (fault === 'error') return void send(500, 'no')
    if (fault === 'busy') return void send(429, { code: 'BUSY' })
    const said = answer(url)
    if (fault === 'lost') response.destroy()
    else if (fault === 'garbage') send(200, '<html>welcome</html>')
    else if (fault === 'huge') send(200, { ...(said as object), padding: 'x'.repeat(2_000_000) })
    else if (fault === 'stranger') {
      const other = { id: 'nobody asked', title: 't', image: null, price: null, on_sale: true, allotted: 1 }
      send(200, { products: [other] })
    } else if (fault === 'elsewhere') response.writeHead(302, { location: '/elsewhere' }).end()
    else if (fault === undefined) send(200, said)
  }

  const server = createServer((request, response) => {
    const header = (name: string) => String(request.headers[`x-mall-${name}`] ?? '')
    const hash = createHash('sha256').update('').digest('hex')
    const text = `v1\n${request.method}\n${request.url}\n${header('timestamp')}\n${header('nonce')}\n${hash}`
    const secret = keys[header('key-id')] ?? ''
    const right = Buffer.from(`v1=${createHmac('sha256', secret).update(text).digest('hex')}`)
    const given = Buffer.from(header('signature'))
    const isSigned = given.length === right.length && timingSafeEqual(given, right)
    if (!isSigned || nonces.has(header('nonce'))) {
      refused.push('signature')
      response.writeHead(401).end('{"code":"SIGNATURE"}')
      return
    }
    nonces.add(header('nonce'))
    handle(response, new URL(request.url ?? '', 'http://shop.invalid'))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/shop`,
    keys,
    products,
    requests,
    refused,
    add: (id: string, goods: Partial<ShopGoods> = {}) => {
      const usual = { title: id, image: null, price: null, on_sale: true, allotted: null, applied: 0 }
      products.set(id, { ...usual, ...goods })
    },
    /** Lets the next request fail. */
    fail: (fault: ProductFault) => void faults.push(fault),
    cause: (next: (() => ProductFault | undefined) | undefined) => {
      chaos = next
    },
    stop: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

export type ProductServer = Awaited<ReturnType<typeof startProductServer>>
