import type { Server } from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'
import { createAdaptorServer } from '@hono/node-server'
import { createOidcSignIn } from '../application/access/oidc.ts'
import { createTokenVerifier } from '../application/access/tokens.ts'
import { exchangeSettings } from '../application/orders/exchange-deps.ts'
import { connectTemporal } from '../application/temporal/client.ts'
import { crashWorker } from '../cli/embedded/crash.ts'
import { refuseToStart, startLog } from '../cli/lib/logger.ts'
import { type Config, ConfigError, readConfig } from '../config/index.ts'
import { connectDatabase } from '../db/client.ts'
import { createEncryptor } from '../db/platform/encryption.ts'
import { createLedgerCipher } from '../db/wallet/ledger-cipher.ts'
import { createProviders } from '../payments/providers.ts'
import { createTracking } from '../tracking/providers.ts'
import { createHttpWallet } from '../wallets/http.ts'
import { createLinkReader } from '../web/shared/sign-in-link.ts'
import { createApp } from './app.ts'
import { createMetrics } from './metrics.ts'
import { createAuthenticate } from './middleware/auth.ts'

const logger = startLog('api')
/** Time limit for requests in flight after SIGTERM. */
const DRAIN_MS = 5_000

/** On SIGTERM or SIGINT, requests in flight are finished first. */
async function main(): Promise<void> {
  const config = readConfig()
  logger.level = config.logLevel
  const stopping = new AbortController()
  const { deps, close } = connect(config, stopping.signal)
  const app = createApp(deps)
  // Ends slow uploads; responses take little more than 5 s.
  const server = createAdaptorServer({
    fetch: app.fetch,
    hostname: config.http.host,
    serverOptions: { requestTimeout: 15_000, headersTimeout: 10_000, keepAliveTimeout: 5_000 },
  }) as Server

  const stop = async () => {
    logger.info('stopping')
    stopping.abort()
    const ended = new Promise((resolve) => server.close(resolve))
    // A keep-alive connection that becomes idle would delay the shutdown.
    const sweep = setInterval(() => server.closeIdleConnections(), 50)
    await Promise.race([ended, pause(DRAIN_MS)])
    clearInterval(sweep)
    server.closeAllConnections()
    await close()
    process.exit(0)
  }
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (!stopping.signal.aborted) void stop()
    })
  }

  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(config.http.port, config.http.host, resolve)
  })
  logger.info({ host: config.http.host, port: config.http.port }, 'listening')
}

function connect(config: Config, stopping: AbortSignal) {
  const { url, replicaUrl, poolSize, publicPoolSize } = config.database
  const [ownerKey] = config.payloadKeys
  if (!url) throw new ConfigError('DATABASE_URL: not set, and no installation runs in DATA_DIR')
  if (!ownerKey) throw new ConfigError('PAYLOAD_KEYS: contains no key')
  const db = connectDatabase(url, poolSize)
  const replica = replicaUrl ? connectDatabase(replicaUrl, poolSize) : db
  const publicDb = connectDatabase(replicaUrl ?? url, publicPoolSize)
  const sealer = createEncryptor(config.payloadKeys)
  const temporal = connectTemporal(config.temporal.connection, config.temporal.namespace, sealer)
  const verifyToken = createTokenVerifier(config.auth)
  const { oidc, claims } = config.auth
  const oidcRedirect = `${config.http.publicUrl}/points-mall/sign-in/oidc/callback`
  const complain = (why: string) => logger.warn({ why }, 'nobody was signed in at the identity provider')
  const deps = {
    db,
    replica,
    publicDb,
    sealer,
    vault: createLedgerCipher(config.ledgerKeys),
    temporal,
    outsideWallet: config.outsideWallet && createHttpWallet(config.outsideWallet),
    ownerKey,
    expiryGraceMs: config.expiryGraceMs,
    earning: config.earning,
    clawbackIntoDebt: config.clawbackIntoDebt,
    settings: exchangeSettings(config),
    logger,
    metrics: createMetrics(),
    authenticate: createAuthenticate(verifyToken),
    pointsToCnyMillionths: config.rules.pointsToCnyMillionths,
    demo: config.demo,
    crashWorker: config.demo ? () => crashWorker(config.dataDir) : undefined,
    publicUrl: config.http.publicUrl,
    isKnownHost: config.http.isKnownHost,
    metricsToken: config.http.metricsToken,
    imageHosts: config.imageHosts,
    corsOrigins: config.http.corsOrigins,
    stopping,
    readSignInLink: createLinkReader(verifyToken),
    oidc: oidc && createOidcSignIn(oidc, claims, oidcRedirect, sealer, complain),
    trustedProxies: config.http.trustedProxies,
    temporalUiUrl: config.temporal.uiUrl,
    ordersWebhookSecret: config.ordersWebhookSecret,
    orderSync: config.orderSync,
    webhooks: config.webhooks,
    providers: createProviders(config.payments),
    tracking: createTracking(config.tracking),
  }
  const close = async () => {
    await temporal.client.connection.close()
    await db.destroy()
    await publicDb.destroy()
    if (replica !== db) await replica.destroy()
  }
  return { deps, close }
}

main().catch((error: unknown) => {
  if (error instanceof ConfigError) refuseToStart('api', error.message)
  if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE') {
    const port = 'port' in error ? ` ${String(error.port)}` : ''
    refuseToStart('api', `port${port} is in use: stop what holds it, or set PORT`)
  }
  logger.fatal({ err: error }, 'api failed')
  process.exit(1)
})
