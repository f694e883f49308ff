import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createAdaptorServer, type HttpBindings } from '@hono/node-server'
import { Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import type { Logger } from 'pino'
import { type AlipayMerchant, createAlipayWire } from './alipay/wire.ts'
import { readBooks } from './books.ts'
import { cashierRoutes } from './cashier.ts'
import { controlRoutes } from './control.ts'
import { openDatabase } from './database.ts'
import { createNotifier } from './notify.ts'
import { createStripeWire } from './stripe/wire.ts'
import { openBooks, readCharges } from './supplier/books.ts'
import { supplierControl } from './supplier/control.ts'
import { type SupplierSide, supplierRoutes } from './supplier/wire.ts'
import { closeExpired, type Desk } from './teller.ts'
import { createTrackingDesk, type TrackingCustomers, trackingRoutes } from './tracking/tracking.ts'
import type { WechatMerchant } from './wechat/signature.ts'
import { createWechatWire } from './wechat/wire.ts'

export interface SandboxOptions {
  readonly host: string
  /** 0 takes a free port. */
  readonly port: number
  /** The cashier's public address, if not `http://127.0.0.1:{port}`. */
  readonly publicUrl?: string | undefined
  readonly dataDir: string
  /** The mall's address, such as `http://127.0.0.1:3000`. */
  readonly mallUrl: string
  /** Providers without an account are not served. */
  readonly accounts: {
    readonly alipay?: AlipayMerchant | undefined
    readonly wechat?: WechatMerchant | undefined
    readonly stripe?: { readonly secretKey: string; readonly webhookSecret: string } | undefined
    readonly kuaidi100?: TrackingCustomers['kuaidi100']
    readonly kdniao?: TrackingCustomers['kdniao']
  }
  /** Undefined: no supplier is served. */
  readonly supplier?: SupplierSide | undefined
  /** How much faster than real providers notifications repeat and parcels travel; 1 is real time. */
  readonly clockScale?: number
  readonly control: boolean
  readonly log: Logger
}

export interface Sandbox {
  readonly url: string
  /** Lets running requests finish for up to a second; undelivered notices are sent after the next start. */
  stop(): Promise<void>
}

/** @throws where the port is taken */
export async function startSandbox(options: SandboxOptions): Promise<Sandbox> {
  const { log } = options
  const { alipay, wechat, stripe } = options.accounts
  const webhookUrl = (provider: string) => `${options.mallUrl}/api/webhooks/payments/${provider}`
  const wires: Desk['wires'] = {
    ...(alipay && { alipay: createAlipayWire(alipay, webhookUrl('alipay')) }),
    ...(wechat && { wechat: createWechatWire(wechat, webhookUrl('wechat')) }),
    ...(stripe && { bank_card: createStripeWire({ ...stripe, webhookUrl: webhookUrl('stripe') }) }),
  }
  const channels = Object.fromEntries(Object.values(wires).map((wire) => [wire.method, wire.channel]))
  const db = openDatabase(options.dataDir)
  const notifier = createNotifier(db, channels, log, options.control, options.clockScale ?? 1)
  const tracking = createTrackingDesk(db, options.accounts, {
    mallUrl: options.mallUrl,
    clockScale: options.clockScale ?? 1,
    log,
  })
  let publicUrl = options.publicUrl
  const desk: Desk = {
    db,
    notifier,
    wires,
    payUrl: (ref) => `${publicUrl}/pay/${ref}`,
    queries: new Map(),
  }

  const app = new Hono<{ Bindings: HttpBindings }>()
  app.use(bodyLimit({ maxSize: 64 * 1024 }))
  app.onError((error, c) => {
    log.error({ err: error, path: c.req.path }, 'request failed')
    return c.json({ error: 'internal' }, 500)
  })
  app.get('/health/live', (c) => c.json({ status: 'ok' }))
  app.get('/books', (c) => c.json(readBooks(db)))
  if (options.supplier) {
    openBooks(db)
    app.get('/supplier/books', (c) => c.json(readCharges(db)))
    app.route('/supplier', supplierRoutes(db, options.supplier))
    if (options.control) app.route('/control/supplier', supplierControl(db, options.supplier))
  }
  for (const wire of Object.values(wires)) app.route(wire.path, wire.routes(desk))
  if (options.control) app.route('/control', controlRoutes(desk, tracking))
  app.route('/', trackingRoutes(tracking, options.accounts))
  app.route('/', cashierRoutes(desk))

  const server = createAdaptorServer({ fetch: app.fetch }) as Server
  try {
    await listen(server, options.port, options.host)
  } catch (error) {
    await tracking.pusher.stop()
    db.close()
    throw error
  }
  const { port } = server.address() as AddressInfo
  const url = `http://${options.host === '::1' ? '[::1]' : '127.0.0.1'}:${port}`
  publicUrl ??= url
  // Only after the port is bound: another sandbox on the same books would send everything twice.
  notifier.wake()
  tracking.pusher.start()
  const expiry = setInterval(() => closeExpired(desk), 1_000)

  log.info({ url, control: options.control, notifies: options.mallUrl }, 'sandbox provider listening')
  return {
    url,
    stop: async () => {
      clearInterval(expiry)
      const cut = setTimeout(() => server.closeAllConnections(), 1_000)
      const closed = new Promise((resolve) => server.close(resolve))
      server.closeIdleConnections()
      await Promise.all([closed, notifier.stop(), tracking.pusher.stop()])
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
