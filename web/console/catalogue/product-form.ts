import { html } from 'hono/html'
import type { CategoryView } from '../../../application/catalogue/categories.ts'
import type { AdminProductView, ProductFields } from '../../../application/catalogue/products.ts'
import { shanghaiText } from '../../../domain/business-time.ts'
import {
  DEFAULT_VOUCHER,
  DELIVERIES,
  defaultDelivery,
  type ExchangeLimit,
  LIMIT_MAX,
  PAYMENT_MODES,
  PRODUCT_MAX,
  PRODUCT_TYPES,
  RETURN_DAYS_MAX,
  type Returnable,
  SHIPPING_TYPES,
  VOUCHER_MAX,
} from '../../../domain/catalogue/product.ts'
import type { InvalidInputError } from '../../../domain/errors.ts'
import { CHARGE_ITEM, CHARGE_ITEM_MAX } from '../../../domain/fulfilment/charge.ts'
import { fenFromDecimal } from '../../../domain/money.ts'
import { isVisible, lengthOf } from '../../../domain/text.ts'
import type { Lang } from '../../../i18n/error-texts.ts'
import { choice, errorSummary, type Form, type FormErrors, field, formFields } from '../../form/form.ts'
import { readFields } from '../../form/reader.ts'
import { versionField } from '../../form/stale-form.ts'
import type { WebContext } from '../../shared/deps.ts'
import { grouped } from '../../shared/format.ts'
import { interpolateText } from '../../shared/interpolate.ts'
import type { Html } from '../../shared/page.ts'
import { type Text, textsIn } from '../../texts/common/common.ts'
import { PRODUCT_LABELS } from '../../texts/common/product-labels.ts'
import {
  DELIVERY_TEXTS,
  PRODUCT_FORM as F,
  MODE_TEXTS,
  PRODUCTS,
  RETURN_TEXTS,
  SHIPPING_TEXTS,
  TYPE_TEXTS,
  UNIT_TEXTS,
} from '../../texts/console/catalogue.ts'
import { POOL } from '../../texts/console/codes.ts'
import { CUSTOM_FIELDS } from '../../texts/console/custom-fields.ts'
import { PREVIEW } from '../../texts/console/daily.ts'
import { SKUS } from '../../texts/console/skus.ts'
import { STOCK } from '../../texts/console/stock.ts'

const INT_MAX = 2_147_483_647
const UNIT_SECONDS = { day: 86_400, hour: 3_600, minute: 60, second: 1 } as const
const LABEL_MAX = 60
const RETURNS = ['before_shipping', 'none', 'days'] as const
const WINDOWS = ['visible_from', 'visible_until', 'on_sale_from', 'on_sale_until'] as const
const UNITS = ['day', 'hour', 'minute', 'second'] as const

const FIELD_NAMES = {
  'price.amount': 'price',
  'original_price.amount': 'original_price',
  'properties.limit.max_per_user': 'max_per_user',
  voucher: 'voucher_uses',
  charge: 'charge_item',
  stock_delta: 'stock_change',
} as const

/** The form's own wording takes precedence. */
export function invalidProduct(
  read: ReturnType<typeof readFields>,
  error: InvalidInputError,
  lang: Lang,
): FormErrors {
  const t = textsIn(lang)
  for (const { field } of error.errors) {
    if (field === 'original_price.amount') read.say('original_price', t(F.originalLow))
    if (field === 'delivery') read.say('delivery', t(F.deliveryUnsuited))
    if (field === 'returnable') read.say('returnable', t(F.codesReturn))
    if (field === 'properties.limit.max_per_user') read.say('max_per_user', t(F.maxPerUserMissing))
  }
  return read.invalid(error, FIELD_NAMES)
}

export function labelsOf(lang: Lang): Readonly<Record<string, string>> {
  const t = textsIn(lang)
  const texts = {
    ...PRODUCT_LABELS,
    category_id: PRODUCTS.category,
    stock_way: F.stockWay,
    stock_change: F.stockChange,
    exchange_limit: F.exchangeLimit,
    window_unit: F.windowUnit,
    level: F.level,
  }
  return Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, t(text)]))
}

