import { decimalFromFen } from '../../domain/money.ts'
import { kindText } from '../../i18n/entry-texts.ts'
import type { Lang } from '../../i18n/error-texts.ts'
import { csvHead, csvHeaders, csvLine, figure, moment, text } from '../platform/csv.ts'
import { readWholeStatement, type StatementEntry, type StatementQuery } from './statement.ts'
import type { Ledger } from './wallets.ts'

const HEADERS = {
  zh: ['时间（北京时间）', '类型', '变动', '变动后余额', '订单号', '说明', '流水号'],
  en: ['Time (Beijing)', 'Type', 'Change', 'Balance after', 'Order number', 'Reason', 'Entry'],
} as const

export async function statementTable(ledger: Ledger, query: StatementQuery, lang: Lang) {
  const pages = readWholeStatement(ledger, query, lang)
  // The first read happens before the response starts, so that a failure is still an error response.
  const first = await pages.next()
  const name = `${query.currency === 'ZJF' ? 'points' : 'cash'}-transactions.csv`
  return {
    body: ReadableStream.from(tableOf(first, pages, query.currency === 'CNY', lang)),
    headers: csvHeaders(name),
  }
}

async function* tableOf(
  first: IteratorResult<StatementEntry[], unknown>,
  rest: AsyncGenerator<StatementEntry[]>,
  inFen: boolean,
  lang: Lang,
): AsyncGenerator<Uint8Array> {
  const encoder = new TextEncoder()
  yield encoder.encode(csvHead(HEADERS[lang]))
  for (let page = first; !page.done; page = await rest.next()) {
    yield encoder.encode(csvLines(page.value, inFen, lang))
  }
}

/** @param inFen convert from fen to yuan */
function csvLines(entries: readonly StatementEntry[], inFen: boolean, lang: Lang): string {
  const amount = (value: bigint) => figure(inFen ? decimalFromFen(value) : `${value}`)
  return entries
    .map((entry) =>
      csvLine([
        moment(entry.createdAt),
        text(kindText(entry.kind, lang)),
        amount(entry.amount),
        amount(entry.balanceAfter),
        text(entry.orderNo ?? ''),
        text(entry.reasonText),
        text(entry.id),
      ]),
    )
    .join('')
}
