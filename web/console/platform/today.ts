import { Hono } from 'hono'
import { html } from 'hono/html'
import {
  type Dashboard,
  QUEUES,
  type Queue,
  readDashboard,
  type WaitingView,
} from '../../../application/platform/dashboard.ts'
import type { Lang } from '../../../i18n/error-texts.ts'
import { attentionText } from '../../../i18n/note-texts.ts'
import { crashButton } from '../../shared/crash.ts'
import type { WebDeps, WebEnv } from '../../shared/deps.ts'
import { grouped, moneyText, time } from '../../shared/format.ts'
import { interpolate } from '../../shared/interpolate.ts'
import type { Html } from '../../shared/page.ts'
import { textsIn } from '../../texts/common/common.ts'
import { TODAY as T } from '../../texts/console/frame.ts'
import { consolePage } from '../layout.ts'
import { listAt, orderAt } from '../orders/order-badges.ts'
import { todayCharts } from './today-charts.ts'

export function todayRoutes(deps: WebDeps) {
  return new Hono<WebEnv>().get('/', async (c) => {
    const lang = c.get('lang')
    const t = textsIn(lang)
    const now = Date.now()
    const board = await readDashboard(deps.replica, now)
    const main = html`
      <div class="row spread">
        <h1>${t(T.title)} <small class="muted">${board.today.day} ${weekday(now, lang)}</small></h1>
        <p class="muted small">${t(T.asOf)} ${time(new Date(now).toISOString(), lang)} <a class="press" href="/admin">${t(T.refresh)}</a></p>
      </div>
      ${figures(board, lang)}
      <div class="columns">
        <div class="stack">${queues(board, lang)}${attention(board, lang)}</div>
        ${stock(board, lang)}
      </div>
      ${todayCharts(board, lang)}
      ${crashButton(c, deps)}`
    return consolePage(c, { title: t(T.title), main, section: 'today' })
  })
}

/** @param now ms since 1970 */
const weekday = (now: number, lang: Lang) =>
  new Intl.DateTimeFormat(lang === 'zh' ? 'zh-CN' : 'en-GB', {
    timeZone: 'Asia/Shanghai',
    weekday: 'long',
  }).format(now)

function figures({ today, takenBack }: Dashboard, lang: Lang): Html {
  const t = textsIn(lang)
  const { exchanges, taken, failed } = today
  const decided = taken + failed
  const list = `/admin/orders?from=${today.day}&to=${today.day}`
  const cells: readonly (readonly [string, Html | string, Html | string])[] = [
    [
      t(T.exchanges),
      html`<a href="${list}" aria-label="${t(T.exchanges)} ${grouped(exchanges)}">${grouped(exchanges)}</a>`,
      interpolate(t(T.exchangesOf), {
        taken: grouped(taken),
        open: grouped(exchanges - decided),
        failed: grouped(failed),
      }),
    ],
    [
      t(T.rate),
      decided === 0 ? '—' : percent(taken, decided),
      decided === 0
        ? t(T.rateNone)
        : interpolate(t(T.rateOf), { taken: grouped(taken), decided: grouped(decided) }),
    ],
    [t(T.points), grouped(today.points), interpolate(t(T.pointsBack), { n: grouped(takenBack.points) })],
    [t(T.cash), moneyText(today.cash), interpolate(t(T.cashBack), { n: moneyText(takenBack.money) })],
  ]
  return html`<section aria-label="${t(T.figures)}"><dl class="figures">${cells.map(
    ([name, value, hint]) =>
      html`<div><dt>${name}</dt><dd><span class="digits">${value}</span><span class="hint">${hint}</span></dd></div>`,
  )}</dl></section>`
}

/** Rounded down: 100% means all. */
function percent(part: number, whole: number): string {
  const tenths = Math.floor((part * 1000) / whole)
  return `${Math.floor(tenths / 10)}${tenths % 10 === 0 ? '' : `.${tenths % 10}`}%`
}

