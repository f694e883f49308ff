import { randomBytes, randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { serve } from '@hono/node-server'
import { Connection } from '@temporalio/client'
import { NativeConnection, Runtime, Worker, type WorkerOptions } from '@temporalio/worker'
import { SignJWT } from 'jose'
import { Client } from 'pg'
import { pino } from 'pino'
import { inject } from 'vitest'
import type { ChargeDeps } from '../../activities/charges.ts'
import { type Activities, createActivities } from '../../activities/index.ts'
import { createApp } from '../../api/app.ts'
import type { ApiDeps } from '../../api/deps.ts'
import { describeApi } from '../../api/document/document.ts'
import { createMetrics } from '../../api/metrics.ts'
import { createAuthenticate } from '../../api/middleware/auth.ts'
import { OWN_CLAIMS } from '../../application/access/claims.ts'
import { createTokenVerifier, type TokenSettings } from '../../application/access/tokens.ts'
import { searchVector } from '../../application/catalogue/search-index.ts'
import { askAboutRefunded } from '../../application/fulfilment/charges.ts'
import { sweepInbox } from '../../application/messaging/inbox.ts'
import type { ExchangeSettings } from '../../application/orders/exchange-deps.ts'
import { queryDuePayments } from '../../application/payments/queries.ts'
import { createEngine } from '../../application/reconciliation/reconciliation.ts'
import { connectTemporal, type Temporal } from '../../application/temporal/client.ts'
import { sealedPayloads } from '../../application/temporal/payload-codec.ts'
import { moveStock } from '../../db/catalogue/stock.ts'
import { connectDatabase, type Db } from '../../db/client.ts'
import { createEncryptor, type Encryptor } from '../../db/platform/encryption.ts'
import {
  findAmountViolations,
  findBrokenLedger,
  findEarningViolations,
  findOrderViolations,
  findPaymentViolations,
} from '../../db/reconciliation/invariants.ts'
import { grant } from '../../db/wallet/grants.ts'
import { createLedgerCipher, type LedgerCipher } from '../../db/wallet/ledger-cipher.ts'
import type { Role } from '../../domain/access.ts'
import type { PaymentMode, ProductType, Returnable, ShippingType } from '../../domain/catalogue/product.ts'
import { ORDER_STEPS } from '../../domain/messaging/events.ts'
import { decimalFromFen } from '../../domain/money.ts'
import { AFTER_SALE_DEADLINES, type AfterSaleDeadlines } from '../../domain/orders/after-sale.ts'
import type { ExternalStep } from '../../domain/orders/external-steps.ts'
import { PAYMENT_METHODS, type PaymentMethod } from '../../domain/payments/method.ts'
import type { EarningRules } from '../../domain/wallet/earning.ts'
import { disagreementLine } from '../../i18n/finding-texts.ts'
import type { OrderService } from '../../partners/port.ts'
import { createProviders } from '../../payments/providers.ts'
import { startSandbox } from '../../sandbox/sandbox.ts'
import { createHttpSupplier } from '../../suppliers/http.ts'
import type { Supplier } from '../../suppliers/port.ts'
import { createTracking } from '../../tracking/providers.ts'
import type { PointsWallet } from '../../wallets/port.ts'
import { createLinkReader } from '../../web/shared/sign-in-link.ts'
import { exchangeWorkflowId, TASK_QUEUE } from '../../workflows/messages.ts'
import { ACCOUNTS, mallSides, sandboxSides, TRACKING } from './accounts.ts'
import { createApiContract } from './api-contract.ts'
import { connectPatiently } from './database.ts'
import { PATIENCE_MS } from './patience.ts'
import { freeLowPort } from './ports.ts'

export interface MallOptions {
  readonly outsideSteps?: readonly ExternalStep[]
  /** The shop's own points system; by default our ledger keeps the points. */
  readonly outsideWallet?: PointsWallet
  /** The shop's own order service; by default the mall keeps its orders. */
  readonly orderService?: OrderService
  /** By default, that of the sandbox; null: none. */
  readonly supplier?: Supplier | null
  readonly charges?: ChargeDeps['charges']
  /** How long the sandbox's supplier processes a charge. */
  readonly processingMs?: number
  readonly paymentTimeoutMs?: number
  readonly autoConfirmTimeoutMs?: number
  readonly afterSale?: AfterSaleDeadlines
  readonly maxPointsPerOrder?: number
  readonly expiryGraceMs?: number
  readonly autoCreateLogistics?: boolean
  readonly clawbackIntoDebt?: boolean
  readonly earning?: Partial<EarningRules>
  readonly minPoints?: number
  readonly maxUnpaidOrders?: number
  readonly maxUnpaidPieces?: number
  /** By default, of a key that all tests have. */
  readonly sealer?: Encryptor
  /** By default, all. */
  readonly supportedMethods?: readonly PaymentMethod[]
  readonly maxCachedWorkflows?: number
  readonly orderSync?: ApiDeps['orderSync']
  readonly webhooks?: Partial<ApiDeps['webhooks']>
  /** After this (ms) the API answers 202; by default long where a worker runs, as a busy machine is slow and not wrong. */
  readonly answerMs?: number
  /** Wraps or replaces activities, to make a step fail. */
  readonly tamper?: (activities: Activities) => Activities
  /** Observes the database queries. */
  readonly watch?: (db: Db) => Db
  /** False: no worker runs until `startWorker`. */
  readonly worker?: boolean
}

export interface Answer {
  readonly status: number
  readonly headers: Headers
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape
  readonly body: any
}

export interface Call {
  readonly as?: string
  readonly role?: Role
  readonly level?: number
  readonly body?: unknown
  readonly key?: string
  readonly headers?: Record<string, string>
  /** For what the document does not describe: forms of providers, text in forms that the mall normalizes. */
  readonly undocumented?: true
}

export type TestApp = Awaited<ReturnType<typeof openTestApp>>

/** Signs the access tokens and the sign-in links of the tests. */
export const SECRET = 'a secret of the tests, long enough to sign with'
/** Tokens are signed with the secret only; the claims have their own names. */
export const TOKEN_SETTINGS: TokenSettings = {
  secret: SECRET,
  jwksUrl: undefined,
  issuer: 'points-mall',
  audience: 'points-mall',
  jwksIssuer: 'points-mall',
  jwksAudience: 'points-mall',
  claims: OWN_CLAIMS,
}
/** The mall's key at the supplier of the sandbox. */
export const SUPPLIER = { keyId: 'tests', secret: 'a secret of the tests for the supplier, long enough' }
let runtimeInstalled = false

/** Silences Temporal's client: tests provoke its warnings. Once per process. */
export function quietRuntime(): void {
  if (runtimeInstalled) return
  runtimeInstalled = true
  Runtime.install({
    telemetryOptions: { logging: { filter: { core: 'ERROR', other: 'ERROR' } } },
    shutdownSignals: [],
    logger: {
      log: () => {},
      trace: () => {},
      debug: () => {},
      info: () => {},
      warn: () => {},
      error: () => {},
    },
  })
}

/**
 * A whole mall for one test file, in this process: API on a real port, worker, sandbox provider, its own
 * database and Temporal namespace.
 */
export async function openTestApp(options: MallOptions = {}) {
  quietRuntime()
  const name = `t${randomBytes(6).toString('hex')}`
  const databaseUrl = await copyDatabase(name)
  const address = await openNamespace(name)
  const connected = connectDatabase(databaseUrl, 20, 'app', PATIENCE_MS)
  const own = options.watch?.(connected) ?? connected
  const db = connectPatiently(databaseUrl)
  // The same in every run, so that recorded histories stay readable.
  const key = { id: 't1', key: Buffer.alloc(32, 'key of the tests') }
  const sealer = options.sealer ?? createEncryptor([key])
  const vault = createLedgerCipher([key])
  const temporal = {
    ...connectTemporal({ address }, name, sealer),
    answerMs: options.answerMs ?? (options.worker === false ? 5_000 : PATIENCE_MS),
  }
  const log = pino({ level: 'silent' })
  const rules = {
    minPoints: options.minPoints ?? 1,
    maxPointsPerOrder: options.maxPointsPerOrder ?? 10_000,
    exchangeLimitEnabled: true,
    // One customer stands for many in most tests.
    maxUnpaidOrders: options.maxUnpaidOrders ?? 10_000,
    maxUnpaidPieces: options.maxUnpaidPieces ?? 1_000_000,
    supportedMethods: options.supportedMethods ?? PAYMENT_METHODS,
    canCharge: options.supplier !== null,
  }
  const port = await freeLowPort()
  const url = `http://127.0.0.1:${port}`
  const dataDir = mkdtempSync(join(tmpdir(), 'points-mall-test-'))
  const sandbox = await startSandbox({
    host: '127.0.0.1',
    port: 0,
    dataDir,
    mallUrl: url,
    accounts: { ...sandboxSides(ACCOUNTS), ...TRACKING },
    supplier: { ...SUPPLIER, processingMs: options.processingMs ?? 0 },
    control: true,
    log,
  })
  const supplier =
    options.supplier ??
    createHttpSupplier({ baseUrl: `${sandbox.url}/supplier`, ...SUPPLIER, timeoutMs: 3_000 })
  const providers = createProviders(mallSides(ACCOUNTS, sandbox.url, url))
  const stopping = new AbortController()
  const settings: ExchangeSettings = {
    rules,
    defaultMethod: 'wallet',
    paymentTimeoutMs: options.paymentTimeoutMs ?? 1_800_000,
    autoConfirmTimeoutMs: options.autoConfirmTimeoutMs ?? 86_400_000,
    afterSale: options.afterSale ?? AFTER_SALE_DEADLINES,
    outsideSteps: options.outsideSteps ?? [],
    orderService: options.orderService ? 'outside' : 'mall',
    readsProducts: true,
  }
  const expiryGraceMs = options.expiryGraceMs ?? 7 * 86_400_000
  const verifyToken = createTokenVerifier(TOKEN_SETTINGS)
  const deps: ApiDeps = {
    db: own,
    vault,
    replica: own,
    publicDb: own,
    sealer,
    temporal,
    outsideWallet: options.outsideWallet,
    ownerKey: key,
    expiryGraceMs,
    earning: {
      perYuanMillionths: 1_000_000n,
      dailyCap: 0n,
      pendingMs: 0,
      lastsMs: 365 * 86_400_000,
      ...options.earning,
    },
    clawbackIntoDebt: options.clawbackIntoDebt ?? false,
    settings,
    logger: log,
    metrics: createMetrics(),
    authenticate: createAuthenticate(verifyToken),
    pointsToCnyMillionths: 10_000n,
    publicUrl: url,
    isKnownHost: (name) => ['127.0.0.1', 'localhost'].includes(name),
    metricsToken: undefined,
    imageHosts: ['images.example.com'],
    corsOrigins: [],
    stopping: stopping.signal,
    readSignInLink: createLinkReader(verifyToken),
    oidc: undefined,
    demo: true,
    crashWorker: undefined,
    temporalUiUrl: undefined,
    orderSync: options.orderSync ?? ORDER_STEPS,
    webhooks: { allowPrivate: true, ...options.webhooks },
    ordersWebhookSecret: `whsec_${Buffer.from('secret of the order domain').toString('base64')}`,
    providers,
    tracking: createTracking({
      kuaidi100: {
        ...TRACKING.kuaidi100,
        baseUrl: sandbox.url,
        callbackUrl: `${url}/api/webhooks/tracking/kuaidi100`,
      },
      kdniao: { ...TRACKING.kdniao, baseUrl: sandbox.url },
    }),
    trustedProxies: [],
  }
  const app = createApp(deps)
  const contract = createApiContract(describeApi(createApp(deps), url).document)
  const server = serve({ fetch: app.fetch, port, hostname: '127.0.0.1' })
  const connection = await NativeConnection.connect({ address })
  const activities = createActivities({
    db: own,
    vault,
    sealer,
    rules,
    expiryGraceMs,
    autoCreateLogistics: options.autoCreateLogistics ?? true,
    outsideWallet: options.outsideWallet,
    orderService: options.orderService,
    supplier: options.supplier === null ? undefined : supplier,
    charges: { pausesMs: [50, 100, 200], ...options.charges },
    providers,
    engine: createEngine(deps),
    returnUrl: (orderNo) => `${url}/points-mall/orders/${orderNo}?returned=1`,
  })
  const tampered = options.tamper ? options.tamper(activities) : activities
  let worker: { stop(): Promise<void> } | undefined

  async function startWorker(extra: Partial<WorkerOptions> = {}): Promise<void> {
    const running = await Worker.create({
      connection,
      namespace: name,
      taskQueue: TASK_QUEUE,
      workflowBundle: { codePath: inject('bundlePath') },
      dataConverter: sealedPayloads(sealer),
      activities: tampered,
      ...cacheOf(options.maxCachedWorkflows ?? cachedWorkflows()),
      shutdownGraceTime: '1s',
      // Past it the worker fails: for what never ends, not for what is slow.
      shutdownForceTime: '30s',
      ...extra,
    })
    const run = running.run()
    worker = {
      async stop() {
        running.shutdown()
        await run
        worker = undefined
      },
    }
  }
  if (options.worker !== false) await startWorker()

  /** @throws when the answer, or the body of a request that succeeds, is not in the OpenAPI document */
  async function call(method: string, path: string, how: Call = {}): Promise<Answer> {
    const headers: Record<string, string> = { ...how.headers }
    if (how.as !== undefined) {
      headers.authorization = `Bearer ${await token(how.as, how.role ?? 'customer', how.level ?? 1)}`
    }
    if (how.key !== undefined) headers['idempotency-key'] = how.key
    if (how.body !== undefined && !headers['content-type']) headers['content-type'] = 'application/json'
    const response = await fetch(`${url}${path}`, {
      method,
      headers,
      redirect: 'manual',
      ...(how.body === undefined
        ? {}
        : { body: typeof how.body === 'string' ? how.body : JSON.stringify(how.body) }),
    })
    const text = await response.text()
    const body = text && parse(text)
    const type = response.headers.get('content-type')
    if (how.undocumented) return { status: response.status, headers: response.headers, body }
    const problems = contract.problemsOfAnswer(method, path, { status: response.status, type, body })
    if (response.ok) {
      const sent = typeof how.body === 'string' ? parse(how.body) : (how.body ?? {})
      problems.push(...contract.problemsOfRequest(method, path, sent))
    }
    if (problems.length > 0) throw new Error(`outside of the OpenAPI document:\n${problems.join('\n')}`)
    return { status: response.status, headers: response.headers, body }
  }

  /** Redeems; returns the mall's answer. */
  const exchange = (as: string, body: Record<string, unknown>, how: Omit<Call, 'as' | 'body'> = {}) =>
    call('POST', '/api/points-mall/exchange', { ...how, as, body: { quantity: 1, ...body } })

  const order = async (as: string, idOrNo: string) =>
    (await call('GET', `/api/points-mall/orders/${idOrNo}`, { as })).body.data

  const act = (as: string, orderNo: string, action: string, body: unknown = {}) =>
    call('POST', `/api/points-mall/orders/${orderNo}/${action}`, { as, body })

  const operate = (orderNo: string, action: string, body: unknown = {}) =>
    call('POST', `/api/admin/points-mall/orders/${orderNo}/${action}`, { as: 'op', role: 'operator', body })

  /** Presses a button of the cashier page. */
  async function cashier(payUrl: string, action: 'pay' | 'decline'): Promise<number> {
    const response = await fetch(payUrl, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: `action=${action}`,
      redirect: 'manual',
    })
    await response.arrayBuffer()
    return response.status
  }

  const control = async (path: string, body?: unknown) => {
    const response = await fetch(`${sandbox.url}/control/${path}`, {
      method: body === undefined ? 'GET' : 'POST',
      headers: { 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    return { status: response.status, body: parse(await response.text()) }
  }

  const books = async (): Promise<Record<string, string>[]> => {
    const answer = await (await fetch(`${sandbox.url}/books`)).json()
    return (answer as { data?: Record<string, string>[] }).data ?? (answer as Record<string, string>[])
  }

  return {
    name,
    db,
    url,
    databaseUrl,
    dataDir,
    deps,
    contract,
    temporal,
    sandbox,
    call,
    exchange,
    order,
    act,
    operate,
    cashier,
    control,
    books,
    /** @param ms the API answers 202 after this */
    answerWithin: (ms: number) => void Object.assign(temporal, { answerMs: ms }),
    /** Changes settings for the exchanges that follow. */
    configure: (changes: Partial<ExchangeSettings>) => void Object.assign(settings, changes),
    startWorker,
    stopWorker: async () => worker?.stop(),
    points: (owner: string, points: number, expiresAt: Date | null = null) =>
      give(db, vault, owner, 'ZJF', BigInt(points), expiresAt),
    cash: (owner: string, fen: number) => give(db, vault, owner, 'CNY', BigInt(fen), null),
    product: (product: ProductFields = {}) => addProduct(db, product),
    setStock: (productId: string, stock: number) => setStock(db, productId, stock),
    /** Waits until the order has this status. */
    reach: (as: string, orderNo: string, status: string) =>
      until(
        () => order(as, orderNo),
        (found) => found?.status === status,
        `${orderNo} becomes ${status}`,
      ),
    /** Delivers notifications as the worker's sweeper does. */
    sweep: () => sweepInbox(deps, () => {}),
    /** Asks the providers about due payments, as the worker does. */
    queryDue: () =>
      queryDuePayments(deps, (outTradeNo, error) => {
        throw new Error(outTradeNo, { cause: error })
      }),
    supplier,
    /** Asks about charges of refunded orders, as the worker does. */
    askAboutRefunded: () =>
      askAboutRefunded({ db, supplier, pausesMs: [50, 100, 200] }, (orderNo, error) => {
        throw new Error(orderNo, { cause: error })
      }),
    history: (orderNo: string) => fetchHistory(temporal, orderNo),
    /** Violated invariants, once everything is at rest. */
    brokenLaws: async () =>
      [
        ...(await findBrokenLedger(db, vault)),
        ...(await findOrderViolations(db)),
        ...(await findPaymentViolations(db)),
        ...(await findAmountViolations(db, vault)),
        ...(await findEarningViolations(db, vault)),
      ].map(disagreementLine),
    async close() {
      await worker?.stop()
      stopping.abort()
      await new Promise((resolve) => server.close(resolve))
      await sandbox.stop()
      await own.destroy()
      await db.destroy()
      await connection.close()
      await temporal.client.connection.close()
      rmSync(dataDir, { recursive: true, force: true })
    },
  }
}

/** With MAX_CACHED_WORKFLOWS=0 every task replays its history: the suite passes as well. */
function cachedWorkflows(): number {
  return Number(process.env.MAX_CACHED_WORKFLOWS ?? 200)
}

/**
 * Without a cache, sdk-core 1.24 loses concurrent tasks: it evicts runs whose answer is pending, and each
 * waits for its time-out of 10 s (sdk-rust #1482). So it takes one task at a time.
 */
function cacheOf(maxCachedWorkflows: number): Partial<WorkerOptions> {
  if (maxCachedWorkflows > 0) return { maxCachedWorkflows }
  return { maxCachedWorkflows, maxConcurrentWorkflowTaskExecutions: 1, maxConcurrentWorkflowTaskPolls: 1 }
}

export async function token(sub: string, role: string, level: number, secret = SECRET): Promise<string> {
  return new SignJWT({ role, level })
    .setProtectedHeader({ alg: 'HS256', typ: 'at+jwt' })
    .setSubject(sub)
    .setIssuer('points-mall')
    .setAudience('points-mall')
    .setIssuedAt()
    .setExpirationTime('1h')
    .sign(new TextEncoder().encode(secret))
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

async function copyDatabase(name: string): Promise<string> {
  const template = inject('postgresUrl')
  const admin = new URL(template)
  const source = admin.pathname.slice(1)
  admin.pathname = '/postgres'
  const client = new Client({ connectionString: admin.href })
  await client.connect()
  await client.query(`create database ${name} template ${source}`)
  await client.end()
  const url = new URL(template)
  url.pathname = `/${name}`
  return url.href
}

async function openNamespace(name: string): Promise<string> {
  const address = inject('temporalAddress')
  const connection = await Connection.connect({ address })
  await connection.workflowService.registerNamespace({
    namespace: name,
    workflowExecutionRetentionPeriod: { seconds: (30 * 86_400) as never },
  })
  // 2 is INDEXED_VALUE_TYPE_KEYWORD.
  await connection.operatorService.addSearchAttributes({
    namespace: name,
    searchAttributes: { OrderNo: 2, OwnerKey: 2, ExchangeStatus: 2, PaymentMode: 2 },
  })
  await connection.close()
  return address
}

export interface ProductFields {
  readonly title?: string
  readonly point?: number
  readonly fen?: number
  readonly payment_mode?: PaymentMode
  readonly stock?: number
  readonly exchange_limit?: number
  readonly status?: 'on_sale' | 'off_sale' | 'draft'
  readonly shipping_type?: ShippingType
  readonly product_type?: ProductType
  readonly limit?: Record<string, number>
  readonly returnable?: Returnable
  /** Product properties besides the limit. */
  readonly told?: Record<string, string>
}

/** Puts a product on sale. @returns its id */
async function addProduct(db: Db, fields: ProductFields): Promise<string> {
  const mode = fields.payment_mode ?? 'points_only'
  const stock = fields.stock ?? 100
  const status = fields.status ?? 'on_sale'
  const row = await db
    .insertInto('points_products')
    .values({
      title: fields.title ?? '保温杯',
      search_terms: searchVector(fields.title ?? '保温杯', null),
      description: null,
      image: null,
      point: fields.point ?? (mode === 'money_only' ? 0 : 100),
      price_amount: decimalFromFen(BigInt(fields.fen ?? (mode === 'points_only' ? 0 : 990))),
      payment_mode: mode,
      stock_quantity: stock,
      exchange_limit: fields.exchange_limit ?? 0,
      status: status === 'on_sale' && stock === 0 ? 'sold_out' : status,
      shipping_type: fields.shipping_type ?? 'none',
      product_type: fields.product_type ?? 'physical',
      ...(fields.returnable ? { returnable: JSON.stringify(fields.returnable) } : {}),
      properties:
        fields.limit || fields.told ? JSON.stringify({ limit: fields.limit, ...fields.told }) : null,
      outer_id: null,
      operator_type: null,
      operator_id: null,
      operation_key: null,
      deleted_at: null,
    })
    .returning('id')
    .executeTakeFirstOrThrow()
  await db
    .insertInto('stock_movements')
    .values({
      product_id: row.id,
      delta: stock,
      kind: 'initial',
      order_no: null,
      operation_key: `initial/${row.id}`,
      operator_id: null,
    })
    .execute()
  return row.id
}

/** As an operator who counts the stock anew. */
async function setStock(db: Db, productId: string, stock: number): Promise<void> {
  await db.transaction().execute(async (tx) => {
    const { stock_quantity: before } = await tx
      .selectFrom('points_products')
      .select('stock_quantity')
      .where('id', '=', productId)
      .forUpdate()
      .executeTakeFirstOrThrow()
    const change = { kind: 'adjusted', delta: stock - before, operatorId: null } as const
    await moveStock(tx, productId, { ...change, operationKey: `count/${randomUUID()}` })
  })
}

async function give(
  db: Db,
  vault: LedgerCipher,
  owner: string,
  currency: 'ZJF' | 'CNY',
  amount: bigint,
  expiresAt: Date | null,
) {
  await db
    .transaction()
    .execute((tx) =>
      grant(
        tx,
        vault,
        { ownerId: owner, currency, amount, expiresAt },
        { operationKey: randomBytes(9).toString('hex') },
      ),
    )
}

/**
 * Waits for a condition, with a limit.
 * @throws with the last value if it is not true within the limit (ms)
 */
export async function until<T>(
  read: () => Promise<T> | T,
  holds: (value: T) => boolean,
  what: string,
  limitMs = PATIENCE_MS,
): Promise<T> {
  const deadline = Date.now() + limitMs
  for (;;) {
    const began = Date.now()
    const value = await read()
    if (holds(value)) return value
    if (Date.now() > deadline)
      throw new Error(`not within ${limitMs} ms: ${what}; last: ${JSON.stringify(value)}`)
    // Half of the time is left to what it waits for.
    const pauseMs = Math.min(Math.max(Date.now() - began, 20), 250)
    await new Promise((resolve) => setTimeout(resolve, pauseMs))
  }
}

/** The types of the events in an exchange's history. */
async function fetchHistory({ client }: Temporal, orderNo: string) {
  return client.workflow.getHandle(exchangeWorkflowId(orderNo)).fetchHistory()
}
