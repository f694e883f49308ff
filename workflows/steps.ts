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

/** Local activities cost a third. Their limits are tight, because messages wait while they run. */
const quick = proxyLocalActivities<Activities>({
  startToCloseTimeout: '3s',
  scheduleToCloseTimeout: '5s',
  retry: { initialInterval: '50ms', maximumAttempts: 3 },
})

/** Forward steps give up after a minute and undo everything: a customer waits no longer. */
const bounded = proxyActivities<Activities>({
  startToCloseTimeout: '10s',
  scheduleToCloseTimeout: '1m',
  retry: { initialInterval: '200ms', maximumInterval: '10s' },
})

/** Retries indefinitely, however long the other side is unavailable. */
const untilDone = proxyActivities<Activities>({
  startToCloseTimeout: '15s',
  retry: { initialInterval: '200ms', maximumInterval: '1m' },
})

function isPermanent(error: unknown): boolean {
  return (
    error instanceof ActivityFailure &&
    error.cause instanceof ApplicationFailure &&
    error.cause.nonRetryable === true
  )
}

export function isSuperseded(error: unknown): boolean {
  return (
    error instanceof ActivityFailure &&
    error.cause instanceof ApplicationFailure &&
    error.cause.type === SUPERSEDED
  )
}

/** @throws bugs in workflow code, and the failure that says that this run is superseded */
export function requireStepFailure(error: unknown): asserts error is TemporalFailure {
  if (!(error instanceof TemporalFailure) || isSuperseded(error)) throw error
}

/** Falls back to a regular activity when the database is too slow for a local one. */
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

export const localSteps = quickThen(bounded)
/** For confirmed orders: these steps may not give up. */
export const localStepsUntilDone = quickThen(untilDone)
export const remoteSteps: Activities = bounded
/** For closing, refunding and undoing. */
export const remoteStepsUntilDone: Activities = untilDone
