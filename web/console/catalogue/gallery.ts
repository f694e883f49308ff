import { Hono } from 'hono'
import { html } from 'hono/html'
import { keepPicture } from '../../../application/catalogue/pictures.ts'
import {
  type AdminProductView,
  changeProduct,
  type ProductFields,
  readAnyProduct,
} from '../../../application/catalogue/products.ts'
import { PRODUCT_MAX } from '../../../domain/catalogue/product.ts'
import { DomainError, InvalidInputError } from '../../../domain/errors.ts'
import { cut } from '../../../domain/text.ts'
import { type Form, field, formFields, operationKeyOf, parseForm, readForm } from '../../form/form.ts'
import { versionField, versionsOf } from '../../form/stale-form.ts'
import type { WebContext, WebDeps, WebEnv } from '../../shared/deps.ts'
import { interpolateText } from '../../shared/interpolate.ts'
import type { Html } from '../../shared/page.ts'
import { shownImage } from '../../shared/product-picture.ts'
import { viewerOf } from '../../shared/viewer.ts'
import { textsIn } from '../../texts/common/common.ts'
import { PRODUCT_PAGE as P } from '../../texts/console/catalogue.ts'
import { GALLERY as T } from '../../texts/console/daily.ts'

/** The pictures of a product that follow its main one. */

type Pictures = ProductFields['images']

const WRONG = {
  required: P.pictureMissing,
  format: P.pictureFormat,
  max: P.pictureMax,
  max_pixels: P.picturePixels,
  stale: P.pictureStale,
  full: T.full,
} as const

const idOf = (c: WebContext): string => c.req.param('id') ?? ''
const pageOf = (id: string, query: string) => `/admin/products/${id}?${query}`

/** `api/middleware/body.ts` allows a larger body only on the upload path. */
export function galleryRoutes({ db, pointsToCnyMillionths: rate }: WebDeps) {
  /** @param form all that makes it another request */
  async function save(c: WebContext, form: Form, wanted: (pictures: Pictures) => Pictures) {
    const { id, images } = await readAnyProduct(db, idOf(c), rate)
    const cause = {
      operationKey: operationKeyOf(c, form),
      operatorId: viewerOf(c).sub,
      known: versionsOf(form),
    }
    try {
      await changeProduct(db, id, { images: wanted(images) }, undefined, cause)
    } catch (error) {
      if (!(error instanceof DomainError && error.refusal.code === 'STALE')) throw error
      return c.redirect(pageOf(id, 'gallery=stale'), 303)
    }
    return c.redirect(pageOf(id, 'done=gallery'), 303)
  }

  return new Hono<WebEnv>()
    .post('/gallery', async (c) => {
      const { id, images } = await readAnyProduct(db, idOf(c), rate)
      if (images.length >= PRODUCT_MAX.images) return c.redirect(pageOf(id, 'gallery=full'), 303)
      const form = await readForm(c)
      const { picture } = await parseForm(c)
      const bytes = picture instanceof File ? Buffer.from(await picture.arrayBuffer()) : Buffer.alloc(0)
      let image: string
      try {
        image = await keepPicture(db, bytes, viewerOf(c).sub)
      } catch (error) {
        if (!(error instanceof InvalidInputError)) throw error
        return c.redirect(pageOf(id, `gallery=${error.errors[0]?.rule}`), 303)
      }
      return save(c, { ...form, picture: image }, (pictures) => [
        ...pictures,
        { image, alt: altIn(form, 'alt') },
      ])
    })
    .post('/gallery/edit', async (c) => {
      const form = await readForm(c)
      return save(c, form, (pictures) => edited(pictures, form))
    })
}

const altIn = (form: Form, name: string) => cut(form[name] ?? '', PRODUCT_MAX.alt)

/** The texts as they are typed; then one picture is removed, or changes places with the one before it. */
function edited(pictures: Pictures, form: Form): Pictures {
  const told = pictures.map(({ image, alt }, n) => ({
    image,
    alt: form[`alt_${n + 1}`] === undefined ? alt : altIn(form, `alt_${n + 1}`),
  }))
  const [, what, digits] = /^(up|remove),(\d)$/.exec(form.act ?? '') ?? []
  const n = Number(digits) - 1
  const one = told[n]
  if (one === undefined) return told
  const others = told.toSpliced(n, 1)
  return what === 'remove' ? others : others.toSpliced(Math.max(0, n - 1), 0, one)
}

export function gallery(
  c: WebContext,
  deps: WebDeps,
  { id, images, title, version }: AdminProductView,
): Html {
  const t = textsIn(c.get('lang'))
  const what = c.req.query('gallery') ?? ''
  const wrong = Object.hasOwn(WRONG, what) ? t(WRONG[what as keyof typeof WRONG]) : undefined
  const action = `/admin/products/${id}/gallery`
  return html`<section class="card stack" aria-labelledby="gallery">
    <h2 id="gallery">${t(T.title)}</h2>
    ${wrong ? html`<p class="notice bad" role="alert">${wrong}</p>` : ''}
    ${
      images.length === 0
        ? ''
        : html`<form method="post" action="${action}/edit" class="stack">
      ${formFields(c)}${versionField(version)}
      <ol class="gallery">${images.map(({ image, alt }, n) => {
        const shown = shownImage(image, deps)
        const named = { n: `${n + 1}` }
        return html`<li>
          ${shown ? html`<img src="${shown}" alt="${alt || title}" width="96" height="96" loading="lazy">` : html`<span class="no-picture"></span>`}
          ${field({ name: `alt_${n + 1}`, label: interpolateText(t(T.altOf), named), value: alt, maxlength: PRODUCT_MAX.alt })}
          <span class="row">${n === 0 ? '' : html`<button class="plain" name="act" value="up,${n + 1}" aria-label="${interpolateText(t(T.up), named)}">↑</button>`}
            <button class="quiet" name="act" value="remove,${n + 1}" aria-label="${interpolateText(t(T.removeOf), named)}">${t(T.remove)}</button></span>
        </li>`
      })}</ol>
      <div><button class="plain" name="act" value="texts">${t(T.save)}</button></div>
    </form>`
    }
    ${
      images.length >= PRODUCT_MAX.images
        ? html`<p class="hint">${t(T.full)}</p>`
        : html`<form method="post" action="${action}" enctype="multipart/form-data" class="stack">
      ${formFields(c)}${versionField(version)}
      <div class="field"><label for="field-more-picture">${t(T.add)}</label>
        <input id="field-more-picture" type="file" name="picture" accept="image/png,image/jpeg,image/webp" required></div>
      ${field({ name: 'alt', label: t(T.alt), hint: t(T.altHint), maxlength: PRODUCT_MAX.alt })}
      <div><button class="plain">${t(P.upload)}</button></div>
    </form>`
    }
  </section>`
}
