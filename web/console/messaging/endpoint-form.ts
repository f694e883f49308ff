import { html } from 'hono/html'
import {
  DESCRIPTION_MAX,
  type EndpointFields,
  type EndpointView,
  URL_MAX,
} from '../../../application/messaging/endpoints.ts'
import { EVENT_TYPES } from '../../../domain/messaging/events.ts'
import type { Lang } from '../../../i18n/error-texts.ts'
import { errorSummary, type Form, type FormErrors, field, formFields } from '../../form/form.ts'
import { readFields } from '../../form/reader.ts'
import type { WebContext } from '../../shared/deps.ts'
import type { Html } from '../../shared/page.ts'
import { COMMON, textsIn } from '../../texts/common/common.ts'
import { EVENT_TEXTS, eventField, WEBHOOKS as T } from '../../texts/console/webhooks.ts'

/** As the form shows a new endpoint: with every event. */
export const NEW_ENDPOINT: Form = Object.fromEntries(EVENT_TYPES.map((type) => [eventField(type), '1']))

export const endpointFormOf = ({ url, description, events, latest_state }: EndpointView): Form => ({
  url,
  ...(latest_state ? { latest_state: '1' } : {}),
  description: description ?? '',
  ...Object.fromEntries(events.map((type) => [eventField(type), '1'])),
})

export function readEndpointForm(form: Form, lang: Lang) {
  const t = textsIn(lang)
  const read = readFields(form, lang, { url: t(T.url), description: t(T.description), events: t(T.events) })
  const events = EVENT_TYPES.filter((type) => form[eventField(type)] === '1')
  if (events.length === 0) read.say('events', t(T.eventsRequired))
  const fields: EndpointFields = {
    url: read.text('url', 1, URL_MAX),
    events,
    description: read.text('description', 0, DESCRIPTION_MAX) || null,
    latest_state: form.latest_state === '1',
  }
  return { fields, read }
}

export function endpointForm(c: WebContext, action: string, form: Form, errors: FormErrors): Html {
  const lang = c.get('lang')
  const t = textsIn(lang)
  return html`<form method="post" action="${action}" class="stack" novalidate>
    ${formFields(c, form.once)}
    ${errorSummary(errors, lang)}
    ${field({ name: 'url', label: t(T.url), value: form.url, error: errors.url, required: true, maxlength: URL_MAX })}
    ${field({ name: 'description', label: t(T.description), value: form.description, error: errors.description, maxlength: DESCRIPTION_MAX })}
    <fieldset class="field" id="field-events" ${errors.events ? html`aria-describedby="field-events-error"` : ''}>
      <legend>${t(T.events)}</legend>
      ${EVENT_TYPES.map(
        (type) =>
          html`<label class="pick"><input type="checkbox" name="${eventField(type)}" value="1" ${form[eventField(type)] ? 'checked' : ''}> ${t(EVENT_TEXTS[type])} <span class="code muted small">${type}</span></label>`,
      )}
      ${errors.events ? html`<p class="error" id="field-events-error">${errors.events}</p>` : ''}
    </fieldset>
    <label class="pick"><input type="checkbox" name="latest_state" value="1" ${form.latest_state ? 'checked' : ''}> ${t(T.latestState)}</label>
    <div><button>${t(COMMON.save)}</button></div>
  </form>`
}
