import { Hono } from 'hono'
import { html } from 'hono/html'
import {
  type AdminProductView,
  changeProduct,
  readAnyProduct,
} from '../../../application/catalogue/products.ts'
import {
  CUSTOM_KINDS,
  CUSTOM_MAX,
  type CustomField,
  type CustomKind,
  fieldsOfSchema,
  readSchema,
  schemaOf,
} from '../../../domain/catalogue/custom-fields.ts'
import { DomainError, type FieldError } from '../../../domain/errors.ts'
import { plainCode } from '../../../domain/text.ts'
import type { Lang } from '../../../i18n/error-texts.ts'
import {
  choice,
  errorSummary,
  type Form,
  type FormErrors,
  field,
  formFields,
  operationKeyOf,
  readForm,
} from '../../form/form.ts'
import { readFields } from '../../form/reader.ts'
import { versionField, versionsOf } from '../../form/stale-form.ts'
import type { WebContext, WebDeps, WebEnv } from '../../shared/deps.ts'
import { interpolateText } from '../../shared/interpolate.ts'
import type { Html } from '../../shared/page.ts'
import { viewerOf } from '../../shared/viewer.ts'
import { textsIn } from '../../texts/common/common.ts'
import { CUSTOM_KIND_TEXTS, CUSTOM_FIELDS as T } from '../../texts/console/custom-fields.ts'
import { consolePage } from '../layout.ts'
import { done } from './product-badges.ts'

/** Rows for new fields. */
const BLANK_ROWS = 3
const CHOICES_MAX = CUSTOM_MAX.choices * (CUSTOM_MAX.choice + 1)
const NAMES = ['label', 'label_en', 'kind', 'key', 'position', 'least', 'most', 'choices'] as const
type Name = (typeof NAMES)[number]
/** A row in which these are empty is not used. */
const TYPED = ['label', 'label_en', 'key', 'least', 'most', 'choices'] as const

/** Which field of a row shows the error of a keyword. */
const NAME_OF: Readonly<Record<string, Name>> = {
  title: 'label',
  'x-title-en': 'label_en',
  type: 'kind',
  minLength: 'least',
  minimum: 'least',
  maxLength: 'most',
  maximum: 'most',
  enum: 'choices',
}

/** What customers fill in for one product, on one page. */
export function customFieldRoutes({ db, pointsToCnyMillionths: rate }: WebDeps) {
  const read = (c: WebContext) => readAnyProduct(db, c.req.param('id') ?? '', rate)

  return new Hono<WebEnv>()
    .get('/custom-fields', async (c) => {
      const product = await read(c)
      return show(c, product, formOf(product))
    })
    .post('/custom-fields', async (c) => {
      const product = await read(c)
      const form = await readForm(c)
      const lang = c.get('lang')
      const { fields, errors } = readRows(form, lang)
      if (Object.keys(errors).length > 0) return show(c, product, form, errors)
      const customFields = fields.length === 0 ? null : schemaOf(fields)
      const cause = { operationKey: operationKeyOf(c, form), operatorId: viewerOf(c).sub }
      try {
        await changeProduct(db, product.id, { customFields }, undefined, {
          ...cause,
          known: versionsOf(form),
        })
      } catch (error) {
        if (!(error instanceof DomainError && error.refusal.code === 'STALE')) throw error
        // What was typed stays; the version is that of now.
        const now = { ...form, version: product.version }
        return show(c, product, now, { version: textsIn(lang)(T.stale) })
      }
      return c.redirect(`/admin/products/${product.id}/custom-fields?done=saved`, 303)
    })
}

function formOf(product: AdminProductView): Form {
  const rows = fieldsOfSchema(product.custom_fields).map(rowForm)
  return Object.assign({ version: product.version }, ...rows)
}

