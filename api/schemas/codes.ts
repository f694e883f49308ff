import { z } from '@hono/zod-openapi'
import type { ImportResult } from '../../db/schema/code-imports.ts'
import type { FieldRule } from '../../domain/errors.ts'
import { CODE_STATES, CODE_VOID_REASONS, IMPORT_MAX } from '../../domain/fulfilment/codes.ts'
import { FIELD_RULES, fieldText, type Lang } from '../../i18n/error-texts.ts'
import { id } from './common.ts'

/** Each code is judged by itself, so that one that is wrong does not refuse the others. */
export const codeImport = z
  .strictObject({
    codes: z
      .array(
        z.strictObject({
          code: z.string(),
          pin: z.string().nullish(),
          url: z.string().nullish(),
          valid_until: z.string().nullish(),
        }),
      )
      .min(1)
      .max(IMPORT_MAX),
  })
  .openapi('CodeImport')

export const importResult = z
  .object({
    imported: z.int(),
    duplicates: z.int(),
    invalid: z.int(),
    lines: z.array(
      z.object({
        line: z.int(),
        result: z.enum(['duplicate', 'invalid']),
        field: z.string().nullable(),
        code: z.enum(FIELD_RULES).nullable(),
        message: z.string().nullable(),
      }),
    ),
  })
  .openapi('CodeImportResult')

export const importResultFor = (result: ImportResult, lang: Lang) => ({
  ...result,
  lines: result.lines.map((one) => {
    if (one.result === 'duplicate') return { ...one, field: null, code: null, message: null }
    const { line, result: kind, field, bound } = one
    const rule = one.rule as FieldRule
    return { line, result: kind, field, code: rule, message: fieldText({ field, rule, bound }, lang) }
  }),
})

const state = z.enum(CODE_STATES)
const instant = z.iso.datetime().nullable()

export const codeState = state

export const pool = z
  .object({
    counts: z.object({ free: z.int(), held: z.int(), issued: z.int(), void: z.int() }),
    codes: z.array(
      z.object({
        id,
        masked: z.string(),
        state,
        void_reason: z.enum(CODE_VOID_REASONS).nullable(),
        order_no: z.string().nullable(),
        valid_until: instant,
        created_at: z.iso.datetime(),
        issued_at: instant,
      }),
    ),
  })
  .openapi('CodePool')

export const orderCode = z
  .object({
    id,
    masked: z.string(),
    state,
    void_reason: z.enum(CODE_VOID_REASONS).nullable(),
    valid_until: instant,
    issued_at: instant,
    views: z.int(),
    first_viewed_at: instant,
    last_viewed_at: instant,
    replaced: z.object({ by: z.string(), reason: z.string(), code_id: id }).nullable(),
  })
  .openapi('OrderCode')

/** In clear, for the owner of the order only. */
export const codesDelivery = z
  .object({
    type: z.literal('codes'),
    codes: z.array(
      z.object({
        code: z.string(),
        pin: z.string().optional(),
        url: z.string().optional(),
        valid_until: z.iso.datetime().optional(),
      }),
    ),
  })
  .openapi('CodesDelivery')
