import type { Db } from '../../db/client.ts'
import type { Encryptor, Key } from '../../db/platform/encryption.ts'
import type { LedgerCipher } from '../../db/wallet/ledger-cipher.ts'
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
  readonly outsideSteps: readonly ExternalStep[]
  /** When a workflow hands an exchange to its next run; undefined: as usual. */
  readonly runLimits?: RunLimits | undefined
}

/** The settings of exchanges out of the installation's configuration. */
export function exchangeSettings({
  rules,
  outsideSteps,
}: {
  readonly rules: ExchangeRules &
    Pick<ExchangeSettings, 'defaultMethod' | 'paymentTimeoutMs' | 'autoConfirmTimeoutMs'>
  readonly outsideSteps: readonly ExternalStep[]
}): ExchangeSettings {
  const { defaultMethod, paymentTimeoutMs, autoConfirmTimeoutMs } = rules
  return { rules, defaultMethod, paymentTimeoutMs, autoConfirmTimeoutMs, outsideSteps }
}

export interface ExchangeDeps {
  readonly db: Db
  readonly sealer: Encryptor
  readonly vault: LedgerCipher
  readonly temporal: Temporal
  readonly settings: ExchangeSettings
  /** The points system that the shop already has; undefined: our ledger keeps the points. */
  readonly outsideWallet: PointsWallet | undefined
  /** Makes the owner searchable in the workflow engine without naming him there. */
  readonly ownerKey: Key
}
