import type { Context } from 'hono'
import type { Logger } from 'pino'
import type { ExchangeDeps } from '../application/orders/exchange-deps.ts'
import type { Db } from '../db/client.ts'
import type { Principal } from '../domain/access.ts'
import type { EarningRules } from '../domain/wallet/earning.ts'
import type { Lang } from '../i18n/error-texts.ts'
import type { PaymentProvider } from '../payments/port.ts'
import type { WebDeps } from '../web/shared/deps.ts'
import type { Metrics } from './metrics.ts'

/** Takes a token. @returns its owner; undefined when anything about it is wrong */
export type Authenticate = (token: string) => Promise<Principal | undefined>

/** All that the routes need; made once, in `api/server.ts` or in a test. */
export interface ApiDeps extends ExchangeDeps {
  /** For reads that may lag behind; the same as `db` where there is no replica. */
  readonly replica: Db
  readonly logger: Logger
  /** Points that come back after their date may still be spent for so long. */
  readonly expiryGraceMs: number
  readonly earning: EarningRules
  /** What a clawback does not find any more becomes a debt. */
  readonly clawbackIntoDebt: boolean
  readonly metrics: Metrics
  readonly authenticate: Authenticate
  /** CNY per point, in millionths of a yuan. */
  readonly pointsToCnyMillionths: bigint
  readonly publicUrl: string
  readonly stopping: WebDeps['stopping']
  /** Verifies a link that signs somebody in at the pages. */
  readonly readSignInLink: WebDeps['readSignInLink']
  /** Proxies in front of us, whose `X-Forwarded-For` is believed. */
  readonly trustedProxies: readonly string[]
  /** A demo on this machine: see contract section 2. */
  readonly demo: boolean
  readonly crashWorker: WebDeps['crashWorker']
  /** For links from an order to its run; undefined where there is no Web UI. */
  readonly temporalUiUrl: string | undefined
  /** Standard Webhooks secret of the order domain; undefined: its events are refused. */
  readonly ordersWebhookSecret: string | undefined
  /** Who may notify us of payments. */
  readonly providers: readonly PaymentProvider[]
}

/** What the middleware leaves for the handlers. */
export interface ApiEnv {
  Variables: {
    requestId: string
    lang: Lang
    /** Whether a route has this path and method. */
    knownRoute: boolean | undefined
    /** Set on every route that needs a token. */
    who: Principal
    /** The key under which a writing handler books its effect, so that a repeat never doubles it. */
    operationKey: string
    /** The caller's `Idempotency-Key`, where it sent one. */
    idempotencyKey: string | undefined
  }
}

export type ApiContext = Context<ApiEnv>
