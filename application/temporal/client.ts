import { Client, Connection, type ConnectionOptions, isGrpcServiceError } from '@temporalio/client'
import { ApplicationFailure } from '@temporalio/common'
import type { Encryptor } from '../../db/platform/encryption.ts'
import { sealedPayloads } from './payload-codec.ts'

/** The workflow engine as the API and the worker's sweeper see it. */
export interface Temporal {
  readonly client: Client
  /** Counts calls that wait for a workflow; see `withSlot`. */
  readonly gate: ConcurrencyLimiter
}

/** How many calls may wait for workflows at once, and how many callers may wait for such a place. */
const IN_FLIGHT = 64
const WAITING = 512

/** How long a caller waits for a workflow's answer; after that the outcome is not known, but never lost. */
export const ANSWER_DEADLINE_MS = 5_000

/**
 * Connects lazily: the process starts although the engine is away.
 * @param connection address, TLS and API key, as `@temporalio/envconfig` reads them
 */
export function connectTemporal(
  connection: ConnectionOptions,
  namespace: string,
  sealer: Encryptor,
): Temporal {
  return {
    client: new Client({
      connection: Connection.lazy(connection),
      namespace,
      dataConverter: sealedPayloads(sealer),
    }),
    gate: createConcurrencyLimiter(IN_FLIGHT, WAITING),
  }
}

/** Too much is in flight, or the engine is away: try again in a moment. */
export class OverloadedError extends Error {
  override name = 'OverloadedError'
}

export interface ConcurrencyLimiter {
  /**
   * Runs the call when there is a place for it.
   * @throws Overloaded when the line is full, or no place came up before the deadline (ms since the epoch)
   */
  run<T>(deadline: number, call: () => Promise<T>): Promise<T>
}

export function createConcurrencyLimiter(places: number, line: number): ConcurrencyLimiter {
  let running = 0
  const waiting: (() => void)[] = []

  async function enter(deadline: number): Promise<void> {
    if (running < places) {
      running += 1
      return
    }
    if (waiting.length >= line) throw new OverloadedError('too many requests in flight')
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(
        () => {
          waiting.splice(waiting.indexOf(admit), 1)
          reject(new OverloadedError('no place before the deadline'))
        },
        Math.max(0, deadline - Date.now()),
      )
      // The place is handed over, so `running` stays as it is.
      const admit = () => {
        clearTimeout(timer)
        resolve()
      }
      waiting.push(admit)
    })
  }

  function leave(): void {
    const next = waiting.shift()
    if (next) next()
    else running -= 1
  }

  return {
    async run(deadline, call) {
      await enter(deadline)
      try {
        return await call()
      } finally {
        leave()
      }
    },
  }
}

/** gRPC status codes. */
const CANCELLED = 1
const DEADLINE_EXCEEDED = 4
const NOT_FOUND = 5
const RESOURCE_EXHAUSTED = 8
const FAILED_PRECONDITION = 9
const ABORTED = 10
const UNAVAILABLE = 14

function grpcCode(error: unknown): number | undefined {
  for (let e: unknown = error; e instanceof Error; e = e.cause) {
    if (isGrpcServiceError(e)) return e.code
    if (e.name === 'WorkflowUpdateRPCTimeoutOrCancelledError') return DEADLINE_EXCEEDED
    if (e.name === 'WorkflowNotFoundError') return NOT_FOUND
    // The update was accepted, and its workflow was ended before it could answer.
    if (e instanceof ApplicationFailure && e.type === 'AcceptedUpdateCompletedWorkflow') return NOT_FOUND
  }
  return undefined
}

/** The answer did not come in time: what was asked may still happen. */
export function isTimeout(error: unknown): boolean {
  const code = grpcCode(error)
  return code === DEADLINE_EXCEEDED || code === CANCELLED
}

/** Temporal is unavailable, sheds load or could not place the call this time: the same call may be made again. */
export function isUnavailable(error: unknown): boolean {
  const code = grpcCode(error)
  return code === UNAVAILABLE || code === RESOURCE_EXHAUSTED || code === ABORTED || isRejected(error)
}

/**
 * The workflow could not take the update: its task failed under it, as when an event came in at that moment, or the
 * run has taken as many as it may.
 */
export function isRejected(error: unknown): boolean {
  return grpcCode(error) === FAILED_PRECONDITION
}

/** No such workflow, or it has ended. */
export function isGone(error: unknown): boolean {
  return grpcCode(error) === NOT_FOUND
}

/** Makes the call again while the engine sheds load, until the deadline (ms since the epoch). */
export async function retryUnavailable<T>(deadline: number, call: () => Promise<T>): Promise<T> {
  for (let pause = 50; ; pause *= 2) {
    try {
      return await call()
    } catch (error) {
      if (!isUnavailable(error) || Date.now() + pause > deadline) throw error
      await new Promise((resolve) => setTimeout(resolve, pause * (0.5 + Math.random())))
    }
  }
}
