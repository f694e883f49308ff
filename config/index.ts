import { resolve } from 'node:path'
import { knownHosts, localHost, sharedHost } from './addresses.ts'
import { authOf } from './auth.ts'
import { readEnvironment } from './env.ts'
import { externalWalletOf } from './external-wallet.ts'
import { keys } from './formats.ts'
import { readMachine } from './machine.ts'
import { partnerOf } from './partners.ts'
import { paymentAccounts, sandboxAccounts, supportedMethods } from './payments/index.ts'
import { readRunning } from './running.ts'
import { generatedSecrets } from './secrets.ts'
import { sandboxSupplier, supplierOf } from './supplier.ts'
import { temporalConnection } from './temporal.ts'
import { trackingOf } from './tracking.ts'
import { deliverySettings, syncedSteps } from './webhooks.ts'

export { ConfigError } from './error.ts'
export { partEnvironment } from './machine.ts'
export { type Running, readRunning } from './running.ts'

const DAY_MS = 86_400_000

export type Config = ReturnType<typeof readConfig>

/**
 * The configuration of this process. Only the programs that put the parts together call it, once, and pass values on.
 * A demo that has no secrets yet generates them in its data folder.
 * @throws ConfigError naming every bad variable
 */
export function readConfig(env: NodeJS.ProcessEnv = process.env) {
  const { given, variables: e, demo } = readEnvironment(env)
  const dataDir = resolve(e.DATA_DIR)
  const secrets = demo ? generatedSecrets(dataDir) : undefined
  const running = readRunning(dataDir)
  const sandboxUrl =
    e.SANDBOX_URL ?? (e.SANDBOX_PORT ? `http://${sharedHost(e.HOST)}:${e.SANDBOX_PORT}` : running?.sandboxUrl)
  const publicUrl = e.PUBLIC_URL ?? `http://${sharedHost(e.HOST)}:${e.PORT}`
  const payments = paymentAccounts(e, publicUrl, secrets && { secrets, sandboxUrl })
  const supported = supportedMethods(e, payments)
  const tracking = trackingOf(e, publicUrl, secrets && { secrets, sandboxUrl })
  const supplier = supplierOf(
    e,
    demo,
    secrets && sandboxUrl ? { url: sandboxUrl, secret: secrets.supplierSecret } : undefined,
  )
  return {
    demo,
    production: e.NODE_ENV === 'production',
    logLevel: e.LOG_LEVEL,
    dataDir,
    http: {
      corsOrigins: e.CORS_ORIGINS,
      host: e.HOST,
      port: e.PORT,
      publicUrl,
      /** By which this machine reaches the API. */
      localUrl: `http://${localHost(e.HOST)}:${e.PORT}`,
      /** The host of URLs of what listens at `host`. */
      sharedHost: sharedHost(e.HOST),
      isKnownHost: knownHosts(e.HOST, publicUrl, e.ALLOWED_HOSTS),
      /** Undefined: only a demo shows its metrics. */
      metricsToken: e.METRICS_TOKEN,
      trustedProxies: e.TRUSTED_PROXIES,
    },
    database: {
      /** Not the embedded PostgreSQL of a running `npm start`. */
      outside: e.DATABASE_URL !== undefined,
      url: e.DATABASE_URL ?? running?.databaseUrl,
      replicaUrl: e.DATABASE_REPLICA_URL,
      poolSize: e.DATABASE_POOL_SIZE,
      /** Connections besides those, for what the API answers without a token. */
      publicPoolSize: e.DATABASE_PUBLIC_POOL_SIZE ?? Math.max(2, Math.floor(e.DATABASE_POOL_SIZE / 4)),
    },
    temporal: {
      outside: e.TEMPORAL_ADDRESS !== undefined,
      address: e.TEMPORAL_ADDRESS ?? running?.temporalAddress ?? '127.0.0.1:7233',
      namespace: e.TEMPORAL_NAMESPACE,
      uiUrl: e.TEMPORAL_UI_URL ?? running?.temporalUiUrl,
      cliPath: e.TEMPORAL_CLI_PATH,
      maxCachedWorkflows: e.TEMPORAL_MAX_CACHED_WORKFLOWS,
      connection: temporalConnection(given, e.TEMPORAL_ADDRESS ?? running?.temporalAddress),
    },
    /** Ports of the embedded parts; undefined: any free one. */
    ports: {
      sandbox: e.SANDBOX_PORT,
      temporal: e.TEMPORAL_PORT,
      temporalUi: e.TEMPORAL_UI_PORT,
      postgres: e.POSTGRES_PORT,
    },
    sandbox: {
      control: e.SANDBOX_CONTROL,
      clockScale: e.SANDBOX_CLOCK_SCALE,
      url: sandboxUrl,
      /** Where notifications go when the mall is on another machine. */
      mallUrl: e.SANDBOX_MALL_URL,
      /** Undefined outside a demo: the sandbox accepts simulated money. */
      accounts: secrets && { ...sandboxAccounts(payments, e, secrets), ...tracking },
      supplier: secrets && sandboxSupplier(secrets.supplierSecret),
    },
    machine: readMachine(env),
    auth: authOf(e, secrets?.authJwtSecret),
    ledgerKeys: e.LEDGER_KEYS ?? keys.parse(secrets?.ledgerKeys),
    payloadKeys: e.PAYLOAD_KEYS ?? keys.parse(secrets?.payloadKeys),
    /** Undefined: events of the order domain are refused. */
    ordersWebhookSecret: e.ORDERS_WEBHOOK_SECRET ?? secrets?.ordersWebhookSecret,
    payments,
    rules: {
      minPoints: e.POINTS_MALL_MIN_POINTS,
      maxPointsPerOrder: e.POINTS_MALL_MAX_POINTS_PER_ORDER,
      exchangeLimitEnabled: e.POINTS_MALL_EXCHANGE_LIMIT_ENABLED,
      maxUnpaidOrders: e.POINTS_MALL_MAX_UNPAID_ORDERS,
      maxUnpaidPieces: e.POINTS_MALL_MAX_UNPAID_PIECES,
      autoConfirmTimeoutMs: Math.ceil(e.POINTS_MALL_AUTO_CONFIRM_TIMEOUT_MINUTES * 60_000),
      paymentTimeoutMs: Math.ceil(e.POINTS_MALL_PAYMENT_TIMEOUT_SECONDS * 1000),
      afterSale: {
        decideMs: Math.ceil(e.POINTS_MALL_AFTER_SALE_DECIDE_MINUTES * 60_000),
        appealMs: Math.ceil(e.POINTS_MALL_AFTER_SALE_APPEAL_MINUTES * 60_000),
        returnMs: Math.ceil(e.POINTS_MALL_AFTER_SALE_RETURN_MINUTES * 60_000),
        receiveMs: Math.ceil(e.POINTS_MALL_AFTER_SALE_RECEIVE_MINUTES * 60_000),
        receiptAppealMs: Math.ceil(e.POINTS_MALL_AFTER_SALE_RECEIPT_APPEAL_MINUTES * 60_000),
      },
      /** CNY per point, in millionths of a yuan. */
      pointsToCnyMillionths: e.POINTS_MALL_POINTS_TO_CNY,
      supportedMethods: supported,
      canCharge: supplier !== undefined,
      defaultMethod: e.POINTS_MALL_DEFAULT_METHOD,
    },
    /** How long returned points stay valid after their original expiry date. */
    expiryGraceMs: Math.round(e.POINTS_MALL_EXPIRY_GRACE_DAYS * DAY_MS),
    earning: {
      /** Points for one yuan, in millionths of a point. */
      perYuanMillionths: e.POINTS_MALL_EARN_POINTS_PER_YUAN,
      dailyCap: BigInt(e.POINTS_MALL_EARN_DAILY_CAP),
      pendingMs: Math.round(e.POINTS_MALL_EARN_PENDING_DAYS * DAY_MS),
      lastsMs: Math.round(e.POINTS_MALL_EARN_EXPIRES_DAYS * DAY_MS),
    },
    /** Hosts of product pictures, besides our own. */
    imageHosts: e.POINTS_MALL_IMAGE_HOSTS,
    /** Whether an accepted order gets the parcel that is to be sent. */
    autoCreateLogistics: e.POINTS_MALL_AUTO_CREATE_LOGISTICS,
    clawbackIntoDebt: e.POINTS_MALL_CLAWBACK_INTO_DEBT,
    outsideSteps: e.POINTS_MALL_OUTSIDE_STEPS,
    /** Steps of orders that are told to other systems, and taken from the order domain. */
    orderSync: syncedSteps(e),
    webhooks: deliverySettings(e),
    outsideWallet: externalWalletOf(e, demo),
    /** The shop's own order service; undefined: the mall keeps its orders. */
    orderService: partnerOf(e, 'orders', demo),
    /** The shop's own product system; undefined: the mall keeps its products. */
    productService: partnerOf(e, 'products', demo),
    productRefreshMs: Math.round(e.POINTS_MALL_PRODUCT_SERVICE_REFRESH_SECONDS * 1000),
    tracking,
    supplier,
    charges: {
      deadlineMs: Math.ceil(e.POINTS_MALL_CHARGE_DEADLINE_MINUTES * 60_000),
      /** Undefined: the default. */
      pausesMs: e.POINTS_MALL_CHARGE_QUERY_SECONDS?.map((seconds) => Math.max(100, seconds * 1000)),
    },
  }
}
