import type { Db } from '../../db/client.ts'
import type { Encryptor, Key } from '../../db/platform/encryption.ts'
import type { LedgerCipher } from '../../db/wallet/ledger-cipher.ts'
import type { AfterSaleDeadlines } from '../../domain/orders/after-sale.ts'
import type { ExchangeRules } from '../../domain/orders/eligibility.ts'
import type { ExternalStep } from '../../domain/orders/external-steps.ts'
import type { PaymentMethod } from '../../domain/payments/method.ts'
import type { PointsWallet } from '../../wallets/port.ts'
import type { RunLimits } from '../../workflows/messages.ts'
import type { Temporal } from '../temporal/client.ts'

export interface ExchangeSettings {
  readonly rules: ExchangeRules
  readonly defaultMethod: PaymentMethod
  readonly paymentTimeoutMs: number
  readonly autoConfirmTimeoutMs: number
  readonly afterSale: AfterSaleDeadlines
  readonly outsideSteps: readonly ExternalStep[]
  /** Who keeps the orders that start now: the mall, or the shop's order service. */
  readonly orderService: 'mall' | 'outside'
  /** Whether the shop's own product service is set up. */
  readonly readsProducts: boolean
  /** Limits for continue-as-new; undefined: default. */
  readonly runLimits?: RunLimits | undefined
  /** Gaps between the queries of an open payment (ms), see `QUERY_GAPS_MS`; undefined: default. */
  readonly queryGapsMs?: readonly number[] | undefined
}

export function exchangeSettings({
  rules,
  outsideSteps,
  orderService,
  productService,
}: {
  readonly rules: ExchangeRules &
    Pick<ExchangeSettings, 'defaultMethod' | 'paymentTimeoutMs' | 'autoConfirmTimeoutMs' | 'afterSale'>
  readonly outsideSteps: readonly ExternalStep[]
  /** Access to the shop's order service. */
  readonly orderService: object | undefined
  /** Access to the shop's product service. */
  readonly productService?: object | undefined
}): ExchangeSettings {
  const { defaultMethod, paymentTimeoutMs, autoConfirmTimeoutMs, afterSale } = rules
  return {
    rules,
    defaultMethod,
    paymentTimeoutMs,
    autoConfirmTimeoutMs,
    afterSale,
    outsideSteps,
    orderService: orderService ? 'outside' : 'mall',
    readsProducts: productService !== undefined,
  }
}

export interface ExchangeDeps {
  readonly db: Db
  readonly sealer: Encryptor
  readonly vault: LedgerCipher
  readonly temporal: Temporal
  readonly settings: ExchangeSettings
  /** The external wallet; undefined: the mall's ledger keeps the points. */
  readonly outsideWallet: PointsWallet | undefined
  /** Key of the owner's pseudonym in search attributes. */
  readonly ownerKey: Key
}
