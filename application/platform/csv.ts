import { shanghaiText } from '../../domain/business-time.ts'

/** Writes tables that spreadsheets show as they are. `docs/exports.md` says what a reader of the file must know. */

/** A cell, made by `text`, `figure` or `moment`. */
export interface CsvCell {
  readonly cell: string
}

/** Excel executes it, wherever the format characters before it come from (CSV injection, OWASP). */
const FORMULA = /^[\s\p{Cf}]*[=+\-@\t\r＝＋－＠]/u
/** Parts of numbers, dates and times that are letters. */
const WORDS =
  /jan[a-z]*|feb[a-z]*|mar[a-z]*|apr[a-z]*|may|ju[nl][a-z]*|aug[a-z]*|sep[a-z]*|oct[a-z]*|nov[a-z]*|dec[a-z]*|[ap]m|[etz]/gi
const NUMBER_OR_DATE = /^[\s\d.,:/\\+\-%¥$€£()年月日时分秒]*$/
const CONSTANT = /^\s*(true|false|#[a-z\d/]+[!?]?)\s*$/i
const DIGITS_MAX = 15

/** Shown as it is: more digits become 1.23E+11. */
const SHORT_NUMBER = /^(0|[1-9]\d{0,10})$/

/** Whether a spreadsheet would show something else than the text. */
function isRewritten(given: string): boolean {
  // Full-width digits are digits, too.
  const cell = given.normalize('NFKC')
  if (SHORT_NUMBER.test(given)) return false
  if (FORMULA.test(given) || CONSTANT.test(cell)) return true
  return /\d/.test(cell) && NUMBER_OR_DATE.test(cell.replace(/\p{Cf}/gu, '').replace(WORDS, ''))
}

/**
 * Text of people and systems, also ids. What a spreadsheet would take for a formula, a number or a date is preceded by
 * an apostrophe, and so is what starts with one: without its first apostrophe the cell is the text again.
 */
export const text = (cell: string): CsvCell => ({
  cell: cell.startsWith("'") || isRewritten(cell) ? `'${cell}` : cell,
})

/** A number to calculate with. Spreadsheets round after 15 digits: then it is text. */
export const figure = (value: string): CsvCell =>
  value.replace(/\D/g, '').length > DIGITS_MAX ? text(value) : { cell: value }

/** A time in Shanghai, which spreadsheets take for one. */
export const moment = (at: Date): CsvCell => ({ cell: shanghaiText(at) })

/** The first line, after the mark without which spreadsheets misread Chinese. */
export const csvHead = (headers: readonly string[]): string => `\uFEFF${csvLine(headers.map(text))}`

/** One RFC 4180 line. */
export const csvLine = (cells: readonly CsvCell[]): string =>
  `${cells.map(({ cell }) => quoted(cell)).join(',')}\r\n`

const quoted = (cell: string) => (/[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell)

export const csvHeaders = (filename: string) => ({
  'Content-Type': 'text/csv; charset=utf-8',
  'Content-Disposition': `attachment; filename="${filename}"`,
})
