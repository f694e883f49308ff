import { createRoute, z } from '@hono/zod-openapi'
import { isOwnerId, OWNER_ID_MAX } from '../../application/customers/users.ts'
import type { Right } from '../../domain/access.ts'
import { AMOUNT } from '../../domain/money.ts'
import { isVisible, plainCode, plainText } from '../../domain/text.ts'
import { ERROR_CODES, FIELD_RULES, FORBIDDEN_REASONS } from '../../i18n/error-texts.ts'
import { etagHeader } from '../versions.ts'

/** A name passed to `.openapi()` becomes a component in `/openapi.json`. */

export const INT_MAX = 2_147_483_647

/** A JSON integer in the range of a PostgreSQL `int`. */
export const int = (min: number, max = INT_MAX) => z.int().min(min).max(max)

export const id = z.string().regex(/^[1-9]\d{0,17}$/)

export const idParams = z.object({ id: id.openapi({ param: { name: 'id', in: 'path' }, example: '1' }) })

/** JSON Schema has no flags: the least that the server demands of an owner's id, with the same meaning everywhere. */
const OWNER_ID_PATTERN = String.raw`^[^\u0000-\u001f\u007f-\u009f]+$`

export const ownerId = z
  .string()
  .min(1)
  .max(OWNER_ID_MAX)
  .refine(isOwnerId, { params: { rule: 'characters' } })
  .openapi({ pattern: OWNER_ID_PATTERN })

export const ownerParams = z.object({
  owner_id: ownerId.openapi({ param: { name: 'owner_id', in: 'path' }, example: 'alice' }),
})

const decimal = z.string().overwrite(plainCode).regex(AMOUNT, { abort: true }).openapi({ example: '9.90' })

/** Non-negative cash with at most two decimals. */
export const money = z.strictObject({ amount: decimal, currency: z.literal('CNY') }).openapi('Money')

// Not `money.extend`: the document would demand both strict shapes at once.
export const positiveMoney = z.strictObject({
  amount: decimal.refine((amount) => /[1-9]/.test(amount), { params: { rule: 'min', bound: '0.01' } }),
  currency: z.literal('CNY'),
})

/** Trimmed, `min` to `max` characters; required text has at least one that can be seen. */
export const text = (min: number, max: number) => visible(z.string().overwrite(plainText).trim(), min, max)

/** A number, code or search words, in half width. */
export const codeText = (min: number, max: number) => visible(z.string().overwrite(plainCode), min, max)

function visible(schema: z.ZodString, min: number, max: number) {
  const bounded = schema.min(min).max(max)
  return min === 0 ? bounded : bounded.refine(isVisible, { params: { rule: 'required' } })
}

const queryInt = (min: number, max: number, fallback: number) =>
  z
    .string()
    .regex(/^\d{1,9}$/)
    .transform(Number)
    .pipe(z.number().min(min).max(max))
    .optional()
    .transform((value) => value ?? fallback)
    .openapi({ type: 'integer', minimum: min, maximum: max, default: fallback })

export const pageQuery = z.object({
  page: queryInt(1, 1_000_000, 1),
  per_page: queryInt(1, 100, 20),
})

export interface Page {
  readonly page: number
  readonly per_page: number
}

export const sliceOf = ({ page, per_page }: Page) => ({ limit: per_page, offset: (page - 1) * per_page })

export function listOf<T>(data: readonly T[], total: number, { page, per_page }: Page) {
  return {
    success: true as const,
    data: [...data],
    meta: { current_page: page, per_page, total, last_page: Math.max(1, Math.ceil(total / per_page)) },
  }
}

export function one<T>(data: T) {
  return { success: true as const, data }
}

export const meta = z
  .object({ current_page: z.int(), per_page: z.int(), total: z.int(), last_page: z.int() })
  .openapi('Meta')

const problemSchema = z
  .object({
    success: z.literal(false),
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    code: z.enum(ERROR_CODES),
    reason: z.enum(FORBIDDEN_REASONS).optional(),
    request_id: z.string(),
    errors: z.array(
      z.object({
        field: z.string(),
        code: z.enum(FIELD_RULES),
        message: z.string(),
        at: z.iso.datetime().optional(),
      }),
    ),
  })
  .openapi('Problem')

export const oneResponse = <T extends z.ZodType>(schema: T, description: string) => ({
  description,
  content: { 'application/json': { schema: z.object({ success: z.literal(true), data: schema }) } },
})

/** With the ETag of what is shown. */
export const versionedResponse = <T extends z.ZodType>(schema: T, description: string) => ({
  ...oneResponse(schema, description),
  headers: etagHeader,
})

export const listResponse = <T extends z.ZodType>(schema: T, description: string) => ({
  description,
  content: {
    'application/json': { schema: z.object({ success: z.literal(true), data: z.array(schema), meta }) },
  },
})

export const jsonBody = <T extends z.ZodType>(schema: T) => ({
  required: true,
  content: { 'application/json': { schema } },
})

export const bearer = [{ bearer: [] }]

export const needsRight = (right: Right) => [{ bearer: [right] }]

/** `api/document/document.ts` replaces it with a response for each status. */
export const problemResponse = {
  default: {
    description: 'The request failed; `code` says why',
    content: { 'application/problem+json': { schema: problemSchema } },
  },
}

/** Answers of a route that asks a workflow to act. */
export const actedResponses = <T extends z.ZodType>(schema: T) => ({
  200: oneResponse(schema, 'Done'),
  202: oneResponse(schema, 'The result is not known yet'),
  ...problemResponse,
})

/** Makes the routes that ask the workflow of one kind of resource to act. @param answer the resource */
export const actionsOn =
  <R extends z.ZodObject, T extends z.ZodType>(
    tag: string,
    { params, answer, description }: { readonly params: R; readonly answer: T; readonly description: string },
  ) =>
  <P extends string, S extends z.ZodType>(path: P, summary: string, body: S) =>
    createRoute({
      method: 'post',
      path,
      tags: [tag],
      summary,
      description,
      security: bearer,
      request: { params, body: jsonBody(body) },
      responses: actedResponses(answer),
    })
