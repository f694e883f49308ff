import type { Context } from 'hono'
import type { OidcSignIn } from '../../application/access/oidc.ts'
import type { Viewer } from '../../application/customers/sessions.ts'
import type { ExchangeDeps } from '../../application/orders/exchange-deps.ts'
import type { TokenRefusal } from '../../domain/token-refusal.ts'
import type { EarningRules } from '../../domain/wallet/earning.ts'
import type { Lang } from '../../i18n/error-texts.ts'

/** Dependencies of the pages. */
export interface WebDeps extends ExchangeDeps {
  /** For reads that may lag. */
  readonly replica: ExchangeDeps['db']
  readonly logger: { error(fields: object, message: string): void }
  /** CNY per point, in millionths of a yuan. */
  readonly pointsToCnyMillionths: bigint
  readonly publicUrl: string
  /** Client IP, which WeChat H5 payments require. */
  readonly clientIp: (c: Context) => string | undefined
  readonly metrics: { readonly exchanges: { inc(labels: { readonly outcome: string }): void } }
  /** Local demo: sign-in by one click. */
  readonly demo: boolean
  /** Kills the worker. @returns false if none runs. Undefined outside a demo. */
  readonly crashWorker: (() => boolean) | undefined
  readonly temporalUiUrl: string | undefined
  readonly expiryGraceMs: number
  readonly earning: EarningRules
  readonly clawbackIntoDebt: boolean
  /** Aborted on shutdown: ends long-lived responses. */
  readonly stopping: AbortSignal
  /** @returns why the link is not accepted, if it is not */
  readonly readSignInLink: (token: string) => Promise<SignInLink | TokenRefusal>
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
    /** CSP nonce of the page. */
    nonce: string
    /** Undefined: not signed in. */
    viewer: Viewer | undefined
    /** Token in the cookie, even if the session has expired. */
    session: string | undefined
    /** Keeps the submitted form until the user has signed in. */
    keepForm: () => Promise<Keeping>
  }
}

export type WebContext = Context<WebEnv>
