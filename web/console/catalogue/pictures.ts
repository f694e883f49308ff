import { randomUUID } from 'node:crypto'
import { Hono } from 'hono'
import { html } from 'hono/html'
import { keepPicture } from '../../../application/catalogue/pictures.ts'
import {
  type AdminProductView,
  changeProduct,
  readAnyProduct,
} from '../../../application/catalogue/products.ts'
import { DomainError, InvalidInputError } from '../../../domain/errors.ts'
import { type Form, formFields, parseForm, readForm } from '../../form/form.ts'
import { versionField, versionsOf } from '../../form/stale-form.ts'
import type { WebContext, WebDeps, WebEnv } from '../../shared/deps.ts'
import { priceText } from '../../shared/format.ts'
import type { Html } from '../../shared/page.ts'
import { shownImage } from '../../shared/product-picture.ts'
import { viewerOf } from '../../shared/viewer.ts'
import { textsIn } from '../../texts/common/common.ts'
import { PRODUCT_PAGE as P, PRODUCTS } from '../../texts/console/catalogue.ts'
import { gallery } from './gallery.ts'
import { stockText } from './product-badges.ts'

const WRONG = {
  required: P.pictureMissing,
  format: P.pictureFormat,
  max: P.pictureMax,
  max_pixels: P.picturePixels,
  stale: P.pictureStale,
} as const

/** `api/middleware/body.ts` allows a larger body only on the upload path. */
export function pictureRoutes({ db, pointsToCnyMillionths: rate }: WebDeps) {
  // Needs no kept operation key: the same picture twice is the same picture.
  const change = (c: WebContext, id: string, image: string | null, form: Form) =>
    changeProduct(db, id, { image }, undefined, {
      operationKey: randomUUID(),
      operatorId: viewerOf(c).sub,
      known: versionsOf(form),
    })
  return new Hono<WebEnv>()
    .post('/picture', async (c) => {
      const { id } = await readAnyProduct(db, idOf(c), rate)
      const back = `/admin/products/${id}`
      const { picture, version } = await parseForm(c)
      const bytes = picture instanceof File ? Buffer.from(await picture.arrayBuffer()) : Buffer.alloc(0)
      try {
        const image = await keepPicture(db, bytes, viewerOf(c).sub)
        await change(c, id, image, typeof version === 'string' ? { version } : {})
      } catch (error) {
        if (isStale(error)) return c.redirect(`${back}?picture=stale`, 303)
        if (!(error instanceof InvalidInputError)) throw error
        return c.redirect(`${back}?picture=${error.errors[0]?.rule}`, 303)
      }
      return c.redirect(`${back}?done=picture`, 303)
    })
    .post('/picture/remove', async (c) => {
      const id = idOf(c)
      try {
        await change(c, id, null, await readForm(c))
      } catch (error) {
        if (!isStale(error)) throw error
        return c.redirect(`/admin/products/${id}?picture=stale`, 303)
      }
      return c.redirect(`/admin/products/${id}?done=picture_removed`, 303)
    })
}

/** Why the upload that led to this page was refused; undefined: it was not. */
export function wrongPicture(c: WebContext): string | undefined {
  const what = c.req.query('picture') ?? ''
  if (!Object.hasOwn(WRONG, what)) return undefined
  return textsIn(c.get('lang'))(WRONG[what as keyof typeof WRONG])
}

export const isStale = (error: unknown) => error instanceof DomainError && error.refusal.code === 'STALE'

const idOf = (c: WebContext): string => c.req.param('id') ?? ''

export function productAside(c: WebContext, deps: WebDeps, product: AdminProductView): Html {
  const lang = c.get('lang')
  const t = textsIn(lang)
  const image = shownImage(product.image, deps)
  const wrong = wrongPicture(c)
  const action = `/admin/products/${product.id}/picture`
  return html`<aside class="stack" aria-label="${t(P.preview)}">
    <div class="ticket">
      <div class="body stack">
        ${
          image
            ? html`<img class="picture" src="${image}" alt="${product.title}" width="480" height="480">`
            : html`<p class="picture none">${t(P.noPicture)}</p>`
        }
        <p><strong>${product.title}</strong></p>
        <p class="digits price">${priceText(product.points_price, product.money_price, lang)}</p>
      </div>
      <div class="stub row spread"><span class="muted">${t(PRODUCTS.stock)}</span>
        <span class="digits">${stockText(product, lang)}</span></div>
    </div>
    <form method="post" action="${action}" enctype="multipart/form-data" class="card stack">
      ${formFields(c)}${versionField(product.version)}
      <div class="field${wrong ? ' wrong' : ''}">
        <label for="field-picture">${t(P.picture)}</label>
        <input id="field-picture" type="file" name="picture" accept="image/png,image/jpeg,image/webp" required
          aria-describedby="field-picture-hint${wrong ? ' field-picture-error' : ''}" ${wrong ? html`aria-invalid="true"` : ''}>
        <p class="hint" id="field-picture-hint">${t(P.pictureHint)}</p>
        ${wrong ? html`<p class="error" id="field-picture-error" role="alert">${wrong}</p>` : ''}
      </div>
      <button class="plain">${t(P.upload)}</button>
    </form>
    ${
      product.image
        ? html`<form method="post" action="${action}/remove">${formFields(c)}${versionField(product.version)}<button class="quiet">${t(P.removePicture)}</button></form>`
        : ''
    }
    ${gallery(c, deps, product)}
  </aside>`
}
