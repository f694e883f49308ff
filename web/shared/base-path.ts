import type { WebDeps } from './deps.ts'

/**
 * A proxy may serve the mall under a path, which it takes away: inside, every address is written without it. What goes
 * out gets it here, and what browsers send back loses it here.
 */

/** @returns the path of the public address, such as `/mall`; empty without one */
export const basePathOf = ({ publicUrl }: Pick<WebDeps, 'publicUrl'>): string =>
  new URL(publicUrl).pathname.replace(/\/$/, '')

/** Our templates quote attributes, and escape quotes in what they fill in. */
const LINK = /( (?:href|src|action|formaction|hx-sse:connect|hx-get|hx-post|data-regions)=")(\/(?!\/))/g

/** @param markup of our own pages */
export const withBasePath = (markup: string, base: string): string =>
  base === '' ? markup : markup.replace(LINK, (_all, start: string, path: string) => start + base + path)

/** @param url a header of the browser, such as `Referer` */
export function withoutBasePath(url: string, base: string): string {
  const found = URL.parse(url)
  if (base === '' || !found?.pathname.startsWith(`${base}/`)) return url
  found.pathname = found.pathname.slice(base.length)
  return found.href
}

/** Where a cookie of the pages is sent. The `__Host-` prefix allows no path. */
export function cookieScope(deps: Pick<WebDeps, 'publicUrl'>) {
  const base = basePathOf(deps)
  return {
    path: base === '' ? '/' : base,
    secure: deps.publicUrl.startsWith('https:'),
    prefix: base === '' ? ('host' as const) : ('secure' as const),
  }
}
