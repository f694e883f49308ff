import { randomUUID } from 'node:crypto'
import { Hono } from 'hono'
import { html } from 'hono/html'
import { checkedImage, keepPicture } from '../../../application/catalogue/pictures.ts'
import {
  type AdminProductView,
  changeProduct,
  readAnyProduct,
} from '../../../application/catalogue/products.ts'
import type { SkuFields, SkuView } from '../../../application/catalogue/skus.ts'
import { PRODUCT_MAX } from '../../../domain/catalogue/product.ts'
import { SKU_MAX, type Specs, specsText } from '../../../domain/catalogue/sku.ts'
import { DomainError, InvalidInputError } from '../../../domain/errors.ts'
import { isVisible } from '../../../domain/text.ts'
import type { Lang } from '../../../i18n/error-texts.ts'
import {
  errorSummary,
  type Form,
  type FormErrors,
  field,
  formFields,
  operationKeyOf,
  parseForm,
  readForm,
} from '../../form/form.ts'
import { readFields } from '../../form/reader.ts'
import { versionField, versionsOf } from '../../form/stale-form.ts'
import type { WebContext, WebDeps, WebEnv } from '../../shared/deps.ts'
import { grouped } from '../../shared/format.ts'
import { interpolateText } from '../../shared/interpolate.ts'
import type { Html } from '../../shared/page.ts'
import { productPicture, shownImage } from '../../shared/product-picture.ts'
import { viewerOf } from '../../shared/viewer.ts'
import { textsIn } from '../../texts/common/common.ts'
import { PRODUCT_PAGE as P } from '../../texts/console/catalogue.ts'
import { SKUS as T } from '../../texts/console/skus.ts'
import { consolePage } from '../layout.ts'
import { isStale, wrongPicture } from './pictures.ts'
import { done } from './product-badges.ts'

/** Rows for new SKUs. */
const BLANK_ROWS = 3
const INT_MAX = 2_147_483_647
const SPECS_LINE_MAX = SKU_MAX.specs * (SKU_MAX.name + SKU_MAX.value + 2)
const NAMES = ['specs', 'point', 'price', 'stock', 'change', 'image'] as const

/** The SKUs of one product, on one page. */
export function skuRoutes(deps: WebDeps) {
  const { db, imageHosts, pointsToCnyMillionths: rate, settings } = deps
  const show = (c: WebContext, product: AdminProductView, form: Form, errors: FormErrors = {}) =>
    showSkus(c, deps, product, form, errors)
  const read = (c: WebContext) => readAnyProduct(db, c.req.param('id') ?? '', rate)

  return new Hono<WebEnv>()
    .get('/skus', async (c) => {
      const product = await read(c)
      return show(c, product, { ...formOf(product.skus), version: product.version })
    })
    .post('/skus', async (c) => {
      const product = await read(c)
      const form = await readForm(c)
      const lang = c.get('lang')
      const { skus, rows, fields } = readSkus(form, rowsOf(product.skus), lang, imageHosts)
      if (Object.keys(fields.errors).length > 0) return show(c, product, form, fields.errors)
      const { readsProducts } = settings
      const cause = { operationKey: operationKeyOf(c, form), operatorId: viewerOf(c).sub, readsProducts }
      try {
        await changeProduct(db, product.id, {}, undefined, { ...cause, known: versionsOf(form) }, skus)
      } catch (error) {
        if (error instanceof InvalidInputError) {
          const names = error.errors.map(({ field: name }) => [name, nameIn(name, rows)] as const)
          return show(c, product, form, fields.invalid(error, Object.fromEntries(names)))
        }
        if (!(error instanceof DomainError)) throw error
        if (error.refusal.code === 'STALE') {
          // Its rows may be those of other SKUs by now.
          const now = { ...formOf(product.skus), version: product.version }
          return show(c, product, now, { version: textsIn(lang)(T.stale) })
        }
        if (error.refusal.code !== 'OUT_OF_STOCK') throw error
        const row = rows.find((n) => `${-Number(form[`change_${n}`])}` === error.refusal.required) ?? 0
        fields.wrong(`change_${row}`, 'min', `-${error.refusal.available}`)
        return show(c, product, form, fields.errors)
      }
      return c.redirect(`/admin/products/${product.id}/skus?done=saved`, 303)
    })
    .post('/skus/picture', async (c) => {
      const product = await read(c)
      const back = `/admin/products/${product.id}/skus`
      const { picture, sku_id, version } = await parseForm(c)
      const sku = product.skus.find(({ id }) => id === sku_id)
      if (!sku) throw new DomainError({ code: 'NOT_FOUND' })
      const refused = (why: string) => c.redirect(`${back}?picture=${why}&sku_id=${sku.id}#pictures`, 303)
      const bytes = picture instanceof File ? Buffer.from(await picture.arrayBuffer()) : Buffer.alloc(0)
      try {
        const image = await keepPicture(db, bytes, viewerOf(c).sub)
        const skus = product.skus.map(({ id, specs }) =>
          id === sku.id ? { id, specs, image } : { id, specs },
        )
        const known = versionsOf(typeof version === 'string' ? { version } : {})
        // Needs no kept operation key: the same picture twice is the same picture.
        const { readsProducts } = settings
        const cause = { operationKey: randomUUID(), operatorId: viewerOf(c).sub, known, readsProducts }
        await changeProduct(db, product.id, {}, undefined, cause, skus)
      } catch (error) {
        if (isStale(error)) return refused('stale')
        if (!(error instanceof InvalidInputError)) throw error
        return refused(error.errors[0]?.rule ?? 'format')
      }
      return c.redirect(`${back}?done=picture#pictures`, 303)
    })
}

