import type { StatementEntry } from '../application/statement.ts'
import { kindText } from '../domain/entry-texts.ts'
import type { Lang } from '../domain/error-texts.ts'
import { decimalFromFen } from '../domain/money.ts'

const HEADERS = {
  zh: ['时间（北京时间）', '类型', '变动', '变动后余额', '订单号', '说明', '流水号'],
  en: ['Time (Beijing)', 'Kind', 'Change', 'Balance after', 'Order number', 'Reason', 'Entry'],
} as const

/** The first line, with the mark without which spreadsheets take Chinese for something else. */
export function csvHead(lang: Lang): string {
  return `\uFEFF${line(HEADERS[lang])}`
}

/** One line per entry (RFC 4180). @param inFen amounts are fen, and are written as yuan */
export function csvLines(entries: readonly StatementEntry[], inFen: boolean, lang: Lang): string {
  const amount = (value: bigint) => (inFen ? decimalFromFen(value) : `${value}`)
  return entries
    .map((entry) =>
      line([
        beijing(entry.createdAt),
        kindText(entry.kind, lang),
        amount(entry.amount),
        amount(entry.balanceAfter),
        words(entry.orderNo ?? ''),
        words(entry.reasonText),
        entry.id,
      ]),
    )
    .join('')
}

const line = (cells: readonly string[]) => `${cells.map(quoted).join(',')}\r\n`

const quoted = (cell: string) => (/[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell)

/** Words that people wrote must stay words: a spreadsheet runs what begins like a formula (OWASP, CSV injection). */
const words = (cell: string) => (/^[\s\p{Cf}]*[=+\-@\t\r＝＋－＠]/u.test(cell) ? `'${cell}` : cell)

const beijing = (at: Date) =>
  new Date(at.getTime() + 8 * 3_600_000).toISOString().slice(0, 19).replace('T', ' ')
