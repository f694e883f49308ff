import { Hono } from 'hono'
import { html } from 'hono/html'
import {
  defaultSpan,
  PERIODS,
  type PeriodFigures,
  type PeriodStatistics,
  readPeriodStatistics,
  type StatisticsAsk,
  statisticsTable,
} from '../../../application/orders/period-statistics.ts'
import { isDay } from '../../../domain/business-time.ts'
import { InvalidInputError } from '../../../domain/errors.ts'
import { fenOf, moneyFromFen } from '../../../domain/money.ts'
import type { Lang } from '../../../i18n/error-texts.ts'
import { choice, field } from '../../form/form.ts'
import type { WebContext, WebDeps, WebEnv } from '../../shared/deps.ts'
import { grouped, moneyText } from '../../shared/format.ts'
import type { Html } from '../../shared/page.ts'
import { textsIn } from '../../texts/common/common.ts'
import { STATISTICS as T } from '../../texts/console/statistics.ts'
import { consolePage } from '../layout.ts'
import { barChart } from '../platform/charts.ts'

const HOME = '/admin/statistics'

export function statisticsRoutes({ replica }: WebDeps) {
  return new Hono<WebEnv>()
    .get('/', async (c) => {
      const ask = askOf(c)
      try {
        return show(c, ask, await readPeriodStatistics(replica, ask))
      } catch (error) {
        if (!(error instanceof InvalidInputError)) throw error
        return show(c, ask, undefined)
      }
    })
    .get('/statistics.csv', async (c) => {
      try {
        const { body, headers } = await statisticsTable(replica, askOf(c), c.get('lang'))
        return c.body(body, 200, headers)
      } catch (error) {
        if (!(error instanceof InvalidInputError)) throw error
        return show(c, askOf(c), undefined)
      }
    })
}

/** Invalid parameters are ignored. */
function askOf(c: WebContext): StatisticsAsk {
  const span = defaultSpan(Date.now())
  const day = (name: 'from' | 'to') => {
    const given = c.req.query(name) ?? ''
    return isDay(given) ? given : span[name]
  }
  return { from: day('from'), to: day('to'), by: PERIODS.find((by) => by === c.req.query('by')) ?? span.by }
}

/** @param found undefined: the days are wrong */
function show(c: WebContext, ask: StatisticsAsk, found: PeriodStatistics | undefined) {
  const lang = c.get('lang')
  const t = textsIn(lang)
  const { from, to, by } = ask
  const query = new URLSearchParams({ from, to, by }).toString()
  const main = html`<h1>${t(T.title)}</h1>
    <form class="filters" role="search">
      <div class="dates">
        ${field({ name: 'from', label: t(T.from), value: from, type: 'date' })}
        ${field({ name: 'to', label: t(T.to), value: to, type: 'date', error: found ? undefined : t(T.wrong) })}
      </div>
      ${choice(
        'by',
        t(T.by),
        PERIODS.map((one) => [one, t(T[one])] as const),
        by,
      )}
      <div class="row"><button class="plain">${t(T.show)}</button></div>
    </form>
    ${
      found
        ? html`<p class="hint">${t(T.hint)}</p>
      <div class="charts">${charts(found, lang)}</div>
      ${table(found.periods, lang)}
      <p><a class="press" href="${HOME}/statistics.csv?${query}">${t(T.download)}</a></p>
      ${products(found, lang)}`
        : ''
    }`
  return consolePage(c, { title: t(T.title), main, section: 'statistics' }, found ? 200 : 422)
}

function charts({ periods }: PeriodStatistics, lang: Lang): Html {
  const t = textsIn(lang)
  const chart = (title: string, figureOf: (row: PeriodFigures) => number, write: (value: number) => string) =>
    barChart(
      {
        title,
        hint: '',
        bars: periods.map((row) => ({
          label: row.period.slice(5),
          parts: [{ value: figureOf(row), look: 'main' }],
        })),
        write,
        table: { head: [t(T.period), title], rows: periods.map((row) => [row.period, write(figureOf(row))]) },
      },
      lang,
    )
  return html`${chart(t(T.paid), ({ paid }) => paid, grouped)}
    ${chart(t(T.points_spent), (row) => row.points_spent, grouped)}
    ${chart(
      t(T.cash_in),
      (row) => Number(fenOf(row.cash_in.amount)),
      (fen) => moneyText(moneyFromFen(BigInt(fen))),
    )}`
}

const COUNTS = [
  'created',
  'paid',
  'finished',
  'canceled',
  'refunded',
  'points_spent',
  'points_returned',
] as const
const SUMS = ['cash_in', 'cash_out'] as const

function table(periods: readonly PeriodFigures[], lang: Lang): Html {
  const t = textsIn(lang)
  const sum = (name: (typeof COUNTS)[number]) => periods.reduce((all, row) => all + row[name], 0)
  const cash = (name: (typeof SUMS)[number]) =>
    moneyFromFen(periods.reduce((all, row) => all + fenOf(row[name].amount), 0n))
  return html`<div class="scroll" tabindex="0" role="region" aria-label="${t(T.title)}"><table>
    <caption class="sr">${t(T.title)}</caption>
    <thead><tr><th scope="col">${t(T.period)}</th>${[...COUNTS, ...SUMS].map((name) => html`<th scope="col" class="number">${t(T[name])}</th>`)}</tr></thead>
    <tbody>${periods.map(
      (row) => html`<tr><th scope="row">${row.period}</th>
        ${COUNTS.map((name) => html`<td class="number">${grouped(row[name])}</td>`)}
        ${SUMS.map((name) => html`<td class="number">${moneyText(row[name])}</td>`)}</tr>`,
    )}</tbody>
    <tfoot><tr><th scope="row">${t(T.total)}</th>
      ${COUNTS.map((name) => html`<td class="number">${grouped(sum(name))}</td>`)}
      ${SUMS.map((name) => html`<td class="number">${moneyText(cash(name))}</td>`)}</tr></tfoot>
  </table></div>`
}

function products({ products: top }: PeriodStatistics, lang: Lang): Html {
  const t = textsIn(lang)
  return html`<section class="card stack" aria-labelledby="top">
    <h2 id="top">${t(T.products)}</h2>
    ${
      top.length === 0
        ? html`<p class="muted">${t(T.none)}</p>`
        : html`<table class="folds"><caption class="sr">${t(T.products)}</caption>
      <thead><tr><th scope="col">${t(T.product)}</th><th scope="col" class="number">${t(T.orders)}</th><th scope="col" class="number">${t(T.quantity)}</th></tr></thead>
      <tbody>${top.map(
        ({ product_id, title, orders, quantity }) => html`<tr>
          <th scope="row"><a class="press" href="/admin/products/${product_id}">${title}</a></th>
          <td data-label="${t(T.orders)}" class="number">${grouped(orders)}</td>
          <td data-label="${t(T.quantity)}" class="number">${grouped(quantity)}</td></tr>`,
      )}</tbody></table>`
    }
  </section>`
}
