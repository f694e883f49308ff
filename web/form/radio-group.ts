import { html } from 'hono/html'
import type { Lang } from '../../i18n/error-texts.ts'
import type { Html } from '../shared/page.ts'
import { type Text, textsIn } from '../texts/common/common.ts'

interface Pick {
  readonly value: string
  readonly text: Text
  readonly hint?: Text | undefined
  readonly inside?: Html
}

export function radioGroup(
  name: string,
  legend: string,
  options: readonly Pick[],
  { chosen, error }: { readonly chosen: string | undefined; readonly error?: string | undefined },
  lang: Lang,
): Html {
  const t = textsIn(lang)
  return html`<fieldset id="field-${name}" class="picks${error ? ' wrong' : ''}" ${error ? html`aria-describedby="field-${name}-error"` : ''}><legend>${legend}</legend>
    ${error ? html`<p class="error" id="field-${name}-error">${error}</p>` : ''}
    ${options.map(
      ({
        value,
        text,
        hint,
        inside,
      }) => html`<label class="pick"><input type="radio" name="${name}" value="${value}" required ${value === chosen ? 'checked' : ''}>
        <span>${t(text)}${hint ? html`<small class="hint">${t(hint)}</small>` : ''}</span></label>
        ${inside ? html`<div class="inside">${inside}</div>` : ''}`,
    )}</fieldset>`
}