/** A single one shows the product's picture, which is uploaded there. */
function skuPictures(c: WebContext, deps: WebDeps, product: AdminProductView): Html | '' {
  if (product.skus.length < 2) return ''
  const t = textsIn(c.get('lang'))
  const wrong = wrongPicture(c)
  const asked = c.req.query('sku_id')
  return html`<section class="stack" id="pictures" aria-labelledby="pictures-title">
    <h2 id="pictures-title">${t(T.pictures)}</h2>
    <p class="muted">${t(T.picturesHint)} ${t(P.pictureHint)}</p>
    ${wrong && asked === undefined ? html`<p class="notice bad" role="alert">${wrong}</p>` : ''}
    ${product.skus.map((sku) => skuPicture(c, deps, product, sku, asked === sku.id ? wrong : undefined))}
  </section>`
}

function skuPicture(
  c: WebContext,
  deps: WebDeps,
  product: AdminProductView,
  sku: SkuView,
  wrong: string | undefined,
): Html {
  const t = textsIn(c.get('lang'))
  const id = `field-picture-${sku.id}`
  return html`<form method="post" action="/admin/products/${product.id}/skus/picture" enctype="multipart/form-data" class="card stack">
    ${formFields(c)}${versionField(product.version)}
    <input type="hidden" name="sku_id" value="${sku.id}">
    <div class="row">${productPicture(shownImage(sku.image, deps), specsText(sku.specs))} <strong>${specsText(sku.specs)}</strong></div>
    <div class="field${wrong ? ' wrong' : ''}">
      <label for="${id}">${interpolateText(t(T.pictureOf), { sku: specsText(sku.specs) })}</label>
      <input id="${id}" type="file" name="picture" accept="image/png,image/jpeg,image/webp" required
        ${wrong ? html`aria-invalid="true" aria-describedby="${id}-error"` : ''}>
      ${wrong ? html`<p class="error" id="${id}-error" role="alert">${wrong}</p>` : ''}
    </div>
    <div><button class="plain">${t(P.upload)}</button></div>
  </form>`
}

/** @param rows the form's row of each SKU that was sent */
function nameIn(path: string, rows: readonly number[]): string {
  const [, n = '', name = ''] = /^skus\.(\d+)\.(\w+)/.exec(path) ?? []
  const known = { stock_quantity: 'stock', stock_delta: 'change', id: 'specs' }[name] ?? name
  return `${known || 'specs'}_${rows[Number(n)] ?? 0}`
}

interface Row {
  readonly n: number
  /** Undefined: for a new one. */
  readonly sku: SkuView | undefined
}

const rowsOf = (skus: readonly SkuView[]): Row[] =>
  Array.from({ length: skus.length + BLANK_ROWS }, (_, n) => ({ n, sku: skus[n] }))

const formOf = (skus: readonly SkuView[]): Form =>
  Object.fromEntries(
    skus.flatMap((sku, n) => [
      [
        `specs_${n}`,
        Object.entries(sku.specs)
          .map(([name, value]) => `${name}：${value}`)
          .join('；'),
      ],
      [`point_${n}`, sku.point > 0 ? `${sku.point}` : ''],
      [`price_${n}`, sku.price.amount === '0.00' ? '' : sku.price.amount],
      [`image_${n}`, sku.image ?? ''],
    ]),
  )

function labelsOf(rows: readonly Row[], lang: Lang): Record<string, string> {
  const t = textsIn(lang)
  return Object.fromEntries(
    rows.flatMap(({ n }) =>
      NAMES.map((name) => [`${name}_${n}`, `${interpolateText(t(T.one), { n: `${n + 1}` })} ${t(T[name])}`]),
    ),
  )
}

