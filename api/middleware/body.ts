import { isDeepStrictEqual } from 'node:util'
import { bodyLimit } from 'hono/body-limit'
import { createMiddleware } from 'hono/factory'
import { PICTURE_MAX_BYTES } from '../../application/catalogue/picture-encoding.ts'
import { plainText } from '../../domain/text.ts'
import type { ApiContext, ApiEnv } from '../deps.ts'
import { ApiError } from '../errors.ts'

const BODY_MAX_BYTES = 64 * 1024
/** The deepest valid input is a limit in a product's properties. */
const BODY_MAX_DEPTH = 16

/** A list of codes may be larger, and may be CSV. */
const CODES = /^\/(api\/admin\/points-mall|admin)\/products\/\d{1,18}\/codes$/
const CODES_MAX_BYTES = 1024 * 1024

const limitCodes = bodyLimit({
  maxSize: CODES_MAX_BYTES,
  onError: () => {
    throw new ApiError('PAYLOAD_TOO_LARGE')
  },
})

/** Only picture uploads may be larger. */
const UPLOAD =
  /^\/(admin\/products\/\d{1,18}\/((skus\/)?picture|gallery)|points-mall\/after-sales\/\d{1,18}\/picture)$/
const FORM_MAX_BYTES = 16 * 1024

const limitUsual = bodyLimit({
  maxSize: BODY_MAX_BYTES,
  onError: () => {
    throw new ApiError('PAYLOAD_TOO_LARGE')
  },
})
const DRAIN_MAX_BYTES = 32 * 1024 * 1024

/** Uploads come from a page, which shows the error. */
const limitUpload = bodyLimit({
  maxSize: PICTURE_MAX_BYTES + FORM_MAX_BYTES,
  async onError(c) {
    // A connection closed too early makes the browser show its own error instead of this response.
    if (Number(c.req.header('Content-Length')) <= DRAIN_MAX_BYTES)
      await c.req.raw.body?.pipeTo(new WritableStream())
    return c.redirect(c.req.path.replace(/\/(picture|gallery)$/, '?$1=max'), 303)
  },
})

export const limitBody = createMiddleware<ApiEnv>((c, next) => {
  if (c.req.method === 'POST' && UPLOAD.test(c.req.path)) return limitUpload(c, next)
  return c.req.method === 'POST' && CODES.test(c.req.path) ? limitCodes(c, next) : limitUsual(c, next)
})

const mediaTypeOf = (c: ApiContext) => c.req.header('Content-Type')?.split(';')[0]?.trim().toLowerCase()

export const isCsv = (c: ApiContext): boolean => mediaTypeOf(c) === 'text/csv'

/** They also take a table as `text/csv`. */
const TABLES = /\/orders\/ship-batch$/

/**
 * For JSON routes, and the one that takes CSV: requires uncompressed, well-formed UTF-8 `application/json`, limited in depth, without characters that
 * PostgreSQL cannot store; characters that nobody sees are removed. No body is an empty object.
 */
export const jsonOnly = createMiddleware<ApiEnv>(async (c, next) => {
  if (c.req.method === 'GET' || c.req.method === 'HEAD') return next()
  const bytes = await c.req.arrayBuffer()
  if (bytes.byteLength === 0) {
    replaceBody(c, '{}')
    return next()
  }
  const encoding = c.req.header('Content-Encoding')?.trim().toLowerCase() ?? ''
  if (encoding !== '' && encoding !== 'identity') throw new ApiError('UNSUPPORTED_MEDIA_TYPE')
  if (isCsv(c) && (CODES.test(c.req.path) || TABLES.test(c.req.path))) {
    checkText(decoded(bytes), CODES.test(c.req.path) ? 'codes' : '')
    return next()
  }
  const type = mediaTypeOf(c)
  if (!/^application\/([\w.-]+\+)?json$/i.test(type ?? '')) throw new ApiError('UNSUPPORTED_MEDIA_TYPE')
  const body = parse(bytes)
  checkValue(body, '', 0)
  const plain = plainValue(body)
  if (!isDeepStrictEqual(plain, body)) replaceBody(c, JSON.stringify(plain))
  return next()
})

function replaceBody(c: ApiContext, body: string): void {
  const headers = new Headers(c.req.raw.headers)
  headers.set('Content-Type', 'application/json')
  headers.delete('Content-Length')
  c.req.raw = new Request(c.req.url, { method: c.req.method, headers, body })
  c.req.bodyCache = {}
}

function decoded(bytes: ArrayBuffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw new ApiError('VALIDATION_FAILED', { errors: [{ field: '', rule: 'characters' }] })
  }
}

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

/** Every text of a body without format characters and stacks of marks. */
function plainValue(value: unknown): unknown {
  if (typeof value === 'string') return plainText(value)
  if (Array.isArray(value)) return value.map(plainValue)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, child]) => [plainText(name), plainValue(child)]),
  )
}

/** PostgreSQL text has no NUL; UTF-8 has no lone surrogates. */
export function checkText(value: string, field: string): void {
  if (value.includes('\0') || !value.isWellFormed()) {
    throw new ApiError('VALIDATION_FAILED', { errors: [{ field, rule: 'characters' }] })
  }
}
