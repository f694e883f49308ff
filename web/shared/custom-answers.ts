import { html } from 'hono/html'
import type { CustomerNotes } from '../../application/orders/view.ts'
import type { CustomAnswer } from '../../domain/catalogue/custom-fields.ts'
import type { Lang } from '../../i18n/error-texts.ts'
import type { Html } from './page.ts'

const MASK = '***'

/**
 * What the customer filled in, with the titles of that time.
 * @param isShown false: masked, as an address would be
 */
export function customAnswers(
  notes: CustomerNotes | null,
  isShown: boolean,
  lang: Lang,
): (readonly [string, Html])[] {
  return (notes?.custom ?? []).map((answer) => [
    answer.title[lang] ?? answer.title.zh,
    isShown ? value(answer) : html`${MASK}`,
  ])
}

/** A picture is a link: the page asks no other host for it. */
function value({ kind, value }: CustomAnswer): Html {
  if (kind !== 'picture') return html`<span class="answer">${value}</span>`
  return html`<a class="answer" href="${value}" rel="noopener noreferrer nofollow" target="_blank">${value}</a>`
}
