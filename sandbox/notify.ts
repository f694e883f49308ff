import type { DatabaseSync } from 'node:sqlite'
import type { Logger } from 'pino'
import type { Method } from './books.ts'
import { takeFault } from './faults.ts'

export interface Channel {
  readonly url: string
  /** Headers of one send; `wrongly` makes the signature invalid. */
  headers(body: string, now: Date, wrongly: boolean): Record<string, string>
  /** Only where the signature is part of the body; only such a body can be in GBK. */
  seal?(body: string, wrongly: boolean, inGbk: boolean): string
  /** Whether this answer ends the repeats; absent: any 2xx does. */
  accepted?(status: number, answer: string): boolean
  /** Seconds before each repeat; after the last the provider gives up. */
  readonly retrySeconds: readonly number[]
}

export interface Notice {
  readonly method: Method
  readonly outTradeNo: string
  readonly eventId: string
  readonly body: string
}

export interface Notifier {
  /** Runs in the caller's transaction; call `wake` after its commit. */
  enqueue(notice: Notice): void
  wake(): void
  /** Sends every notice of the trade again, even delivered and dropped ones. @returns how many */
  resend(outTradeNo: string): number
  stop(): Promise<void>
}

const IN_FLIGHT_MAX = 16
const ANSWER_TIMEOUT_MS = 10_000
/** How long a notice waits to be overtaken if none follows. */
const OVERTAKEN_MS = 10_000

interface Pending {
  readonly id: number
  readonly method: Method
  readonly out_trade_no: string
  readonly event_id: string
  readonly body: string
  readonly attempts: number
  readonly fault: string | null
}

/**
 * Delivers at least once, in no guaranteed order, even after a restart. Call `wake` to start.
 * @param clockScale how much faster than the real provider repeats are sent
 */
