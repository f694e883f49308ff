import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { delimiter, join, resolve } from 'node:path'
import { loadClientConnectConfig } from '@temporalio/envconfig'
import type { NativeConnectionOptions } from '@temporalio/worker'
import { z } from 'zod'
import { PAYMENT_METHODS as METHODS, PROVIDER_METHODS } from '../domain/payments/method.ts'
import {
  newPaymentSecrets,
  type PaymentSecrets,
  paymentAccounts,
  paymentProblems,
  paymentVariables,
  sandboxAccounts,
  url,
} from './payments.ts'

/**
 * The only reader of the environment. Composition roots call `readConfig` once and hand values on; every bad
 * variable is named in one error, before anything starts.
 */

/** The variables that may be given as a file, by the name with `_FILE`: keys, certificates and secrets. */
const BY_FILE = /_(KEY|KEYS|SECRET|CERTIFICATES)$/

const port = z.coerce.number().int().min(1).max(65535)
const flag = z.enum(['true', 'false', '1', '0']).transform((value) => value === 'true' || value === '1')
const DAY_MS = 86_400_000
/** Fractions allowed. */
const days = z.coerce.number().min(0).max(36_500)
const methods = z
  .string()
  .transform((value) => value.split(',').map((name) => name.trim()))
  .pipe(z.array(z.enum(METHODS)).nonempty())
/** Exact decimal: kept as an integer count of millionths, so that no rate is ever a floating point number. */
const rateMillionths = z
  .string()
  .regex(/^\d{1,6}(\.\d{1,6})?$/, 'a decimal with at most 6 places')
  .transform((value) => {
    const [whole = '0', fraction = ''] = value.split('.')
    return BigInt(whole) * 1_000_000n + BigInt(fraction.padEnd(6, '0'))
  })
/** `id1:base64key,id2:base64key`; the first is current. */
const keys = z
  .string()
  .transform((value) =>
    value.split(',').map((pair) => {
      const [id = '', key = ''] = pair.trim().split(':')
      return { id, key: Buffer.from(key, 'base64') }
    }),
  )
  .refine(
    (list) => list.every(({ id, key }) => /^[A-Za-z0-9_-]{1,32}$/.test(id) && key.length === 32),
    'key id and 32 bytes in base64, such as k1:AAAA…=, separated by commas',
  )
const outsideSteps = z
  .string()
  .transform((value) =>
    value
      .split(',')
      .map((name) => name.trim())
      .filter(Boolean),
  )
  .pipe(z.array(z.enum(['stock', 'points', 'orders'])))

