import { signIn, type Viewer } from '../../application/customers/sessions.ts'
import type { Lang } from '../../i18n/error-texts.ts'
import { formMarkIn } from './shopper.ts'
import type { TestApp } from './test-app.ts'

/** The answer of a page. */
export interface Page {
  readonly status: number
  readonly headers: Headers
  readonly location: string
  readonly html: string
}

export type Visitor = Awaited<ReturnType<typeof openHttpSession>>

/**
 * A browser without JavaScript: a session, forms, and redirects that are not followed.
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

  let mark: string | undefined
  /** A form that is not taken from a page is the owner's, too. */
  async function post(
    path: string,
    fields: Readonly<Record<string, string>>,
    headers: Record<string, string> = {},
  ) {
    if (session !== undefined) mark ??= formMarkIn((await ask('/points-mall/addresses/new')).html)
    const own = mark === undefined ? {} : { form_for: mark }
    return ask(path, { method: 'POST', body: new URLSearchParams({ ...own, ...fields }) }, headers)
  }

  return {
    cookie,
    get: (path: string) => ask(path),
    post,
    /** The answer as it comes, for what does not end. */
    open: (path: string, signal: AbortSignal) => fetch(`${mall.url}${path}`, { headers: { cookie }, signal }),
  }
}

/** The form's operation key, which makes it act once. @param action of the form, if the page has several */
export function onceIn({ html }: Page, action = ''): string {
  const form = html.slice(Math.max(0, html.indexOf(`action="${action}`)))
  const found = /name="once" value="([\w-]+)"/.exec(form)?.[1]
  if (found === undefined) throw new Error(`no form${action && ` for ${action}`} in ${html}`)
  return found
}

/** The text of a page's first `h1`. */
export const headingOf = ({ html }: Page): string => /<h1[^>]*>([\s\S]*?)<\/h1>/.exec(html)?.[1]?.trim() ?? ''
