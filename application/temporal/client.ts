import { Client, Connection, type ConnectionOptions, isGrpcServiceError } from '@temporalio/client'
import { ApplicationFailure } from '@temporalio/common'
import type { Encryptor } from '../../db/platform/encryption.ts'
import { sealedPayloads } from './payload-codec.ts'

/** Temporal as the API and the worker's sweeper use it. */
export interface Temporal {
  readonly client: Client
  /** Limits concurrent calls that wait for a workflow. */
  readonly gate: ConcurrencyLimiter
}

/** Concurrent calls, and callers that may queue. */
const IN_FLIGHT = 64
const WAITING = 512

/** How long a caller waits for a workflow; afterwards the result is unknown, but not lost. */
export const ANSWER_DEADLINE_MS = 5_000

/** Connects lazily, so that the process starts while Temporal is unavailable. */
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

/** Too many calls in flight, or Temporal is unavailable. Retry. */
export class OverloadedError extends Error {
  override name = 'OverloadedError'
}

export interface ConcurrencyLimiter {
  /**
   * Runs the call when a slot is free.
   * @throws OverloadedError if the queue is full, or no slot is free before the deadline (ms since the epoch)
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
      // The slot is passed on, so `running` stays unchanged.
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
    // The update was accepted, but its workflow ended before the result.
    if (e instanceof ApplicationFailure && e.type === 'AcceptedUpdateCompletedWorkflow') return NOT_FOUND
  }
  return undefined
}

/** No response in time: the call may still take effect. */
export function isTimeout(error: unknown): boolean {
  const code = grpcCode(error)
  return code === DEADLINE_EXCEEDED || code === CANCELLED
}

/** Temporal is unavailable or overloaded: the call can be retried. */
export function isUnavailable(error: unknown): boolean {
  const code = grpcCode(error)
  return code === UNAVAILABLE || code === RESOURCE_EXHAUSTED || code === ABORTED || isRejected(error)
}

/** The workflow could not accept the update: its task failed, or the run has reached its update limit. */
export function isRejected(error: unknown): boolean {
  return grpcCode(error) === FAILED_PRECONDITION
}

/** The workflow does not exist or has ended. */
export function isGone(error: unknown): boolean {
  return grpcCode(error) === NOT_FOUND
}

/** Retries until the deadline (ms since the epoch). */
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
