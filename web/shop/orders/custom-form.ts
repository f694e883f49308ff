import { html } from 'hono/html'
import {
  CUSTOM_MAX,
  type CustomField,
  type CustomTitle,
  type CustomValues,
  readAnswers,
} from '../../../domain/catalogue/custom-fields.ts'
import { plainCode } from '../../../domain/text.ts'
import type { Lang } from '../../../i18n/error-texts.ts'
import { type Form, type FormErrors, field } from '../../form/form.ts'
import { radioGroup } from '../../form/radio-group.ts'
import type { readFields } from '../../form/reader.ts'
import { interpolateText } from '../../shared/interpolate.ts'
import type { Html } from '../../shared/page.ts'
import { textsIn } from '../../texts/common/common.ts'
import { CUSTOM as T } from '../../texts/shop/custom-fields.ts'

/** More choices than this are a list to open. */
const RADIOS_MAX = 6
/** Longer texts get several lines. */
const LINE_MAX = 40

const nameOf = (key: string): string => `custom_${key}`
const titleIn = (title: CustomTitle, lang: Lang): string => title[lang] ?? title.zh

/** The labels of the form's fields, by their names. */
export const customLabels = (fields: readonly CustomField[], lang: Lang): Record<string, string> =>
  Object.fromEntries(fields.map(({ key, title }) => [nameOf(key), titleIn(title, lang)]))

export function customForm(
  fields: readonly CustomField[],
  form: Form,
  errors: FormErrors,
  lang: Lang,
): Html | '' {
  if (fields.length === 0) return ''
  return html`<section class="stack" aria-labelledby="custom">
    <h2 id="custom">${textsIn(lang)(T.title)}</h2>
    ${fields.map((one) => input(one, form[nameOf(one.key)], errors[nameOf(one.key)], lang))}
  </section>`
}

function input(one: CustomField, value: string | undefined, error: string | undefined, lang: Lang): Html {
  const { kind, required } = one
  const name = nameOf(one.key)
  const label = titleIn(one.title, lang)
  const shared = { name, label, required, value, error, hint: hintOf(one, lang) }
  switch (kind) {
    case 'choice':
      return choiceInput(one, name, value, error, lang)
    case 'picture':
      return field({ ...shared, type: 'url', inputmode: 'url', maxlength: one.maxLength })
    case 'text':
      return field({
        ...shared,
        maxlength: one.maxLength,
        ...(one.maxLength > LINE_MAX ? { lines: 3 } : {}),
      })
    case 'number':
    case 'integer':
      return field({
        ...shared,
        type: 'number',
        inputmode: kind === 'integer' ? 'numeric' : 'decimal',
        step: kind === 'integer' ? '1' : 'any',
        min: one.minimum,
        max: one.maximum,
      })
  }
}

function choiceInput(
  { choices, required, title }: CustomField,
  name: string,
  value: string | undefined,
  error: string | undefined,
  lang: Lang,
): Html {
  const t = textsIn(lang)
  const label = titleIn(title, lang)
  if (required && choices.length <= RADIOS_MAX) {
    const options = choices.map((one) => ({ value: one, text: { zh: one, en: one } }))
    return radioGroup(name, label, options, { chosen: value, error }, lang)
  }
  const id = `field-${name}`
  const described = [!required && `${id}-hint`, error && `${id}-error`].filter(Boolean).join(' ')
  return html`<div class="field${error ? ' wrong' : ''}">
    <label for="${id}">${label}</label>
    <select id="${id}" name="${name}" ${required ? 'required' : ''} ${described ? html`aria-describedby="${described}"` : ''} ${error ? html`aria-invalid="true"` : ''}>
      <option value="">${t(required ? T.pick : T.none)}</option>
      ${choices.map((one) => html`<option value="${one}" ${one === value ? 'selected' : ''}>${one}</option>`)}
    </select>
    ${required ? '' : html`<p class="hint" id="${id}-hint">${t(T.optional)}</p>`}
    ${error ? html`<p class="error" id="${id}-error">${error}</p>` : ''}
  </div>`
}

function hintOf(one: CustomField, lang: Lang): string {
  const t = textsIn(lang)
  const { kind, minimum, maximum, minLength, maxLength } = one
  const parts = one.required ? [] : [t(T.optional)]
  if (kind === 'text') {
    const text = minLength > 1 ? T.charactersBetween : T.characters
    parts.push(interpolateText(t(text), { min: `${minLength}`, max: `${maxLength}` }))
  }
  if (kind === 'picture') parts.push(t(T.link))
  if (kind === 'integer') parts.push(t(T.integer))
  if (kind === 'number' || kind === 'integer') {
    const [hasMin, hasMax] = [minimum > -CUSTOM_MAX.number, maximum < CUSTOM_MAX.number]
    const text = hasMin ? (hasMax ? T.between : T.atLeast) : hasMax ? T.atMost : undefined
    if (text) parts.push(interpolateText(t(text), { min: `${minimum}`, max: `${maximum}` }))
  }
  return parts.join(lang === 'zh' ? '，' : ', ')
}

const NUMBER = /^[+-]?\d{1,15}(\.\d{1,18})?(e[+-]?\d{1,3})?$/i

/** What was typed, as the API takes it: numbers are numbers, and what is no number stays text. */
export function typedValues(form: Form, fields: readonly CustomField[]): CustomValues {
  return Object.fromEntries(
    fields.map(({ key, kind }) => {
      const text = form[nameOf(key)] ?? ''
      if (kind !== 'number' && kind !== 'integer') return [key, text]
      const number = plainCode(text)
      return [key, NUMBER.test(number) ? Number(number) : text]
    }),
  )
}

/** Errors are at the fields of the form. @returns undefined if the product asks for nothing */
export function readCustom(
  read: ReturnType<typeof readFields>,
  form: Form,
  fields: readonly CustomField[],
  lang: Lang,
): CustomValues | undefined {
  const values = typedValues(form, fields)
  const labels = customLabels(fields, lang)
  for (const { field: path, rule, bound } of readAnswers(fields, values).errors) {
    const name = nameOf(path.slice('custom.'.length))
    if (rule !== 'type') read.wrong(name, rule, bound)
    else read.say(name, interpolateText(textsIn(lang)(T.notNumber), { field: labels[name] ?? name }))
  }
  return fields.length > 0 ? values : undefined
}
