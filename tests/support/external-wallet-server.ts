import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/**
 * A shop's points system, written from docs/outside-wallet.md alone: it shares no code with the mall. It can
 * be told to fail.
 */

export type Step = 'hold' | 'capture' | 'release'

/**
 * - `lost`: booked, and the connection breaks before the answer
 * - `silent`: booked, and no answer ever comes
 * - `error_before`, `error_after`: 500, nothing booked or booked
 * - `busy`: 429, nothing booked
 * - `garbage`, `huge`, `stranger`: booked, and answered with something that is no answer to it
 * - `twice`: the request reaches the books twice
 * - `late`: the request gets stuck on its way, until `arrive`
 */
export type Fault =
  | 'lost'
  | 'silent'
  | 'error_before'
  | 'error_after'
  | 'busy'
  | 'garbage'
  | 'huge'
  | 'stranger'
  | 'twice'
  | 'late'

interface Operation {
  readonly key: string
  readonly order_no: string
  readonly owner_id: string
  readonly step: Step
  readonly points: number
  readonly outcome: 'held' | 'insufficient' | 'captured' | 'released' | 'void'
}

interface Held {
  readonly owner: string
  readonly points: number
  state: 'held' | 'captured' | 'released' | 'void'
}

interface Account {
  available: number
  held: number
  /** Every change of the available points, so that a change and its reversal both show. */
  readonly moves: number[]
}

type Answer = readonly [status: number, body: unknown]

const WINDOW_S = 300