const schema = z.object({
  NODE_ENV: z.string().default('development'),
  DEMO: flag.default(false),
  PORT: port.default(3000),
  HOST: z.string().min(1).default('127.0.0.1'),
  PUBLIC_URL: url.optional(),
  TRUSTED_PROXIES: z.string().default(''),
  DATA_DIR: z.string().min(1).default('.data'),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
  DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/ }).optional(),
  DATABASE_REPLICA_URL: z.url({ protocol: /^postgres(ql)?$/ }).optional(),
  DATABASE_POOL_SIZE: z.coerce.number().int().min(2).max(200).default(20),
  TEMPORAL_ADDRESS: z
    .string()
    .regex(/^[^\s:]+:\d+$/, 'host:port')
    .optional(),
  TEMPORAL_NAMESPACE: z.string().min(1).default('default'),
  TEMPORAL_UI_URL: url.optional(),
  TEMPORAL_CLI_PATH: z.string().optional(),
  TEMPORAL_MAX_CACHED_WORKFLOWS: z.coerce.number().int().min(0).max(100_000).default(500),
  SANDBOX_PORT: port.optional(),
  TEMPORAL_PORT: port.optional(),
  TEMPORAL_UI_PORT: port.optional(),
  POSTGRES_PORT: port.optional(),
  SANDBOX_CONTROL: flag.default(false),
  SANDBOX_CLOCK_SCALE: z.coerce.number().min(1).max(10_000).default(1),
  SANDBOX_URL: url.optional(),
  SANDBOX_MALL_URL: url.optional(),
  AUTH_JWT_SECRET: z.string().min(32, 'at least 32 characters').optional(),
  AUTH_JWKS_URL: url.optional(),
  AUTH_JWT_ISSUER: z.string().default('points-mall'),
  AUTH_JWT_AUDIENCE: z.string().default('points-mall'),
  LEDGER_KEYS: keys.optional(),
  PAYLOAD_KEYS: keys.optional(),
  ORDERS_WEBHOOK_SECRET: z.string().startsWith('whsec_').optional(),
  ...paymentVariables,
  POINTS_MALL_MIN_POINTS: z.coerce.number().int().min(0).default(1),
  POINTS_MALL_MAX_POINTS_PER_ORDER: z.coerce.number().int().min(1).max(2_000_000_000).default(10_000),
  POINTS_MALL_EXCHANGE_LIMIT_ENABLED: flag.default(true),
  POINTS_MALL_MAX_UNPAID_ORDERS: z.coerce.number().int().min(1).max(10_000).default(5),
  POINTS_MALL_MAX_UNPAID_PIECES: z.coerce.number().int().min(1).max(1_000_000).default(5),
  POINTS_MALL_AUTO_CONFIRM_TIMEOUT_MINUTES: z.coerce.number().positive().max(525_600).default(1440),
  POINTS_MALL_PAYMENT_TIMEOUT_SECONDS: z.coerce.number().positive().max(604_800).default(1800),
  POINTS_MALL_MERCHANT_APP_ID: z.string().min(1).default('points-mall'),
  POINTS_MALL_POINTS_TO_CNY: rateMillionths.default(10_000n),
  POINTS_MALL_SUPPORTED_METHODS: methods.optional(),
  POINTS_MALL_DEFAULT_METHOD: z.enum(METHODS).default('wallet'),
  POINTS_MALL_OUTSIDE_STEPS: outsideSteps.default([]),
  POINTS_MALL_EXPIRY_GRACE_DAYS: days.default(7),
  POINTS_MALL_CLAWBACK_INTO_DEBT: flag.default(false),
  POINTS_MALL_EARN_POINTS_PER_YUAN: rateMillionths.default(1_000_000n),
  POINTS_MALL_EARN_DAILY_CAP: z.coerce.number().int().min(0).max(1_000_000_000).default(0),
  POINTS_MALL_EARN_PENDING_DAYS: days.default(0),
  POINTS_MALL_EARN_EXPIRES_DAYS: days.default(365),
  POINTS_MALL_WALLET_URL: url.optional(),
  POINTS_MALL_WALLET_KEY_ID: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,64}$/, 'letters, digits, _ and -')
    .optional(),
  POINTS_MALL_WALLET_SECRET: z.string().min(32, 'at least 32 characters').optional(),
})

/** One or more variables are wrong; the message has a line for each. */
export class ConfigError extends Error {
  override name = 'ConfigError'
}

/** What `npm start` writes beside its data, so that the other commands find the running installation. */
export interface Running {
  readonly databaseUrl: string
  readonly temporalAddress: string
  readonly temporalUiUrl: string | undefined
  /** Undefined outside demo mode, where there is no sandbox provider. */
  readonly sandboxUrl: string | undefined
  readonly port: number
}

interface Secrets extends PaymentSecrets {
  readonly authJwtSecret: string
  readonly ledgerKeys: string
  readonly payloadKeys: string
  readonly ordersWebhookSecret: string
}

export type Config = ReturnType<typeof readConfig>

const LOOPBACK = ['127.0.0.1', '::1', 'localhost']

