import { html } from 'hono/html'
import type { StatusCode } from 'hono/utils/http-status'
import type { WebContext } from '../shared/deps.ts'
import { type Html, page } from '../shared/page.ts'
import { COMMON, textsIn } from '../texts/common/common.ts'

type Tab = 'home' | 'orders' | 'wallet'

interface ShopPage {
  readonly title: string
  readonly main: Html
  readonly tab?: Tab
  readonly back?: string
  readonly live?: boolean
  readonly goTo?: string | undefined
}

export function shopPage(
  c: WebContext,
  { title, main, tab, back, live, goTo }: ShopPage,
  status?: StatusCode,
) {
  const t = textsIn(c.get('lang'))
  const viewer = c.get('viewer')
  const tabs: readonly (readonly [Tab, string, string])[] = [
    ['home', '/points-mall/products', t(COMMON.home)],
    ['orders', '/points-mall/orders', t(COMMON.orders)],
    ['wallet', '/points-mall/wallet', t(COMMON.wallet)],
  ]
  const header = html`<header class="bar">
    ${back ? html`<a class="back" href="${back}"><span aria-hidden="true">‹</span> ${t(COMMON.back)}</a>` : ''}
    <a class="brand" href="/points-mall/products">${t(COMMON.shop)}</a>
    <nav class="tabs" aria-label="${t(COMMON.shop)}">
      ${tabs.map(
        ([name, href, text]) =>
          html`<a href="${href}" ${name === tab ? html`aria-current="page"` : ''}><svg aria-hidden="true"><use href="/assets/pages/icons.svg#${name}"></use></svg>${text}</a>`,
      )}
    </nav>
    <div class="account">
      <a href="${langLink(c)}" lang="${c.get('lang') === 'zh' ? 'en' : 'zh-CN'}" hreflang="${c.get('lang') === 'zh' ? 'en' : 'zh-CN'}">${t(COMMON.otherLang)}</a>
      ${
        viewer
          ? html`<span class="who">${viewer.sub}</span>
            <form method="post" action="/points-mall/sign-out"><button class="quiet">${t(COMMON.signOut)}</button></form>`
          : html`<a href="/points-mall/sign-in">${t(COMMON.signIn)}</a>`
      }
    </div>
  </header>`
  return page(c, { title, look: 'shop', header, main, goTo, ...(live ? { live } : {}) }, status)
}

export function langLink(c: WebContext): string {
  const url = new URL(c.req.url)
  // A cashier was opened once.
  url.searchParams.delete('go')
  url.searchParams.set('lang', c.get('lang') === 'zh' ? 'en' : 'zh')
  return url.pathname + url.search
}
