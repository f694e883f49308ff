import type { DatabaseSync } from 'node:sqlite'
import type { Logger } from 'pino'
import { inTransaction } from '../database.ts'
import { takeNamedFault } from '../faults.ts'
import {
  type Happened,
  happenedTo,
  isAtEnd,
  openSubscriptions,
  type ParcelRow,
  parcelOf,
  type Service,
  type SubscriptionRow,
  setSubscription,
} from './books.ts'

export type PushStatus = 'polling' | 'shutdown' | 'abort'

/** A service's form of pushes. */
export interface PushForm {
  /** What is signed, as text. */
  content(
    subscription: SubscriptionRow,
    parcel: ParcelRow,
    happened: readonly Happened[],
    status: PushStatus,
  ): string
  /** The form of one send; `wrongly` makes the signature invalid. */
  sign(content: string, salt: string, wrongly: boolean): Record<string, string>
  accepted(answer: Record<string, unknown>): boolean
  /** Seconds of the sandbox's clock before each repeat; after the last the service gives up. */
  readonly retrySeconds: readonly number[]
}

export interface TrackingPusher {
  /** From now on the clock is looked at. */
  start(): void
  /** Looks at the clock, and sends what is due. */
  tick(): void
  /** @returns false where nobody follows the number */
  abort(service: Service, num: string): boolean
  /** Sends every push of the number again, even delivered and dropped ones. @returns how many */
  resend(service: Service, num: string): number
  stop(): Promise<void>
}

const TICK_MS = 500
const IN_FLIGHT_MAX = 16
const ANSWER_TIMEOUT_MS = 10_000
/** How long a push waits to be overtaken if none follows. */
const OVERTAKEN_MS = 10_000

interface Push {
  readonly id: number
  readonly subscription_id: number
  readonly content: string
  readonly attempts: number
  readonly fault: string | null
  readonly service: Service
  readonly num: string
  readonly url: string
  readonly salt: string
}