export async function startOutsideWallet(keys: Record<string, string>) {
  const accounts = new Map<string, Account>()
  const operations = new Map<string, Operation>()
  const orders = new Map<string, Held>()
  const nonces = new Set<string>()
  const planned: { owner: string; step: Step | 'find' | 'balance'; fault: Fault }[] = []
  const ownerOf = new Map<string, string>()
  const stuck: (() => Answer)[] = []
  const refused: string[] = []
  const requests: { owner: string; step: string }[] = []

  const accountOf = (owner: string): Account => {
    const account = accounts.get(owner) ?? { available: 0, held: 0, moves: [] }
    accounts.set(owner, account)
    return account
  }

  function add(owner: string, points: number): void {
    const account = accountOf(owner)
    account.available += points
    account.moves.push(points)
  }

  function whyRefused(request: IncomingMessage, body: Buffer): string | undefined {
    const header = (name: string) => String(request.headers[`x-wallet-${name}`] ?? '')
    const secret = keys[header('key-id')]
    if (secret === undefined) return 'unknown key'
    const hash = createHash('sha256').update(body).digest('hex')
    const text = `v1\n${request.method}\n${request.url}\n${header('timestamp')}\n${header('nonce')}\n${hash}`
    const right = Buffer.from(`v1=${createHmac('sha256', secret).update(text).digest('hex')}`)
    const given = Buffer.from(header('signature'))
    if (given.length !== right.length || !timingSafeEqual(given, right)) return 'wrong signature'
    if (Math.abs(Date.now() / 1000 - Number(header('timestamp'))) > WINDOW_S) return 'too old'
    if (nonces.has(header('nonce'))) return 'replayed'
    nonces.add(header('nonce'))
    return undefined
  }

  function bookHold(order: Held | undefined, owner: string, orderNo: string, points: number) {
    if (order) return 'void'
    const account = accountOf(owner)
    if (account.available < points) return 'insufficient'
    add(owner, -points)
    account.held += points
    orders.set(orderNo, { owner, points, state: 'held' })
    return 'held'
  }

  function bookCapture(order: Held | undefined) {
    if (order?.state !== 'held') return 'void'
    accountOf(order.owner).held -= order.points
    order.state = 'captured'
    return 'captured'
  }

  function bookRelease(order: Held | undefined, owner: string, orderNo: string) {
    if (order?.state === 'held' || order?.state === 'captured') {
      if (order.state === 'held') accountOf(order.owner).held -= order.points
      add(order.owner, order.points)
      order.state = 'released'
      return 'released'
    }
    if (!order) orders.set(orderNo, { owner, points: 0, state: 'void' })
    return 'void'
  }

  function book(body: Omit<Operation, 'outcome' | 'points'> & { readonly points?: number }): Answer {
    const { key, order_no, owner_id, step } = body
    const before = operations.get(key)
    if (before) {
      const same = before.owner_id === owner_id && (step !== 'hold' || before.points === body.points)
      return same ? [200, before] : [409, { code: 'KEY_REUSED' }]
    }
    if (owner_id.startsWith('closed-') && step === 'hold') return [422, { code: 'ACCOUNT_CLOSED' }]
    const order = orders.get(order_no)
    const outcome =
      step === 'hold'
        ? bookHold(order, owner_id, order_no, body.points ?? 0)
        : step === 'capture'
          ? bookCapture(order)
          : bookRelease(order, owner_id, order_no)
    const points = step === 'hold' ? (body.points ?? 0) : (order?.points ?? 0)
    const operation: Operation = { key, order_no, owner_id, step, points, outcome }
    operations.set(key, operation)
    return [200, operation]
  }

  /** Parses a request into a function that performs it. */
  function read(request: IncomingMessage, body: Buffer) {
    const path = decodeURIComponent(request.url ?? '')
      .split('/')
      .slice(2)
    if (request.method === 'POST') {
      const asked = JSON.parse(body.toString('utf8'))
      ownerOf.set(asked.order_no, asked.owner_id)
      return { owner: asked.owner_id as string, step: asked.step as Step, run: () => book(asked) }
    }
    const name = path[1] ?? ''
    if (path[0] === 'operations') {
      const found = operations.get(name)
      const run = (): Answer => (found ? [200, found] : [404, { code: 'UNKNOWN_OPERATION' }])
      return { owner: ownerOf.get(name.replace(/-[a-z]+$/, '')) ?? '', step: 'find' as const, run }
    }
    const run = (): Answer => {
      const { available, held } = accounts.get(name) ?? { available: 0, held: 0 }
      return [200, { owner_id: name, available, held }]
    }
    return { owner: name, step: 'balance' as const, run }
  }

  function takeFault(owner: string, step: string): Fault | undefined {
    const at = planned.findIndex((plan) => plan.owner === owner && plan.step === step)
    return at < 0 ? undefined : planned.splice(at, 1)[0]?.fault
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
    const { owner, step, run } = read(request, body)
    requests.push({ owner, step })
    const fault = takeFault(owner, step)
    if (fault === 'late') stuck.push(run)
    else if (fault === 'error_before') send([500, 'no'])
    else if (fault === 'busy') send([429, { code: 'BUSY' }])
    else {
      const answer = run()
      if (fault === undefined) send(answer)
      else if (fault === 'lost') response.destroy()
      else if (fault === 'error_after') send([500, 'no'])
      else if (fault === 'garbage') send([200, '<html>welcome</html>'])
      else if (fault === 'huge') send([200, { ...(answer[1] as object), padding: 'x'.repeat(50_000) }])
      else if (fault === 'stranger')
        send([200, { ...(answer[1] as object), key: 'another', owner_id: 'another' }])
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
    url: `http://127.0.0.1:${port}/points`,
    keys,
    accounts,
    operations,
    orders,
    /** Why requests were refused. */
    refused,
    /** Accepted requests, in order. */
    requests,
    add,
    /** The next request of this owner for this step fails. */
    fail: (owner: string, step: Step | 'find' | 'balance', fault: Fault) =>
      void planned.push({ owner, step, fault }),
    /** How many planned faults have not occurred. */
    pending: () => planned.length,
    heal: () => void planned.splice(0),
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

export type OutsideWalletServer = Awaited<ReturnType<typeof startOutsideWallet>>