/** Every reason why the environment cannot be used, a line each. */
function problemsOf(given: Record<string, string | undefined>): string[] {
  const parsed = schema.safeParse(given)
  const problems = parsed.success
    ? []
    : parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`)
  const demo = isDemo(given)
  const needed: [string, unknown][] = [
    ['AUTH_JWT_SECRET or AUTH_JWKS_URL', given.AUTH_JWT_SECRET ?? given.AUTH_JWKS_URL],
    ['LEDGER_KEYS', given.LEDGER_KEYS],
    ['PAYLOAD_KEYS', given.PAYLOAD_KEYS],
  ]
  for (const [name, value] of demo ? [] : needed) {
    if (value !== undefined) continue
    problems.push(`${name}: must be set when HOST is not loopback or NODE_ENV is production`)
  }
  problems.push(...paymentProblems(given, demo))
  try {
    temporalConnection(given as Record<string, string>, undefined)
  } catch (error) {
    problems.push(`TEMPORAL_TLS…: ${error instanceof Error ? error.message : String(error)}`)
  }
  return problems
}

/** Fills in what is given as a file. @throws ConfigError */
function withFiles(given: Record<string, string | undefined>): Record<string, string | undefined> {
  const filled = { ...given }
  for (const [name, path = ''] of Object.entries(given)) {
    const meant = name.endsWith('_FILE') ? name.slice(0, -'_FILE'.length) : ''
    if (!(meant in schema.shape) || !BY_FILE.test(meant)) continue
    if (given[meant] !== undefined) throw new ConfigError(`${meant}, ${name}: set one of them`)
    try {
      filled[meant] = readFileSync(path, 'utf8').trim()
    } catch {
      throw new ConfigError(`${name}: ${path} cannot be read`)
    }
  }
  return filled
}

function isDemo(given: Record<string, string | undefined>): boolean {
  const loopback = LOOPBACK.includes(given.HOST ?? '127.0.0.1')
  return ['1', 'true'].includes(given.DEMO ?? '') || (loopback && given.NODE_ENV !== 'production')
}

/** How a URL names the host that is listened on. */
function nameOf(host: string): string {
  if (host === 'localhost') return '127.0.0.1'
  return host.includes(':') ? `[${host}]` : host
}

/** @throws ConfigError naming every bad variable at once. */
export function readConfig(env: NodeJS.ProcessEnv = process.env) {
  const given = withFiles(Object.fromEntries(Object.entries(env).filter(([, value]) => value !== '')))
  const problems = problemsOf(given)
  if (problems.length > 0) throw new ConfigError(problems.join('\n'))
  const e = schema.parse(given)
  const dataDir = resolve(e.DATA_DIR)
  const demo = isDemo(given)
  const secrets = demo ? generatedSecrets(dataDir) : undefined
  const running = readRunning(dataDir)
  const sandboxUrl =
    e.SANDBOX_URL ?? (e.SANDBOX_PORT ? `http://127.0.0.1:${e.SANDBOX_PORT}` : running?.sandboxUrl)
  const publicUrl = e.PUBLIC_URL ?? `http://${nameOf(e.HOST)}:${e.PORT}`
  const payments = paymentAccounts(e, publicUrl, secrets && { secrets, sandboxUrl })
  const supported = supportedMethods(e, payments)
  return {
    demo,
    production: e.NODE_ENV === 'production',
    logLevel: e.LOG_LEVEL,
    dataDir,
    http: {
      host: e.HOST,
      port: e.PORT,
      publicUrl,
      trustedProxies: e.TRUSTED_PROXIES.split(',')
        .map((address) => address.trim())
        .filter(Boolean),
    },
    database: {
      /** Set by the caller, not by the running embedded installation. */
      outside: e.DATABASE_URL !== undefined,
      url: e.DATABASE_URL ?? running?.databaseUrl,
      replicaUrl: e.DATABASE_REPLICA_URL,
      poolSize: e.DATABASE_POOL_SIZE,
    },
    temporal: {
      outside: e.TEMPORAL_ADDRESS !== undefined,
      address: e.TEMPORAL_ADDRESS ?? running?.temporalAddress ?? '127.0.0.1:7233',
      namespace: e.TEMPORAL_NAMESPACE,
      uiUrl: e.TEMPORAL_UI_URL ?? running?.temporalUiUrl,
      cliPath: e.TEMPORAL_CLI_PATH,
      maxCachedWorkflows: e.TEMPORAL_MAX_CACHED_WORKFLOWS,
      /** Address, TLS and API key, by the names of `@temporalio/envconfig`. */
      connection: temporalConnection(
        given as Record<string, string>,
        e.TEMPORAL_ADDRESS ?? running?.temporalAddress,
      ),
    },
    /** Ports of embedded parts, where the caller fixed them. */
    ports: {
      sandbox: e.SANDBOX_PORT,
      temporal: e.TEMPORAL_PORT,
      temporalUi: e.TEMPORAL_UI_PORT,
      postgres: e.POSTGRES_PORT,
    },
    /** `mallUrl`: where the sandbox sends notifications, when the mall is not on the same machine. */
    sandbox: {
      control: e.SANDBOX_CONTROL,
      clockScale: e.SANDBOX_CLOCK_SCALE,
      url: sandboxUrl,
      mallUrl: e.SANDBOX_MALL_URL,
      /** Undefined outside a demo: it takes pretended money. */
      accounts: secrets && sandboxAccounts(payments, e, secrets),
    },
    /** What the supervisor needs to know of the machine and of who started it. */
    machine: {
      searchPath: (env.PATH ?? '').split(delimiter).filter(Boolean),
      cacheDir: join(cacheHome(env), 'points-mall'),
      startedByNpm: env.npm_lifecycle_event === 'start',
    },
    auth: {
      secret: e.AUTH_JWT_SECRET ?? (e.AUTH_JWKS_URL ? undefined : secrets?.authJwtSecret),
      jwksUrl: e.AUTH_JWKS_URL,
      issuer: e.AUTH_JWT_ISSUER,
      audience: e.AUTH_JWT_AUDIENCE,
    },
    ledgerKeys: e.LEDGER_KEYS ?? keys.parse(secrets?.ledgerKeys),
    payloadKeys: e.PAYLOAD_KEYS ?? keys.parse(secrets?.payloadKeys),
    /** Undefined: order-domain events are refused. */
    ordersWebhookSecret: e.ORDERS_WEBHOOK_SECRET ?? secrets?.ordersWebhookSecret,
    /** The accounts at the payment providers; undefined where the shop has none. */
    payments,
    rules: {
      minPoints: e.POINTS_MALL_MIN_POINTS,
      maxPointsPerOrder: e.POINTS_MALL_MAX_POINTS_PER_ORDER,
      exchangeLimitEnabled: e.POINTS_MALL_EXCHANGE_LIMIT_ENABLED,
      maxUnpaidOrders: e.POINTS_MALL_MAX_UNPAID_ORDERS,
      maxUnpaidPieces: e.POINTS_MALL_MAX_UNPAID_PIECES,
      autoConfirmTimeoutMs: Math.ceil(e.POINTS_MALL_AUTO_CONFIRM_TIMEOUT_MINUTES * 60_000),
      paymentTimeoutMs: Math.ceil(e.POINTS_MALL_PAYMENT_TIMEOUT_SECONDS * 1000),
      merchantAppId: e.POINTS_MALL_MERCHANT_APP_ID,
      /** CNY per point, in millionths of a yuan. */
      pointsToCnyMillionths: e.POINTS_MALL_POINTS_TO_CNY,
      supportedMethods: supported,
      defaultMethod: e.POINTS_MALL_DEFAULT_METHOD,
    },
    /** Points that come back after their date may still be spent for so long. */
    expiryGraceMs: Math.round(e.POINTS_MALL_EXPIRY_GRACE_DAYS * DAY_MS),
    earning: {
      /** Points for one yuan, in millionths of a point. */
      perYuanMillionths: e.POINTS_MALL_EARN_POINTS_PER_YUAN,
      dailyCap: BigInt(e.POINTS_MALL_EARN_DAILY_CAP),
      pendingMs: Math.round(e.POINTS_MALL_EARN_PENDING_DAYS * DAY_MS),
      lastsMs: Math.round(e.POINTS_MALL_EARN_EXPIRES_DAYS * DAY_MS),
    },
    clawbackIntoDebt: e.POINTS_MALL_CLAWBACK_INTO_DEBT,
    outsideSteps: e.POINTS_MALL_OUTSIDE_STEPS,
    /** Undefined: our ledger keeps the points. */
    outsideWallet: outsideWalletOf(e, demo),
  }
}