function readSkus(form: Form, rows: readonly Row[], lang: Lang, imageHosts: readonly string[]) {
  const labels = labelsOf(rows, lang)
  const fields = readFields(form, lang, labels)
  const read = rows.flatMap(({ n, sku }) => {
    const isBlank = NAMES.every((name) => (form[`${name}_${n}`] ?? '') === '')
    if (sku ? form[`remove_${n}`] === '1' : isBlank) return []
    const image = fields.text(`image_${n}`, 0, PRODUCT_MAX.image)
    const given: SkuFields = {
      id: sku?.id,
      specs: readSpecs(`specs_${n}`),
      point: fields.int(`point_${n}`, 0, PRODUCT_MAX.points) ?? 0,
      priceFen: fields.fen(`price_${n}`) ?? 0n,
      image: image === '' ? null : imageOf(`image_${n}`, image),
      ...(sku
        ? { stockDelta: fields.int(`change_${n}`, -INT_MAX, INT_MAX) ?? 0 }
        : { stock: fields.int(`stock_${n}`, 0, INT_MAX) ?? 0 }),
    }
    return [{ n, given }]
  })
  if (read.length === 0) fields.wrong('specs_0', 'required')
  return { skus: read.map(({ given }) => given), rows: read.map(({ n }) => n), fields }

  function readSpecs(name: string): Specs {
    const parts = fields.text(name, 0, SPECS_LINE_MAX).split(/[;；]/)
    const pairs = parts.filter((part) => part.trim() !== '').map((part) => part.split(/[:：]/))
    const isWrong = pairs.some(
      (pair) => pair.length !== 2 || !pair.every(isVisible) || pair[0]?.trim() === '__proto__',
    )
    if (isWrong) fields.say(name, interpolateText(textsIn(lang)(T.format), { field: labels[name] ?? name }))
    return isWrong
      ? {}
      : Object.fromEntries(pairs.map(([key = '', value = '']) => [key.trim(), value.trim()]))
  }

  function imageOf(name: string, address: string): string | null {
    try {
      return checkedImage(address, imageHosts)
    } catch (error) {
      if (!(error instanceof InvalidInputError)) throw error
      fields.invalid(error, { image: name })
      return null
    }
  }
}

function showSkus(c: WebContext, deps: WebDeps, product: AdminProductView, form: Form, errors: FormErrors) {
  const lang = c.get('lang')
  const t = textsIn(lang)
  const rows = rowsOf(product.skus)
  const main = html`
    <nav aria-label="${product.title}"><a class="up press" href="/admin/products/${product.id}"><span aria-hidden="true">‹</span> ${product.title}</a></nav>
    <h1>${t(T.title)}</h1>
    ${done(c)}
    <p class="muted">${t(T.hint)}</p>
    <form method="post" class="sheet-form" novalidate data-guard>
      ${formFields(c, form.once)}${versionField(form.version ?? product.version)}
      ${errorSummary(errors, lang)}
      ${rows.map((row) => rowOf(row, form, errors, lang))}
      <p class="muted">${t(T.more)}</p>
      <div class="form-end"><button>${t(T.save)}</button></div>
    </form>
    ${skuPictures(c, deps, product)}`
  return consolePage(
    c,
    { title: t(T.title), main, section: 'products' },
    Object.keys(errors).length > 0 ? 422 : 200,
  )
}

function rowOf({ n, sku }: Row, form: Form, errors: FormErrors, lang: Lang): Html {
  const t = textsIn(lang)
  const one = (name: (typeof NAMES)[number], more: Partial<Parameters<typeof field>[0]> = {}) => {
    const key = `${name}_${n}`
    return field({ name: key, label: t(T[name]), value: form[key], error: errors[key], ...more })
  }
  const stock = sku
    ? one('change', { hint: interpolateText(t(T.now), { n: grouped(sku.stock_quantity) }) })
    : one('stock', { inputmode: 'numeric' })
  return html`<fieldset class="card">
    <legend>${sku ? interpolateText(t(T.one), { n: `${n + 1}` }) : t(T.fresh)}</legend>
    ${one('specs', { maxlength: SPECS_LINE_MAX })}
    <div class="pair">
      ${one('point', { inputmode: 'numeric' })}
      ${one('price', { inputmode: 'decimal' })}
      ${stock}
      ${one('image', { maxlength: PRODUCT_MAX.image })}
    </div>
    ${sku ? html`<label class="pick"><input type="checkbox" name="remove_${n}" value="1" ${form[`remove_${n}`] === '1' ? 'checked' : ''}> ${t(T.remove)}</label>` : ''}
  </fieldset>`
}
