import { html } from 'hono/html'
import type { OrderAuditTrail, OrderEntry, PaymentView } from '../../../application/orders/audit-trail.ts'
import type { OrderView, RefundView } from '../../../application/orders/view.ts'
import { moneyFromFen } from '../../../domain/money.ts'
import type { OrderStatus } from '../../../domain/orders/status.ts'
import { kindText, reasonText } from '../../../i18n/entry-texts.ts'
import type { Lang } from '../../../i18n/error-texts.ts'
import { detailText, eventTitle } from '../../../i18n/note-texts.ts'
import { exactTime, grouped, moneyText, priceText, signed } from '../../shared/format.ts'
import { interpolate } from '../../shared/interpolate.ts'
import type { Html } from '../../shared/page.ts'
import { stepText } from '../../shop/orders/order-timeline.ts'
import { type Text, textsIn } from '../../texts/common/common.ts'
import {
  ACTORS,
  NOTICE_KINDS,
  NOTICE_OUTCOMES,
  REFUND_STATES,
  SOURCES,
  STOCK_MOVES,
  ORDER_PAGE as T,
} from '../../texts/console/orders.ts'
import { METHODS } from '../../texts/shop/orders.ts'
import { paymentBadge } from './order-badges.ts'

interface Book {
  readonly title: Text
  readonly none: Text
  readonly columns: readonly { readonly head: Text; readonly number?: true }[]
  readonly rows: readonly (readonly (Html | string)[])[]
}

export function auditTrail(order: OrderView, books: OrderAuditTrail, lang: Lang): Html {
  const t = textsIn(lang)
  const all = [
    timeline(order, books, lang),
    ...(books.ledger ? [entries(books.ledger.entries, lang)] : []),
    stock(books, lang),
    payments(books.payments, lang),
    refunds(order.refunds, books, lang),
    notices(books, lang),
  ]
  const empty = all.filter(({ rows }) => rows.length === 0)
  return html`${all.filter(({ rows }) => rows.length > 0).map((book) => bookTable(book, lang))}
    ${empty.length > 0 ? html`<p class="muted">${empty.map(({ none }) => t(none)).join(lang === 'zh' ? '' : ' ')}</p>` : ''}`
}

function bookTable({ title, columns, rows }: Book, lang: Lang): Html {
  const t = textsIn(lang)
  const look = (n: number) => (columns[n]?.number ? html`class="number"` : '')
  return html`<section class="card"><table class="folds${columns.length > 6 ? ' many' : ''}">
    <caption><h2>${t(title)}</h2></caption>
    <thead><tr>${columns.map(({ head }, n) => html`<th scope="col" ${look(n)}>${t(head)}</th>`)}</tr></thead>
    <tbody>${rows.map(
      (cells) =>
        html`<tr>${cells.map((cell, n) => html`<td data-label="${t(columns[n]?.head ?? title)}" ${look(n)}>${cell}</td>`)}</tr>`,
    )}</tbody>
  </table></section>`
}

function timeline(order: OrderView, books: OrderAuditTrail, lang: Lang): Book {
  const t = textsIn(lang)
  // An order that is not placed has only its attempt.
  const attempt = order.timeline.map((event) => ({ ...event, by: { type: 'system', id: null } }))
  const events = books.events.length > 0 ? books.events : attempt
  return {
    title: T.timeline,
    none: T.noTimeline,
    columns: [{ head: T.time }, { head: T.event }, { head: T.note }, { head: T.by }],
    rows: events.map(({ status, note, by, at }) => [
      exactTime(at),
      t(eventTitle(note) ?? stepText(order, status as OrderStatus)),
      detailText(note, lang),
      who(by, lang),
    ]),
  }
}

function who({ type, id }: { readonly type: string; readonly id: string | null }, lang: Lang): string {
  const name = knownOr(ACTORS, type, lang)
  return id === null ? name : `${name} ${id}`
}

/** An unknown code is shown as it is. */
function knownOr(words: Readonly<Record<string, Text>>, name: string, lang: Lang): string {
  return words[name]?.[lang] ?? name
}

