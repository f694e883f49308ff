import { bodyLimit } from 'hono/body-limit'
import { createMiddleware } from 'hono/factory'
import type { ApiEnv } from './deps.ts'
import { ApiError } from './problems.ts'

/** Contract section 3. */
const BODY_MAX_BYTES = 64 * 1024
/** Nothing the mall takes is nested deeper than a limit in a product's properties. */
const BODY_MAX_DEPTH = 16

/** Refuses what is too large, whether it says so in advance or not. */
export const limitBody = bodyLimit({
  maxSize: BODY_MAX_BYTES,
  onError: () => {
    throw new ApiError('PAYLOAD_TOO_LARGE')
  },
})

/**
 * For routes that take JSON: the body is `application/json` in UTF-8, well formed, not too deep, and holds no
 * character that PostgreSQL cannot store. No body at all is an empty object.
 */
export const jsonOnly = createMiddleware<ApiEnv>(async (c, next) => {
  if (c.req.method === 'GET' || c.req.method === 'HEAD') return next()
  const bytes = await c.req.arrayBuffer()
  if (bytes.byteLength === 0) {
    const headers = new Headers(c.req.raw.headers)
    headers.set('Content-Type', 'application/json')
    headers.delete('Content-Length')
    c.req.raw = new Request(c.req.url, { method: c.req.method, headers, body: '{}' })
    c.req.bodyCache = {}
    return next()
  }
  const type = c.req.header('Content-Type')?.split(';')[0]?.trim()
  if (!/^application\/([\w.-]+\+)?json$/i.test(type ?? '')) throw new ApiError('UNSUPPORTED_MEDIA_TYPE')
  checkValue(parse(bytes), '', 0)
  return next()
})

function parse(bytes: ArrayBuffer): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch {
    throw new ApiError('MALFORMED_JSON')
  }
}

function checkValue(value: unknown, field: string, depth: number): void {
  if (typeof value === 'string') checkText(value, field)
  if (typeof value !== 'object' || value === null) return
  if (depth === BODY_MAX_DEPTH)
    throw new ApiError('VALIDATION_FAILED', { errors: [{ field, rule: 'depth' }] })
  for (const [name, child] of Object.entries(value)) {
    checkText(name, field)
    checkValue(child, field === '' ? name : `${field}.${name}`, depth + 1)
  }
}

/** NUL has no place in PostgreSQL's text, half a surrogate pair none in UTF-8. */
export function checkText(value: string, field: string): void {
  if (value.includes('\0') || !value.isWellFormed()) {
    throw new ApiError('VALIDATION_FAILED', { errors: [{ field, rule: 'characters' }] })
  }
}
