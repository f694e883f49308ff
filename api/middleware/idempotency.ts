import { createHash, randomUUID } from 'node:crypto'
import { createMiddleware } from 'hono/factory'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import {
  type Answer,
  abandonKey,
  claimKey,
  finishKey,
  type Scope,
  yieldKey,
} from '../../application/platform/idempotency.ts'
import type { ApiContext, ApiDeps, ApiEnv } from '../deps.ts'
import { ApiError } from '../errors.ts'

/** A repeat waits this long for the first request, which has 5 s itself. */
const WAIT_MS = 4_500
const PATH_MAX_LENGTH = 512
/** Response headers stored with the body. */
const KEPT_HEADERS = ['content-type', 'location', 'etag']

/** Use after `requireToken`. @param whileRunning response while the first request still runs; default 503 */
export function idempotency(
  { db, sealer, logger }: Pick<ApiDeps, 'db' | 'sealer' | 'logger'>,
  whileRunning?: (c: ApiContext) => Promise<Response>,
) {
  return createMiddleware<ApiEnv>(async (c, next) => {
    const key = readKey(c.req.header('Idempotency-Key'))
    c.set('idempotencyKey', key)
    c.set('operationKey', randomUUID())
    if (key === undefined || (c.req.method !== 'POST' && c.req.method !== 'PATCH')) return next()

    const scope: Scope = {
      ownerId: c.get('who').sub,
      method: c.req.method,
      path: c.req.path.length > PATH_MAX_LENGTH ? sha256(c.req.path).toString('hex') : c.req.path,
      key,
    }
    const bodyHash = hashBody(await c.req.text())
    const claim = await claimKey(db, sealer, scope, bodyHash, Date.now() + WAIT_MS)
    if (claim.kind === 'reused') throw new ApiError('IDEMPOTENCY_KEY_REUSED')
    if (claim.kind === 'replay') return replay(c, claim.answer)
    if (claim.kind === 'running') {
      if (whileRunning) return whileRunning(c)
      throw new ApiError('UNAVAILABLE')
    }

    c.set('operationKey', claim.operationKey)
    await next()
    // A failure here must not change the response: the lease expires, and a repeat takes over.
    try {
      if (c.res.ok && c.res.status !== 202) await finishKey(db, sealer, scope, await answerOf(c.res))
      else if (c.res.ok || c.res.status >= 500) await yieldKey(db, scope, claim.lease)
      else await abandonKey(db, scope, claim.lease)
    } catch (err) {
      logger.warn({ err, request_id: c.get('requestId') }, 'idempotency key not settled')
    }
    return undefined
  })
}

/** The IETF draft requires quotes; keys without them are accepted, too. */
function readKey(header: string | undefined): string | undefined {
  if (header === undefined) return undefined
  const key = /^"(.*)"$/.exec(header)?.[1] ?? header
  if (/^[!-~]{1,255}$/.test(key)) return key
  throw new ApiError('VALIDATION_FAILED', { errors: [{ field: 'Idempotency-Key', rule: 'format' }] })
}

/** Independent of key order and white space in JSON. */
function hashBody(body: string): Buffer {
  try {
    return sha256(JSON.stringify(sorted(JSON.parse(body))))
  } catch {
    return sha256(body)
  }
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  // Pairs, because an object would reorder numeric keys and lose `__proto__`.
  return { object: entries.map(([name, child]) => [name, sorted(child)]) }
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}

async function answerOf(res: Response): Promise<Answer> {
  const headers = KEPT_HEADERS.flatMap((name) => {
    const value = res.headers.get(name)
    return value === null ? [] : [[name, value] as const]
  })
  return { status: res.status, headers: Object.fromEntries(headers), body: await res.clone().text() }
}

function replay(c: ApiContext, { status, headers, body }: Answer): Response {
  return c.body(body, status as ContentfulStatusCode, { ...headers, 'Idempotency-Replayed': 'true' })
}
