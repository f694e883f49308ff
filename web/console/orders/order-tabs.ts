import { html } from 'hono/html'
import type { SavedView } from '../../../application/orders/saved-views.ts'
import type { WebContext } from '../../shared/deps.ts'
import type { Html } from '../../shared/page.ts'
import { type Text, textsIn } from '../../texts/common/common.ts'
import { ORDER_TABS as T } from '../../texts/console/daily.ts'
import { type Key, keyed } from '../keys.ts'
import { listAt } from './order-badges.ts'

/** Filters that everybody has: the query of the list, and the name. One more line is one more tab. */
const TABS: readonly (readonly [query: string, name: Text])[] = [
  ['', T.all],
  ['sent=1&sort=oldest&status=order_paid', T.to_accept],
  ['sent=1&sort=oldest&status=order_accepted', T.to_ship],
  ['attention=1', T.attention],
]

/** Names of the query that are no filter: where the page stands, and what it says once. */
const NO_FILTER = ['past', 'done', 'select', 'picked', 'view', 'lang']

/** The filter of a list as the query of its address: sorted, without what is empty. */
export const filterQuery = (c: WebContext): string => filterOf(new URL(c.req.url).searchParams)

function filterOf(query: URLSearchParams): string {
  const kept = [...query].filter(([name, value]) => value !== '' && !NO_FILTER.includes(name))
  return new URLSearchParams(kept.toSorted(([a], [b]) => (a < b ? -1 : 1))).toString()
}

/** The address of the list as an order page leads back to it: with the page, without what is said once. */
export function placeInList(c: WebContext): string {
  const query = new URL(c.req.url).searchParams
  for (const name of NO_FILTER) if (name !== 'past') query.delete(name)
  return query.toString()
}

/** Without words, which may be a phone number or a name. */
export function savedQuery(query: URLSearchParams): string {
  query.delete('q')
  return filterOf(query)
}

/** @param views those that the operator has saved; they follow */
export function orderTabs(c: WebContext, views: readonly SavedView[]): Html {
  const t = textsIn(c.get('lang'))
  const here = filterQuery(c)
  const tabs = [
    ...TABS.map(([query, name]) => [query, t(name)] as const),
    ...views.map(({ query, name }) => [query, name] as const),
  ]
  return html`<nav class="views" aria-label="${t(T.label)}">${tabs.map(
    ([query, name], n) =>
      html`<a href="${listAt(query)}" ${query === here ? html`aria-current="page"` : ''} ${n < 9 ? keyed(c, `${n + 1}` as Key) : ''}>${name}</a>`,
  )}</nav>`
}
