import { html } from 'hono/html'
import type { StatusCode } from 'hono/utils/http-status'
import type { WebContext } from '../shared/deps.ts'
import { grouped } from '../shared/format.ts'
import { type Html, page } from '../shared/page.ts'
import { viewerOf } from '../shared/viewer.ts'
import { langLink } from '../shop/layout.ts'
import { COMMON, textsIn } from '../texts/common/common.ts'
import { SHORTCUTS } from '../texts/console/daily.ts'
import { FRAME } from '../texts/console/frame.ts'
import { keyed } from './keys.ts'

const SECTIONS = [
  ['today', '/admin'],
  ['attention', '/admin/attention'],
  ['orders', '/admin/orders'],
  ['counter', '/admin/counter'],
  ['after_sales', '/admin/after-sales'],
  ['products', '/admin/products'],
  ['categories', '/admin/categories'],
  ['users', '/admin/users'],
  ['statistics', '/admin/statistics'],
  ['reconciliations', '/admin/reconciliations'],
  ['webhooks', '/admin/webhooks'],
] as const

const KEYS = { today: 't', orders: 'o', products: 'p' } as const

interface ConsolePage {
  readonly title: string
  readonly main: Html
  readonly section?: (typeof SECTIONS)[number][0]
}

export function consolePage(c: WebContext, { title, main, section }: ConsolePage, status?: StatusCode) {
  const t = textsIn(c.get('lang'))
  const { sub, role } = viewerOf(c)
  const waiting = c.get('attention') ?? 0
  const other = c.get('lang') === 'zh' ? 'en' : 'zh-CN'
  const header = html`<header class="side">
    <a class="brand" href="/admin">${t(COMMON.console)}</a>
    <nav class="sections" aria-label="${t(FRAME.sections)}">
      ${SECTIONS.map(
        ([name, href]) =>
          html`<a href="${href}" ${name === section ? html`aria-current="page"` : ''} ${Object.hasOwn(KEYS, name) ? keyed(c, KEYS[name as keyof typeof KEYS]) : ''}>${t(FRAME[name])}${name === 'attention' && waiting > 0 ? html` <span class="badge todo">${grouped(waiting)}</span>` : ''}</a>`,
      )}
    </nav>
    <div class="end">
      <p class="who"><strong>${sub}</strong> <span class="badge">${t(FRAME.role[role])}</span></p>
      <a class="to-shop" href="/points-mall/products">${t(FRAME.shop)}</a>
      <a href="${langLink(c)}" lang="${other}" hreflang="${other}">${t(COMMON.otherLang)}</a>
      <a href="/admin/shortcuts" ${keyed(c, '?')}>${t(SHORTCUTS.title)}</a>
      <a href="/points-mall/sign-out">${t(COMMON.sessions)}</a>
      <form method="post" action="/points-mall/sign-out"><button class="quiet">${t(COMMON.signOut)}</button></form>
    </div>
  </header>`
  return page(c, { title, look: 'console', header, main }, status)
}
