import type { DatabaseSync } from 'node:sqlite'
import type { Method } from './books.ts'

/** What happens at real providers now and then, and here on demand. */
export const FAULTS = [
  // The next notifications …
  'delay', // … are sent later
  'drop', // … are not sent until resent by hand
  'duplicate', // … are sent twice
  'reorder', // … are overtaken by the next one of the same trade
  'wrong_signature', // … are signed wrongly the first time, and rightly when repeated
  'wrong_amount', // … of a payment name another amount, rightly signed
  'wrong_merchant', // … of a payment are those of another merchant, rightly signed
  // The next POST to the API …
  'answer_lost', // … is committed, and the connection dropped
  'error_before', // … is refused with a 5xx, and nothing happened
  'error_after', // … is committed, and answered with a 5xx
  'error_stored', // … is answered with a 500 that is kept for its Idempotency-Key
  'rate_limited', // … is refused as one too many, and nothing happened
  // The next …
  'pay_during_close', // … close finds that the money came in a moment before
  'refund_stuck', // … refund stays pending
  'refund_failed', // … refund is taken and then fails
  'refund_abnormal', // … refund by WeChat Pay does not reach the customer, and waits for the merchant
] as const

export type Fault = (typeof FAULTS)[number]

/** Lets the fault befall the next `count` chances, of one method or of any. */
export function addFault(
  db: DatabaseSync,
  fault: { fault: Fault; count: number; method?: Method | undefined; delayMs?: number | undefined },
): void {
  db.prepare('INSERT INTO faults (method, fault, remaining, delay_ms) VALUES (?, ?, ?, ?)').run(
    fault.method ?? null,
    fault.fault,
    fault.count,
    fault.delayMs ?? null,
  )
}

/** Uses the fault up by one, where one is due; `undefined` where all is well. */
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

/** From here on all is well. */
export function clearFaults(db: DatabaseSync): void {
  db.prepare('DELETE FROM faults').run()
}

/** What is still to come. */
export function pendingFaults(db: DatabaseSync) {
  return db
    .prepare('SELECT method, fault, remaining AS count FROM faults WHERE remaining > 0 ORDER BY id')
    .all()
}
