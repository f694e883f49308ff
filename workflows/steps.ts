import {
  ActivityFailure,
  ApplicationFailure,
  isCancellation,
  proxyActivities,
  proxyLocalActivities,
  TemporalFailure,
} from '@temporalio/workflow'
import type { Activities } from '../activities/index.ts'
import { SUPERSEDED } from '../domain/orders/runs.ts'

/**
 * Short steps on our own database run as local activities, a third of the cost of regular ones. Their limits
 * are tight, because a workflow that waits for one hears nothing else.
 */
const quick = proxyLocalActivities<Activities>({
  startToCloseTimeout: '3s',
  scheduleToCloseTimeout: '5s',
  retry: { initialInterval: '50ms', maximumAttempts: 3 },
})

/** Forward steps give up after a minute: a customer does not wait longer, and giving up undoes everything. */
const bounded = proxyActivities<Activities>({
  startToCloseTimeout: '10s',
  scheduleToCloseTimeout: '1m',
  retry: { initialInterval: '200ms', maximumInterval: '10s' },
})

/** What has to happen happens, however long the other side is away. */
const untilDone = proxyActivities<Activities>({
  startToCloseTimeout: '15s',
  retry: { initialInterval: '200ms', maximumInterval: '1m' },
})

/** An error that trying again cannot mend. */
function isPermanent(error: unknown): boolean {
  return (
    error instanceof ActivityFailure &&
    error.cause instanceof ApplicationFailure &&
    error.cause.nonRetryable === true
  )
}

/** Another run has taken over the exchange: this one ends without a trace. */
export function isSuperseded(error: unknown): boolean {
  return (
    error instanceof ActivityFailure &&
    error.cause instanceof ApplicationFailure &&
    error.cause.type === SUPERSEDED
  )
}

/**
 * What a caught error has to be to be dealt with: a step that failed.
 * @throws what is a fault of the workflow's code, and what says that this run is superseded
 */
export function requireStepFailure(error: unknown): asserts error is TemporalFailure {
  if (!(error instanceof TemporalFailure) || isSuperseded(error)) throw error
}

/** Runs a step quickly, and as a regular activity when the database is too slow for that. */
function quickThen(slow: Activities): Activities {
  return new Proxy(quick, {
    get: (target, name: keyof Activities) => {
      const step = async (...args: never[]): Promise<unknown> => {
        try {
          return await (target[name] as (...args: never[]) => Promise<unknown>)(...args)
        } catch (error) {
          if (isCancellation(error) || isPermanent(error)) throw error
          return (slow[name] as (...args: never[]) => Promise<unknown>)(...args)
        }
      }
      return step
    },
  }) as Activities
}

/** Forward steps on our own tables. */
export const localSteps = quickThen(bounded)
/** Steps on our own tables of an order that stands: they may not give up. */
export const localStepsUntilDone = quickThen(untilDone)
/** Forward steps in another system. */
export const remoteSteps: Activities = bounded
/** Closing, refunding and undoing. */
export const remoteStepsUntilDone: Activities = untilDone
