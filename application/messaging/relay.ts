import { setTimeout as pause } from 'node:timers/promises'
import type { Db } from '../../db/client.ts'
import {
  type Claimed,
  claimDeliveries,
  findDueEndpoints,
  giveUpUnwanted,
  handOnEvents,
  purgeEvents,
  recordTry,
} from '../../db/messaging/deliveries.ts'
import { noteFailed, noteGone, noteReached, purgeEndpoints } from '../../db/messaging/endpoints.ts'
import type { Encryptor } from '../../db/platform/encryption.ts'
import { type DeliverySettings, pauseAfter, type TryResult } from '../../domain/messaging/deliveries.ts'
import { openSecrets, signedHeaders } from './endpoint-secrets.ts'
import { bodyOf, eventIdOf } from './event-body.ts'
import type { Resolve } from './public-address.ts'
import { send } from './sender.ts'

export interface RelayDeps {
  readonly db: Db
  readonly sealer: Encryptor
  readonly settings: DeliverySettings
  /** Types of events that are switched off. */
  readonly isOff: (kind: string) => boolean
  readonly log: { warn(fields: object, message: string): void }
  readonly resolve?: Resolve
}

const EVENTS_AT_ONCE = 100
const PURGED_AT_ONCE = 2_000
const PURGES = 50
/** A receiver that hangs takes no more than these. */
const PER_ENDPOINT = 8
const AT_ONCE = 64
/** A try takes at most one time-out; whoever has a delivery longer has ended. */
const LEASE_TIMEOUTS = 3
/** How long tries that are under way may go on when the relay stops (ms). */
const DRAIN_MS = 3_000

/**
 * Sends the events of the outbox. All its state is in PostgreSQL: any number of relays may run, and what one had in hand
 * when it ended is tried again after its lease.
 */
export function createRelay({ db, sealer, settings, isOff, log, resolve }: RelayDeps) {
  const underWay = new Map<string, number>()
  const running = new Set<Promise<void>>()
  const cut = new AbortController()
  let stopped = false

  /** Hands on new events, and starts tries of what is due. */
  async function round(): Promise<void> {
    while ((await handOnEvents(db, isOff, EVENTS_AT_ONCE)) === EVENTS_AT_ONCE && !stopped);
    for (const endpointId of await findDueEndpoints(db)) {
      const free = Math.min(PER_ENDPOINT - (underWay.get(endpointId) ?? 0), AT_ONCE - running.size)
      if (free <= 0 || stopped) continue
      const leaseMs = settings.timeoutMs * LEASE_TIMEOUTS
      for (const claimed of await claimDeliveries(db, endpointId, free, leaseMs)) start(claimed)
    }
    await giveUpUnwanted(db, PURGED_AT_ONCE)
  }

  function start(first: Claimed): void {
    const { endpoint_id: id } = first
    underWay.set(id, (underWay.get(id) ?? 0) + 1)
    const slot = work(first)
      .catch((error: unknown) => {
        if (!cut.signal.aborted) log.warn({ delivery: first.id, err: error }, 'delivery not recorded')
      })
      .finally(() => {
        underWay.set(id, (underWay.get(id) ?? 1) - 1)
        running.delete(slot)
      })
    running.add(slot)
  }

  /** Tries one, and goes on with whatever else is due at its endpoint. */
  async function work(first: Claimed): Promise<void> {
    let claimed: Claimed | undefined = first
    while (claimed) {
      await tryOnce(claimed)
      if (stopped) return
      const leaseMs = settings.timeoutMs * LEASE_TIMEOUTS
      claimed = (await claimDeliveries(db, claimed.endpoint_id, 1, leaseMs))[0]
    }
  }

  async function tryOnce(claimed: Claimed): Promise<void> {
    const now = new Date()
    const { endpoint_id, url, sealed } = claimed
    const body = bodyOf(claimed)
    const secrets = openSecrets(sealer, endpoint_id, sealed, now.getTime())
    const headers = signedHeaders(eventIdOf(claimed), body, secrets, now)
    const result = await send(url, headers, body, {
      timeoutMs: settings.timeoutMs,
      allowPrivate: settings.allowPrivate,
      stopping: cut.signal,
      resolve,
    })
    await record(claimed, result, Date.now() - now.getTime())
  }

  async function record(claimed: Claimed, result: TryResult, ms: number): Promise<void> {
    const { endpoint_id, id } = claimed
    const isDelivered = result.outcome === 'delivered'
    const pauseMs = isDelivered
      ? undefined
      : pauseAfter(result, claimed.failures + 1, settings.retryMs, Math.random())
    const off = await db.transaction().execute(async (tx) => {
      if (!(await recordTry(tx, claimed, result, ms, pauseMs))) return undefined
      if (isDelivered) {
        await noteReached(tx, endpoint_id)
        return undefined
      }
      if (result.outcome === 'gone') return (await noteGone(tx, endpoint_id)) ? 'gone' : undefined
      const isFailing = await noteFailed(tx, endpoint_id, settings.disableAfterMs, result.retryAfterMs)
      return isFailing ? 'failing' : undefined
    })
    if (off) log.warn({ endpoint: endpoint_id, why: off }, 'webhook endpoint switched off')
    else if (!isDelivered && pauseMs === undefined)
      log.warn({ endpoint: endpoint_id, delivery: id, outcome: result.outcome }, 'webhook delivery given up')
  }

  return {
    round,
    /** Deletes what is older than the retention; what one call leaves, the next one takes. */
    async purge(): Promise<void> {
      for (let n = 0; n < PURGES && !stopped; n += 1) {
        if ((await purgeEvents(db, settings.retentionMs, PURGED_AT_ONCE)) === 0) break
      }
      await purgeEndpoints(db)
    },
    /** Lets tries under way end for a moment; what remains is tried again after its lease. */
    async stop(): Promise<void> {
      stopped = true
      const ended = new AbortController()
      const all = Promise.all(running).finally(() => ended.abort())
      await Promise.race([all, pause(DRAIN_MS, undefined, { signal: ended.signal }).catch(() => {})])
      cut.abort()
      await Promise.all(running)
    },
  }
}
