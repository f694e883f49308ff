import { html } from 'hono/html'
import type { Html } from './page.ts'

/** Without a local picture, the title's first letter. */
export function productPicture(image: string | null, title: string): Html {
  if (image?.startsWith('/') && !image.startsWith('//')) {
    return html`<img class="picture" src="${image}" alt="" width="64" height="64" loading="lazy">`
  }
  return html`<span class="picture letter" aria-hidden="true">${Array.from(title)[0] ?? ''}</span>`
}
