import { createHash } from 'node:crypto'
import type { HttpBindings } from '@hono/node-server'
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response'
import type { Context } from 'hono'
import { inTransaction } from '../database.ts'
import { takeFault } from '../faults.ts'
import type { Desk } from '../teller.ts'
import { findAnswer, keepAnswer } from './answers.ts'
import { type Answer, refusal, SERVER_ERROR, UNAVAILABLE } from './errors.ts'
import { EXPAND, type Form, readForm } from './form.ts'
import { METHOD } from './objects.ts'

/** `read` refuses before anything happens; `act` runs in a transaction. */
export interface Action<T> {
  readonly fields: readonly RegExp[]
  read(form: Form): T
  act(input: T): Answer
}

export async function post<T>(
  c: Context<{ Bindings: HttpBindings }>,
  desk: Desk,
  action: Action<T>,
): Promise<Response> {
  const { db } = desk
  const key = c.req.header('idempotency-key')
  if (key !== undefined && (key === '' || key.length > 255)) {
    return reply(c, refusal(400, 'Idempotency keys are 1 to 255 characters long.'))
  }
  const text = await c.req.text()
  if (takeFault(db, METHOD, 'error_before')) return reply(c, UNAVAILABLE)
  const form = readForm(text, [...action.fields, EXPAND])
  const fields = createHash('sha256')
    .update(JSON.stringify([...form].sort(([a], [b]) => (a < b ? -1 : 1))))
    .digest('hex')
  const stored = key === undefined ? undefined : findAnswer(db, key, c.req.path, fields)
  if (stored) {
    c.header('idempotent-replayed', 'true')
    return reply(c, stored)
  }
  const input = action.read(form)
  const answer = inTransaction(db, () => {
    const broken = key !== undefined && takeFault(db, METHOD, 'error_stored')
    const result = broken ? SERVER_ERROR : action.act(input)
    if (key !== undefined) keepAnswer(db, key, c.req.path, fields, result)
    return result
  })
  desk.notifier.wake()
  if (takeFault(db, METHOD, 'answer_lost')) {
    c.env.incoming.socket.destroy()
    return RESPONSE_ALREADY_SENT
  }
  return reply(c, takeFault(db, METHOD, 'error_after') ? UNAVAILABLE : answer)
}

export function reply(c: Context, { status, body }: Answer): Response {
  return c.json(body, status as 200)
}