function attention(board: Dashboard, lang: Lang): Html {
  const t = textsIn(lang)
  const { orders, count } = board.attention
  const { findings, endpoints } = board
  const rows = [
    count > 0 &&
      html`<li><p><strong class="digits">${grouped(count)}</strong> ${t(T.stuckOrders)}
          <a class="press" href="/admin/orders?attention=1">${t(T.more)}</a></p>
        <ul>${orders.map(
          ({ order_no, product_title, needs_attention }) =>
            html`<li><a class="press" href="/admin/orders/${order_no}">${product_title}</a> <span class="muted small">${attentionText(needs_attention, lang)}</span></li>`,
        )}</ul></li>`,
    waitingRow(board.slowRefunds, t(T.slowRefunds), lang),
    waitingRow(board.undelivered, t(T.undelivered), lang),
    waitingRow(board.undecided, t(T.undecided), lang),
    waitingRow(board.unanswered, t(T.unanswered), lang, '/admin/orders?unanswered=1&sort=oldest'),
    findings.count > 0 &&
      html`<li><p><strong class="digits">${grouped(findings.count)}</strong> ${t(T.findings)}
        <a class="press" href="/admin/reconciliations/${findings.id}">${t(T.look)}</a></p></li>`,
    endpoints.count > 0 &&
      html`<li><p><strong class="digits">${grouped(endpoints.count)}</strong> ${t(T.endpoints)}
        <a class="press" href="/admin/webhooks/${endpoints.id}">${t(T.look)}</a></p></li>`,
  ].filter(Boolean)
  return html`<section class="card stack attention" aria-labelledby="attention">
    <h2 id="attention">${t(T.attention)}</h2>
    ${
      rows.length === 0
        ? html`<div class="well"><p><strong>${t(T.allWell)}</strong></p><p class="muted small">${t(T.allWellHint)}</p></div>`
        : html`<ul class="issues">${rows}</ul>`
    }
  </section>`
}

/** @param listAll where all of them are listed */
function waitingRow(
  { count, orderNo, since }: WaitingView,
  text: string,
  lang: Lang,
  listAll?: string,
): Html | false {
  if (count === 0 || since === null) return false
  const t = textsIn(lang)
  return html`<li><p><strong class="digits">${grouped(count)}</strong> ${text}
    <span class="muted small">${interpolate(t(T.oldest), { when: time(since, lang) })}</span>
    ${orderNo === null ? '' : html`<a class="press" href="/admin/orders/${orderNo}">${t(T.look)}</a>`}
    ${listAll === undefined ? '' : html`<a class="press" href="${listAll}">${t(T.more)}</a>`}</p></li>`
}

function queues({ queues: all }: Dashboard, lang: Lang): Html {
  const t = textsIn(lang)
  return html`<section class="card stack" aria-labelledby="queues">
    <h2 id="queues">${t(T.queues)}</h2>
    <ul class="queues">${Object.entries(QUEUES).map(([name, { status, isSent }]) => {
      const { count, orderNo, since } = all[name as Queue]
      const query = `status=${status}${isSent === undefined ? '' : `&sent=${isSent ? 1 : 0}`}&sort=oldest`
      return html`<li><a href="${listAt(query)}">
          <span>${t(T[name as Queue])}</span> <strong class="digits">${grouped(count)}</strong></a>
        ${
          orderNo === null || since === null
            ? html`<span class="hint">${t(T.queueEmpty)}</span>`
            : html`<a class="press small" href="${orderAt(orderNo, query)}">${interpolate(t(T.queueOldest), { when: waited(since, lang) })}</a>`
        }</li>`
    })}</ul>
  </section>`
}

function waited(since: string, lang: Lang): Html {
  const t = textsIn(lang)
  const minutes = Math.floor((Date.now() - Date.parse(since)) / 60_000)
  if (minutes < 1) return html`${t(T.underAMinute)}`
  if (minutes < 60) return interpolate(t(T.minutes), { n: `${minutes}` })
  if (minutes < 2_880) return interpolate(t(T.hours), { n: `${Math.floor(minutes / 60)}` })
  return interpolate(t(T.days), { n: grouped(Math.floor(minutes / 1_440)) })
}

function stock({ stock: { low, count, soldOut } }: Dashboard, lang: Lang): Html {
  const t = textsIn(lang)
  return html`<section class="card stack" aria-labelledby="low">
    <div class="row spread"><h2 id="low">${t(T.stock)}</h2>
      ${count > low.length ? html`<a class="press" href="/admin/products?status=on_sale&amp;low=1">${t(T.more)}</a>` : ''}</div>
    ${
      low.length === 0
        ? html`<p class="muted">${t(T.stockNone)}</p>`
        : html`<ul class="stock">${low.map(
            ({ id, title, stock_quantity }) =>
              html`<li><a class="press" href="/admin/products/${id}">${title}</a> <span>${t(T.left)} <strong class="digits">${grouped(stock_quantity)}</strong></span></li>`,
          )}</ul>`
    }
    ${soldOut > 0 ? html`<p class="small"><a class="press" href="/admin/products?status=sold_out">${interpolate(t(T.soldOut), { n: grouped(soldOut) })}</a></p>` : ''}
  </section>`
}
