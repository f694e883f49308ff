import { Hono } from 'hono'
import { html } from 'hono/html'
import { formFields, readForm } from '../../form/form.ts'
import type { WebContext, WebDeps, WebEnv } from '../../shared/deps.ts'
import { textsIn } from '../../texts/common/common.ts'
import { KEY_TEXTS, SHORTCUTS as T } from '../../texts/console/daily.ts'
import { keysAreOn, turnKeys } from '../keys.ts'
import { consolePage } from '../layout.ts'

const HERE = '/admin/shortcuts'

/** What the single keys do, and their switch. */
export function shortcutRoutes(deps: WebDeps) {
  return new Hono<WebEnv>().get('/', show).post('/', async (c) => {
    turnKeys(c, deps, (await readForm(c)).keys !== 'off')
    return c.redirect(HERE, 303)
  })
}

function show(c: WebContext) {
  const t = textsIn(c.get('lang'))
  const isOn = keysAreOn(c)
  const main = html`<h1>${t(T.title)}</h1>
    <section class="card stack narrow">
      <p>${t(T.hint)}</p>
      <table><caption class="sr">${t(T.title)}</caption>
        <thead><tr><th scope="col">${t(T.key)}</th><th scope="col">${t(T.what)}</th></tr></thead>
        <tbody>${Object.entries(KEY_TEXTS).map(
          ([key, text]) => html`<tr><td><kbd>${key}</kbd></td><td>${t(text)}</td></tr>`,
        )}</tbody>
      </table>
      <form method="post" action="${HERE}" class="stack">
        ${formFields(c)}
        <p>${t(isOn ? T.isOn : T.isOff)} <span class="muted">${t(T.here)}</span></p>
        <div><button name="keys" value="${isOn ? 'off' : 'on'}" class="plain" autofocus>${t(isOn ? T.turnOff : T.turnOn)}</button></div>
      </form>
    </section>`
  return consolePage(c, { title: t(T.title), main })
}