function rowForm(one: CustomField, n: number): Form {
  const isNumber = one.kind === 'number' || one.kind === 'integer'
  const isBounded = isNumber || one.kind === 'text' || one.kind === 'picture'
  const [least, most] = isNumber ? [one.minimum, one.maximum] : [one.minLength, one.maxLength]
  const noLeast = isNumber ? -CUSTOM_MAX.number : 0
  const noMost = isNumber ? CUSTOM_MAX.number : CUSTOM_MAX.text
  return {
    [`label_${n}`]: one.title.zh,
    [`label_en_${n}`]: one.title.en ?? '',
    [`kind_${n}`]: one.kind,
    [`key_${n}`]: one.key,
    [`position_${n}`]: `${n + 1}`,
    [`mandatory_${n}`]: one.required ? '1' : '',
    [`least_${n}`]: isBounded && least !== noLeast ? `${least}` : '',
    [`most_${n}`]: isBounded && most !== noMost ? `${most}` : '',
    [`choices_${n}`]: one.choices.join('\n'),
  }
}

const ROWS = Array.from({ length: CUSTOM_MAX.fields }, (_, n) => n)

function labelsOf(lang: Lang): Record<string, string> {
  const t = textsIn(lang)
  return Object.fromEntries(
    ROWS.flatMap((n) =>
      NAMES.map((name) => [`${name}_${n}`, `${interpolateText(t(T.one), { n: `${n + 1}` })} ${t(T[name])}`]),
    ),
  )
}

interface Row {
  readonly n: number
  readonly key: string
  readonly position: number
  readonly isRequired: boolean
  readonly property: Readonly<Record<string, unknown>>
}

function readRows(form: Form, lang: Lang): { fields: CustomField[]; errors: FormErrors } {
  const t = textsIn(lang)
  const labels = labelsOf(lang)
  const fields = readFields(form, lang, labels)
  const typed = (name: Name, n: number) => form[`${name}_${n}`] ?? ''
  const used = ROWS.filter((n) => form[`remove_${n}`] !== '1' && TYPED.some((name) => typed(name, n) !== ''))
  const taken = new Set(used.map((n) => plainCode(typed('key', n))))

  const rows = used.map((n): Row => {
    const kind = fields.oneOf(`kind_${n}`, CUSTOM_KINDS)
    return {
      n,
      key: keyOf(n),
      position: fields.int(`position_${n}`, -9999, 9999) ?? n + 1,
      isRequired: form[`mandatory_${n}`] === '1',
      property: propertyOf(kind, n),
    }
  })
  const inOrder = rows.toSorted((a, b) => a.position - b.position || a.n - b.n)
  if (rows.length === 0) return { fields: [], errors: fields.errors }
  const schema = {
    type: 'object',
    properties: Object.fromEntries(inOrder.map(({ key, property }) => [key, property])),
    required: inOrder.filter(({ isRequired }) => isRequired).map(({ key }) => key),
    'x-order': inOrder.map(({ key }) => key),
  }
  const read = readSchema(schema)
  for (const error of read.errors) tell(error)
  return { fields: read.fields, errors: fields.errors }

  function keyOf(n: number): string {
    const given = plainCode(typed('key', n))
    if (given !== '') {
      if (used.some((other) => other < n && plainCode(typed('key', other)) === given)) {
        fields.wrong(`key_${n}`, 'taken')
      }
      return given
    }
    const free = ROWS.map((one) => `field_${one + 1}`).find((one) => !taken.has(one)) ?? ''
    taken.add(free)
    return free
  }

  function propertyOf(kind: CustomKind, n: number): Row['property'] {
    const en = typed('label_en', n)
    const choices = typed('choices', n)
      .split('\n')
      .filter((line) => line.trim() !== '')
    const [least, most] = [amountOf('least', n), amountOf('most', n)]
    if (kind !== 'choice' && choices.length > 0) say('choices', n, T.choicesOnly)
    if (kind === 'choice' && most !== undefined) say('most', n, T.limitsOnly)
    if ((kind === 'choice' || kind === 'picture') && least !== undefined) say('least', n, T.limitsOnly)
    const label = typed('label', n)
    const titles = { ...(label === '' ? {} : { title: label }), ...(en === '' ? {} : { 'x-title-en': en }) }
    switch (kind) {
      case 'text':
        return { type: 'string', ...titles, minLength: least, maxLength: most }
      case 'choice':
        return { type: 'string', ...titles, enum: choices }
      case 'picture':
        return { type: 'string', ...titles, format: 'uri', maxLength: most }
      case 'number':
      case 'integer':
        return { type: kind, ...titles, minimum: least, maximum: most }
    }
  }

  function amountOf(name: 'least' | 'most', n: number): number | undefined {
    const text = plainCode(typed(name, n))
    if (text === '') return undefined
    if (/^[+-]?\d{1,12}(\.\d{1,9})?$/.test(text)) return Number(text)
    say(name, n, T.number)
    return undefined
  }

  function say(name: Name, n: number, text: { zh: string; en: string }): void {
    fields.say(`${name}_${n}`, interpolateText(t(text), { field: labels[`${name}_${n}`] ?? name }))
  }

  function tell({ field: path, rule, bound }: FieldError): void {
    const [, key = '', keyword = ''] = path.split('.')
    const row = rows.find((one) => one.key === key) ?? rows[0]
    fields.wrong(`${NAME_OF[keyword] ?? 'key'}_${row?.n ?? 0}`, rule, bound)
  }
}

