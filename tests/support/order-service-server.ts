import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/**
 * A shop's order system, written from docs/outside-orders.md alone: it shares no code with the mall. It can be told to
 * fail.
 */

export type Request = 'create' | 'cancel' | 'state' | 'find'

/**
 * - `lost`: done, and the connection breaks before the answer
 * - `silent`: done, and no answer ever comes
 * - `error_before`, `error_after`: 500, nothing done or done
 * - `busy`: 429, nothing done
 * - `garbage`, `huge`, `stranger`, `elsewhere`: done, and answered with something that is no answer to it
 * - `twice`: the request is done twice
 * - `late`: the request gets stuck on its way, until `arrive`
 * - `refused`: 422, nothing done
 */
export const FAULTS = [
  'lost',
  'silent',
  'error_before',
  'error_after',
  'busy',
  'garbage',
  'huge',
  'stranger',
  'elsewhere',
  'twice',
  'late',
] as const
export type Fault = (typeof FAULTS)[number] | 'refused'

/** Of a request; other fields are kept as they are. */
interface Body {
  readonly order_no?: string
  readonly title?: string
  readonly status?: string
  readonly revision?: number
  readonly [field: string]: unknown
}

export interface ServiceOrder {
  readonly order_no: string
  readonly id: string | null
  state: 'created' | 'canceled'
  revision: number
  /** As it was created. */
  readonly body: Body
  /** The last state that it was told. */
  told: Body
  /** What was done to it, once each. */
  readonly done: string[]
}

type Answer = readonly [status: number, body: unknown]

