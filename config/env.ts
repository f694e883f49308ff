import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { ORDER_STEPS } from '../domain/messaging/events.ts'
import { PAYMENT_METHODS as METHODS } from '../domain/payments/method.ts'
import { isLoopback } from './addresses.ts'
import { authProblems, authVariables } from './auth.ts'
import { ConfigError } from './error.ts'
import {
  days,
  flag,
  hostNames,
  hosts,
  keys,
  list,
  origins,
  pauses,
  port,
  rateMillionths,
  url,
} from './formats.ts'
import { paymentProblems, paymentVariables } from './payments/index.ts'
import { weakSettings } from './strength.ts'
import { temporalConnection } from './temporal.ts'

/** Every variable, and the checks that need more than one of them. */

/** Keys, certificates and secrets, and URLs with a password, may also be given as a file, by the name with `_FILE`. */
const BY_FILE = /^DATABASE(_REPLICA)?_URL$|_(KEY|KEYS|SECRET|TOKEN|CERTIFICATES)$/

const methods = z
  .string()
  .transform((value) => value.split(',').map((name) => name.trim()))
  .pipe(z.array(z.enum(METHODS)).nonempty())
const outsideSteps = list.pipe(z.array(z.enum(['stock', 'points', 'orders'])))

const keyId = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/, 'letters, digits, _ and -')

/** Fractions are allowed; at most a year. */
const minutes = z.coerce.number().positive().max(525_600)

const variables = z.object({
  NODE_ENV: z.string().default('development'),
  DEMO: flag.default(false),
  PORT: port.default(3000),
  HOST: z.string().min(1).default('127.0.0.1'),
  PUBLIC_URL: url.optional(),
  TRUSTED_PROXIES: list.default([]),
  ALLOWED_HOSTS: hostNames.default([]),
  CORS_ORIGINS: origins.default([]),
  DATA_DIR: z.string().min(1).default('.data'),
  METRICS_TOKEN: z
    .string()
    .regex(/^[\w.~+/-]{16,512}$/, '16 or more letters, digits and . ~ + / _ -')
    .optional(),
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
  DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/ }).optional(),
  DATABASE_REPLICA_URL: z.url({ protocol: /^postgres(ql)?$/ }).optional(),
  DATABASE_POOL_SIZE: z.coerce.number().int().min(2).max(200).default(20),
  DATABASE_PUBLIC_POOL_SIZE: z.coerce.number().int().min(1).max(200).optional(),
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
  ...authVariables,
  LEDGER_KEYS: keys.optional(),
  PAYLOAD_KEYS: keys.optional(),
  ORDERS_WEBHOOK_SECRET: z.string().startsWith('whsec_').optional(),
  ...paymentVariables,
  POINTS_MALL_MIN_POINTS: z.coerce.number().int().min(0).default(1),
  POINTS_MALL_MAX_POINTS_PER_ORDER: z.coerce.number().int().min(1).max(2_000_000_000).default(10_000),
  POINTS_MALL_EXCHANGE_LIMIT_ENABLED: flag.default(true),
  POINTS_MALL_MAX_UNPAID_ORDERS: z.coerce.number().int().min(1).max(10_000).default(5),
  POINTS_MALL_MAX_UNPAID_PIECES: z.coerce.number().int().min(1).max(1_000_000).default(5),
  POINTS_MALL_AUTO_CONFIRM_TIMEOUT_MINUTES: minutes.default(1440),
  POINTS_MALL_AFTER_SALE_DECIDE_MINUTES: minutes.default(2_880),
  POINTS_MALL_AFTER_SALE_APPEAL_MINUTES: minutes.default(10_080),
  POINTS_MALL_AFTER_SALE_RETURN_MINUTES: minutes.default(10_080),
  POINTS_MALL_AFTER_SALE_RECEIVE_MINUTES: minutes.default(14_400),
  POINTS_MALL_AFTER_SALE_RECEIPT_APPEAL_MINUTES: minutes.default(10_080),
  POINTS_MALL_PAYMENT_TIMEOUT_SECONDS: z.coerce.number().positive().max(604_800).default(1800),
  POINTS_MALL_MERCHANT_APP_ID: z
    .string()
    .regex(/^[!-~]{1,64}$/, 'visible ASCII characters')
    .optional(),
  POINTS_MALL_POINTS_TO_CNY: rateMillionths.default(10_000n),
  POINTS_MALL_SUPPORTED_METHODS: methods.optional(),
  POINTS_MALL_DEFAULT_METHOD: z.enum(METHODS).default('wallet'),
  POINTS_MALL_OUTSIDE_STEPS: outsideSteps.default([]),
  POINTS_MALL_ORDER_SYNC_ENABLED: flag.default(true),
  POINTS_MALL_ORDER_SYNC_EVENTS: list.pipe(z.array(z.enum(ORDER_STEPS))).optional(),
  POINTS_MALL_WEBHOOK_ALLOW_PRIVATE: flag.default(false),
  POINTS_MALL_WEBHOOK_RETRY_SECONDS: pauses.optional(),
  POINTS_MALL_WEBHOOK_TIMEOUT_SECONDS: z.coerce.number().positive().max(30).default(15),
  POINTS_MALL_WEBHOOK_DISABLE_AFTER_HOURS: z.coerce.number().positive().max(8_760).default(120),
  POINTS_MALL_WEBHOOK_RETENTION_DAYS: z.coerce.number().min(7).max(3_650).default(30),
  POINTS_MALL_EXPIRY_GRACE_DAYS: days.default(7),
  POINTS_MALL_IMAGE_HOSTS: hosts.default([]),
  POINTS_MALL_CLAWBACK_INTO_DEBT: flag.default(false),
  POINTS_MALL_AUTO_CREATE_LOGISTICS: flag.default(true),
  POINTS_MALL_EARN_POINTS_PER_YUAN: rateMillionths.default(1_000_000n),
  POINTS_MALL_EARN_DAILY_CAP: z.coerce.number().int().min(0).max(1_000_000_000).default(0),
  POINTS_MALL_EARN_PENDING_DAYS: days.default(0),
  POINTS_MALL_EARN_EXPIRES_DAYS: days.default(365),
  KUAIDI100_CUSTOMER: z.string().min(1).optional(),
  KUAIDI100_KEY: z.string().min(1).optional(),
  KUAIDI100_SALT: z.string().min(16).optional(),
  KUAIDI100_URL: url.optional(),
  KDNIAO_BUSINESS_ID: z.string().min(1).optional(),
  KDNIAO_API_KEY: z.string().min(1).optional(),
  KDNIAO_URL: url.optional(),
  POINTS_MALL_WALLET_URL: url.optional(),
  POINTS_MALL_WALLET_KEY_ID: keyId.optional(),
  POINTS_MALL_PRODUCT_SERVICE_URL: url.optional(),
  POINTS_MALL_PRODUCT_SERVICE_KEY_ID: keyId.optional(),
  POINTS_MALL_PRODUCT_SERVICE_SECRET: z.string().min(32, 'at least 32 characters').optional(),
  POINTS_MALL_PRODUCT_SERVICE_REFRESH_SECONDS: z.coerce.number().min(10).max(86_400).default(300),
  POINTS_MALL_ORDER_SERVICE_URL: url.optional(),
  POINTS_MALL_ORDER_SERVICE_KEY_ID: keyId.optional(),
  POINTS_MALL_ORDER_SERVICE_SECRET: z.string().min(32, 'at least 32 characters').optional(),
  POINTS_MALL_WALLET_SECRET: z.string().min(32, 'at least 32 characters').optional(),
  POINTS_MALL_SUPPLIER_URL: url.optional(),
  POINTS_MALL_SUPPLIER_KEY_ID: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,64}$/, 'letters, digits, _ and -')
    .optional(),
  POINTS_MALL_SUPPLIER_SECRET: z.string().min(32, 'at least 32 characters').optional(),
  POINTS_MALL_CHARGE_DEADLINE_MINUTES: minutes.default(1440),
  POINTS_MALL_CHARGE_QUERY_SECONDS: pauses.optional(),
})

