import { HTTPException } from 'hono/http-exception'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import type { Logger } from 'pino'
import type { z } from 'zod'
import { isOutage } from '../application/platform/outage.ts'
import { OverloadedError } from '../application/temporal/client.ts'
import {
  DomainError,
  type FieldError,
  type FieldRule,
  InvalidInputError,
  type Refusal,
} from '../domain/errors.ts'
import type { TokenRefusal } from '../domain/token-refusal.ts'
import { type ErrorCode, errorText, fieldText, type Gap } from '../i18n/error-texts.ts'
import { tokenRefusalText } from '../i18n/token-refusal-texts.ts'
import type { ApiContext } from './deps.ts'
import { loggedPath } from './middleware/logged-path.ts'

/** RFC 9457 problems; unexpected errors reveal no details. */

export const STATUS: Readonly<Record<ErrorCode, ContentfulStatusCode>> = {
  MALFORMED_JSON: 400,
  UNAUTHENTICATED: 401,
  WEBHOOK_SIGNATURE_INVALID: 401,
  FORBIDDEN: 403,
  RISK_REJECTED: 403,
  NOT_FOUND: 404,
  METHOD_NOT_ALLOWED: 405,
  PRODUCT_NOT_ON_SALE: 409,
  OUT_OF_STOCK: 409,
  INSUFFICIENT_POINTS: 409,
  INSUFFICIENT_BALANCE: 409,
  EXCHANGE_LIMIT_EXCEEDED: 409,
  TOO_MANY_UNPAID_ORDERS: 409,
  ENDPOINT_DISABLED: 409,
  TOO_MANY_ENDPOINTS: 409,
  POINTS_PER_ORDER_EXCEEDED: 409,
  BELOW_MIN_POINTS: 409,
  USER_LEVEL_TOO_LOW: 409,
  PRICE_CHANGED: 409,
  ORDER_NOT_CANCELABLE: 409,
  ORDER_STATE_CONFLICT: 409,
  DELIVERY_MISMATCH: 409,
  ORDER_SERVICE_REFUSED: 409,
  SHIPMENT_EXCEEDS_REST: 409,
  CARRIER_MISMATCH: 409,
  ALREADY_EXTENDED: 409,
  CHARGE_UNAVAILABLE: 409,
  CHARGE_UNDECIDED: 409,
  VOUCHER_USED: 409,
  VOUCHER_EXPIRED: 409,
  VOUCHER_VOID: 409,
  UNDO_TOO_LATE: 409,
  REFUND_EXCEEDS_REST: 409,
  REFUND_IS_WHOLE: 409,
  NOT_RETURNABLE: 409,
  RETURN_PERIOD_OVER: 409,
  NOTHING_TO_RETURN: 409,
  AFTER_SALE_QUANTITY_EXCEEDED: 409,
  AFTER_SALE_WHOLE_ONLY: 409,
  AFTER_SALE_STATE_CONFLICT: 409,
  STALE: 412,
  PAYLOAD_TOO_LARGE: 413,
  UNSUPPORTED_MEDIA_TYPE: 415,
  MISDIRECTED_REQUEST: 421,
  VALIDATION_FAILED: 422,
  SKU_REQUIRED: 422,
  ADDRESS_REQUIRED: 422,
  ACCOUNT_REQUIRED: 422,
  PAYMENT_METHOD_UNSUPPORTED: 422,
  IDEMPOTENCY_KEY_REUSED: 422,
  RATE_LIMITED: 429,
  INTERNAL: 500,
  UNAVAILABLE: 503,
}

export interface ProblemExtra extends Gap {
  readonly errors?: readonly FieldError[]
  readonly retryAfter?: number
  /** For 405. */
  readonly allow?: readonly string[]
  /** For 401: why the token is not accepted. */
  readonly tokenRefusal?: TokenRefusal
  /** Overrides the text of the code. */
  readonly detail?: string
}

/** For the HTTP layer; the domain throws `DomainError` or `InvalidInputError`. */
export class ApiError extends Error {
  override name = 'ApiError'
  readonly code: ErrorCode
  readonly extra: ProblemExtra
  constructor(code: ErrorCode, extra: ProblemExtra = {}) {
    super(code)
    this.code = code
    this.extra = extra
  }
}

