import { ApplicationFailure } from '@temporalio/common'
import { DomainError } from '../domain/errors.ts'
import { SUPERSEDED } from '../domain/orders/runs.ts'
import { ProviderRefusalError } from '../payments/port.ts'
import { WalletRefusalError } from '../wallets/port.ts'
import { SupersededError } from './run.ts'

/**
 * Turns what an activity throws into what the engine understands: an expected refusal or a provider's or a
 * wallet's final "no" fails for good; everything else is tried again.
 */
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
  if (error instanceof SupersededError) {
    return ApplicationFailure.nonRetryable(error.message, SUPERSEDED)
  }
  return error
}

type Activities = Record<string, (...args: never[]) => Promise<unknown>>

/** Wraps every activity so that it fails as `asFailure` says. */
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