export interface ReadProduct {
  readonly fields: Omit<ProductFields, 'image' | 'images' | 'customFields'>
  readonly stock: number
  /** For an existing product; negative: out. */
  readonly stockDelta: number
}

/** @param kept the stored properties; those that are not text stay unchanged */
export function readProductForm(form: Form, kept: ProductFields['properties'], lang: Lang) {
  const read = readFields(form, lang, labelsOf(lang))
  const t = textsIn(lang)
  const fen = (name: 'price' | 'original_price') =>
    read.fen(name, interpolateText(t(F.fenFormat), { field: labelsOf(lang)[name] ?? name }))
  const [priceFen, originalPriceFen] = [fen('price') ?? 0n, fen('original_price') ?? null]
  const change = read.int('stock_change', 0, INT_MAX) ?? 0
  const delivery = form.delivery ? read.oneOf('delivery', DELIVERIES) : null
  const [uses, validDays] = [
    read.int('voucher_uses', 1, VOUCHER_MAX.uses),
    read.int('voucher_days', 1, VOUCHER_MAX.valid_days),
  ]
  const item = read.code('charge_item', 0, CHARGE_ITEM_MAX)
  if (item !== '' && !CHARGE_ITEM.test(item)) read.wrong('charge_item', 'format')
  const hasTerms = uses !== undefined || validDays !== undefined
  const product: ReadProduct = {
    fields: {
      title: read.text('title', 1, PRODUCT_MAX.title),
      description: read.text('description', 0, PRODUCT_MAX.description) || null,
      point: read.int('point', 0, PRODUCT_MAX.points) ?? 0,
      priceFen,
      originalPriceFen,
      paymentMode: read.oneOf('payment_mode', PAYMENT_MODES),
      exchangeLimit: read.int('exchange_limit', 0, INT_MAX) ?? 0,
      sort: read.int('sort', -INT_MAX, INT_MAX) ?? 0,
      categoryId: /^[1-9]\d{0,17}$/.test(form.category_id ?? '') ? (form.category_id ?? null) : null,
      externalId: read.code('external_id', 0, PRODUCT_MAX.externalId) || null,
      productType: read.oneOf('product_type', PRODUCT_TYPES),
      shippingType: read.oneOf('shipping_type', SHIPPING_TYPES),
      delivery,
      voucher: hasTerms
        ? { uses: uses ?? DEFAULT_VOUCHER.uses, valid_days: validDays ?? DEFAULT_VOUCHER.valid_days }
        : null,
      charge: item === '' ? null : { item },
      returnable: readReturnable(read, lang),
      visibleFrom: readTime(read, form, 'visible_from'),
      visibleUntil: readTime(read, form, 'visible_until'),
      onSaleFrom: readTime(read, form, 'on_sale_from'),
      onSaleUntil: readTime(read, form, 'on_sale_until'),
      rules: read.text('rules', 0, PRODUCT_MAX.rules) || null,
      properties: readProperties(read, kept, lang),
    },
    stock: read.int('stock', 0, INT_MAX) ?? 0,
    stockDelta: read.oneOf('stock_way', ['in', 'out']) === 'out' ? -change : change,
  }
  return { product, read }
}

/** `2026-12-01T10:00` in Shanghai. */
function readTime(read: ReturnType<typeof readFields>, form: Form, name: string): Date | null {
  const text = form[name] ?? ''
  if (text === '') return null
  const at = new Date(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2})?$/.test(text) ? `${text}+08:00` : Number.NaN)
  if (!Number.isNaN(at.getTime())) return at
  read.wrong(name, 'format')
  return null
}

const timeOf = (at: string | null): string =>
  at === null ? '' : shanghaiText(new Date(at)).replace(' ', 'T').replace(/:00$/, '')

