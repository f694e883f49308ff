import { createHash, randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createMiddleware } from 'hono/factory'
import { html } from 'hono/html'
import type { StatusCode } from 'hono/utils/http-status'
import { COMMON, textsIn } from '../texts/common/common.ts'
import type { WebContext, WebDeps, WebEnv } from './deps.ts'

export type Html = ReturnType<typeof html>

const PUBLIC = join(import.meta.dirname, '../public')
/** The URL contains a hash of the contents, so that files can be cached permanently. */
const versioned = (file: string): string => {
  const hash = createHash('sha256')
    .update(readFileSync(join(PUBLIC, file)))
    .digest('base64url')
    .slice(0, 10)
  return `/assets/${file}?v=${hash}`
}
const STYLES = {
  tokens: versioned('pages/tokens.css'),
  base: versioned('pages/base.css'),
  shop: versioned('pages/shop.css'),
  console: versioned('pages/console.css'),
  catalogue: versioned('pages/catalogue.css'),
  forms: versioned('pages/console-forms.css'),
  orders: versioned('pages/orders.css'),
}
const SCRIPT = versioned('pages/pages.js')
const WECHAT = versioned('pages/wechat-pay.js')
/** htmx 4 swaps error responses in, which would replace the page. */
const HTMX = '{"includeIndicatorCSS":false,"noSwap":[204,304,"4xx","5xx"]}'

/** Sets the CSP nonce and the security headers. */
export const guardPage = ({ imageHosts }: Pick<WebDeps, 'imageHosts'>) => {
  const images = ["img-src 'self' data:", ...imageHosts.map((host) => `https://${host}`)].join(' ')
  return createMiddleware<WebEnv>(async (c, next) => {
    const nonce = randomBytes(16).toString('base64')
    c.set('nonce', nonce)
    await next()
    if (!c.res.headers.get('content-type')?.startsWith('text/html')) return
    c.header(
      'Content-Security-Policy',
      [
        "default-src 'none'",
        `script-src 'nonce-${nonce}'`,
        "style-src 'self'",
        images,
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
      ].join('; '),
    )
    c.header('Cache-Control', 'private, no-store')
    c.header('Vary', 'Cookie, Accept-Language')
  })
}

interface Shell {
  readonly title: string
  readonly look: 'shop' | 'console'
  readonly header: Html
  readonly main: Html
  readonly footer?: Html
  readonly live?: boolean
  /** Where the page leads at once, without a script; it takes the page's place in the history. */
  readonly goTo?: string | undefined
}

export function page(c: WebContext, shell: Shell, status: StatusCode = 200) {
  const lang = c.get('lang')
  const t = textsIn(lang)
  const nonce = c.get('nonce')
  c.status(status)
  return c.html(
    html`<!doctype html>
<html lang="${lang === 'zh' ? 'zh-CN' : 'en'}">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover">
    <meta name="color-scheme" content="light dark">
    <meta name="theme-color" content="#faf7f1" media="(prefers-color-scheme: light)">
    <meta name="theme-color" content="#161412" media="(prefers-color-scheme: dark)">
    <title>${shell.title} · ${t(shell.look === 'shop' ? COMMON.shop : COMMON.console)}</title>
    ${shell.goTo === undefined ? '' : html`<meta name="referrer" content="origin"><meta http-equiv="refresh" content="0;url=${shell.goTo}">`}
    <link rel="icon" href="/assets/pages/icon.svg" type="image/svg+xml">
    <link rel="stylesheet" href="${STYLES.tokens}">
    <link rel="stylesheet" href="${STYLES.base}">
    <link rel="stylesheet" href="${STYLES[shell.look]}">
    ${shell.look === 'console' ? html`<link rel="stylesheet" href="${STYLES.forms}">` : ''}
    ${shell.look === 'shop' ? html`<link rel="stylesheet" href="${STYLES.catalogue}">` : ''}
    ${shell.look === 'shop' ? html`<link rel="stylesheet" href="${STYLES.orders}">` : ''}
    ${shell.live ? html`<meta name="htmx-config" content="${HTMX}">` : ''}
    <script nonce="${nonce}" src="${SCRIPT}" defer></script>
  </head>
  <body class="${shell.look}">
    <a class="skip" href="#main">${t(COMMON.skip)}</a>
    <p class="offline" role="status" hidden>${t(COMMON.offline)}</p>
    ${shell.header}
    <main id="main" tabindex="-1">${shell.main}</main>
    ${shell.footer ?? ''}
    ${shell.live ? liveScripts(nonce) : ''}
  </body>
</html>`,
  )
}

/** Not deferred: htmx must run before its extension. */
function liveScripts(nonce: string): Html {
  return html`<script nonce="${nonce}" src="/assets/htmx/htmx.min.js"></script>
    <script nonce="${nonce}" src="/assets/htmx/ext/hx-sse.min.js"></script>
    <script nonce="${nonce}" src="${WECHAT}"></script>`
}
