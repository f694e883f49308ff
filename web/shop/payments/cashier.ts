import { html, raw } from 'hono/html'
import { renderSVG } from 'uqr'
import type { Lang } from '../../../i18n/error-texts.ts'
import { formFields } from '../../form/form.ts'
import type { WebContext } from '../../shared/deps.ts'
import { deadline, moneyText, time } from '../../shared/format.ts'
import { interpolate, interpolateText } from '../../shared/interpolate.ts'
import type { Html } from '../../shared/page.ts'
import { textsIn } from '../../texts/common/common.ts'
import { ORDER, PAY_WITH } from '../../texts/shop/orders.ts'
import type { OrderShown } from '../orders/order-shown.ts'
import { methodRow } from './method-row.ts'

/** Payment section of an unpaid order. Elements with `hx-morph-skip` are not updated while the customer uses them. */
export function cashier(c: WebContext, { order, payable }: OrderShown): Html | '' {
  const lang = c.get('lang')
  if (!payable) return ''
  const t = textsIn(lang)
  const { expires_at, payment_method } = order.payment_info
  const until = order.total_points === 0 ? ORDER.payUntilCash : ORDER.payUntil
  return html`<div class="cashier">
    ${
      expires_at
        ? html`<p class="left"><span class="muted">${t(ORDER.timeLeft)}</span>
          <span id="time-left" class="digits" hx-morph-skip data-until="${expires_at}" data-over="${t(ORDER.timeOver)}">${interpolate(t(ORDER.payBy), { t: deadline(expires_at, lang) })}</span></p>`
        : ''
    }
    ${way(order, lang)}
    <details id="other-method" hx-morph-skip ${order.payment_info.pay_url || order.payment_info.jsapi ? '' : 'open'}>
      <summary>${t(ORDER.otherMethod)}</summary>
      <form method="post" action="/points-mall/orders/${order.order_no}/pay" class="stack">
        ${formFields(c)}
        <fieldset>
          <legend class="sr">${t(ORDER.method)}</legend>
          ${payable.methods.map((method) => {
            const checked = method === payment_method
            const note = checked ? t(ORDER.current) : ''
            return methodRow({ method, checked, due: order.total_money, cash: payable.cash, note }, lang)
          })}
        </fieldset>
        <button class="plain" data-follows="method">${t(ORDER.usePay)}</button>
      </form>
    </details>
    ${expires_at ? html`<p class="small muted">${interpolate(t(until), { t: time(expires_at, lang) })}</p>` : ''}
  </div>`
}

/** Where the payer goes right after choosing the method; undefined: the order page is where it is paid. */
export function cashierPage({ order, payable }: OrderShown): string | undefined {
  const { pay_url, jsapi } = order.payment_info
  return payable && !jsapi && isPage(pay_url) ? pay_url : undefined
}

/** Not `weixin://…`, which is for scanning. */
const isPage = (payUrl: string | null): payUrl is string => /^https?:\/\//.test(payUrl ?? '')

function way({ payment_info, total_money }: OrderShown['order'], lang: Lang): Html {
  const t = textsIn(lang)
  const { pay_url, jsapi, payment_method } = payment_info
  const amount = moneyText(total_money)
  const pay = interpolateText(t(PAY_WITH[payment_method ?? 'wallet']), { n: amount })
  if (jsapi) {
    return html`<button type="button" class="wide" data-wechat-pay="${JSON.stringify(jsapi)}" hidden>${pay}</button>
      <p class="notice" data-outside-wechat>${t(ORDER.wechatOnly)}</p>`
  }
  if (pay_url?.startsWith('weixin://')) {
    return html`<figure class="scan" role="img" aria-label="${t(ORDER.scan)}">
      <div class="code">${raw(renderSVG(pay_url, { border: 2 }))}</div>
      <figcaption>${t(ORDER.scan)} ${amount}</figcaption>
    </figure>`
  }
  if (!isPage(pay_url)) return html`<p class="notice">${t(ORDER.noCashier)}</p>`
  return html`<a class="button wide" referrerpolicy="origin" href="${pay_url}">${pay}</a>`
}
