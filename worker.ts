import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { NativeConnection, Runtime, Worker } from '@temporalio/worker'
import { createActivities } from './activities/index.ts'
import { refreshProducts } from './application/catalogue/external-products.ts'
import { indexProducts } from './application/catalogue/search-index.ts'
import { askAboutRefunded } from './application/fulfilment/charges.ts'
import { sweepExpiredCodes } from './application/fulfilment/codes.ts'
import { sweepInbox } from './application/messaging/inbox.ts'
import { createRelay } from './application/messaging/relay.ts'
import { type AdoptionRound, adoptOrphans } from './application/orders/adoption.ts'
import { adoptAfterSales } from './application/orders/after-sales.ts'
import { resumeAttempts } from './application/orders/exchange.ts'
import { exchangeSettings } from './application/orders/exchange-deps.ts'
import { repeatRequests } from './application/orders/requests.ts'
import { tellOrderService } from './application/orders/tell-service.ts'
import { queryDuePayments } from './application/payments/queries.ts'
import { createEngine } from './application/reconciliation/reconciliation.ts'
import { ensureReconciliationSchedule } from './application/reconciliation/schedule.ts'
import { subscribeParcels } from './application/shipments/subscribe.ts'
import { askCarriers } from './application/shipments/track.ts'
import { connectTemporal, isUnavailable, OverloadedError } from './application/temporal/client.ts'
import { sealedPayloads } from './application/temporal/payload-codec.ts'
import { ensureExpirySchedule } from './application/wallet/expiry-schedule.ts'
import { answerPings } from './cli/embedded/probe.ts'
import { refuseToStart, startLog } from './cli/lib/logger.ts'
import { sdkLogger } from './cli/lib/sdk-logger.ts'
import { loadWorkflowBundle } from './cli/lib/workflow-bundle.ts'
import { ConfigError, readConfig } from './config/index.ts'
import { connectDatabase } from './db/client.ts'
import { undeliverOrderEvents } from './db/messaging/inbox.ts'
import { indexContacts } from './db/orders/contact-terms.ts'
import { createEncryptor } from './db/platform/encryption.ts'
import { purgeIdempotencyKeys } from './db/platform/idempotency.ts'
import {
  createCheckpointFiles,
  createCheckpointKeeper,
  HEADS_EVERY_MS,
  HEADS_FOLDER,
} from './db/wallet/checkpoints.ts'
import { createLedgerCipher } from './db/wallet/ledger-cipher.ts'
import { isUnsynced } from './domain/messaging/events.ts'
import { createHttpOrders } from './partners/http-orders.ts'
import { createHttpProducts } from './partners/http-products.ts'
import { createProviders } from './payments/providers.ts'
import { createHttpSupplier } from './suppliers/http.ts'
import { createTracking } from './tracking/providers.ts'
import { createHttpWallet } from './wallets/http.ts'
import { TASK_QUEUE } from './workflows/messages.ts'

const log = startLog('worker')

