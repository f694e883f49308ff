import { html } from 'hono/html'
import type { ShownCharge } from '../../../application/fulfilment/charges.ts'
import { maskAccount } from '../../../domain/fulfilment/charge.ts'
import type { Lang } from '../../../i18n/error-texts.ts'
import type { Html } from '../../shared/page.ts'
import { textsIn } from '../../texts/common/common.ts'
import { CHARGE as T } from '../../texts/shop/delivery.ts'

/** The number is masked: somebody may look on. */
export function chargePanel(charge: ShownCharge | undefined, isPaid: boolean, lang: Lang): Html | '' {
  if (!charge) return ''
  const t = textsIn(lang)
  return html`<section class="panel" aria-labelledby="charge">
    <h2 id="charge">${t(T.title)}</h2>
    <dl class="facts">
      <dt>${t(T.account)}</dt><dd class="number">${maskAccount(charge.account)}</dd>
      <dt>${t(T.state)}</dt><dd>${t(isPaid || charge.state !== 'processing' ? T.states[charge.state] : T.notYet)}</dd>
    </dl>
  </section>`
}