function readReturnable(read: ReturnType<typeof readFields>, lang: Lang): Returnable {
  const chosen = read.oneOf('returnable', RETURNS)
  const days = read.int('return_days', 1, RETURN_DAYS_MAX)
  if (chosen !== 'days') return chosen
  if (days !== undefined) return { days }
  read.say('return_days', textsIn(lang)(F.returnDaysMissing))
  return 'before_shipping'
}

function readProperties(
  read: ReturnType<typeof readFields>,
  kept: ProductFields['properties'],
  lang: Lang,
): ProductFields['properties'] {
  const count = read.int('window_count', 1, LIMIT_MAX.time_limit_seconds)
  const seconds = count && count * UNIT_SECONDS[read.oneOf('window_unit', UNITS)]
  if (seconds && seconds > LIMIT_MAX.time_limit_seconds) {
    read.wrong('window_count', 'max', `${LIMIT_MAX.time_limit_seconds / UNIT_SECONDS.day} × 24 h`)
  }
  const limit: ExchangeLimit = defined({
    max_per_user: read.int('max_per_user', 1, LIMIT_MAX.max_per_user),
    max_per_order: read.int('max_per_order', 1, LIMIT_MAX.max_per_order),
    time_limit_seconds: seconds,
    user_level_required: read.int('level', 0, LIMIT_MAX.user_level_required),
  })
  const others = Object.entries(kept ?? {}).filter(
    ([name, value]) => name !== 'limit' && typeof value !== 'string',
  )
  const properties = {
    ...Object.fromEntries(others),
    ...readLabels(read, lang),
    ...(Object.keys(limit).length > 0 && { limit }),
  }
  return Object.keys(properties).length > 0 ? properties : null
}

function defined<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, part]) => part !== undefined)) as T
}

/** "name: value" per line, with either colon. */
function readLabels(read: ReturnType<typeof readFields>, lang: Lang): Record<string, string> {
  const labels: Record<string, string> = {}
  for (const [n, line] of read.text('labels', 0, PRODUCT_MAX.description).split(/\r?\n/).entries()) {
    if (line.trim() === '') continue
    const colon = line.search(/[:：]/)
    const name = line.slice(0, Math.max(colon, 0)).trim()
    const text = line.slice(colon + 1).trim()
    if (
      !isVisible(name) ||
      lengthOf(name) > LABEL_MAX ||
      !isVisible(text) ||
      name === 'limit' ||
      name === '__proto__'
    ) {
      read.say('labels', interpolateText(textsIn(lang)(F.labelsFormat), { n: `${n + 1}` }))
    } else labels[name] = text
  }
  return labels
}

export function formOf(product: AdminProductView): Form {
  const { limit = {}, ...others } = product.properties ?? {}
  const seconds = limit.time_limit_seconds
  const unit = UNITS.find((name) => seconds !== undefined && seconds % UNIT_SECONDS[name] === 0) ?? 'day'
  const labels = Object.entries(others).filter(([, value]) => typeof value === 'string')
  const text = (value: number | undefined) => (value === undefined ? '' : `${value}`)
  const money = (amount: string | undefined) => (amount && fenFromDecimal(amount) ? amount : '')
  return {
    title: product.title,
    description: product.description ?? '',
    labels: labels.map(([name, value]) => `${name}：${value as string}`).join('\n'),
    product_type: product.product_type,
    shipping_type: product.shipping_type,
    delivery: product.delivery === defaultDelivery(product.shipping_type) ? '' : product.delivery,
    voucher_uses: text(product.voucher?.uses),
    voucher_days: text(product.voucher?.valid_days),
    charge_item: product.charge?.item ?? '',
    returnable: typeof product.returnable === 'object' ? 'days' : product.returnable,
    visible_from: timeOf(product.visible_from),
    visible_until: timeOf(product.visible_until),
    on_sale_from: timeOf(product.on_sale_from),
    on_sale_until: timeOf(product.on_sale_until),
    rules: product.rules ?? '',
    return_days: typeof product.returnable === 'object' ? `${product.returnable.days}` : '',
    category_id: product.category_id ?? '',
    external_id: product.external_id ?? '',
    payment_mode: product.payment_mode,
    point: product.point > 0 ? `${product.point}` : '',
    price: money(product.price.amount),
    original_price: money(product.original_price?.amount),
    exchange_limit: `${product.exchange_limit}`,
    max_per_user: text(limit.max_per_user),
    window_count: seconds === undefined ? '' : `${seconds / UNIT_SECONDS[unit]}`,
    window_unit: unit,
    max_per_order: text(limit.max_per_order),
    level: text(limit.user_level_required),
    sort: `${product.sort}`,
  }
}

