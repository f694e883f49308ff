import { html } from 'hono/html'
import { consolePage } from '../console/layout.ts'
import type { WebContext } from '../shared/deps.ts'
import { interpolateText } from '../shared/interpolate.ts'
import type { Html } from '../shared/page.ts'
import { localPath, viewerOf } from '../shared/viewer.ts'
import { shopPage } from '../shop/layout.ts'
import { textsIn } from '../texts/common/common.ts'
import { KEPT_FIELDS, keptActionText, KEPT_FORMS as T } from '../texts/common/kept-forms.ts'
import { formFields, readForm } from './form.ts'
import { KEPT_ID, NOT_TYPED } from './kept-form.ts'

interface Submission {
  /** Target path with query. */
  readonly path: string
  readonly fields: Readonly<Record<string, string>>
  /** Idempotency key; undefined: a new one. */
  readonly once?: string
  readonly keptId?: string
  /** Text of the button. */
  readonly submit: string
}

/** Shows everything that a form sends, with a button that sends it. Empty for an action without a description. */
export function submission(c: WebContext, { path, fields, once, keptId, submit }: Submission): Html | '' {
  const t = textsIn(c.get('lang'))
  const action = keptActionText(new URL(path, 'http://shop.invalid').pathname)
  if (action === undefined) return ''
  const all = Object.entries(fields)
  return html`<section class="ticket narrow-page">
    <div class="body stack">
      <h2>${t(action)}</h2>
      <dl class="facts">
        <dt>${t(T.target)}</dt><dd class="code">${decoded(path)}</dd>
        ${all.map(([name, value]) => {
          // Fields of a row end in its number.
          const plain = name.replace(/_\d+$/, '')
          const known = Object.hasOwn(KEPT_FIELDS, plain) ? KEPT_FIELDS[plain] : undefined
          const own = /^custom_(\w+)$/.exec(name)?.[1]
          return html`<dt>${known ? t(known) : own === undefined ? name : `${t(T.custom)} ${own}`}</dt><dd class="typed">${value === '' ? html`<span class="muted">${t(T.empty)}</span>` : value}</dd>`
        })}
      </dl>
    </div>
    <form method="post" action="${path}" class="stub">
      ${formFields(c, once)}
      ${keptId === undefined ? '' : html`<input type="hidden" name="${KEPT_ID}" value="${keptId}">`}
      ${all.map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`)}
      <button>${submit}</button>
    </form>
  </section>`
}

/** Page after a form that was shown to another account: nothing is done, and the viewer may submit it as theirs. */
export async function showFormAgain(c: WebContext, inConsole: boolean) {
  const t = textsIn(c.get('lang'))
  const who = viewerOf(c).sub
  const { pathname, search } = new URL(c.req.url)
  const takesFile = c.req.header('content-type')?.toLowerCase().startsWith('multipart/')
  const fields = Object.entries(await readForm(c)).filter(([name]) => !NOT_TYPED.includes(name))
  const submit = interpolateText(t(T.submitAs), { who })
  const form = takesFile
    ? ''
    : submission(c, { path: pathname + search, fields: Object.fromEntries(fields), submit })
  const title = t(T.title)
  const main = html`<h1>${title}</h1>
    <p class="notice warn" role="alert">${interpolateText(t(form === '' ? T.foreignLost : T.foreign), { who })}</p>
    ${form}
    <p><a class="press" href="${localPath(c.req.header('referer'))}">${t(T.reopen)}</a></p>`
  return inConsole ? consolePage(c, { title, main }, 409) : shopPage(c, { title, main }, 409)
}

function decoded(path: string): string {
  try {
    return decodeURI(path)
  } catch {
    return path
  }
}