/** Pushes what happens to followed parcels, at least once, and in no guaranteed order. @param clockScale speeds its clock up */
export function createTrackingPusher(
  db: DatabaseSync,
  forms: Readonly<Partial<Record<Service, PushForm>>>,
  log: Logger,
  clockScale: number,
): TrackingPusher {
  const inFlight = new Map<number, Promise<void>>()
  const stopping = new AbortController()
  let timer: NodeJS.Timeout | undefined

  function tick(): void {
    if (stopping.signal.aborted) return
    for (const subscription of openSubscriptions(db)) lookAt(subscription)
    sendDue()
  }

  function lookAt(subscription: SubscriptionRow): void {
    const parcel = parcelOf(db, subscription.service, subscription.num)
    const happened = happenedTo(parcel, clockScale)
    if (happened.length <= subscription.pushed) return
    const isOver = isAtEnd(parcel, happened)
    inTransaction(db, () => {
      enqueue(subscription, parcel, happened, isOver ? 'shutdown' : 'polling')
      setSubscription(db, subscription, isOver ? 'shut_down' : 'open', happened.length)
    })
  }

  function enqueue(
    subscription: SubscriptionRow,
    parcel: ParcelRow,
    happened: readonly Happened[],
    status: PushStatus,
  ): void {
    const { service } = subscription
    const content = forms[service]?.content(subscription, parcel, happened, status)
    if (content === undefined) return
    const delayed = takeNamedFault(db, service, 'delay')
    const dropped = takeNamedFault(db, service, 'drop')
    const twice = takeNamedFault(db, service, 'duplicate')
    const overtaken = takeNamedFault(db, service, 'reorder')
    const wrong = takeNamedFault(db, service, 'wrong_signature')
    const wait = delayed?.delayMs ?? (overtaken ? OVERTAKEN_MS : 0)
    const insert = db.prepare(
      'INSERT INTO pushes (subscription_id, content, state, due_at, fault) VALUES (?, ?, ?, ?, ?)',
    )
    for (let copy = 0; copy < (twice ? 2 : 1); copy += 1) {
      insert.run(
        subscription.id,
        content,
        dropped ? 'held' : 'waiting',
        Date.now() + wait,
        overtaken ? 'reorder' : wrong ? 'wrong_signature' : null,
      )
    }
  }

  function sendDue(): void {
    const due = db
      .prepare(
        `SELECT p.*, s.service, s.num, s.url, s.salt FROM pushes p JOIN subscriptions s ON s.id = p.subscription_id
          WHERE p.state = 'waiting' AND p.due_at <= ? ORDER BY p.due_at, p.id LIMIT ?`,
      )
      .all(Date.now(), IN_FLIGHT_MAX * 2) as unknown as Push[]
    for (const push of due) {
      if (inFlight.has(push.id) || inFlight.size >= IN_FLIGHT_MAX) continue
      const sending = send(push)
        .catch((error: unknown) => log.error(error, 'push'))
        .finally(() => inFlight.delete(push.id))
      inFlight.set(push.id, sending)
    }
  }

  async function send(push: Push): Promise<void> {
    const form = forms[push.service]
    if (!form) return
    const wrongly = push.fault === 'wrong_signature' && push.attempts === 0
    const answer = await post(push.url, form.sign(push.content, push.salt, wrongly))
    if (!answer && stopping.signal.aborted) return
    const delivered = answer !== undefined && answer.status === 200 && form.accepted(answer.body)
    const pause = form.retrySeconds[push.attempts]
    const state = delivered ? 'delivered' : pause === undefined ? 'given_up' : 'waiting'
    db.prepare(
      'UPDATE pushes SET state = ?, due_at = ?, attempts = attempts + 1, status = ? WHERE id = ?',
    ).run(state, Date.now() + Math.round(((pause ?? 0) * 1000) / clockScale), answer?.status ?? null, push.id)
    if (delivered) {
      db.prepare(
        `UPDATE pushes SET due_at = 0, fault = NULL WHERE state = 'waiting' AND fault = 'reorder' AND id <> ?
          AND subscription_id IN (SELECT id FROM subscriptions WHERE service = ? AND num = ?)`,
      ).run(push.id, push.service, push.num)
    }
    log.info({ service: push.service, status: answer?.status, state }, 'parcel pushed')
  }

  /** @returns undefined without an answer */
  async function post(
    url: string,
    form: Record<string, string>,
  ): Promise<{ status: number; body: Record<string, unknown> } | undefined> {
    try {
      const signal = AbortSignal.any([stopping.signal, AbortSignal.timeout(ANSWER_TIMEOUT_MS)])
      const body = new URLSearchParams(form)
      const response = await fetch(url, { method: 'POST', body, redirect: 'manual', signal })
      const text = await response.text()
      return { status: response.status, body: objectIn(text) }
    } catch {
      return undefined
    }
  }

  return {
    start() {
      timer = setInterval(tick, TICK_MS)
    },
    tick,
    abort(service, num) {
      const open = openSubscriptions(db).find(
        (one) => one.service === service && one.num === num.toUpperCase(),
      )
      if (!open) return false
      const parcel = parcelOf(db, service, num)
      inTransaction(db, () => {
        enqueue(open, parcel, happenedTo(parcel, clockScale), 'abort')
        setSubscription(db, open, 'aborted', open.pushed)
      })
      tick()
      return true
    },
    resend(service, num) {
      const { changes } = db
        .prepare(
          `UPDATE pushes SET state = 'waiting', due_at = ?, attempts = 0, fault = NULL
            WHERE subscription_id IN (SELECT id FROM subscriptions WHERE service = ? AND num = ?)`,
        )
        .run(Date.now(), service, num.toUpperCase())
      tick()
      return Number(changes)
    },
    async stop() {
      clearInterval(timer)
      stopping.abort()
      await Promise.allSettled(inFlight.values())
    },
  }
}

/** Empty where it is no JSON object. */
export function objectIn(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
  } catch {
    return {}
  }
}