/** 401, 405, 429 and 503 carry their headers. */
export function problem(c: ApiContext, code: ErrorCode, extra: ProblemExtra = {}): Response {
  // The middleware that sets the language may have failed itself.
  const lang = c.get('lang') ?? 'zh'
  const status = STATUS[code]
  const { title, detail } = errorText(code, lang, extra)
  const headers: Record<string, string> = {
    'Content-Type': 'application/problem+json; charset=utf-8',
    'Content-Language': lang === 'zh' ? 'zh-CN' : 'en',
    'Cache-Control': 'no-store',
  }
  if (code === 'UNAUTHENTICATED') {
    const sent = c.req.header('Authorization') !== undefined
    const why = extra.tokenRefusal && `, error_description="${tokenRefusalText(extra.tokenRefusal)}"`
    headers['WWW-Authenticate'] =
      `Bearer realm="points-mall"${sent ? `, error="invalid_token"${why ?? ''}` : ''}`
  }
  if (status === 429 || status === 503) headers['Retry-After'] = `${extra.retryAfter ?? 1}`
  if (extra.allow) headers.Allow = extra.allow.join(', ')
  const body = {
    success: false,
    type: `urn:points-mall:problem:${code.toLowerCase().replaceAll('_', '-')}`,
    title,
    status,
    detail: extra.detail ?? detail,
    code,
    ...(extra.reason ? { reason: extra.reason } : {}),
    request_id: c.get('requestId') ?? '',
    errors: (extra.errors ?? []).map((error) => ({
      field: error.field,
      code: error.rule,
      message: fieldText(error, lang),
      ...(error.rule === 'not_yet' || error.rule === 'over' ? { at: error.bound } : {}),
    })),
  }
  return c.body(JSON.stringify(body), status, headers)
}

export function answerError(logger: Logger) {
  return (error: Error, c: ApiContext): Response => {
    if (error instanceof ApiError) return problem(c, error.code, error.extra)
    if (error instanceof DomainError) {
      return problem(c, error.refusal.code, { ...error.refusal, errors: errorsOf(error.refusal) })
    }
    if (error instanceof InvalidInputError) return problem(c, 'VALIDATION_FAILED', { errors: error.errors })
    if (error instanceof HTTPException) {
      const code = HTTP_CODES[error.status]
      if (code) return problem(c, code)
    }
    if (error instanceof OverloadedError) return problem(c, 'UNAVAILABLE')
    const code = isOutage(error) ? 'UNAVAILABLE' : 'INTERNAL'
    logger.error(
      { err: error, request_id: c.get('requestId'), path: loggedPath(c.req.path) },
      'request failed',
    )
    return problem(c, code)
  }
}

function errorsOf({ fields = [], rule, available }: Refusal): FieldError[] {
  if (rule === 'not_yet' || rule === 'over') return [{ field: 'product_id', rule, bound: available }]
  return fields.map((field) => ({ field: `address.${field}`, rule: 'required' }))
}

const HTTP_CODES: Readonly<Record<number, ErrorCode>> = {
  400: 'MALFORMED_JSON',
  404: 'NOT_FOUND',
  413: 'PAYLOAD_TOO_LARGE',
  415: 'UNSUPPORTED_MEDIA_TYPE',
}

interface Validation {
  readonly success: boolean
  readonly target: string
  readonly data?: unknown
  readonly error?: { readonly issues: readonly z.core.$ZodIssue[] }
}

/** Default validation hook: 404 for the path, otherwise 422 with field errors. */
export function answerInvalid(result: Validation, c: ApiContext): Response | undefined {
  if (result.success) return undefined
  if (result.target === 'param') return problem(c, 'NOT_FOUND')
  const errors = (result.error?.issues ?? []).flatMap((issue) => fieldErrors(issue, result.data))
  // Of several bounds that one number exceeds, report the last and narrowest.
  const told = new Map(errors.map((error) => [`${error.field} ${error.rule}`, error]))
  return problem(c, 'VALIDATION_FAILED', { errors: [...told.values()] })
}

function fieldErrors(issue: z.core.$ZodIssue, data: unknown): FieldError[] {
  const field = issue.path.map(String).join('.')
  const input = issue.path.reduce<unknown>(
    (value, key) => (typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined),
    data,
  )
  switch (issue.code) {
    case 'invalid_type':
      if (input === undefined || input === null) return [{ field, rule: 'required' }]
      if (issue.expected === 'int') return [{ field, rule: 'integer' }]
      return [{ field, rule: 'type', bound: issue.expected }]
    case 'too_small': {
      const bound = `${issue.minimum}`
      if (issue.origin !== 'string') return [{ field, rule: 'min', bound }]
      return [bound === '1' ? { field, rule: 'required' } : { field, rule: 'min_length', bound }]
    }
    case 'too_big':
      return [{ field, rule: issue.origin === 'string' ? 'max_length' : 'max', bound: `${issue.maximum}` }]
    case 'invalid_value':
      if (input === undefined || input === null) return [{ field, rule: 'required' }]
      return [{ field, rule: 'in', bound: issue.values.map(String).join(', ') }]
    case 'invalid_format':
      return [{ field, rule: 'format' }]
    case 'unrecognized_keys':
      return issue.keys.map((key) => ({ field: [...issue.path, key].map(String).join('.'), rule: 'unknown' }))
    case 'custom':
      return [
        { field, rule: 'invalid', ...(issue.params as { rule: FieldRule; bound?: string } | undefined) },
      ]
    case 'invalid_union':
      return [{ field, rule: input === undefined || input === null ? 'required' : 'invalid' }]
    case 'invalid_key':
    case 'invalid_element':
    case 'not_multiple_of':
      return [{ field, rule: 'invalid' }]
  }
}