/** Composition root of the worker. */
async function main(): Promise<void> {
  answerPings()
  const config = readConfig()
  log.level = config.logLevel
  if (!config.database.url)
    throw new ConfigError('DATABASE_URL: not set, and no installation runs in DATA_DIR')
  const [ownerKey] = config.payloadKeys
  if (!ownerKey) throw new ConfigError('PAYLOAD_KEYS: contains no key')
  Runtime.install({
    logger: sdkLogger(log),
    telemetryOptions: { logging: { filter: { core: 'WARN', other: 'WARN' }, forward: {} } },
    // Everything is closed below, in order; the SDK would only stop its worker.
    shutdownSignals: [],
  })
  const db = connectDatabase(config.database.url, config.database.poolSize)
  const sealer = createEncryptor(config.payloadKeys)
  const vault = createLedgerCipher(config.ledgerKeys)
  const temporal = connectTemporal(config.temporal.connection, config.temporal.namespace, sealer)
  const connection = await NativeConnection.connect(config.temporal.connection)
  const outsideWallet = config.outsideWallet && createHttpWallet(config.outsideWallet)
  const orderService = config.orderService && createHttpOrders(config.orderService)
  const supplier = config.supplier && createHttpSupplier(config.supplier)
  const providers = createProviders(config.payments)
  const deps = {
    db,
    vault,
    sealer,
    temporal,
    outsideWallet,
    ownerKey,
    settings: exchangeSettings(config),
  }
  const worker = await Worker.create({
    connection,
    namespace: config.temporal.namespace,
    taskQueue: TASK_QUEUE,
    workflowBundle: await loadWorkflowBundle(config.dataDir),
    dataConverter: sealedPayloads(sealer),
    activities: createActivities({
      db,
      vault,
      sealer,
      rules: config.rules,
      expiryGraceMs: config.expiryGraceMs,
      autoCreateLogistics: config.autoCreateLogistics,
      outsideWallet,
      orderService,
      supplier,
      charges: {
        ...config.charges,
        onError: (order_no, error) => log.warn({ order_no, err: error }, 'supplier not reached for a charge'),
      },
      providers,
      engine: createEngine(deps),
      returnUrl: (orderNo) => `${config.http.publicUrl}/points-mall/orders/${orderNo}?returned=1`,
    }),
    maxCachedWorkflows: config.temporal.maxCachedWorkflows,
    // How soon another worker takes over the cached exchanges of a killed one.
    stickyQueueScheduleToStartTimeout: '2s',
    maxConcurrentLocalActivityExecutions: config.database.poolSize,
    maxConcurrentActivityTaskExecutions: config.database.poolSize,
    shutdownGraceTime: '3s',
    shutdownForceTime: '5s',
  })

  const stopping = new AbortController()
  const stop = () => {
    if (stopping.signal.aborted) return
    stopping.abort()
    worker.shutdown()
  }
  process.once('SIGINT', stop)
  process.once('SIGTERM', stop)

  let purgeAt = 0
  let scheduled = false
  const heads = createCheckpointKeeper({
    db,
    vault,
    store: createCheckpointFiles(join(config.dataDir, HEADS_FOLDER)),
    alarm: (text) => log.error(text),
  })
  const relay = createRelay({
    db,
    sealer,
    settings: config.webhooks,
    isOff: (kind) => isUnsynced(kind, config.orderSync),
    log,
  })
  const keeping = sweep(
    stopping.signal,
    HEADS_EVERY_MS,
    async () => void (await heads.round()),
    (error) => log.error({ err: error }, 'ledger checkpoints not written'),
  )
  const sweeping = sweep(
    stopping.signal,
    1_000,
    async () => {
      await sweepInbox(deps, (event, error) => {
        log.warn({ event: event.event_id, err: error }, 'notification not delivered yet')
      })
      await resumeAttempts(deps, 15_000, (order_no, error) => {
        log.error({ order_no, err: error }, 'exchange not resumed')
      })
      await repeatRequests(deps, (order_no, error) => {
        if (!(error instanceof OverloadedError)) log.error({ order_no, err: error }, 'request not repeated')
      })
      await indexProducts(db)
      await indexContacts(deps)
      await sweepExpiredCodes(db)
      if (Date.now() > purgeAt) {
        purgeAt = Date.now() + 3_600_000
        await purgeIdempotencyKeys(db, 7)
        await relay.purge()
      }
      if (!scheduled) {
        await ensureExpirySchedule(temporal)
        await ensureReconciliationSchedule(temporal)
      }
      scheduled = true
    },
    (error) => {
      if (isUnavailable(error)) log.warn('Temporal is unavailable')
      else log.error({ err: error }, 'sweep failed')
    },
  )
  const querying = sweep(
    stopping.signal,
    QUERIES_EVERY_MS,
    async () => {
      await queryDuePayments({ ...deps, providers }, (out_trade_no, error) => {
        log.warn({ out_trade_no, err: error }, 'payment not queried')
      })
    },
    (error) => log.error({ err: error }, 'payments not queried'),
  )
  const relaying = sweep(
    stopping.signal,
    EVENTS_EVERY_MS,
    () => relay.round(),
    (error) => log.error({ err: error }, 'events not sent'),
  )
  const telling = sweep(
    stopping.signal,
    TELLING_EVERY_MS,
    async () => {
      await tellOrderService({ db, sealer, orderService }, (order_no, error) => {
        log.warn({ order_no, err: error }, 'order service not told')
      })
    },
    (error) => log.error({ err: error }, 'order service not told'),
  )
  const productSource = config.productService && createHttpProducts(config.productService)
  const { imageHosts, productRefreshMs: refreshMs } = config
  const refreshing = sweep(
    stopping.signal,
    1_000,
    async () => {
      if (!productSource) return
      await refreshProducts({ db, productSource, imageHosts, refreshMs }, (products, error) => {
        log.warn({ products, err: error }, 'products of the shop not read')
      })
    },
    (error) => log.error({ err: error }, 'products of the shop not read'),
  )
  const tracking = createTracking(config.tracking)
  const following = sweep(
    stopping.signal,
    1_000,
    async () => {
      await askCarriers({ db, sealer, tracking }, (shipment, error) => {
        log.warn({ shipment, err: error }, 'parcel not followed')
      })
    },
    (error) => log.error({ err: error }, 'parcels not followed'),
  )
  // Its own: a service that answers slowly delays no question.
  const subscribing = sweep(
    stopping.signal,
    1_000,
    async () => {
      await subscribeParcels({ db, sealer, tracking }, (shipment, outcome, code) => {
        log.warn({ shipment, outcome, code }, 'parcel not subscribed')
      })
    },
    (error) => log.error({ err: error }, 'parcels not subscribed'),
  )
  const watching = sweep(
    stopping.signal,
    1_000,
    async () => {
      await askAboutRefunded({ db, supplier, pausesMs: config.charges.pausesMs }, (order_no, error) => {
        log.warn({ order_no, err: error }, 'charge of a refunded order not queried')
      })
    },
    (error) => log.error({ err: error }, 'charges of refunded orders not queried'),
  )
  let round: AdoptionRound | undefined
  let rounds = 0
  const adopting = sweep(
    stopping.signal,
    () => (rounds < FIRST_ROUNDS ? FIRST_ROUNDS_MS : ADOPTION_EVERY_MS),
    async () => {
      if (rounds === 0) await undeliverOrderEvents(db, new Date(Date.now() - LOST_EVENTS_MS))
      round = await adoptOrphans(deps, round, (order_no, error) => {
        log.error({ order_no, err: error }, 'order not adopted')
      })
      rounds += 1
      const sales = await adoptAfterSales(deps, (after_sale, error) => {
        log.error({ after_sale, err: error }, 'after-sale not adopted')
      })
      for (const after_sale of sales) log.warn({ after_sale }, 'workflow was lost and is restarted')
      for (const order_no of round.adopted) log.warn({ order_no }, 'workflow was lost and is restarted')
      for (const order_no of round.resynced)
        log.warn({ order_no }, 'workflow differed from the database and was signaled')
    },
    (error) => {
      if (isUnavailable(error)) log.warn('Temporal is unavailable')
      else log.error({ err: error }, 'adoption failed')
    },
  )
  log.info('worker started')
  await worker.run()
  await sweeping
  await querying
  await following
  await subscribing
  await watching
  await keeping
  await adopting
  await relaying
  await telling
  await refreshing
  await relay.stop()
  // Checkpoints for what the last steps booked.
  await heads.round().catch((error: unknown) => log.error({ err: error }, 'ledger checkpoints not written'))
  await db.destroy()
  await temporal.client.connection.close()
  await connection.close()
  log.info('worker stopped')
}

/** A customer who is back from the cashier waits for it. */
const QUERIES_EVERY_MS = 500
const EVENTS_EVERY_MS = 250
const TELLING_EVERY_MS = 500
/** Frequent at first, to find orders that a crash left without a workflow. */
const FIRST_ROUNDS = 4
const FIRST_ROUNDS_MS = 5_000
const ADOPTION_EVERY_MS = 60_000
/** More than Temporal loses on a power failure. */
const LOST_EVENTS_MS = 10 * 60_000

/** @param everyMs the pause between two rounds */
async function sweep(
  signal: AbortSignal,
  everyMs: number | (() => number),
  round: () => Promise<void>,
  onError: (error: unknown) => void,
): Promise<void> {
  while (!signal.aborted) {
    try {
      await round()
    } catch (error) {
      onError(error)
    }
    await pause(typeof everyMs === 'number' ? everyMs : everyMs(), undefined, { signal }).catch(() => {})
  }
}

main().catch((error: unknown) => {
  if (error instanceof ConfigError) refuseToStart('worker', error.message)
  log.fatal({ err: error }, 'worker failed')
  process.exit(1)
})
