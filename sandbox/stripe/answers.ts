import type { DatabaseSync } from 'node:sqlite'
import { type Answer, refusal, StripeRefusalError } from './errors.ts'

/** Keys expire after 24 hours (docs.stripe.com/api/idempotent_requests). */
const KEPT_MS = 24 * 3_600_000

/** @throws StripeRefusalError where the key was used for another request */
export function findAnswer(db: DatabaseSync, key: string, path: string, fields: string): Answer | undefined {
  db.prepare('DELETE FROM answers WHERE created_at < ?').run(Date.now() - KEPT_MS)
  const row = db.prepare('SELECT * FROM answers WHERE key = ?').get(key)
  if (!row) return undefined
  if (row.path !== path) {
    throw misused(
      `Keys for idempotent requests can only be used for the same endpoint they were first used for ('${path}' vs '${row.path as string}'). Try using a key other than '${key}' if you meant to execute a different request.`,
    )
  }
  if (row.fields !== fields) {
    throw misused(
      `Keys for idempotent requests can only be used with the same parameters they were first used with. Try using a key other than '${key}' if you meant to execute a different request.`,
    )
  }
  return { status: Number(row.status), body: JSON.parse(row.body as string) as object }
}

export function keepAnswer(
  db: DatabaseSync,
  key: string,
  path: string,
  fields: string,
  answer: Answer,
): void {
  db.prepare(
    'INSERT INTO answers (key, path, fields, status, body, created_at) VALUES (?, ?, ?, ?, ?, ?)',
  ).run(key, path, fields, answer.status, JSON.stringify(answer.body), Date.now())
}

function misused(message: string): StripeRefusalError {
  return new StripeRefusalError(refusal(400, message, { type: 'idempotency_error' }))
}