/**
 * The ways to pay: what the shop names, or wherever it has an account.
 * @throws ConfigError
 */
function supportedMethods(
  e: z.output<typeof schema>,
  accounts: ReturnType<typeof paymentAccounts>,
): (typeof METHODS)[number][] {
  const canPay = (name: (typeof METHODS)[number]) =>
    name === 'wallet' || accounts[PROVIDER_METHODS[name].provider] !== undefined
  const supported = e.POINTS_MALL_SUPPORTED_METHODS ?? METHODS.filter(canPay)
  const problems = supported
    .filter((name) => !canPay(name))
    .map((name) => `POINTS_MALL_SUPPORTED_METHODS: no provider is set up for ${name}`)
  if (!supported.includes(e.POINTS_MALL_DEFAULT_METHOD)) {
    problems.push('POINTS_MALL_DEFAULT_METHOD: must be one of POINTS_MALL_SUPPORTED_METHODS')
  }
  if (problems.length > 0) throw new ConfigError(problems.join('\n'))
  return supported
}

/** All three or none; and not in the open, since a forged answer would be believed. */
function outsideWalletOf(e: z.output<typeof schema>, demo: boolean) {
  const {
    POINTS_MALL_WALLET_URL: baseUrl,
    POINTS_MALL_WALLET_KEY_ID: keyId,
    POINTS_MALL_WALLET_SECRET: secret,
  } = e
  if (!baseUrl && !keyId && !secret) return undefined
  if (!baseUrl || !keyId || !secret) {
    throw new ConfigError(
      'POINTS_MALL_WALLET_URL, POINTS_MALL_WALLET_KEY_ID, POINTS_MALL_WALLET_SECRET: set all of them, or none',
    )
  }
  if (!demo && !baseUrl.startsWith('https:')) throw new ConfigError('POINTS_MALL_WALLET_URL: must be https')
  return { baseUrl, keyId, secret }
}