export async function startOrderService(keys: Record<string, string>) {
  const orders = new Map<string, ServiceOrder>()
  const nonces = new Set<string>()
  const planned: { match: string; request: Request; fault: Fault }[] = []
  const stuck: (() => Answer)[] = []
  const refused: string[] = []
  const requests: { orderNo: string; request: Request }[] = []
  let chaos: (() => Fault | undefined) | undefined
  let numbers = 0

  function whyRefused(request: IncomingMessage, body: Buffer): string | undefined {
    const header = (name: string) => String(request.headers[`x-mall-${name}`] ?? '')
    const secret = keys[header('key-id')]
    if (secret === undefined) return 'unknown key'
    const hash = createHash('sha256').update(body).digest('hex')
    const text = `v1\n${request.method}\n${request.url}\n${header('timestamp')}\n${header('nonce')}\n${hash}`
    const right = Buffer.from(`v1=${createHmac('sha256', secret).update(text).digest('hex')}`)
    const given = Buffer.from(header('signature'))
    if (given.length !== right.length || !timingSafeEqual(given, right)) return 'wrong signature'
    if (Math.abs(Date.now() / 1000 - Number(header('timestamp'))) > 300) return 'too old'
    if (nonces.has(header('nonce'))) return 'replayed'
    nonces.add(header('nonce'))
    return undefined
  }

  const shown = ({ order_no, id, state, revision }: ServiceOrder): Answer => [
    200,
    { order_no, id, state, revision },
  ]

  function create(orderNo: string, body: Body): Answer {
    const before = orders.get(orderNo)
    if (before) {
      const same = before.id === null || JSON.stringify(before.body) === JSON.stringify(body)
      return same ? shown(before) : [409, { code: 'ORDER_NO_REUSED' }]
    }
    numbers += 1
    const id = `S-${numbers}`
    const fresh: ServiceOrder = {
      order_no: orderNo,
      id,
      state: 'created',
      revision: 0,
      body,
      told: {},
      done: ['create'],
    }
    orders.set(orderNo, fresh)
    return shown(fresh)
  }

  function cancel(orderNo: string, body: Body): Answer {
    const revision = Number(body.revision)
    const order = orders.get(orderNo)
    if (!order) {
      const tombstone: ServiceOrder = {
        order_no: orderNo,
        id: null,
        state: 'canceled',
        revision,
        body: {},
        told: body,
        done: ['tombstone'],
      }
      orders.set(orderNo, tombstone)
      return shown(tombstone)
    }
    if (order.state !== 'canceled') order.done.push('cancel')
    order.state = 'canceled'
    if (revision > order.revision) {
      order.revision = revision
      order.told = body
    }
    return shown(order)
  }

  function state(orderNo: string, body: Body): Answer {
    const order = orders.get(orderNo)
    if (!order) return [404, { code: 'UNKNOWN_ORDER' }]
    const revision = Number(body.revision)
    if (revision > order.revision && order.state === 'created') {
      order.revision = revision
      order.told = body
      order.done.push(`${body.status ?? ''} ${revision}`)
    }
    return shown(order)
  }

  function read(request: IncomingMessage, text: Buffer) {
    const [, , , number, action] = decodeURIComponent(request.url ?? '').split('/')
    if (request.method === 'GET') {
      const orderNo = number ?? ''
      const run = (): Answer => {
        const found = orders.get(orderNo)
        return found ? shown(found) : [404, { code: 'UNKNOWN_ORDER' }]
      }
      return { orderNo, kind: 'find' as const, title: '', run }
    }
    const body = JSON.parse(text.toString('utf8')) as Body
    const orderNo = body.order_no ?? ''
    const title = body.title ?? ''
    if (number === undefined)
      return { orderNo, kind: 'create' as const, title, run: () => create(orderNo, body) }
    return action === 'cancel'
      ? { orderNo, kind: 'cancel' as const, title, run: () => cancel(orderNo, body) }
      : { orderNo, kind: 'state' as const, title, run: () => state(orderNo, body) }
  }

  function takeFault(orderNo: string, title: string, kind: Request): Fault | undefined {
    const known = title || orders.get(orderNo)?.body.title
    const at = planned.findIndex(
      ({ match, request }) => request === kind && (match === orderNo || match === known),
    )
    return at < 0 ? chaos?.() : planned.splice(at, 1)[0]?.fault
  }

  function handle(request: IncomingMessage, response: ServerResponse, body: Buffer): void {
    const send = ([status, answer]: Answer) => {
      const text = typeof answer === 'string' ? answer : JSON.stringify(answer)
      response.writeHead(status, { 'content-type': 'application/json' }).end(text)
    }
    const why = whyRefused(request, body)
    if (why) {
      refused.push(why)
      send([401, { code: 'SIGNATURE', message: why }])
      return
    }
    const { orderNo, kind, title, run } = read(request, body)
    requests.push({ orderNo, request: kind })
    const fault = takeFault(orderNo, title, kind)
    if (fault === 'late') stuck.push(run)
    else if (fault === 'error_before') send([500, 'no'])
    else if (fault === 'busy') send([429, { code: 'BUSY' }])
    else if (fault === 'refused') send([422, { code: 'NO_SUCH_CUSTOMER', message: 'not with us' }])
    else {
      const answer = run()
      if (fault === undefined) send(answer)
      else if (fault === 'lost') response.destroy()
      else if (fault === 'error_after') send([500, 'no'])
      else if (fault === 'garbage') send([200, '<html>welcome</html>'])
      else if (fault === 'huge') send([200, { ...(answer[1] as object), padding: 'x'.repeat(50_000) }])
      else if (fault === 'stranger') send([200, { ...(answer[1] as object), order_no: 'another' }])
      else if (fault === 'elsewhere') response.writeHead(302, { location: '/service/orders' }).end()
      else if (fault === 'twice') send(run())
    }
  }

  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => handle(request, response, Buffer.concat(chunks)))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo

  return {
    /** With a path, as behind a shop's gateway. */
    url: `http://127.0.0.1:${port}/service`,
    keys,
    orders,
    refused,
    requests,
    /** The next request about an order of this number, or of a product of this title, fails. */
    fail: (match: string, request: Request, fault: Fault) => void planned.push({ match, request, fault }),
    /** How many planned faults have not occurred. */
    pending: () => planned.length,
    /** Each request without a planned fault asks whether it fails. */
    cause: (next: (() => Fault | undefined) | undefined) => {
      chaos = next
    },
    stuck,
    /** Delivers the stuck requests now. @returns the answers, which nobody receives */
    arrive: () => stuck.splice(0).map((run) => run()),
    stop: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

export type OrderServiceServer = Awaited<ReturnType<typeof startOrderService>>
