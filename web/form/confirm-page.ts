import { html } from 'hono/html'
import { consolePage } from '../console/layout.ts'
import type { WebContext } from '../shared/deps.ts'
import type { Html } from '../shared/page.ts'
import { textsIn } from '../texts/common/common.ts'
import { ACTION_FORM as F } from '../texts/console/wallets.ts'
import { type Form, formFields } from './form.ts'

/** Submits the form again with `confirmed` = `yes`, or `no` to edit. @param rows name and value @param title default: that the amount is large */
export function confirmPage(
  c: WebContext,
  action: string,
  form: Form,
  rows: readonly (readonly [string, Html | string])[],
  title?: string,
) {
  const t = textsIn(c.get('lang'))
  const heading = title ?? t(F.confirmTitle)
  const main = html`<h1>${heading}</h1>
    <form method="post" action="${action}" class="ticket narrow">
      <div class="body stack">
        <p>${t(F.confirmHint)}</p>
        <dl class="facts">${rows.map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl>
      </div>
      <div class="stub row">
        ${formFields(c, form.once)}
        ${Object.entries(form)
          .filter(([field]) => field !== 'once')
          .map(([field, value]) => html`<input type="hidden" name="${field}" value="${value}">`)}
        <button name="confirmed" value="yes">${t(F.confirm)}</button>
        <button name="confirmed" value="no" class="plain">${t(F.change)}</button>
      </div>
    </form>`
  return consolePage(c, { title: heading, main, section: 'users' })
}