/** A value of the form as people read it. */
export function readableValue(
  categories: readonly CategoryView[],
  lang: Lang,
): (field: string, value: string) => string {
  const texts: Readonly<Record<string, Readonly<Record<string, Text>>>> = {
    payment_mode: MODE_TEXTS,
    product_type: TYPE_TEXTS,
    shipping_type: SHIPPING_TEXTS,
    delivery: DELIVERY_TEXTS,
    returnable: RETURN_TEXTS,
    window_unit: UNIT_TEXTS,
  }
  return (field, value) =>
    field === 'category_id'
      ? (categories.find(({ id }) => id === value)?.name ?? value)
      : (texts[field]?.[value]?.[lang] ?? value)
}

/** Values of a new product. */
export const NEW_PRODUCT: Form = { stock: '0', exchange_limit: '0', sort: '0', payment_mode: 'points_only' }

interface ProductForm {
  readonly action: string
  readonly form: Form
  readonly errors: FormErrors
  readonly categories: readonly CategoryView[]
  readonly stock?: number
  /** Where the codes are that are the stock; undefined: it is set here. */
  readonly pool?: string
  /** How many SKUs the product has; with several, each has its own amounts. */
  readonly skuCount?: number
}

export function productForm(
  c: WebContext,
  { action, form, errors, categories, stock, pool, skuCount = 1 }: ProductForm,
): Html {
  const lang = c.get('lang')
  const t = textsIn(lang)
  const labels = labelsOf(lang)
  const one = (name: string, more: Partial<Parameters<typeof field>[0]> = {}) =>
    field({ name, label: labels[name] ?? name, value: form[name], error: errors[name], ...more })
  const number = (name: string, more: Partial<Parameters<typeof field>[0]> = {}) =>
    one(name, { type: 'number', inputmode: 'numeric', min: 0, ...more })
  const select = (name: string, options: readonly (readonly [string, string])[]) =>
    choice(name, labels[name] ?? name, options, form[name])
  const named = <T extends string>(
    names: readonly T[],
    texts: Readonly<Record<T, { zh: string; en: string }>>,
  ) => names.map((name) => [name, t(texts[name])] as const)
  const limitHint = { min: 1, hint: t(F.noLimitHint) }

  return html`<form method="post" action="${action}" class="sheet-form" novalidate data-guard ${Object.keys(errors).length > 0 ? 'data-changed' : ''}>
    ${formFields(c, form.once)}${form.version === undefined ? '' : versionField(form.version)}
    ${errorSummary(errors, lang)}
    <section class="card">
      <h2>${t(F.basics)}</h2>
      ${one('title', { required: true, maxlength: PRODUCT_MAX.title })}
      ${one('description', { lines: 5, maxlength: PRODUCT_MAX.description, hint: t(PREVIEW.format) })}
      ${one('labels', { lines: 3, hint: t(F.labelsHint) })}
      <div class="pair">
        ${select('category_id', [['', t(PRODUCTS.none)], ...categories.map(({ id, name }) => [id, name] as const)])}
        ${select('product_type', named(PRODUCT_TYPES, TYPE_TEXTS))}
        ${select('shipping_type', named(SHIPPING_TYPES, SHIPPING_TEXTS))}
        ${select('delivery', [['', t(F.deliveryDefault)], ...named(DELIVERIES, DELIVERY_TEXTS)])}
        ${number('voucher_uses', { min: 1, hint: t(F.voucherHint) })}
        ${number('voucher_days', { min: 1, hint: t(F.voucherHint) })}
        ${one('charge_item', { maxlength: CHARGE_ITEM_MAX, hint: t(F.chargeHint) })}
        ${select('returnable', named(RETURNS, RETURN_TEXTS))}
        ${number('return_days', { min: 1, hint: t(F.returnDaysHint) })}
        ${one('external_id', { maxlength: PRODUCT_MAX.externalId, hint: t(F.externalHint) })}
      </div>
      ${stock === undefined ? '' : html`<p><a class="tap" href="${action}/custom-fields">${t(CUSTOM_FIELDS.link)}</a></p>`}
    </section>
    <section class="card">
      <h2>${t(F.prices)}</h2>
      <fieldset id="field-payment_mode" class="modes">
        <legend>${t(PRODUCT_LABELS.payment_mode)}</legend>
        ${PAYMENT_MODES.map(
          (mode) => html`<label class="pick"><input type="radio" name="payment_mode" value="${mode}"
            ${(form.payment_mode ?? 'points_only') === mode ? 'checked' : ''}>
            <span>${t(MODE_TEXTS[mode])} <small class="muted">${t(F.modeHints[mode])}</small></span></label>`,
        )}
      </fieldset>
      <div class="pair">
        ${skuCount > 1 ? '' : number('point', { hint: t(F.pointHint) })}
        ${skuCount > 1 ? '' : one('price', { inputmode: 'decimal', hint: t(F.priceHint) })}
        ${one('original_price', { inputmode: 'decimal', hint: t(F.originalHint) })}
      </div>
    </section>
    <section class="card">
      <h2>${t(F.stockAndLimits)}</h2>
      ${
        stock === undefined
          ? html`<div class="pair">${number('stock')}</div>`
          : html`<p>${t(F.stockNow)} <strong class="digits">${grouped(stock)}</strong> ${t(F.pieces)} <a class="tap" href="${action}/stock">${t(STOCK.link)}</a></p>
            ${pool === undefined ? html`<p>${skuCount > 1 ? interpolateText(t(SKUS.perSku), { n: `${skuCount}` }) : ''} <a class="tap" href="${action}/skus">${t(SKUS.link)}</a></p>` : html`<p class="hint">${t(POOL.isStock)} <a class="press" href="${pool}">${t(POOL.link)}</a></p>`}
            ${
              skuCount > 1 || pool !== undefined
                ? ''
                : html`<div class="pair">
              ${select('stock_way', [
                ['in', t(F.stockIn)],
                ['out', t(F.stockOut)],
              ])}
              ${number('stock_change', { hint: t(F.stockChangeHint) })}
            </div>`
            }`
      }
      <div class="pair">
        ${number('exchange_limit', { hint: t(F.exchangeLimitHint) })}
        ${number('max_per_order', limitHint)}
        ${number('level', { hint: t(F.noLimitHint) })}
      </div>
      <div class="pair">
        ${number('max_per_user', { min: 1, hint: t(F.maxPerUserHint) })}
        ${number('window_count', { min: 1, hint: t(F.windowHint) })}
        ${select('window_unit', named(UNITS, UNIT_TEXTS))}
      </div>
    </section>
    <section class="card">
      <h2>${t(F.display)}</h2>
      <div class="pair">
        ${WINDOWS.map((name) => one(name, { type: 'datetime-local', hint: t(F.windowsHint) }))}
      </div>
      ${one('rules', { lines: 3, maxlength: PRODUCT_MAX.rules })}
      <div class="pair">${one('sort', { inputmode: 'numeric', hint: t(F.sortHint) })}</div>
    </section>
    <div class="form-end"><button>${t(stock === undefined ? F.saveDraft : F.saveChanges)}</button>
      <button class="quiet" formaction="/admin/products/preview" formtarget="_blank">${t(PREVIEW.look)}</button></div>
  </form>`
}
