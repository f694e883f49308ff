import { html } from 'hono/html'
import type { Lang } from '../../i18n/error-texts.ts'
import { COMMON, textsIn } from '../texts/common/common.ts'
import type { Html } from './page.ts'

/** Copies a text with one tap. Without JavaScript it is not shown, and the text next to it can be selected. */
export function copyButton(text: string, name: string, lang: Lang): Html {
  const t = textsIn(lang)
  return html`<button type="button" class="copy" data-copy="${text}" data-copied="${t(COMMON.copied)}" aria-label="${t(COMMON.copy)} ${name}">${t(COMMON.copy)}</button>`
}
