import { ApplicationFailure } from '@temporalio/common'
import { DomainError } from '../domain/errors.ts'
import { SUPERSEDED } from '../domain/orders/runs.ts'
import { PartnerRefusalError } from '../partners/port.ts'
import { ProviderRefusalError } from '../payments/port.ts'
import { WalletRefusalError } from '../wallets/port.ts'
import { SupersededError } from './run.ts'

/** Refusals by rules, providers and wallets are permanent failures; everything else is retried. */
function asFailure(error: unknown): unknown {
  if (error instanceof DomainError) {
    return ApplicationFailure.nonRetryable(error.message, 'DomainError', error.refusal)
  }
  if (error instanceof ProviderRefusalError) {
    return ApplicationFailure.nonRetryable(error.message, 'ProviderRefusalError', error.code)
  }
  if (error instanceof WalletRefusalError) {
    return ApplicationFailure.nonRetryable(error.message, 'WalletRefusalError', error.code)
  }
  if (error instanceof PartnerRefusalError) {
    return ApplicationFailure.nonRetryable(error.message, 'PartnerRefusalError', error.code)
  }
  if (error instanceof SupersededError) {
    return ApplicationFailure.nonRetryable(error.message, SUPERSEDED)
  }
  return error
}

type Activities = Record<string, (...args: never[]) => Promise<unknown>>

export function withFailures<A extends Activities>(activities: A): A {
  const wrapped = Object.entries(activities).map(([name, run]) => [
    name,
    async (...args: never[]) => {
      try {
        return await run(...args)
      } catch (error) {
        throw asFailure(error)
      }
    },
  ])
  return Object.fromEntries(wrapped) as A
}
