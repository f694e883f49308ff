import { html } from 'hono/html'
import type { ProductView } from '../../../application/catalogue/products.ts'
import type { Lang } from '../../../i18n/error-texts.ts'
import type { Html } from '../../shared/page.ts'
import { price, stock } from './product-copy.ts'

/** Local pictures only: the page loads nothing from other hosts. */
const OURS = /^\/assets\/[\w./-]+$/

/** @param alt '' if the title is next to it */
export function picture(image: string | null, alt: string): Html {
  if (image !== null && OURS.test(image)) {
    return html`<img class="photo" src="${image}" alt="${alt}" width="480" height="480" loading="lazy">`
  }
  return html`<span class="photo none" ${alt ? html`role="img" aria-label="${alt}"` : html`aria-hidden="true"`}>
    <svg><use href="/assets/pages/icons.svg#orders"></use></svg></span>`
}

export function productGrid(products: readonly ProductView[], lang: Lang): Html {
  return html`<ul class="shelf">${products.map(
    (product) => html`<li class="ticket product">
      <div class="body">
        ${picture(product.image, '')}
        <h3><a class="to" href="/points-mall/products/${product.id}">${product.title}</a></h3>
      </div>
      <div class="stub">
        <p class="price">${price(product.points_price, product.money_price, lang)}</p>
        ${stock(product, lang)}
      </div>
    </li>`,
  )}</ul>`
}
