/**
 * A browser without JavaScript: cookies, links, forms, and redirects that are checked before they are
 * followed.
 */

export type Fields = Readonly<Record<string, string>>

export interface Shown {
  readonly status: number
  /** The target of a redirect; '' if it is none. */
  readonly location: string
  readonly headers: Headers
  readonly html: string
  /** The visible text: no tags, single spaces. */
  readonly text: string
}

interface Sent {
  /** The site that the form is on. */
  readonly origin?: string
  readonly agent?: string
}

export type Visitor = ReturnType<typeof openVisitor>

/** @param url the mall's address */
export function openVisitor(url: string, lang: 'zh' | 'en' = 'zh') {
  const cookies = new Map([['points_mall_lang', lang as string]])

  async function ask(path: string, init: RequestInit, { origin, agent }: Sent = {}): Promise<Shown> {
    const response = await fetch(`${url}${path}`, {
      redirect: 'manual',
      ...init,
      headers: {
        cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; '),
        ...(origin === undefined ? {} : { origin }),
        ...(agent === undefined ? {} : { 'user-agent': agent }),
      },
    })
    for (const cookie of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(cookie) ?? []
      if (/max-age=0/i.test(cookie)) cookies.delete(name)
      else cookies.set(name, value)
    }
    const html = await response.text()
    return {
      status: response.status,
      location: response.headers.get('location') ?? '',
      headers: response.headers,
      html,
      text: plain(html.replace(/<(script|style|title)[\s\S]*?<\/\1>|<[^>]*>/g, ' ')).replace(/\s+/g, ' '),
    }
  }

  const marks = new Map<string, string>()
  /** What each form of the one who is signed in has, for a form that is not taken from a page. */
  async function mark(): Promise<Fields> {
    const session = cookies.get('points_mall_session')
    if (session === undefined) return {}
    const known = marks.get(session) ?? formMarkIn((await ask('/points-mall/addresses/new', {})).html)
    if (known === undefined) return {}
    marks.set(session, known)
    return { form_for: known }
  }

  const post = async (path: string, fields: Fields, sent: Sent = {}) => {
    const own = 'form_for' in fields || path === '/points-mall/sign-in' ? {} : await mark()
    const body = new URLSearchParams({ ...own, ...fields })
    return ask(path, { method: 'POST', body }, { origin: url, ...sent })
  }

  return {
    cookies,
    get: (path: string) => ask(path, {}),
    post,
    /** @returns the target of the redirect */
    signIn: async (user: string, next = '/points-mall/products') =>
      (await post('/points-mall/sign-in', { user, next })).location,
  }
}

/** The account that the forms of a page are for. */
export const formMarkIn = (html: string): string | undefined =>
  /name="form_for" value="([^"]+)"/.exec(html)?.[1]

function plain(text: string): string {
  return text
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&amp;', '&')
}

/** The fields of the form with this action, as a browser would send them. @throws if there is none */
export function fieldsOf(html: string, action: string): Record<string, string> {
  const forms = [...html.matchAll(/<form([^>]*)>([\s\S]*?)<\/form>/g)]
  const found = forms.find(([, tag = '']) => attribute(tag, 'action') === action && /method="post"/.test(tag))
  if (!found) throw new Error(`no form is posted to ${action}`)
  const [, , form = ''] = found
  const fields: Record<string, string> = {}
  for (const [tag] of form.matchAll(/<input[^>]*>/g)) {
    const isChoice = /type="(radio|checkbox)"/.test(tag)
    if (isChoice && !/\schecked/.test(tag)) continue
    fields[attribute(tag, 'name')] = attribute(tag, 'value')
  }
  for (const [, tag = '', text = ''] of form.matchAll(/(<textarea[^>]*>)([\s\S]*?)<\/textarea>/g)) {
    fields[attribute(tag, 'name')] = plain(text)
  }
  return fields
}

const attribute = (tag: string, name: string): string =>
  plain(new RegExp(`\\b${name}="([^"]*)"`).exec(tag)?.[1] ?? '')