export type Variables = z.output<typeof variables>

/** Every variable with its parser; the default is what it makes of undefined. Temporal's are in `config/temporal.ts`. */
export const VARIABLES: Readonly<Record<string, z.ZodType>> = variables.shape

/** Whether the variable may also be given as a file, by the name with `_FILE`. */
export const isByFile = (name: string): boolean => name in variables.shape && BY_FILE.test(name)

/** The environment as text, without empty variables and with files read. */
type Given = Readonly<Record<string, string | undefined>>

export interface Environment {
  readonly given: Given
  readonly variables: Variables
  /** Generated secrets and the sandbox provider are allowed. */
  readonly demo: boolean
}

/** @throws ConfigError naming every bad variable */
export function readEnvironment(env: NodeJS.ProcessEnv): Environment {
  const given = withFiles(Object.fromEntries(Object.entries(env).filter(([, value]) => value !== '')))
  const problems = problemsOf(given)
  if (problems.length > 0) throw new ConfigError(problems.join('\n'))
  return { given, variables: variables.parse(given), demo: isDemo(given) }
}

/** @throws ConfigError when a file cannot be read */
function withFiles(given: Given): Given {
  const filled: Record<string, string | undefined> = { ...given }
  for (const [name, path = ''] of Object.entries(given)) {
    const meant = name.endsWith('_FILE') ? name.slice(0, -'_FILE'.length) : ''
    if (!isByFile(meant)) continue
    if (given[meant] !== undefined) throw new ConfigError(`${meant}, ${name}: set one of them`)
    try {
      filled[meant] = readFileSync(path, 'utf8').trim()
    } catch {
      throw new ConfigError(`${name}: ${path} cannot be read`)
    }
  }
  return filled
}

/** A misspelt name would leave its setting at the default. */
function unknownNames(given: Given): string[] {
  const isKnown = (name: string) =>
    name in variables.shape || (name.endsWith('_FILE') && BY_FILE.test(name.slice(0, -'_FILE'.length)))
  return Object.keys(given)
    .filter((name) => name.startsWith('POINTS_MALL_') && !isKnown(name))
    .map((name) => `${name}: no such setting`)
}

function isDemo(given: Given): boolean {
  const loopback = isLoopback(given.HOST ?? '127.0.0.1')
  return ['1', 'true'].includes(given.DEMO ?? '') || (loopback && given.NODE_ENV !== 'production')
}

/** @returns a line for each reason why the environment cannot be used */
function problemsOf(given: Given): string[] {
  const parsed = variables.safeParse(given)
  const problems = parsed.success
    ? []
    : parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`)
  problems.push(...unknownNames(given))
  const demo = isDemo(given)
  const needed: [string, unknown][] = [
    ['LEDGER_KEYS', given.LEDGER_KEYS],
    ['PAYLOAD_KEYS', given.PAYLOAD_KEYS],
  ]
  for (const [name, value] of demo ? [] : needed) {
    if (value !== undefined) continue
    problems.push(`${name}: must be set when HOST is not loopback or NODE_ENV is production`)
  }
  problems.push(...authProblems(given, demo), ...paymentProblems(given, demo))
  if (!demo) problems.push(...weakSettings(given))
  try {
    temporalConnection(given, undefined)
  } catch (error) {
    problems.push(`TEMPORAL_TLS…: ${error instanceof Error ? error.message : String(error)}`)
  }
  return problems
}
