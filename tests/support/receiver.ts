import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface Received {
  readonly method: string
  readonly url: string
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

/** `hangs`: there is no answer. */
interface ReceiverAnswer {
  readonly status: number
  readonly body?: string | Buffer
  readonly type?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly hangs?: true
}

/** A small server that keeps what it is sent. `answer` gives the status and body of each answer. */
export async function startReceiver(
  answer: (request: Received, index: number) => ReceiverAnswer | Promise<ReceiverAnswer> = () => ({
    status: 200,
  }),
  port = 0,
) {
  const received: Received[] = []
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    const reply = async () => {
      const { method = '', url = '', headers } = request
      const one = { method, url, headers, body: Buffer.concat(chunks) }
      const given = await answer(one, received.push(one) - 1)
      if (given.hangs) return
      const { status, body = '', type = 'application/json', headers: more = {} } = given
      response.writeHead(status, { 'content-type': type, ...more }).end(body)
    }
    request.on('end', () => void reply())
  })
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  const { port: taken } = server.address() as AddressInfo
  return {
    received,
    port: taken,
    url: `http://127.0.0.1:${taken}`,
    stop: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

export type Receiver = Awaited<ReturnType<typeof startReceiver>>