function entries(all: readonly OrderEntry[], lang: Lang): Book {
  const t = textsIn(lang)
  return {
    title: T.entries,
    none: T.noEntries,
    columns: [
      { head: T.time },
      { head: T.currency },
      { head: T.kind },
      { head: T.available, number: true },
      { head: T.held, number: true },
      { head: T.after, number: true },
      { head: T.reason },
    ],
    rows: all.map((entry) => [
      exactTime(entry.at),
      t(entry.currency === 'ZJF' ? T.points : T.money),
      kindText(entry.kind, lang),
      change(entry.available, entry.currency),
      change(entry.held, entry.currency),
      entry.currency === 'ZJF'
        ? grouped(Number(entry.availableAfter))
        : moneyText(moneyFromFen(entry.availableAfter)),
      entry.reason,
    ]),
  }
}

function change(value: bigint, currency: OrderEntry['currency']): string {
  if (value === 0n) return '0'
  if (currency === 'ZJF') return signed(Number(value))
  return `${value > 0n ? '+' : ''}${moneyText(moneyFromFen(value))}`
}

function stock(books: OrderAuditTrail, lang: Lang): Book {
  return {
    title: T.stock,
    none: T.noStock,
    columns: [{ head: T.time }, { head: T.move }, { head: T.pieces, number: true }],
    rows: books.stock.map(({ pieces, move, at }) => [
      exactTime(at),
      textsIn(lang)(STOCK_MOVES[move]),
      pieces === 0 ? '—' : signed(pieces),
    ]),
  }
}

/** A tap selects the whole number. */
const code = (number: string) => html`<span class="code whole">${number}</span>`

function payments(all: readonly PaymentView[], lang: Lang): Book {
  return {
    title: T.payments,
    none: T.noPayments,
    columns: [
      { head: T.tradeNo },
      { head: T.method },
      { head: T.providerNo },
      { head: T.amount, number: true },
      { head: T.state },
      { head: T.opened },
      { head: T.paidAt },
      { head: T.refunded, number: true },
    ],
    rows: all.map((payment) => [
      code(payment.out_trade_no),
      textsIn(lang)(METHODS[payment.method]),
      payment.provider_no === null ? '' : code(payment.provider_no),
      moneyText(payment.amount),
      paymentBadge(payment.state, lang),
      exactTime(payment.opened_at),
      payment.paid_at === null ? '' : exactTime(payment.paid_at),
      payment.refunded.amount === '0.00' ? '' : moneyText(payment.refunded),
    ]),
  }
}

function refunds(all: readonly RefundView[], { refundedBy }: OrderAuditTrail, lang: Lang): Book {
  const t = textsIn(lang)
  return {
    title: T.refunds,
    none: T.noRefunds,
    columns: [
      { head: T.refundNo },
      { head: T.back, number: true },
      { head: T.state },
      { head: T.reason },
      { head: T.by },
      { head: T.opened },
      { head: T.doneAt },
    ],
    rows: all.map((refund) => [
      code(refund.refund_no),
      priceText(refund.points, refund.money, lang),
      html`<span class="badge ${refund.state === 'pending' ? 'warn' : ''}">${t(REFUND_STATES[refund.state])}</span>`,
      html`<div>${refund.refund_no === refund.provider_refund_no ? t(T.extra) : reasonText('', refund.reason, lang)}
        ${refund.settled ? html`<p class="hint">${interpolate(t(T.settledBy), { who: refund.settled.by, why: refund.settled.reason })}</p>` : ''}
        ${refund.failure === null ? '' : html`<p class="hint">${interpolate(t(T.failure), { why: refund.failure })}</p>`}</div>`,
      who(refundedBy.get(refund.refund_no) ?? { type: 'system', id: null }, lang),
      exactTime(refund.at),
      refund.done_at === null ? '' : exactTime(refund.done_at),
    ]),
  }
}

function notices({ notices: all }: OrderAuditTrail, lang: Lang): Book {
  return {
    title: T.notices,
    none: T.noNotices,
    columns: [
      { head: T.received },
      { head: T.source },
      { head: T.kind },
      { head: T.eventId },
      { head: T.delivered },
      { head: T.outcome },
    ],
    rows: all.map((notice) => [
      exactTime(notice.received_at),
      knownOr(SOURCES, notice.source, lang),
      NOTICE_KINDS[notice.kind][lang],
      code(notice.event_id),
      notice.delivered_at === null
        ? html`<span class="badge warn">${textsIn(lang)(T.waiting)}</span>`
        : exactTime(notice.delivered_at),
      notice.outcome === null ? '' : NOTICE_OUTCOMES[notice.outcome][lang],
    ]),
  }
}
