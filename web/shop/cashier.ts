import { html, raw } from 'hono/html'
import { renderSVG } from 'uqr'
import type { Lang } from '../../domain/error-texts.ts'
import type { PaymentMethod } from '../../domain/payment.ts'
import { onceField } from '../form.ts'
import { moneyText, time } from '../format.ts'
import type { Html } from '../page.ts'
import { phrase } from '../phrase.ts'
import { textsIn } from '../texts/common.ts'
import { METHODS, ORDER } from '../texts/orders.ts'
import type { OrderShown } from './order-view.ts'

/**
 * What an unpaid order needs: the time that is left, the way to its cashier, and the other ways. What a person may
 * be busy with (`hx-morph-skip`) is left alone when the order changes around it.
 */
export function cashier({ order, payable }: OrderShown, lang: Lang): Html | '' {
  if (!payable) return ''
  const t = textsIn(lang)
  const { expires_at, payment_method } = order.payment_info
  return html`<div class="cashier">
    ${
      expires_at
        ? html`<p class="left"><span class="muted">${t(ORDER.timeLeft)}</span>
          <span id="time-left" class="digits" hx-morph-skip data-until="${expires_at}" data-over="${t(ORDER.timeOver)}"></span></p>`
        : ''
    }
    ${way(order, lang)}
    <details id="other-method" hx-morph-skip ${order.payment_info.pay_url || order.payment_info.jsapi ? '' : 'open'}>
      <summary>${t(ORDER.otherMethod)}</summary>
      <form method="post" action="/points-mall/orders/${order.order_no}/pay" class="stack">
        ${onceField()}
        <fieldset>
          <legend class="sr">${t(ORDER.method)}</legend>
          ${payable.methods.map((method) => methodRow(method, method === payment_method, payable.cash, lang))}
        </fieldset>
        <button class="plain">${t(ORDER.usePay)}</button>
      </form>
    </details>
    ${expires_at ? html`<p class="small muted">${phrase(t(ORDER.payUntil), { t: time(expires_at, lang) })}</p>` : ''}
  </div>`
}

/** Not `weixin://…`, which is for a phone to scan. */
const isPage = (payUrl: string | null): payUrl is string => /^https?:\/\//.test(payUrl ?? '')

/** The way to the cashier, as its provider opens it. */
function way({ payment_info, total_money }: OrderShown['order'], lang: Lang): Html {
  const t = textsIn(lang)
  const { pay_url, jsapi } = payment_info
  const amount = moneyText(total_money)
  if (jsapi) {
    return html`<button type="button" class="wide" data-wechat-pay="${JSON.stringify(jsapi)}" hidden>${t(ORDER.payInWechat)} ${amount}</button>
      <p class="notice" data-outside-wechat>${t(ORDER.wechatOnly)}</p>`
  }
  if (pay_url?.startsWith('weixin://')) {
    return html`<figure class="scan" role="img" aria-label="${t(ORDER.scan)}">
      <div class="code">${raw(renderSVG(pay_url, { border: 2 }))}</div>
      <figcaption>${t(ORDER.scan)} ${amount}</figcaption>
    </figure>`
  }
  if (!isPage(pay_url)) return html`<p class="notice">${t(ORDER.noCashier)}</p>`
  return html`<a class="button wide" href="${pay_url}">${t(ORDER.pay)} ${amount}</a>`
}

function methodRow(
  method: PaymentMethod,
  chosen: boolean,
  cash: { readonly amount: string; readonly currency: 'CNY' },
  lang: Lang,
): Html {
  const t = textsIn(lang)
  const note = method === 'wallet' ? `${t(ORDER.balance)} ${moneyText(cash)}` : chosen ? t(ORDER.current) : ''
  return html`<label class="pick">
    <input type="radio" name="method" value="${method}" ${chosen ? 'checked' : ''}>
    <span>${t(METHODS[method])}</span> <span class="muted small">${note}</span>
  </label>`
}
