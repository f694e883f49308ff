import type { Context } from 'hono'
import type { Viewer } from '../../application/customers/sessions.ts'
import type { ExchangeDeps } from '../../application/orders/exchange-deps.ts'
import type { EarningRules } from '../../domain/wallet/earning.ts'
import type { Lang } from '../../i18n/error-texts.ts'

/** All that the pages need: the same as the routes, and who may sign in. */
export interface WebDeps extends ExchangeDeps {
  /** For reads that may lag behind. */
  readonly replica: ExchangeDeps['db']
  readonly logger: { error(fields: object, message: string): void }
  /** CNY per point, in millionths of a yuan. */
  readonly pointsToCnyMillionths: bigint
  readonly publicUrl: string
  /** The customer's address on the network, which WeChat's H5 cashier asks for. */
  readonly clientIp: (c: Context) => string | undefined
  /** Counts what became of each redemption. */
  readonly metrics: { readonly exchanges: { inc(labels: { readonly outcome: string }): void } }
  /** A demo on this machine: signs in by one click. */
  readonly demo: boolean
  /** Kills the worker, to show that nothing is lost; false where none runs. Undefined outside a demo. */
  readonly crashWorker: (() => boolean) | undefined
  readonly temporalUiUrl: string | undefined
  readonly expiryGraceMs: number
  readonly earning: EarningRules
  readonly clawbackIntoDebt: boolean
  /** Aborted when the process is told to stop: what stays open for long ends then. */
  readonly stopping: AbortSignal
  /** Verifies a sign-in link that the shop has signed; undefined where anything about it is wrong. */
  readonly readSignInLink: (token: string) => Promise<SignInLink | undefined>
}

export interface SignInLink {
  readonly viewer: Viewer
  readonly id: string
  readonly expiresAt: Date
}

/** What became of a form that came when nobody was signed in any more; `lost`: it could not be kept. */
export type Keeping = 'kept' | 'lost' | 'nothing'

/** What the middleware leaves for the pages. */
export interface WebEnv {
  Variables: {
    requestId: string
    lang: Lang
    /** Lets exactly the scripts and styles of this page run (CSP). */
    nonce: string
    /** Undefined: nobody is signed in. */
    viewer: Viewer | undefined
    /** The token in the session's cookie, whether the session lives or not. */
    session: string | undefined
    /** Keeps the form that was sent, for after the sign-in. */
    keepForm: () => Promise<Keeping>
  }
}

export type WebContext = Context<WebEnv>
