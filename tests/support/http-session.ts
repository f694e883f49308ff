import { signIn, type Viewer } from '../../application/customers/sessions.ts'
import type { Lang } from '../../i18n/error-texts.ts'
import type { TestApp } from './test-app.ts'

/** What a page answered. */
export interface Page {
  readonly status: number
  readonly headers: Headers
  readonly location: string
  readonly html: string
}

export type Visitor = Awaited<ReturnType<typeof openHttpSession>>

/**
 * A browser without JavaScript: a session, forms, and redirects that are looked at.
 * @param owner undefined: nobody is signed in
 */
export async function openHttpSession(
  mall: TestApp,
  owner: string | undefined,
  lang: Lang = 'zh',
  role: Viewer['role'] = 'customer',
) {
  const session = owner === undefined ? undefined : await signIn(mall.deps.db, { sub: owner, role, level: 1 })
  const cookie = [`points_mall_lang=${lang}`, ...(session ? [`points_mall_session=${session}`] : [])].join(
    '; ',
  )

  async function ask(path: string, init: RequestInit = {}, more: Record<string, string> = {}): Promise<Page> {
    const headers = { cookie, origin: mall.url, ...more }
    const response = await fetch(`${mall.url}${path}`, { redirect: 'manual', ...init, headers })
    const location = response.headers.get('location') ?? ''
    return { status: response.status, headers: response.headers, location, html: await response.text() }
  }

  return {
    cookie,
    get: (path: string) => ask(path),
    post: (path: string, fields: Readonly<Record<string, string>>, headers: Record<string, string> = {}) =>
      ask(path, { method: 'POST', body: new URLSearchParams(fields) }, headers),
    /** The answer as it comes, for what does not end. */
    open: (path: string, signal: AbortSignal) => fetch(`${mall.url}${path}`, { headers: { cookie }, signal }),
  }
}

/** The key that makes the form act once. @param action of the form, where the page has several */
export function onceIn({ html }: Page, action = ''): string {
  const form = html.slice(Math.max(0, html.indexOf(`action="${action}`)))
  const found = /name="once" value="([\w-]+)"/.exec(form)?.[1]
  if (found === undefined) throw new Error(`no form${action && ` for ${action}`} in ${html}`)
  return found
}

/** The text of a page's first `h1`. */
export const headingOf = ({ html }: Page): string => /<h1[^>]*>([\s\S]*?)<\/h1>/.exec(html)?.[1]?.trim() ?? ''