export function createNotifier(
  db: DatabaseSync,
  channels: Readonly<Partial<Record<Method, Channel>>>,
  log: Logger,
  keepSends: boolean,
  clockScale: number,
): Notifier {
  const inFlight = new Map<number, Promise<void>>()
  const stopping = new AbortController()
  let timer: NodeJS.Timeout | undefined

  function wakeIn(ms: number): void {
    clearTimeout(timer)
    if (!stopping.signal.aborted) timer = setTimeout(sendDue, ms)
  }

  function sendDue(): void {
    const now = Date.now()
    const waiting = db
      .prepare("SELECT * FROM notifications WHERE state = 'waiting' ORDER BY due_at LIMIT ?")
      .all(IN_FLIGHT_MAX * 2) as unknown as (Pending & { due_at: number })[]
    const free = waiting.filter(({ id }) => !inFlight.has(id))
    for (const notice of free) {
      if (notice.due_at > now || inFlight.size >= IN_FLIGHT_MAX) break
      const sending = send(notice)
        .catch((error: unknown) => log.error(error, 'notification'))
        .finally(() => {
          inFlight.delete(notice.id)
          wakeIn(0)
        })
      inFlight.set(notice.id, sending)
    }
    const next = free.find(({ id }) => !inFlight.has(id))
    if (next && inFlight.size < IN_FLIGHT_MAX) wakeIn(Math.min(Math.max(next.due_at - now, 0), 60_000))
  }

  async function send(notice: Pending): Promise<void> {
    const channel = channels[notice.method]
    if (!channel) throw new Error(`no channel for ${notice.method}`)
    const wrongly = notice.fault === 'wrong_signature' && notice.attempts === 0
    const body = channel.seal?.(notice.body, wrongly, notice.fault === 'gbk') ?? notice.body
    const headers = channel.headers(body, new Date(), wrongly)
    const answer = await post(channel.url, headers, body)
    if (!answer && stopping.signal.aborted) return
    const status = answer?.status
    const delivered =
      answer !== undefined &&
      (channel.accepted?.(answer.status, answer.text) ?? (answer.status >= 200 && answer.status < 300))
    const pause = channel.retrySeconds[notice.attempts]
    const state = delivered ? 'delivered' : pause === undefined ? 'given_up' : 'waiting'
    db.prepare('UPDATE notifications SET state = ?, due_at = ?, attempts = attempts + 1 WHERE id = ?').run(
      state,
      Date.now() + Math.round(((pause ?? 0) * 1000) / clockScale),
      notice.id,
    )
    if (delivered) {
      db.prepare(
        "UPDATE notifications SET due_at = 0 WHERE state = 'waiting' AND fault = 'reorder' AND out_trade_no = ?",
      ).run(notice.out_trade_no)
    }
    if (keepSends) {
      db.prepare(
        'INSERT INTO sends (notification_id, url, headers, status, body) VALUES (?, ?, ?, ?, ?)',
      ).run(notice.id, channel.url, JSON.stringify(headers), status ?? null, body)
    }
    log.info({ event: notice.event_id, outTradeNo: notice.out_trade_no, status, state }, 'notification sent')
  }

  /** A redirect is a failed answer. @returns undefined without an answer */
  async function post(
    url: string,
    headers: Record<string, string>,
    body: string,
  ): Promise<{ status: number; text: string } | undefined> {
    try {
      const signal = AbortSignal.any([stopping.signal, AbortSignal.timeout(ANSWER_TIMEOUT_MS)])
      const response = await fetch(url, { method: 'POST', headers, body, redirect: 'manual', signal })
      return { status: response.status, text: await response.text() }
    } catch {
      return undefined
    }
  }

  function enqueue(notice: Notice): void {
    const delayed = takeFault(db, notice.method, 'delay')
    const dropped = takeFault(db, notice.method, 'drop')
    const twice = takeFault(db, notice.method, 'duplicate')
    const overtaken = takeFault(db, notice.method, 'reorder')
    const wrong = takeFault(db, notice.method, 'wrong_signature')
    const gbk = channels[notice.method]?.seal && takeFault(db, notice.method, 'gbk')
    const wait = delayed?.delayMs ?? (overtaken ? OVERTAKEN_MS : 0)
    const insert = db.prepare(
      'INSERT INTO notifications (method, out_trade_no, event_id, body, state, due_at, fault) VALUES (?, ?, ?, ?, ?, ?, ?)',
    )
    for (let copy = 0; copy < (twice ? 2 : 1); copy += 1) {
      insert.run(
        notice.method,
        notice.outTradeNo,
        notice.eventId,
        notice.body,
        dropped ? 'held' : 'waiting',
        Date.now() + wait,
        overtaken ? 'reorder' : wrong ? 'wrong_signature' : gbk ? 'gbk' : null,
      )
    }
  }

  return {
    enqueue,
    wake: () => wakeIn(0),
    resend: (outTradeNo) => {
      const { changes } = db
        .prepare(
          "UPDATE notifications SET state = 'waiting', due_at = ?, attempts = 0, fault = NULL WHERE out_trade_no = ?",
        )
        .run(Date.now(), outTradeNo)
      wakeIn(0)
      return Number(changes)
    },
    stop: async () => {
      clearTimeout(timer)
      stopping.abort()
      await Promise.allSettled(inFlight.values())
    },
  }
}

/** Oldest first; `status` is null where no answer came. */
export function readSends(db: DatabaseSync) {
  const rows = db
    .prepare(
      `SELECT n.method, n.out_trade_no, s.url, s.headers, coalesce(s.body, n.body) AS body, s.status
       FROM sends s JOIN notifications n ON n.id = s.notification_id ORDER BY s.id`,
    )
    .all() as {
    method: string
    out_trade_no: string
    url: string
    headers: string
    body: string
    status: number
  }[]
  return rows.map(({ body, headers, ...row }) => ({
    ...row,
    headers: JSON.parse(headers) as Record<string, string>,
    body_base64: Buffer.from(body).toString('base64'),
  }))
}
