import type { NewCode } from '../../db/fulfilment/codes.ts'
import { dayInShanghai, isDay } from '../../domain/business-time.ts'
import { type FieldError, InvalidInputError } from '../../domain/errors.ts'
import { CODE_MAX, IMPORT_MAX, sameCode } from '../../domain/fulfilment/codes.ts'
import { isVisible, lengthOf, plainCode } from '../../domain/text.ts'
import { readCsv } from '../platform/csv-reader.ts'

/** Reading the codes of an import, one by one: a wrong line does not refuse the others. */

/** As it was given: `line` is its number, from 1. */
export interface GivenLine {
  readonly line: number
  readonly code: string
  readonly pin?: string | null | undefined
  readonly url?: string | null | undefined
  readonly valid_until?: string | null | undefined
}

export type ReadLine = { readonly line: number } & (
  | { readonly code: NewCode }
  | { readonly wrong: FieldError }
)

const COLUMNS = ['code', 'pin', 'url', 'valid_until'] as const
type Column = (typeof COLUMNS)[number]

/** What shops call the columns. */
const NAMES: Readonly<Record<string, Column>> = {
  兑换码: 'code',
  券码: 'code',
  卡号: 'code',
  卡密: 'pin',
  密码: 'pin',
  链接: 'url',
  有效期至: 'valid_until',
  有效期: 'valid_until',
}

const columnNamed = (name: string): Column | undefined =>
  COLUMNS.find((column) => column === name.toLowerCase()) ?? NAMES[name]

/**
 * Without a line of names, the columns are code, pin, url, valid_until.
 * @throws InvalidInputError on quotes that are not closed, unknown columns, too many lines
 */
export function linesOfCsv(text: string): GivenLine[] {
  const rows = readCsv(text, 'codes')
  const [first] = rows
  const isNamed = first?.cells.some((cell) => columnNamed(cell) === 'code') ?? false
  const columns = isNamed ? (first?.cells ?? []).map(columnNamed) : COLUMNS
  const unknown = columns.findIndex((column) => !column)
  if (unknown >= 0)
    throw new InvalidInputError({ field: `codes.1.${first?.cells[unknown]}`, rule: 'unknown' })
  const given = isNamed ? rows.slice(1) : rows
  if (given.length === 0) throw new InvalidInputError({ field: 'codes', rule: 'required' })
  if (given.length > IMPORT_MAX)
    throw new InvalidInputError({ field: 'codes', rule: 'max', bound: `${IMPORT_MAX}` })
  return given.map(({ line, cells }) => {
    const named = Object.fromEntries(columns.map((column, n) => [column, cells[n]]))
    return { ...named, code: named.code ?? '', line }
  })
}

/** @param now codes that are over by then are refused */
export function readLines(lines: readonly GivenLine[], now: Date): ReadLine[] {
  return lines.map(({ line, ...given }) => {
    const read = readLine(given, now)
    return 'rule' in read ? { line, wrong: read } : { line, code: read }
  })
}

function readLine(given: Omit<GivenLine, 'line'>, now: Date): NewCode | FieldError {
  const [code, pin, url] = [given.code, given.pin ?? '', given.url ?? ''].map(plainCode) as [
    string,
    string,
    string,
  ]
  const wrong = wrongText('code', code) ?? wrongText('pin', pin) ?? wrongText('url', url)
  if (wrong) return wrong
  if (sameCode(code) === '') return { field: 'code', rule: 'required' }
  if (url !== '' && !isWebAddress(url)) return { field: 'url', rule: 'format' }
  const validUntil = readMoment((given.valid_until ?? '').trim())
  if (validUntil === undefined) return { field: 'valid_until', rule: 'format' }
  if (validUntil !== null && validUntil <= now) return { field: 'valid_until', rule: 'future' }
  return { content: { code, ...(pin === '' ? {} : { pin }), ...(url === '' ? {} : { url }) }, validUntil }
}

function wrongText(field: keyof typeof CODE_MAX, text: string): FieldError | undefined {
  if (text.includes('\0') || !text.isWellFormed()) return { field, rule: 'characters' }
  if (field === 'code' && !isVisible(text)) return { field, rule: 'required' }
  const max = CODE_MAX[field]
  return lengthOf(text) > max ? { field, rule: 'max_length', bound: `${max}` } : undefined
}

function isWebAddress(text: string): boolean {
  const url = URL.parse(text)
  return url !== null && (url.protocol === 'https:' || url.protocol === 'http:')
}

/** A day is its whole day in Shanghai. @returns null for none, undefined for what is no time */
function readMoment(text: string): Date | null | undefined {
  if (text === '') return null
  if (isDay(text)) return dayInShanghai(text).to
  if (!/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?(Z|[+-]\d{2}:\d{2})$/.test(text)) return undefined
  const at = new Date(text)
  return Number.isNaN(at.getTime()) ? undefined : at
}
