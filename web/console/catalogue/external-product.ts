import { html } from 'hono/html'
import {
  type ExternalProductView,
  readTroubled,
  type TroubledProduct,
} from '../../../application/catalogue/external-products.ts'
import type { ExternalProblem } from '../../../domain/catalogue/external.ts'
import type { Lang } from '../../../i18n/error-texts.ts'
import { formFields } from '../../form/form.ts'
import type { WebContext, WebDeps } from '../../shared/deps.ts'
import { grouped, time } from '../../shared/format.ts'
import type { Html } from '../../shared/page.ts'
import { textsIn } from '../../texts/common/common.ts'
import {
  EXTERNAL_PROBLEM_TEXTS,
  EXTERNAL_STATES,
  EXTERNAL as T,
} from '../../texts/console/external-products.ts'

/** What was last read of a linked product. */
export function externalProductCard(c: WebContext, id: string, shown: ExternalProductView): Html {
  const lang = c.get('lang')
  const t = textsIn(lang)
  const { state, allotted, short, problems, isPaused, failure, refreshedAt } = shown
  return html`<section class="card stack" aria-labelledby="external">
    <div class="row spread"><h2 id="external">${t(T.title)}</h2>
      <form method="post" action="/admin/products/${id}/refresh">${formFields(c)}<button class="plain">${t(T.refresh)}</button></form></div>
    <dl class="facts">
      <dt>${t(T.number)}</dt><dd><span class="code">${shown.externalId}</span></dd>
      <dt>${t(T.state)}</dt><dd>${t(EXTERNAL_STATES[state])}${isPaused && state !== 'gone' ? html`<br><span class="hint">${t(T.paused)}</span>` : ''}</dd>
      <dt>${t(T.read)}</dt><dd>${refreshedAt === null ? t(T.never) : time(refreshedAt, lang)}${failure === null ? '' : html`<br><span class="hint">${t(T.failed)} ${failure}</span>`}</dd>
      ${allotted === null ? '' : html`<dt>${t(T.allotted)}</dt><dd class="digits">${grouped(allotted)}</dd>`}
      ${short === 0 ? '' : html`<dt>${t(T.short)}</dt><dd class="digits">${grouped(short)}</dd>`}
    </dl>
    ${short === 0 ? '' : html`<p class="notice warn">${t(T.shortHint)}</p>`}
    ${problems.map((problem) => html`<p class="notice warn">${t(EXTERNAL_PROBLEM_TEXTS[problem])}</p>`)}
  </section>`
}

/** Linked products that an operator should look at; nothing where there are none. */
export async function troubledProducts(c: WebContext, { db }: Pick<WebDeps, 'db'>): Promise<Html | ''> {
  const found = await readTroubled(db)
  if (found.length === 0) return ''
  const lang = c.get('lang')
  return html`<section class="card stack" aria-labelledby="troubled">
    <h2 id="troubled">${textsIn(lang)(T.troubled)}</h2>
    <ul>${found.map(
      (product) =>
        html`<li><a class="press" href="/admin/products/${product.product_id}">${product.title}</a> <span class="muted small">${troubleText(product, lang)}</span></li>`,
    )}</ul>
  </section>`
}

function troubleText({ state, short, problems, tries }: TroubledProduct, lang: Lang): string {
  const t = textsIn(lang)
  const parts = [
    ...(state === 'gone' ? [t(EXTERNAL_STATES.gone)] : []),
    ...(short > 0 ? [`${t(T.short)} ${grouped(short)}`] : []),
    ...problems.map((problem) => t(EXTERNAL_PROBLEM_TEXTS[problem as ExternalProblem])),
    ...(tries > 0 ? [t(T.failed).replace(/[:：]$/, '')] : []),
  ]
  return parts.join(lang === 'zh' ? '；' : '; ')
}
