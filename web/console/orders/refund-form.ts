import { html } from 'hono/html'
import { type Refundable, remainderAfter } from '../../../application/orders/audit-trail.ts'
import type { OrderRequest } from '../../../application/orders/order-request.ts'
import type { OrderView } from '../../../application/orders/view.ts'
import { PRODUCT_MAX } from '../../../domain/catalogue/product.ts'
import { decimalFromFen, fenOf } from '../../../domain/money.ts'
import { isAllOf } from '../../../domain/orders/refund.ts'
import type { Lang } from '../../../i18n/error-texts.ts'
import { type Form, type FormErrors, field } from '../../form/form.ts'
import { radioGroup } from '../../form/radio-group.ts'
import type { readFields } from '../../form/reader.ts'
import { grouped, moneyText, priceText } from '../../shared/format.ts'
import { interpolate, interpolateText } from '../../shared/interpolate.ts'
import type { Html } from '../../shared/page.ts'
import { textsIn } from '../../texts/common/common.ts'
import { REFUND_FORM as F } from '../../texts/console/orders.ts'

const POINTS_MAX = PRODUCT_MAX.points
const AMOUNTS = ['points', 'money'] as const

/** No default: staff must choose a full or a partial refund. */
export function readRefund(
  read: ReturnType<typeof readFields>,
  form: Form,
  order: Refundable,
  reason: string,
  lang: Lang,
): OrderRequest {
  const t = textsIn(lang)
  if (form.what !== 'part') {
    if (form.what !== 'whole') read.say('what', t(F.choose))
    else if (AMOUNTS.some((name) => form[name])) read.say('what', t(F.wholeHasNone))
    return { kind: 'refund', reason }
  }
  const rest = remainderAfter(order)
  const points = read.int('points', 0, POINTS_MAX) ?? 0
  const fen = read.fen('money') ?? 0n
  const isRead = AMOUNTS.every((name) => read.errors[name] === undefined)
  if (isRead && points === 0 && fen === 0n) read.say(rest.points > 0 ? 'points' : 'money', t(F.nothing))
  const part = { points: BigInt(points), fen }
  if (isRead && isAllOf(part, { points: BigInt(rest.points), fen: fenOf(rest.money) })) {
    read.say('what', t(F.isWhole))
  }
  return { kind: 'refund', reason, part: { points, money: decimalFromFen(fen) } }
}

export function refundQuestions(order: OrderView, form: Form, errors: FormErrors, lang: Lang): Html {
  const t = textsIn(lang)
  const rest = remainderAfter(order)
  // The stock is restored, even if shipped goods do not come back.
  const hasLeft = order.status === 'order_shipped' || order.status === 'order_finished'
  const amount = (name: (typeof AMOUNTS)[number], most: string, inputmode: 'numeric' | 'decimal') =>
    field({
      name,
      label: t(F[name]),
      value: form[name],
      error: errors[name],
      inputmode,
      hint: interpolateText(t(F.most), { n: most }),
    })
  const amounts = html`<div class="pair">
    ${rest.points > 0 || form.points ? amount('points', grouped(rest.points), 'numeric') : ''}
    ${fenOf(rest.money) > 0n || form.money ? amount('money', moneyText(rest.money), 'decimal') : ''}
  </div>`
  return html`<p>${interpolate(t(F.rest), { rest: html`<strong class="digits">${priceText(rest.points, rest.money, lang)}</strong>` })}</p>
    ${radioGroup(
      'what',
      t(F.what),
      [
        { value: 'whole', text: F.whole, hint: hasLeft ? F.wholeHasLeft : F.wholeHint },
        { value: 'part', text: F.part, hint: F.partHint, inside: amounts },
      ],
      { chosen: form.what, error: errors.what },
      lang,
    )}`
}
