import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createAdaptorServer, type HttpBindings } from '@hono/node-server'
import { Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import type { Logger } from 'pino'
import { readBooks } from './books.ts'
import { cashierRoutes } from './cashier.ts'
import { controlRoutes } from './control.ts'
import { openDatabase } from './database.ts'
import { createNotifier } from './notify.ts'
import { createStripeWire } from './stripe/wire.ts'
import { closeExpired, type Desk } from './teller.ts'

export interface SandboxOptions {
  readonly host: string
  /** 0 takes a free one. */
  readonly port: number
  /** How a person's browser reaches the cashier, where that is not `http://127.0.0.1:{port}`. */
  readonly publicUrl?: string | undefined
  readonly dataDir: string
  /** Where the mall takes notifications, such as `http://127.0.0.1:3000`. */
  readonly mallUrl: string
  readonly stripe: { readonly secretKey: string; readonly webhookSecret: string }
  /** Mounts `/control`. */
  readonly control: boolean
  readonly log: Logger
}

export interface Sandbox {
  readonly url: string
  /** Lets running requests end for up to a second; what is not delivered yet is delivered after the next start. */
  stop(): Promise<void>
}

/** Starts the sandbox payment provider on its own books. Throws where the port is taken. */
export async function startSandbox(options: SandboxOptions): Promise<Sandbox> {
  const { log } = options
  const stripe = createStripeWire({
    ...options.stripe,
    webhookUrl: `${options.mallUrl}/api/webhooks/payments/stripe`,
  })
  const db = openDatabase(options.dataDir)
  const notifier = createNotifier(db, { bank_card: stripe.channel }, log, options.control)
  let publicUrl = options.publicUrl
  const desk: Desk = {
    db,
    notifier,
    wires: { bank_card: stripe },
    payUrl: (ref) => `${publicUrl}/pay/${ref}`,
  }

  const app = new Hono<{ Bindings: HttpBindings }>()
  app.use(bodyLimit({ maxSize: 64 * 1024 }))
  app.onError((error, c) => {
    log.error({ err: error, path: c.req.path }, 'request failed')
    return c.json({ error: 'internal' }, 500)
  })
  app.get('/health/live', (c) => c.json({ status: 'ok' }))
  app.get('/books', (c) => c.json(readBooks(db)))
  app.route('/v1', stripe.routes(desk))
  if (options.control) app.route('/control', controlRoutes(desk))
  app.route('/', cashierRoutes(desk))

  const server = createAdaptorServer({ fetch: app.fetch }) as Server
  try {
    await listen(server, options.port, options.host)
  } catch (error) {
    db.close()
    throw error
  }
  const { port } = server.address() as AddressInfo
  const url = `http://127.0.0.1:${port}`
  publicUrl ??= url
  // Not before the port is ours: another sandbox on the same books would send everything twice.
  notifier.wake()
  const expiry = setInterval(() => closeExpired(desk), 1_000)

  log.info({ url, control: options.control, notifies: stripe.channel.url }, 'sandbox provider listening')
  return {
    url,
    stop: async () => {
      clearInterval(expiry)
      const cut = setTimeout(() => server.closeAllConnections(), 1_000)
      const closed = new Promise((resolve) => server.close(resolve))
      server.closeIdleConnections()
      await Promise.all([closed, notifier.stop()])
      clearTimeout(cut)
      db.close()
      log.info('sandbox provider stopped')
    },
  }
}

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      server.off('error', reject)
      resolve()
    })
  })
}
