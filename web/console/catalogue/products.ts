import { Hono } from 'hono'
import { html } from 'hono/html'
import { readCategories } from '../../../application/catalogue/categories.ts'
import { copyProduct } from '../../../application/catalogue/copy-product.ts'
import { askProductRefresh, readExternalProduct } from '../../../application/catalogue/external-products.ts'
import {
  type AdminProductView,
  changeProduct,
  createProduct,
  deleteProduct,
  publishProduct,
  readAnyProduct,
  unpublishProduct,
} from '../../../application/catalogue/products.ts'
import { DomainError, InvalidInputError } from '../../../domain/errors.ts'
import type { Lang } from '../../../i18n/error-texts.ts'
import { copyEnding } from '../../../i18n/product-texts.ts'
import { type Form, type FormErrors, formFields, operationKeyOf, readForm } from '../../form/form.ts'
import { chosenIn, staleForm, versionsOf } from '../../form/stale-form.ts'
import type { WebContext, WebDeps, WebEnv } from '../../shared/deps.ts'
import { viewerOf } from '../../shared/viewer.ts'
import { textsIn } from '../../texts/common/common.ts'
import { PRODUCT_PAGE as P, PRODUCTS } from '../../texts/console/catalogue.ts'
import { consolePage } from '../layout.ts'
import { customFieldRoutes } from './custom-fields.ts'
import { externalProductCard } from './external-product.ts'
import { galleryRoutes } from './gallery.ts'
import { pictureRoutes, productAside } from './pictures.ts'
import { done, statusBadge } from './product-badges.ts'
import {
  formOf,
  invalidProduct,
  labelsOf,
  NEW_PRODUCT,
  productForm,
  readableValue,
  readProductForm,
} from './product-form.ts'
import { productList } from './product-list.ts'
import { skuRoutes } from './skus.ts'
import { stockMovementPage } from './stock-movements.ts'

const HOME = '/admin/products'
const one = '/:id{[1-9]\\d{0,17}}'

