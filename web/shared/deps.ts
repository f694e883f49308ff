import type { Context } from 'hono'
import type { OidcSignIn } from '../../application/access/oidc.ts'
import type { Viewer } from '../../application/customers/sessions.ts'
import type { EndpointDeps } from '../../application/messaging/endpoints.ts'
import type { ExchangeDeps } from '../../application/orders/exchange-deps.ts'
import type { TokenRefusal } from '../../domain/token-refusal.ts'
import type { EarningRules } from '../../domain/wallet/earning.ts'
import type { Lang } from '../../i18n/error-texts.ts'

export interface WebDeps extends ExchangeDeps {
  /** For reads that may lag. */
  readonly replica: ExchangeDeps['db']
  /**
   * For reads of anybody: connections of their own, so that they cannot take those of customers. May lag.
   */
  readonly publicDb: ExchangeDeps['db']
  readonly logger: { error(fields: object, message: string): void }
  /** CNY per point, in millionths of a yuan. */
  readonly pointsToCnyMillionths: bigint
  readonly publicUrl: string
  /** Hosts whose pictures the pages show, besides our own. */
  readonly imageHosts: readonly string[]
  /** WeChat H5 payments require the customer's IP address. */
  readonly clientIp: (c: Context) => string | undefined
  readonly metrics: { readonly exchanges: { inc(labels: { readonly outcome: string }): void } }
  readonly demo: boolean
  /** Undefined outside a demo. @returns false if no worker runs */
  readonly crashWorker: (() => boolean) | undefined
  readonly temporalUiUrl: string | undefined
  readonly expiryGraceMs: number
  readonly earning: EarningRules
  readonly clawbackIntoDebt: boolean
  /** Shutdown aborts it, which ends long-lived responses. */
  readonly stopping: AbortSignal
  /** @returns why the link is not accepted, if it is not */
  readonly readSignInLink: (token: string) => Promise<SignInLink | TokenRefusal>
  /** Where events may be sent. */
  readonly webhooks: EndpointDeps['webhooks']
  /** Undefined: nobody signs in at an identity provider. */
  readonly oidc: OidcSignIn | undefined
}

export interface SignInLink {
  readonly viewer: Viewer
  readonly id: string
  readonly expiresAt: Date
}

/** `lost`: the form could not be kept. */
export type Keeping = 'kept' | 'lost' | 'nothing'

export interface WebEnv {
  Variables: {
    requestId: string
    lang: Lang
    /** The path under which a proxy serves the mall; empty without one. */
    basePath: string
    nonce: string
    viewer: Viewer | undefined
    /** Marks the viewer's forms as theirs: a keyed digest of account and role. */
    formFor: string | undefined
    /** Token in the cookie, even if the session has expired. */
    session: string | undefined
    /** How much needs attention, for the navigation of the console; undefined: not known. */
    attention: number | undefined
    keepForm: () => Promise<Keeping>
  }
}

export type WebContext = Context<WebEnv>
