import type { DatabaseSync } from 'node:sqlite'
import type { Method } from './books.ts'
import type { Service } from './tracking/books.ts'

/** What happens occasionally at real providers, on demand. */
export const FAULTS = [
  // The next notifications …
  'delay', // … are delayed
  'drop', // … are not sent until resent by hand
  'duplicate', // … are sent twice
  'reorder', // … are overtaken by the next one of the same trade
  'wrong_signature', // … have an invalid signature the first time
  'wrong_amount', // … of a payment have another amount, with a valid signature
  'wrong_merchant', // … of a payment are for another merchant, with a valid signature
  'gbk', // … of Alipay are in GBK, rightly signed
  // The next answer …
  'gbk_answer', // … of Alipay is in GBK, rightly signed
  // The next POST to the API …
  'answer_lost', // … is committed, and the connection dropped
  'error_before', // … fails with a 5xx and has no effect
  'error_after', // … is committed, but answered with a 5xx
  'error_stored', // … fails with a 500 that is stored for its Idempotency-Key
  'rate_limited', // … exceeds the rate limit, and has no effect
  // The next …
  'pay_during_close', // … close finds a payment made just before
  'refund_stuck', // … refund stays pending
  'refund_failed', // … refund is accepted, then fails
  'refund_abnormal', // … WeChat Pay refund becomes ABNORMAL and waits for the merchant
  'quota_spent', // … call of a service that follows parcels finds the account used up
] as const

export type Fault = (typeof FAULTS)[number]

export function addFault(
  db: DatabaseSync,
  fault: { fault: Fault; count: number; method?: Method | Service | undefined; delayMs?: number | undefined },
): void {
  db.prepare('INSERT INTO faults (method, fault, remaining, delay_ms) VALUES (?, ?, ?, ?)').run(
    fault.method ?? null,
    fault.fault,
    fault.count,
    fault.delayMs ?? null,
  )
}

/** Uses one fault up. @returns undefined where none is due */
export function takeFault(db: DatabaseSync, method: Method, fault: Fault): { delayMs: number } | undefined {
  const row = db
    .prepare(
      `UPDATE faults SET remaining = remaining - 1 WHERE id = (
         SELECT id FROM faults WHERE fault = ? AND remaining > 0 AND (method IS NULL OR method = ?)
         ORDER BY id LIMIT 1) RETURNING delay_ms`,
    )
    .get(fault, method)
  return row && { delayMs: Number(row.delay_ms ?? 5_000) }
}

/** As `takeFault`, for a service that follows parcels: only what is meant for it by name. */
export function takeNamedFault(
  db: DatabaseSync,
  service: Service,
  fault: Fault,
): { delayMs: number } | undefined {
  const row = db
    .prepare(
      `UPDATE faults SET remaining = remaining - 1 WHERE id = (
         SELECT id FROM faults WHERE fault = ? AND remaining > 0 AND method = ?
         ORDER BY id LIMIT 1) RETURNING delay_ms`,
    )
    .get(fault, service)
  return row && { delayMs: Number(row.delay_ms ?? 5_000) }
}

export function clearFaults(db: DatabaseSync): void {
  db.prepare('DELETE FROM faults').run()
}

export function pendingFaults(db: DatabaseSync) {
  return db
    .prepare('SELECT method, fault, remaining AS count FROM faults WHERE remaining > 0 ORDER BY id')
    .all()
}
