import { html } from 'hono/html'
import type { ProductView } from '../../../application/catalogue/products.ts'
import type { Lang } from '../../../i18n/error-texts.ts'
import type { WebDeps } from '../../shared/deps.ts'
import { interpolateText } from '../../shared/interpolate.ts'
import type { Html } from '../../shared/page.ts'
import { shownImage } from '../../shared/product-picture.ts'
import { textsIn } from '../../texts/common/common.ts'
import { PICTURES as T } from '../../texts/shop/pictures.ts'
import { picture } from './product-card.ts'

/** All pictures side by side: swiped, scrolled with the arrow keys, or reached by the small ones below. */
export function pictureStrip(
  { title, image, images }: Pick<ProductView, 'title' | 'image' | 'images'>,
  deps: Pick<WebDeps, 'imageHosts'>,
  lang: Lang,
): Html {
  const all = [{ image, alt: title }, ...images].flatMap((one) => {
    const shown = shownImage(one.image, deps)
    return shown === undefined ? [] : [{ shown, alt: one.alt || title }]
  })
  if (all.length < 2) return picture(all[0]?.shown, title)
  const t = textsIn(lang)
  const nth = (n: number) => interpolateText(t(T.nth), { n: `${n + 1}`, all: `${all.length}` })
  return html`<div class="strip" role="region" aria-label="${t(T.title)}" tabindex="0">
      <ul>${all.map(({ shown, alt }, n) => html`<li id="picture-${n + 1}">${picture(shown, alt)}</li>`)}</ul>
    </div>
    <nav class="thumbs" aria-label="${t(T.title)}">${all.map(
      ({ shown }, n) =>
        html`<a href="#picture-${n + 1}" aria-label="${nth(n)}"><img src="${shown}" alt="" width="48" height="48" loading="lazy"></a>`,
    )}</nav>`
}
