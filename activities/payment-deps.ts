import { ApplicationFailure } from '@temporalio/common'
import type { Db } from '../db/client.ts'
import { findPayment, type Payment } from '../db/payments/payments.ts'
import type { Encryptor } from '../db/platform/encryption.ts'
import type { LedgerCipher } from '../db/wallet/ledger-cipher.ts'
import type { PaymentMethod } from '../domain/payments/method.ts'
import { type PaymentProvider, ProviderRefusalError } from '../payments/port.ts'

/** What the activities of payments share. */

export interface PaymentDeps {
  readonly db: Db
  readonly sealer: Encryptor
  readonly vault: LedgerCipher
  readonly providers: readonly PaymentProvider[]
  /** Where the provider sends the customer after paying. */
  readonly returnUrl: (orderNo: string) => string
}

/** Money that a provider reports. The amount is decimal CNY. */
export interface ReportedMoney {
  readonly outTradeNo: string
  readonly amount?: string
  readonly paymentRef?: string
}

/** @throws ApplicationFailure, not retried, when the installation has no such provider */
export function providerOf(
  { providers }: Pick<PaymentDeps, 'providers'>,
  method: PaymentMethod,
): PaymentProvider {
  const provider = providers.find((candidate) => candidate.method === method)
  if (!provider) throw ApplicationFailure.nonRetryable(`no provider for ${method}`, 'ProviderRefusalError')
  return provider
}

/** @throws ApplicationFailure, not retried, when there is no such payment */
export async function mustFindPayment(db: Db, outTradeNo: string): Promise<Payment> {
  const payment = await findPayment(db, outTradeNo)
  if (!payment) throw ApplicationFailure.nonRetryable(`no payment ${outTradeNo}`, 'UnknownPayment')
  return payment
}

/** For `catch`: a refusal becomes undefined, any other error is thrown again. */
export function unlessRefused(error: unknown): undefined {
  if (!(error instanceof ProviderRefusalError)) throw error
  return undefined
}
