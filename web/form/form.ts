import { createHash, randomUUID } from 'node:crypto'
import { html } from 'hono/html'
import { HTTPException } from 'hono/http-exception'
import { plainText } from '../../domain/text.ts'
import type { Lang } from '../../i18n/error-texts.ts'
import type { WebContext } from '../shared/deps.ts'
import type { Html } from '../shared/page.ts'

export type Form = Readonly<Record<string, string>>

/** @throws HTTPException 400 if the body is not the form that its content type says */
export async function parseForm(c: WebContext): Promise<Record<string, string | File>> {
  try {
    return await c.req.parseBody()
  } catch (cause) {
    throw new HTTPException(400, { cause })
  }
}

/** Of repeated fields the last value counts; files are ignored. Characters that nobody sees are removed. */
export async function readForm(c: WebContext): Promise<Form> {
  const fields = Object.entries(await parseForm(c)).filter(
    (pair): pair is [string, string] => typeof pair[1] === 'string',
  )
  return Object.fromEntries(
    fields.map(([name, value]) => [name, plainText(value).replaceAll('\r\n', '\n').trim()]),
  )
}

/** Names the account that a form was shown to. */
export const FORM_FOR = 'form_for'

/**
 * Hidden fields of every form of a signed-in person: the account that it is shown to, and its idempotency key. A double
 * click or reload sends the same key; pass its value on as the operation key. Without the account nothing is done.
 * @param kept key to reuse when the form is shown again
 */
export function formFields(c: WebContext, kept?: string): Html {
  return html`<input type="hidden" name="${FORM_FOR}" value="${c.get('formFor') ?? ''}">
    <input type="hidden" name="once" value="${kept ?? randomUUID()}">`
}

/** The form was shown to another account than the one that sends it. */
export class ForeignFormError extends Error {}

/** A form acts only for the account that it was shown to, whoever is signed in when it is sent. */
export async function isFormOfViewer(c: WebContext): Promise<boolean> {
  const account = c.get('formFor')
  return account !== undefined && (await readForm(c))[FORM_FOR] === account
}

/** @returns a new key if the field is missing */
export const formTokenOf = (form: Form): string =>
  /^[\w-]{8,64}$/.test(form.once ?? '') ? (form.once as string) : randomUUID()

/** The same submission acts once; changed contents under the same key act again. */
export function operationKeyOf(c: WebContext, form: Form): string {
  const sent = [
    c.get('viewer')?.sub,
    c.req.path,
    formTokenOf(form),
    Object.entries(form).toSorted(([a], [b]) => (a < b ? -1 : 1)),
  ]
  return createHash('sha256').update(JSON.stringify(sent)).digest('base64url')
}

export type FormErrors = Readonly<Record<string, string>>

interface Field {
  readonly name: string
  readonly label: string
  readonly value?: string | undefined
  readonly hint?: string | undefined
  readonly error?: string | undefined
  readonly type?: 'text' | 'number' | 'tel' | 'search' | 'url' | 'date' | 'datetime-local'
  readonly required?: boolean
  readonly autocomplete?: string
  readonly inputmode?: 'numeric' | 'decimal' | 'tel' | 'url'
  /** Code points, as the server counts. */
  readonly maxlength?: number
  readonly min?: number
  readonly max?: number
  /** Of a number; `any`: with decimals. */
  readonly step?: '1' | 'any'
  /** Suggestions only. */
  readonly offers?: readonly string[]
  readonly lines?: number
  /** More attributes of the field itself. */
  readonly attributes?: Html | ''
  /** When the page opens. */
  readonly hasFocus?: boolean
}

/** `maxlength` counts UTF-16 units, of which a code point has up to two. The server decides. */
export const typedMax = (codePoints: number): number => 2 * codePoints

/** A labelled text field with its error (WCAG 2.2: 3.3.1, 3.3.2). */
export function field(one: Field): Html {
  const id = `field-${one.name}`
  const described = [one.hint && `${id}-hint`, one.error && `${id}-error`].filter(Boolean).join(' ')
  const attributes = html`id="${id}" name="${one.name}" ${one.required ? 'required' : ''} ${one.hasFocus ? 'autofocus' : ''} ${one.attributes ?? ''}
    ${one.autocomplete ? html`autocomplete="${one.autocomplete}"` : ''}
    ${one.maxlength === undefined ? '' : html`maxlength="${typedMax(one.maxlength)}"`}
    ${described ? html`aria-describedby="${described}"` : ''} ${one.error ? html`aria-invalid="true"` : ''}`
  return html`<div class="field${one.error ? ' wrong' : ''}">
    <label for="${id}">${one.label}</label>
    ${
      one.lines
        ? html`<textarea ${attributes} rows="${one.lines}">${one.value ?? ''}</textarea>`
        : html`<input ${attributes} type="${one.type ?? 'text'}" value="${one.value ?? ''}"
            ${one.inputmode ? html`inputmode="${one.inputmode}"` : ''}
            ${one.offers ? html`list="${id}-offers"` : ''}
            ${one.min === undefined ? '' : html`min="${one.min}"`} ${one.max === undefined ? '' : html`max="${one.max}"`}
            ${one.step === undefined ? '' : html`step="${one.step}"`}>`
    }
    ${one.offers ? html`<datalist id="${id}-offers">${one.offers.map((offer) => html`<option value="${offer}"></option>`)}</datalist>` : ''}
    ${one.hint ? html`<p class="hint" id="${id}-hint">${one.hint}</p>` : ''}
    ${one.error ? html`<p class="error" id="${id}-error">${one.error}</p>` : ''}
  </div>`
}

export function choice(
  name: string,
  label: string,
  options: readonly (readonly [string, string])[],
  chosen: string | undefined,
): Html {
  return html`<div class="field">
    <label for="field-${name}">${label}</label>
    <select id="field-${name}" name="${name}">
      ${options.map(
        ([value, text]) =>
          html`<option value="${value}" ${value === chosen ? 'selected' : ''}>${text}</option>`,
      )}
    </select>
  </div>`
}

/** With links to the fields (ARIA21). */
export function errorSummary(errors: FormErrors, lang: Lang): Html | '' {
  const all = Object.entries(errors)
  if (all.length === 0) return ''
  const heading = lang === 'zh' ? '请先修改以下内容' : 'Please correct the following'
  return html`<div class="summary" role="alert" tabindex="-1">
    <h2>${heading}</h2>
    <ul>${all.map(([name, text]) => html`<li><a href="#field-${name}">${text}</a></li>`)}</ul>
  </div>`
}
