import { Hono } from 'hono'
import { html } from 'hono/html'
import {
  removeView,
  type SavedView,
  saveView,
  VIEW_NAME_MAX,
  VIEW_QUERY_MAX,
  VIEWS_MAX,
} from '../../../application/orders/saved-views.ts'
import { field, formFields, readForm } from '../../form/form.ts'
import { readFields } from '../../form/reader.ts'
import type { WebContext, WebDeps, WebEnv } from '../../shared/deps.ts'
import { interpolateText } from '../../shared/interpolate.ts'
import type { Html } from '../../shared/page.ts'
import { viewerOf } from '../../shared/viewer.ts'
import { textsIn } from '../../texts/common/common.ts'
import { VIEWS as T } from '../../texts/console/daily.ts'
import { listAt } from './order-badges.ts'
import { filterQuery, savedQuery } from './order-tabs.ts'

const HERE = '/admin/orders/views'

/** Names the filter of the order list, and forgets it. */
export function savedViewRoutes({ db }: WebDeps) {
  return new Hono<WebEnv>()
    .post('/views', async (c) => {
      const form = await readForm(c)
      const lang = c.get('lang')
      const read = readFields(form, lang, { name: textsIn(lang)(T.name) })
      const name = read.text('name', 1, VIEW_NAME_MAX)
      const query = savedQuery(new URLSearchParams(form.query ?? ''))
      const said = (what: string) => c.redirect(listAt(`${query}${query && '&'}view=${what}`), 303)
      if (read.errors.name !== undefined || query.length > VIEW_QUERY_MAX) return said('wrong')
      return said((await saveView(db, viewerOf(c).sub, name, query)) ? 'saved' : 'full')
    })
    .post('/views/:view{[1-9]\\d{0,17}}/delete', async (c) => {
      await removeView(db, viewerOf(c).sub, c.req.param('view'))
      return c.redirect(listAt('view=removed'), 303)
    })
}

const SAID = {
  saved: ['good', T.saved],
  removed: ['good', T.removed],
  full: ['bad', T.full],
  wrong: ['bad', T.wrong],
} as const

/** What came of saving a view. */
export function viewNotice(c: WebContext): Html | '' {
  const what = c.req.query('view') ?? ''
  if (!Object.hasOwn(SAID, what)) return ''
  const [look, text] = SAID[what as keyof typeof SAID]
  return html`<p class="notice ${look}" role="${look === 'good' ? 'status' : 'alert'}">${interpolateText(textsIn(c.get('lang'))(text), { n: `${VIEWS_MAX}` })}</p>`
}

/** Saves the filter that is shown, or deletes the view that it is; empty without a filter. */
export function viewForms(c: WebContext, views: readonly SavedView[]): Html | '' {
  const t = textsIn(c.get('lang'))
  const shown = filterQuery(c)
  const own = views.find(({ query }) => query === shown)
  if (own) {
    return html`<form method="post" action="${HERE}/${own.id}/delete">${formFields(c)}
      <button class="quiet">${t(T.remove)}</button></form>`
  }
  const query = savedQuery(new URLSearchParams(shown))
  if (query === '') return ''
  return html`<details class="save-view" ${c.req.query('view') === 'wrong' ? 'open' : ''}><summary>${t(T.save)}</summary>
    <form method="post" action="${HERE}" class="row">
      ${formFields(c)}
      <input type="hidden" name="query" value="${query}">
      ${field({ name: 'name', label: t(T.name), hint: t(T.hint), required: true, maxlength: VIEW_NAME_MAX })}
      <button class="plain">${t(T.saveDo)}</button>
    </form></details>`
}
