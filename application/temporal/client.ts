import { Client, Connection, type ConnectionOptions, isGrpcServiceError } from '@temporalio/client'
import { ApplicationFailure } from '@temporalio/common'
import type { Encryptor } from '../../db/platform/encryption.ts'
import { sealedPayloads } from './payload-codec.ts'

export interface Temporal {
  readonly client: Client
  readonly gate: ConcurrencyLimiter
  /** After this (ms), the caller gets an unknown result; the workflow continues. */
  readonly answerMs: number
}

/** Concurrent calls, and queued callers. */
const IN_FLIGHT = 64
const WAITING = 512

const ANSWER_MS = 5_000

/** Connects lazily: the process can start while Temporal is unavailable. */
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
    answerMs: ANSWER_MS,
  }
}

/** Too many calls in flight, or Temporal is unavailable; the caller may retry. */
export class OverloadedError extends Error {
  override name = 'OverloadedError'
}

export interface ConcurrencyLimiter {
  /** @throws OverloadedError if the queue is full, or no slot is free before the deadline (ms since 1970) */
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
      // `running` does not change: the slot passes to the next caller.
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
    // The update was accepted, but the workflow ended before it had a result.
    if (e instanceof ApplicationFailure && e.type === 'AcceptedUpdateCompletedWorkflow') return NOT_FOUND
  }
  return undefined
}

/** The call may still take effect. */
export function isTimeout(error: unknown): boolean {
  const code = grpcCode(error)
  return code === DEADLINE_EXCEEDED || code === CANCELLED
}

export function isUnavailable(error: unknown): boolean {
  const code = grpcCode(error)
  return code === UNAVAILABLE || code === RESOURCE_EXHAUSTED || code === ABORTED || isRejected(error)
}

/** The workflow task failed, or the run reached its limit of updates. */
export function isRejected(error: unknown): boolean {
  return grpcCode(error) === FAILED_PRECONDITION
}

export function isGone(error: unknown): boolean {
  return grpcCode(error) === NOT_FOUND
}

/** @param deadline ms since 1970 */
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