function show(c: WebContext, product: AdminProductView, form: Form, errors: FormErrors = {}) {
  const lang = c.get('lang')
  const t = textsIn(lang)
  const stored = fieldsOfSchema(product.custom_fields).length
  const filled = ROWS.filter((n) => TYPED.some((name) => (form[`${name}_${n}`] ?? '') !== '')).length
  const count = Math.min(CUSTOM_MAX.fields, Math.max(stored, filled) + BLANK_ROWS)
  const main = html`
    <nav aria-label="${product.title}"><a class="up press" href="/admin/products/${product.id}"><span aria-hidden="true">‹</span> ${product.title}</a></nav>
    <h1>${t(T.title)}</h1>
    ${done(c)}
    <p class="muted">${t(T.hint)}</p>
    <form method="post" class="sheet-form" novalidate data-guard>
      ${formFields(c, form.once)}${versionField(form.version ?? product.version)}
      ${errorSummary(errors, lang)}
      ${ROWS.slice(0, count).map((n) => rowOf(n, n < stored, form, errors, lang))}
      ${count < CUSTOM_MAX.fields ? html`<p class="muted">${t(T.more)}</p>` : ''}
      <div class="form-end"><button>${t(T.save)}</button></div>
    </form>
    ${
      product.custom_fields
        ? html`<details class="card"><summary>${t(T.schema)}</summary>
            <pre class="code" tabindex="0">${JSON.stringify(product.custom_fields, null, 2)}</pre></details>`
        : ''
    }`
  return consolePage(
    c,
    { title: t(T.title), main, section: 'products' },
    Object.keys(errors).length > 0 ? 422 : 200,
  )
}

function rowOf(n: number, isStored: boolean, form: Form, errors: FormErrors, lang: Lang): Html {
  const t = textsIn(lang)
  const one = (name: Name, more: Partial<Parameters<typeof field>[0]> = {}) => {
    const key = `${name}_${n}`
    return field({ name: key, label: t(T[name]), value: form[key], error: errors[key], ...more })
  }
  const box = (name: 'mandatory' | 'remove') =>
    html`<label class="pick"><input type="checkbox" name="${name}_${n}" value="1" ${form[`${name}_${n}`] === '1' ? 'checked' : ''}> ${t(T[name])}</label>`
  const kinds = CUSTOM_KINDS.map((kind) => [kind, t(CUSTOM_KIND_TEXTS[kind])] as const)
  return html`<fieldset class="card">
    <legend>${isStored ? interpolateText(t(T.one), { n: `${n + 1}` }) : t(T.fresh)}</legend>
    <div class="pair">
      ${one('label', { maxlength: CUSTOM_MAX.title })}
      ${one('label_en', { maxlength: CUSTOM_MAX.title })}
      ${choice(`kind_${n}`, t(T.kind), kinds, form[`kind_${n}`])}
      ${one('position', { inputmode: 'numeric' })}
      ${one('least', { inputmode: 'decimal', hint: t(T.limitHint) })}
      ${one('most', { inputmode: 'decimal', hint: t(T.limitHint) })}
    </div>
    ${one('choices', { lines: 3, maxlength: CHOICES_MAX })}
    ${one('key', { maxlength: CUSTOM_MAX.key, hint: t(T.keyHint) })}
    ${box('mandatory')}
    ${isStored ? box('remove') : ''}
  </fieldset>`
}
