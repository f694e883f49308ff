import { html } from 'hono/html'
import type { ReconciliationView } from '../../application/reconciliation.ts'
import type { Lang } from '../../domain/error-texts.ts'
import { fenFromDecimal, moneyFromFen } from '../../domain/money.ts'
import { ORDER_STATUSES, PAYMENT_STATUSES } from '../../domain/order-status.ts'
import { NO_BILL } from '../../domain/reconciliation.ts'
import { grouped, moneyText } from '../format.ts'
import type { Html } from '../page.ts'
import { type Text, textsIn } from '../texts/common.ts'
import { RECONCILIATIONS as T } from '../texts/console-books.ts'
import { ORDER_STATES, PAYMENT_STATES, SOURCES } from '../texts/console-orders.ts'

type Totals = ReconciliationView['totals']

interface Column {
  readonly head: Text
  readonly number?: true
}

/**
 * What a run has added up: the day's bills, and all orders and payments as they were then. A run keeps its totals as
 * texts by name; what is written otherwise than they are today is shown as it stands.
 */
export function totalsTables(totals: Totals, lang: Lang): Html {
  const t = textsIn(lang)
  const bills = billsOf(totals, lang)
  const books = booksOf(totals, lang)
  const known = new Set([...bills, ...books].flatMap(({ names }) => names))
  const others = Object.entries(totals)
    .filter(([name]) => !known.has(name))
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
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
    bills.map(({ cells }) => cells),
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
    books.map(({ cells }) => cells),
    lang,
  )}
  ${table(t(T.others), [{ head: T.book }, { head: T.sum, ...number }], others, lang)}`
}

interface Line {
  /** The totals that it shows. */
  readonly names: readonly string[]
  readonly cells: readonly (Html | string)[]
}

/** A provider's bill is three totals: of its lines, its payments and its refunds. */
function billsOf(totals: Totals, lang: Lang): Line[] {
  const t = textsIn(lang)
  return Object.entries(totals)
    .flatMap(([name, said]) => {
      const provider = /^(\w+) bill$/.exec(name)?.[1]
      return provider === undefined ? [] : [{ provider, said }]
    })
    .toSorted((a, b) => (a.provider < b.provider ? -1 : 1))
    .map(({ provider, said }) => {
      const sums = [`${provider} payments`, `${provider} refunds`].map((name) => ({
        name,
        ...amountsIn(totals[name]),
      }))
      const lines = /^(\d+) lines$/.exec(said)?.[1]
      return {
        names: [`${provider} bill`, ...sums.map(({ name }) => name)],
        cells: [
          SOURCES[provider]?.[lang] ?? provider,
          said === NO_BILL
            ? html`<span class="badge warn">${t(T.noBill)}</span>`
            : lines === undefined
              ? said
              : `${grouped(Number(lines))} ${t(T.lines)}`,
          ...sums.flatMap(({ count, money }) => [count, money]),
        ],
      }
    })
}

/** Orders by their states, then payments by theirs. */
function booksOf(totals: Totals, lang: Lang): Line[] {
  const t = textsIn(lang)
  const line = (name: string, what: Text, state: Text, hasPoints: boolean): Line[] => {
    const { count, points, money } = amountsIn(totals[name])
    if (count === '') return []
    return [{ names: [name], cells: [`${t(what)} · ${t(state)}`, count, hasPoints ? points : '—', money] }]
  }
  return [
    ...ORDER_STATUSES.flatMap((status) => line(status, T.order, ORDER_STATES[status], true)),
    ...PAYMENT_STATUSES.flatMap((state) =>
      line(`payments ${state}`, T.payment, PAYMENT_STATES[state], false),
    ),
  ]
}

/** `3: 1200 points, 9.90 CNY`, in which the points are not always there. */
function amountsIn(said: string | undefined) {
  const [, count, points, money] = /^(\d+): (?:(\d+) points, )?(-?\d+(?:\.\d+)?) CNY$/.exec(said ?? '') ?? []
  const fen = money === undefined ? undefined : fenFromDecimal(money)
  return {
    count: count === undefined ? '' : grouped(Number(count)),
    points: points === undefined ? '' : grouped(Number(points)),
    money: fen === undefined ? '' : moneyText(moneyFromFen(fen)),
  }
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
