import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import type { Db } from '../../db/client.ts'
import type { Encryptor } from '../../db/platform/encryption.ts'
import {
  dropRequest,
  endLease,
  findRequest,
  insertRequest,
  keepAnswer,
  type Scope,
  takeOver,
} from '../../db/platform/idempotency.ts'

export type { Scope }

/** Longer than any request takes: once it has passed, the holder of the key has crashed. */
const LEASE_SECONDS = 15
const POLL_MIN_MS = 25
const POLL_MAX_MS = 100

export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** `reused`: the key came with another body. `running`: the first request still runs at the deadline. */
export type Claim =
  | { readonly kind: 'run'; readonly operationKey: string; readonly lease: Date }
  | { readonly kind: 'replay'; readonly answer: Answer }
  | { readonly kind: 'reused' }
  | { readonly kind: 'running' }

/** An expired lease is taken over with its operation key, so effects happen once. @param deadline ms since 1970 */
export async function claimKey(
  db: Db,
  sealer: Encryptor,
  scope: Scope,
  bodyHash: Buffer,
  deadline: number,
): Promise<Claim> {
  const fresh = randomUUID()
  for (let pause = POLL_MIN_MS; ; pause = Math.min(pause * 2, POLL_MAX_MS)) {
    const lease = await insertRequest(db, scope, bodyHash, fresh, LEASE_SECONDS)
    if (lease) return { kind: 'run', operationKey: fresh, lease }
    const kept = await findRequest(db, scope)
    if (kept) {
      if (!kept.bodyHash.equals(bodyHash)) return { kind: 'reused' }
      if (kept.response) {
        return { kind: 'replay', answer: sealer.open(kept.response, contextOf(scope)) as Answer }
      }
      if (kept.lapsed) {
        const taken = await takeOver(db, scope, kept.leaseUntil, LEASE_SECONDS)
        if (taken) return { kind: 'run', operationKey: kept.operationKey, lease: taken }
      }
    }
    if (Date.now() + pause > deadline) return { kind: 'running' }
    await delay(pause)
  }
}

export async function finishKey(db: Db, sealer: Encryptor, scope: Scope, answer: Answer): Promise<void> {
  await keepAnswer(db, scope, answer.status, sealer.seal(answer, contextOf(scope)))
}

/** The result is unknown: a repeat continues under the same operation key. */
export async function yieldKey(db: Db, scope: Scope, lease: Date): Promise<void> {
  await endLease(db, scope, lease)
}

/** Nothing was done: a repeat starts afresh. */
export async function abandonKey(db: Db, scope: Scope, lease: Date): Promise<void> {
  await dropRequest(db, scope, lease)
}

function contextOf({ ownerId, method, path, key }: Scope): string {
  return JSON.stringify(['idempotency', ownerId, method, path, key])
}
