import { html } from 'hono/html'
import { fenOf, moneyFromFen } from '../../../domain/money.ts'
import { ORDER_STATUSES, PAYMENT_STATUSES } from '../../../domain/orders/status.ts'
import type { BillTotals, Sum, Totals } from '../../../domain/reconciliation/comparison.ts'
import type { Lang } from '../../../i18n/error-texts.ts'
import { grouped, moneyText } from '../../shared/format.ts'
import type { Html } from '../../shared/page.ts'
import { type Text, textsIn } from '../../texts/common/common.ts'
import { ORDER_STATES, PAYMENT_STATES, SOURCES } from '../../texts/console/orders.ts'
import { RECONCILIATIONS as T } from '../../texts/console/reconciliation.ts'

interface Column {
  readonly head: Text
  readonly number?: true
}

/** Statements are those of the day; orders and payments are all at the time of the run. */
export function totalsTables(
  { bills = {}, orders = {}, payments = {}, others = {} }: Totals,
  lang: Lang,
): Html {
  const t = textsIn(lang)
  const number = { number: true } as const
  return html`${table(
    t(T.bills),
    [
      { head: T.provider },
      { head: T.bill },
      { head: T.payments, ...number },
      { head: T.paid, ...number },
      { head: T.refunds, ...number },
      { head: T.refunded, ...number },
    ],
    inOrder(bills).map(([provider, bill]) => billCells(provider, bill, lang)),
    lang,
  )}
  ${table(
    t(T.books),
    [
      { head: T.book },
      { head: T.count, ...number },
      { head: T.points, ...number },
      { head: T.money, ...number },
    ],
    [
      ...ORDER_STATUSES.flatMap((status) => {
        const sum = orders[status]
        return sum
          ? [
              [
                `${t(T.order)} · ${t(ORDER_STATES[status])}`,
                grouped(sum.count),
                grouped(sum.points),
                cash(sum),
              ],
            ]
          : []
      }),
      ...PAYMENT_STATUSES.flatMap((state) => {
        const sum = payments[state]
        return sum
          ? [[`${t(T.payment)} · ${t(PAYMENT_STATES[state])}`, grouped(sum.count), '—', cash(sum)]]
          : []
      }),
    ],
    lang,
  )}
  ${table(t(T.others), [{ head: T.book }, { head: T.sum, ...number }], inOrder(others), lang)}`
}

const inOrder = <T>(record: Readonly<Record<string, T>>): [string, T][] =>
  Object.entries(record).toSorted(([a], [b]) => (a < b ? -1 : 1))

const cash = ({ money }: Sum): string => moneyText(moneyFromFen(fenOf(money)))

function billCells(provider: string, bill: BillTotals | null, lang: Lang): (Html | string)[] {
  const t = textsIn(lang)
  const name = SOURCES[provider]?.[lang] ?? provider
  if (bill === null) return [name, html`<span class="badge warn">${t(T.noBill)}</span>`, '', '', '', '']
  const sums = [bill.payments, bill.refunds].flatMap((sum) => [grouped(sum.count), cash(sum)])
  return [name, `${grouped(bill.lines)} ${t(T.lines)}`, ...sums]
}

function table(
  title: string,
  columns: readonly Column[],
  rows: readonly (readonly (Html | string)[])[],
  lang: Lang,
): Html | '' {
  if (rows.length === 0) return ''
  const t = textsIn(lang)
  const look = (n: number) => (columns[n]?.number ? html`class="number"` : '')
  return html`<section class="card"><table class="folds">
    <caption><h2>${title}</h2></caption>
    <thead><tr>${columns.map(({ head }, n) => html`<th scope="col" ${look(n)}>${t(head)}</th>`)}</tr></thead>
    <tbody>${rows.map(
      ([name = '', ...cells]) =>
        html`<tr><th scope="row">${name}</th>${cells.map(
          (cell, n) =>
            html`<td data-label="${t(columns[n + 1]?.head ?? T.book)}" ${look(n + 1)}>${cell}</td>`,
        )}</tr>`,
    )}</tbody>
  </table></section>`
}
