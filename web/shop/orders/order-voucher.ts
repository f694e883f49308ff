import { html, raw } from 'hono/html'
import { renderSVG } from 'uqr'
import type { ShownVoucher } from '../../../application/fulfilment/vouchers.ts'
import { spaced } from '../../../domain/fulfilment/vouchers.ts'
import type { Lang } from '../../../i18n/error-texts.ts'
import { grouped, time } from '../../shared/format.ts'
import { interpolateText } from '../../shared/interpolate.ts'
import type { Html } from '../../shared/page.ts'
import { textsIn } from '../../texts/common/common.ts'
import { VOUCHER as T } from '../../texts/shop/delivery.ts'

/** The QR code holds the bare digits, as a scanner at a till types them. */
export function voucherPanel(voucher: ShownVoucher | undefined, lang: Lang): Html | '' {
  if (!voucher) return ''
  const t = textsIn(lang)
  const { code, uses_left, uses_total, valid_until } = voucher
  const left = { left: grouped(uses_left), total: grouped(uses_total) }
  return html`<section class="panel" aria-labelledby="voucher">
    <h2 id="voucher">${t(T.title)}</h2>
    ${
      uses_left === 0
        ? ''
        : html`<figure class="scan" role="img" aria-label="${t(T.scan)}">
            <div class="code">${raw(renderSVG(code, { border: 2 }))}</div>
          </figure>`
    }
    <dl class="facts">
      <dt>${t(T.title)}</dt><dd class="number">${spaced(code)}</dd>
      <dt>${t(T.validUntil)}</dt><dd>${time(valid_until, lang)}</dd>
    </dl>
    <p>${interpolateText(t(T.left), left)}</p>
  </section>`
}
