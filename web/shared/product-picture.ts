import { html } from 'hono/html'
import { imageAddress } from '../../domain/catalogue/image.ts'
import type { WebDeps } from './deps.ts'
import type { Html } from './page.ts'

/** @returns undefined also for an address that the page's content security policy would block */
export function shownImage(
  image: string | null,
  { imageHosts }: Pick<WebDeps, 'imageHosts'>,
): string | undefined {
  return image === null ? undefined : imageAddress(image, imageHosts)
}

/** @param image undefined: the title's first letter is shown */
export function productPicture(image: string | undefined, title: string): Html {
  if (image !== undefined) {
    return html`<img class="picture" src="${image}" alt="" width="64" height="64" loading="lazy">`
  }
  return html`<span class="picture letter" aria-hidden="true">${Array.from(title)[0] ?? ''}</span>`
}