export function consoleProductRoutes(deps: WebDeps) {
  const { db, pointsToCnyMillionths: rate } = deps
  const read = (id: string) => readAnyProduct(db, id, rate)
  const causeOf = (c: WebContext, form: Form) => ({
    operationKey: operationKeyOf(c, form),
    operatorId: viewerOf(c).sub,
  })

  async function showForm(
    c: WebContext,
    product: AdminProductView | undefined,
    form: Form,
    errors: FormErrors = {},
  ) {
    const t = textsIn(c.get('lang'))
    const categories = await readCategories(db)
    const title = product?.title ?? t(PRODUCTS.add)
    const action = product ? `${HOME}/${product.id}` : HOME
    const stock = product && { stock: product.stock_quantity, skuCount: product.skus.length }
    const pool = product?.delivery === 'codes' ? { pool: `${action}/codes` } : {}
    const external = product && deps.settings.readsProducts && (await readExternalProduct(db, product.id))
    const edit = productForm(c, { action, form, errors, categories, ...stock, ...pool })
    const main = html`
      <nav aria-label="${t(PRODUCTS.title)}"><a class="up press" href="${HOME}"><span aria-hidden="true">‹</span> ${t(PRODUCTS.title)}</a></nav>
      <div class="row spread">
        <h1>${title} ${product && statusBadge(product.status, c.get('lang'))}</h1>
        ${product && productButtons(c, product)}
      </div>
      ${done(c)}
      ${external && product ? externalProductCard(c, product.id, external) : ''}
      <div class="with-aside">${product ? productAside(c, deps, product) : ''}${edit}</div>`
    return consolePage(c, { title, main, section: 'products' }, Object.keys(errors).length > 0 ? 422 : 200)
  }

  async function showStale(c: WebContext, product: AdminProductView, form: Form) {
    const lang = c.get('lang')
    const categories = await readCategories(db)
    const [labels, value] = [labelsOf(lang), readableValue(categories, lang)]
    const label = (name: string) => labels[name] ?? name
    const action = `${HOME}/${product.id}`
    const saved = { form, saved: formOf(product), version: product.version }
    const main = html`<h1>${product.title}</h1>${staleForm(c, { action, ...saved, label, value })}`
    return consolePage(c, { title: product.title, main, section: 'products' }, 412)
  }

  return new Hono<WebEnv>()
    .get('/', productList(deps))
    .get('/new', (c) => showForm(c, undefined, NEW_PRODUCT))
    .post('/', async (c) => {
      const form = await readForm(c)
      const { product, read: fields } = readProductForm(form, null, c.get('lang'))
      const errors = await attempt(c.get('lang'), fields, async () => {
        const id = await createProduct(db, product.fields, product.stock, causeOf(c, form))
        return c.redirect(`${HOME}/${id}?done=created`, 303)
      })
      return errors instanceof Response ? errors : showForm(c, undefined, form, errors)
    })
    .get(one, async (c) => {
      const product = await read(c.req.param('id'))
      return showForm(c, product, { ...formOf(product), version: product.version })
    })
    .post(one, async (c) => {
      const product = await read(c.req.param('id'))
      const form = chosenIn(await readForm(c), formOf(product))
      const { product: wanted, read: fields } = readProductForm(form, product.properties, c.get('lang'))
      const errors = await attempt(c.get('lang'), fields, async () => {
        const { readsProducts } = deps.settings
        const cause = { ...causeOf(c, form), known: versionsOf(form), readsProducts }
        try {
          const fields =
            product.skus.length > 1
              ? { ...wanted.fields, point: undefined, priceFen: undefined }
              : wanted.fields
          await changeProduct(db, product.id, fields, wanted.stockDelta || undefined, cause)
        } catch (error) {
          if (error instanceof DomainError && error.refusal.code === 'STALE') {
            return showStale(c, await read(product.id), form)
          }
          throw error
        }
        return c.redirect(`${HOME}/${product.id}?done=saved`, 303)
      })
      return errors instanceof Response ? errors : showForm(c, product, form, errors)
    })
    .post(`${one}/publish`, async (c) => {
      const id = c.req.param('id')
      try {
        await publishProduct(db, id, viewerOf(c).sub, deps.settings.rules.canCharge === true)
      } catch (error) {
        if (!(error instanceof InvalidInputError)) throw error
        const product = await read(id)
        const form = { ...formOf(product), version: product.version }
        const { read: fields } = readProductForm(form, product.properties, c.get('lang'))
        return showForm(c, product, form, invalidProduct(fields, error, c.get('lang')))
      }
      const { status } = await read(id)
      return c.redirect(`${HOME}/${id}?done=${status === 'sold_out' ? 'sold_out' : 'published'}`, 303)
    })
    .post(`${one}/unpublish`, async (c) => {
      await unpublishProduct(db, c.req.param('id'), viewerOf(c).sub)
      return c.redirect(`${HOME}/${c.req.param('id')}?done=unpublished`, 303)
    })
    .post(`${one}/refresh`, async (c) => {
      const id = c.req.param('id')
      await askProductRefresh(db, id)
      return c.redirect(`${HOME}/${id}?done=refreshing`, 303)
    })
    .post(`${one}/copy`, async (c) => {
      const named = { ending: copyEnding(c.get('lang')) }
      const id = await copyProduct(db, c.req.param('id'), named, causeOf(c, await readForm(c)))
      return c.redirect(`${HOME}/${id}?done=copied`, 303)
    })
    .get(`${one}/stock`, stockMovementPage(deps))
    .get(`${one}/delete`, async (c) => {
      const t = textsIn(c.get('lang'))
      const product = await read(c.req.param('id'))
      const main = html`<div class="card ask">
        <h1>${t(P.deleteTitle)}</h1>
        <p><strong>${product.title}</strong></p>
        <p>${t(P.deleteHint)}</p>
        <form method="post" class="row">${formFields(c)}
          <button>${t(P.deleteYes)}</button>
          <a class="button plain" href="${HOME}/${product.id}">${t(P.deleteNo)}</a>
        </form>
      </div>`
      return consolePage(c, { title: t(P.deleteTitle), main, section: 'products' })
    })
    .post(`${one}/delete`, async (c) => {
      try {
        await deleteProduct(db, c.req.param('id'), viewerOf(c).sub)
      } catch (error) {
        if (!(error instanceof DomainError && error.refusal.code === 'NOT_FOUND')) throw error
      }
      return c.redirect(`${HOME}?done=deleted`, 303)
    })
    .route(one, pictureRoutes(deps))
    .route(one, galleryRoutes(deps))
    .route(one, skuRoutes(deps))
    .route(one, customFieldRoutes(deps))
}

async function attempt(
  lang: Lang,
  read: ReturnType<typeof readProductForm>['read'],
  act: () => Promise<Response>,
): Promise<Response | FormErrors> {
  if (Object.keys(read.errors).length > 0) return read.errors
  try {
    return await act()
  } catch (error) {
    if (error instanceof InvalidInputError) return invalidProduct(read, error, lang)
    if (error instanceof DomainError && error.refusal.code === 'OUT_OF_STOCK') {
      read.wrong('stock_change', 'max', error.refusal.available)
      return read.errors
    }
    throw error
  }
}

function productButtons(c: WebContext, { id, status }: AdminProductView) {
  const t = textsIn(c.get('lang'))
  const shown = status === 'on_sale' || status === 'sold_out'
  return html`<div class="row">
    ${shown ? html`<a class="press" href="/points-mall/products/${id}">${t(PRODUCTS.look)}</a>` : ''}
    <form method="post" action="${HOME}/${id}/${shown ? 'unpublish' : 'publish'}">${formFields(c)}
      <button class="${shown ? 'plain' : ''}">${t(shown ? P.unpublish : P.publish)}</button></form>
    <form method="post" action="${HOME}/${id}/copy">${formFields(c)}<button class="quiet">${t(P.copy)}</button></form>
    <a class="button quiet" href="${HOME}/${id}/delete">${t(P.delete)}</a>
  </div>`
}