/** The environment of a program that we start: our own, with what is added here. */
export function partEnvironment(
  added: Record<string, string | undefined>,
  env: NodeJS.ProcessEnv = process.env,
): NodeJS.ProcessEnv {
  return { ...env, ...added }
}

/** The user's cache folder, where each system has it. */
function cacheHome(env: NodeJS.ProcessEnv): string {
  if (env.XDG_CACHE_HOME) return resolve(env.XDG_CACHE_HOME)
  if (process.platform === 'darwin') return join(homedir(), 'Library', 'Caches')
  if (process.platform === 'win32') return env.LOCALAPPDATA ?? join(homedir(), 'AppData', 'Local')
  return join(homedir(), '.cache')
}

function temporalConnection(
  env: Record<string, string>,
  address: string | undefined,
): Pick<NativeConnectionOptions, 'tls' | 'apiKey' | 'metadata'> & { address: string } {
  const { tls, apiKey, metadata } = loadClientConnectConfig({
    overrideEnvVars: env,
    disableFile: true,
  }).connectionOptions
  return {
    ...(tls === undefined ? {} : { tls }),
    ...(apiKey === undefined ? {} : { apiKey }),
    ...(metadata === undefined ? {} : { metadata }),
    address: address ?? '127.0.0.1:7233',
  }
}

/** Takes the data folder; returns what a running `npm start` wrote there, or undefined. */
export function readRunning(dataDir: string): Running | undefined {
  const file = join(dataDir, 'running.json')
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Running) : undefined
}

/**
 * Reads the generated secrets, making them on the first call, and what an older version did not have yet. Two
 * processes may race for the first: its file wins.
 */
function generatedSecrets(dataDir: string): Secrets {
  const file = join(dataDir, 'secrets.json')
  const read = () => JSON.parse(readFileSync(file, 'utf8')) as Partial<Secrets>
  const isWhole = (secrets: Partial<Secrets>): secrets is Secrets => 'wechatApiV3Key' in secrets
  const kept = existsSync(file) ? read() : undefined
  if (kept && isWhole(kept)) return kept
  const whole: Secrets = {
    authJwtSecret: randomBytes(32).toString('base64url'),
    ledgerKeys: `l1:${randomBytes(32).toString('base64')}`,
    payloadKeys: `p1:${randomBytes(32).toString('base64')}`,
    ordersWebhookSecret: `whsec_${randomBytes(24).toString('base64')}`,
    ...newPaymentSecrets(),
    ...kept,
  }
  const text = `${JSON.stringify(whole, null, 2)}\n`
  mkdirSync(dataDir, { recursive: true, mode: 0o700 })
  if (kept) {
    const fresh = `${file}.${process.pid}`
    writeFileSync(fresh, text, { mode: 0o600 })
    renameSync(fresh, file)
    return whole
  }
  try {
    writeFileSync(file, text, { mode: 0o600, flag: 'wx' })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
  return read() as Secrets
}
