import { html } from 'hono/html'
import type { AfterSaleView } from '../../application/orders/after-sales.ts'
import type { AfterSaleState } from '../../domain/orders/after-sale.ts'
import {
  AFTER_SALE_STATE_TEXTS,
  afterSaleEventDetail,
  afterSaleEventTitle,
} from '../../i18n/after-sale-texts.ts'
import type { Lang } from '../../i18n/error-texts.ts'
import { textsIn } from '../texts/common/common.ts'
import type { WebDeps } from './deps.ts'
import { time } from './format.ts'
import { interpolate } from './interpolate.ts'
import type { Html } from './page.ts'
import { shownImage } from './product-picture.ts'

const LOOKS: Readonly<Record<AfterSaleState, string>> = {
  requested: 'todo',
  refused: 'warn',
  awaiting_return: 'warn',
  returning: 'todo',
  receipt_refused: 'warn',
  refunding: 'warn',
  completed: 'good',
  closed: '',
}

export const afterSaleBadge = (state: AfterSaleState, lang: Lang): Html =>
  html`<span class="badge ${LOOKS[state]}">${textsIn(lang)(AFTER_SALE_STATE_TEXTS[state])}</span>`

export function afterSaleTimeline({ timeline }: Pick<AfterSaleView, 'timeline'>, lang: Lang): Html {
  return html`<ol class="timeline">${timeline.map(({ event, at }, n) => {
    const detail = afterSaleEventDetail(event, lang)
    return html`<li class="step${n === timeline.length - 1 ? ' last' : ''}">
      <span class="what">${afterSaleEventTitle(event, lang)}</span> ${time(at, lang)}
      ${detail === '' ? '' : html`<span class="muted small">${detail}</span>`}</li>`
  })}</ol>`
}

/** @param alt with `{n}` */
export function afterSalePictures(
  { pictures }: Pick<AfterSaleView, 'pictures'>,
  deps: Pick<WebDeps, 'imageHosts'>,
  alt: string,
): Html | '' {
  const shown = pictures.map((picture) => shownImage(picture, deps)).filter((one) => one !== undefined)
  if (shown.length === 0) return ''
  return html`<p class="row">${shown.map(
    (address, n) =>
      html`<a href="${address}"><img class="picture" src="${address}" alt="${interpolate(alt, { n: `${n + 1}` })}" width="96" height="96" loading="lazy"></a>`,
  )}</p>`
}
