import { html } from 'hono/html'
import { COMMON, textsIn } from '../texts/common/common.ts'
import type { WebContext } from './deps.ts'
import { grouped } from './format.ts'
import type { Html } from './page.ts'

export function pager(c: WebContext, page: number, last: number): Html | '' {
  if (last <= 1 && page === 1) return ''
  const t = textsIn(c.get('lang'))
  const link = (to: number, text: string, rel: string) => {
    const url = new URL(c.req.url)
    url.searchParams.set('page', `${to}`)
    url.searchParams.delete('done')
    return html`<a class="button plain" rel="${rel}" href="${url.pathname + url.search}">${text}</a>`
  }
  return html`<nav class="pager" aria-label="${t(COMMON.page)}">
    ${page > 1 ? link(Math.min(page - 1, Math.max(1, last)), t(COMMON.previous), 'prev') : ''}
    <span class="muted">${grouped(page)} / ${grouped(Math.max(1, last))}</span>
    ${page < last ? link(page + 1, t(COMMON.next), 'next') : ''}
  </nav>`
}
