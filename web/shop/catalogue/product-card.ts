import { html } from 'hono/html'
import type { ProductView } from '../../../application/catalogue/products.ts'
import type { Lang } from '../../../i18n/error-texts.ts'
import type { WebDeps } from '../../shared/deps.ts'
import type { Html } from '../../shared/page.ts'
import { shownImage } from '../../shared/product-picture.ts'
import { price, stock } from './product-copy.ts'

/** @param alt '' if the title is next to it */
export function picture(image: string | undefined, alt: string): Html {
  if (image !== undefined) {
    return html`<img class="photo" src="${image}" alt="${alt}" width="480" height="480" loading="lazy">`
  }
  return html`<span class="photo none" ${alt ? html`role="img" aria-label="${alt}"` : html`aria-hidden="true"`}>
    <svg><use href="/assets/pages/icons.svg#orders"></use></svg></span>`
}

export function productGrid(
  products: readonly ProductView[],
  lang: Lang,
  deps: Pick<WebDeps, 'imageHosts'>,
): Html {
  return html`<ul class="shelf">${products.map(
    (product) => html`<li class="ticket product">
      <div class="body">
        ${picture(shownImage(product.image, deps), '')}
        <h3><a class="to" href="/points-mall/products/${product.id}">${product.title}</a></h3>
      </div>
      <div class="stub">
        <p class="price">${price(product.points_price, product.money_price, lang)}</p>
        ${stock(product, lang)}
      </div>
    </li>`,
  )}</ul>`
}
