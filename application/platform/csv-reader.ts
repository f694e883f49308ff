import { InvalidInputError } from '../../domain/errors.ts'

export interface CsvRow {
  /** Of its first character, from 1. */
  readonly line: number
  /** Trimmed. */
  readonly cells: readonly string[]
}

/**
 * Reads RFC 4180, with any line ends, without blank lines.
 * @param field named in the error @param separators each of them ends a cell @throws InvalidInputError where a quote is not closed
 */
export function readCsv(text: string, field: string, separators = ','): CsvRow[] {
  const rows: CsvRow[] = []
  let cells: string[] = []
  let cell = ''
  let isQuoted = false
  let line = 1
  let startsAt = 1
  const given = text.startsWith('\uFEFF') ? text.slice(1) : text
  const endRow = () => {
    cells.push(cell.trim())
    if (cells.some((one) => one !== '')) rows.push({ line: startsAt, cells })
    cells = []
    cell = ''
    startsAt = line
  }
  for (let at = 0; at < given.length; at += 1) {
    const sign = given.charAt(at)
    if (sign === '\n' || (sign === '\r' && given[at + 1] !== '\n')) line += 1
    if (isQuoted) {
      if (sign !== '"') cell += sign
      else if (given[at + 1] === '"') {
        cell += '"'
        at += 1
      } else isQuoted = false
    } else if (sign === '"' && cell.trim() === '') {
      cell = ''
      isQuoted = true
    } else if (separators.includes(sign)) {
      cells.push(cell.trim())
      cell = ''
    } else if (sign === '\n' || sign === '\r') {
      if (sign === '\n' || given[at + 1] !== '\n') endRow()
    } else cell += sign
  }
  if (isQuoted) throw new InvalidInputError({ field: `${field}.${startsAt}`, rule: 'format' })
  endRow()
  return rows
}
