import type { Context } from 'hono'
import type { Logger } from 'pino'
import type { ExchangeDeps } from '../application/orders/exchange-deps.ts'
import type { Db } from '../db/client.ts'
import type { Principal } from '../domain/access.ts'
import type { OrderStep } from '../domain/messaging/events.ts'
import type { TokenRefusal } from '../domain/token-refusal.ts'
import type { EarningRules } from '../domain/wallet/earning.ts'
import type { Lang } from '../i18n/error-texts.ts'
import type { PaymentProvider } from '../payments/port.ts'
import type { TrackingProvider } from '../tracking/port.ts'
import type { WebDeps } from '../web/shared/deps.ts'
import type { Metrics } from './metrics.ts'

/** @returns the token's principal, or why the token is not accepted */
export type Authenticate = (token: string) => Promise<Principal | TokenRefusal>

export interface ApiDeps extends ExchangeDeps {
  /** For reads that may lag; without a replica the same as `db`. */
  readonly replica: Db
  readonly publicDb: WebDeps['publicDb']
  readonly logger: Logger
  /** Points that return after their expiry date stay usable for this long. */
  readonly expiryGraceMs: number
  readonly earning: EarningRules
  /** Clawback shortfalls become debt. */
  readonly clawbackIntoDebt: boolean
  readonly metrics: Metrics
  readonly authenticate: Authenticate
  /** CNY per point, in millionths of a yuan. */
  readonly pointsToCnyMillionths: bigint
  readonly publicUrl: string
  /** Whether a host name means this installation. */
  readonly isKnownHost: (hostname: string) => boolean
  /** For `/metrics`; undefined: only a demo shows them. */
  readonly metricsToken: string | undefined
  readonly imageHosts: WebDeps['imageHosts']
  /** Sites whose pages may call the API from a browser. */
  readonly corsOrigins: readonly string[]
  readonly stopping: WebDeps['stopping']
  readonly readSignInLink: WebDeps['readSignInLink']
  readonly oidc: WebDeps['oidc']
  /** Reverse proxies whose `X-Forwarded-For` is trusted. */
  readonly trustedProxies: readonly string[]
  /** Local demo with generated secrets and the sandbox provider. */
  readonly demo: boolean
  readonly crashWorker: WebDeps['crashWorker']
  /** Base URL for links to workflow runs; undefined without a Web UI. */
  readonly temporalUiUrl: string | undefined
  /** The order domain's Standard Webhooks secret; undefined: its events are refused. */
  readonly ordersWebhookSecret: string | undefined
  /** Steps of orders that are taken from the order domain. */
  readonly orderSync: readonly OrderStep[]
  readonly webhooks: WebDeps['webhooks']
  readonly providers: readonly PaymentProvider[]
  /** Services that follow parcels; none: nothing is followed. */
  readonly tracking: readonly TrackingProvider[]
}

export interface ApiEnv {
  Variables: {
    requestId: string
    lang: Lang
    knownRoute: boolean | undefined
    /** Only on routes that require a token. */
    who: Principal
    /** For the log. */
    tokenRefusal: TokenRefusal | undefined
    /** Idempotency key of the handler's writes. */
    operationKey: string
    idempotencyKey: string | undefined
  }
}

export type ApiContext = Context<ApiEnv>
