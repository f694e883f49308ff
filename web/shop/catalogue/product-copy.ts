import { html } from 'hono/html'
import type { ProductView } from '../../../application/catalogue/products.ts'
import { type Closed, closedAt } from '../../../domain/catalogue/windows.ts'
import type { Refusal } from '../../../domain/errors.ts'
import type { Money } from '../../../domain/money.ts'
import { errorText, type Lang } from '../../../i18n/error-texts.ts'
import { grouped, moneyText, time } from '../../shared/format.ts'
import { interpolate, interpolateText } from '../../shared/interpolate.ts'
import type { Html } from '../../shared/page.ts'
import { textsIn } from '../../texts/common/common.ts'
import { PRODUCT } from '../../texts/shop/catalogue.ts'

/** The stock is shown up to this number. */
const FEW = 10

/** Screen readers read it like `priceText`. */
export function price(points: number, money: Money, lang: Lang): Html {
  const unit = lang === 'zh' ? '积分' : 'points'
  const cash = html`<span class="digits">${moneyText(money)}</span>`
  if (money.amount === '0.00') return html`<span class="digits">${grouped(points)}</span> ${unit}`
  return points === 0
    ? cash
    : html`<span class="digits">${grouped(points)}</span> ${unit} <span class="whole">+ ${cash}</span>`
}

export function stock({ stock_quantity: left }: Pick<ProductView, 'stock_quantity'>, lang: Lang): Html | '' {
  const t = textsIn(lang)
  if (left <= 0) return html`<span class="badge">${t(PRODUCT.soldOut)}</span>`
  if (left > FEW) return ''
  return html`<span class="badge warn">${lang === 'zh' ? `仅剩 ${left} 件` : `only ${left} left`}</span>`
}

/** How long an order of it can be returned. */
export function returns(
  { returnable, delivery }: Pick<ProductView, 'returnable'> & Partial<Pick<ProductView, 'delivery'>>,
  lang: Lang,
): string {
  const t = textsIn(lang)
  if (returnable === 'none' || delivery === 'charge') return t(PRODUCT.notReturnable)
  if (delivery === 'codes') return t(PRODUCT.codesNotReturnable)
  if (returnable === 'before_shipping') return t(PRODUCT.returnBeforeShipping)
  return interpolateText(t(PRODUCT.returnDays), { days: grouped(returnable.days) })
}

/** When it can be redeemed; empty: at any time. */
export function times(product: ProductView, lang: Lang): Html | '' {
  const t = textsIn(lang)
  const closed = closedNow(product)
  if (closed) {
    const text = closed.rule === 'over' ? PRODUCT.endedAt : PRODUCT.opensAt
    return interpolate(t(text), { t: time(closed.at.toISOString(), lang) })
  }
  const end = product.on_sale_until
  return end ? interpolate(t(PRODUCT.endsAt), { t: time(end, lang) }) : ''
}

const date = (at: string | null) => (at === null ? null : new Date(at))

export const closedNow = (product: ProductView): Closed | undefined =>
  closedAt(
    {
      visibleFrom: date(product.visible_from),
      visibleUntil: date(product.visible_until),
      onSaleFrom: date(product.on_sale_from),
      onSaleUntil: date(product.on_sale_until),
    },
    new Date(),
  )

/** @param counted whether quantity limits apply */
export function limits(
  { exchange_limit: ever, properties }: ProductView,
  counted: boolean,
  lang: Lang,
): string[] {
  const zh = lang === 'zh'
  const { max_per_user, max_per_order, time_limit_seconds, user_level_required } = properties?.limit ?? {}
  const found: string[] = []
  if (user_level_required) {
    found.push(zh ? `等级 ${user_level_required} 及以上可兑` : `Level ${user_level_required} and above`)
  }
  if (!counted) return found
  if (max_per_order) found.push(zh ? `每单最多 ${max_per_order} 件` : `Up to ${max_per_order} per order`)
  if (max_per_user && time_limit_seconds) {
    const span = spanText(time_limit_seconds, lang)
    found.push(
      zh ? `每人每${span}限兑 ${max_per_user} 件` : `Up to ${max_per_user} per customer every ${span}`,
    )
  }
  const total = Math.min(ever || Infinity, time_limit_seconds ? Infinity : (max_per_user ?? Infinity))
  if (total < Infinity) found.push(zh ? `每人累计限兑 ${total} 件` : `Up to ${total} per customer in total`)
  return found
}

const SPANS = [
  [86_400, '天', 'day'],
  [3600, '小时', 'hour'],
  [60, '分钟', 'minute'],
  [1, '秒', 'second'],
] as const

function spanText(seconds: number, lang: Lang): string {
  const [unit, zh, en] = SPANS.find(([length]) => seconds % length === 0) ?? SPANS[3]
  const count = seconds / unit
  if (lang === 'en') return `${grouped(count)} ${en}${count === 1 ? '' : 's'}`
  return count === 1 ? zh : ` ${grouped(count)} ${zh}`
}

export function shortReason({ code, required, available, rule }: Refusal, lang: Lang): string {
  const zh = lang === 'zh'
  switch (code) {
    case 'INSUFFICIENT_POINTS': {
      const gap = grouped(Number(required) - Number(available))
      return zh ? `积分还差 ${gap}` : `${gap} more points needed`
    }
    case 'USER_LEVEL_TOO_LOW':
      return zh ? `需要等级 ${required}` : `Level ${required} required`
    case 'POINTS_PER_ORDER_EXCEEDED':
      return zh ? '超出单笔积分上限' : 'Too many points for one order'
    case 'TOO_MANY_UNPAID_ORDERS':
      return textsIn(lang)(PRODUCT.payFirst)
    case 'EXCHANGE_LIMIT_EXCEEDED':
      if (rule === 'unpaid_pieces') return textsIn(lang)(PRODUCT.payFirst)
      return zh ? '已达兑换上限' : 'Limit reached'
    case 'PRODUCT_NOT_ON_SALE':
      return errorText(code, lang, { rule, available }).detail
    case 'OUT_OF_STOCK':
      return textsIn(lang)(PRODUCT.soldOut)
    default:
      return textsIn(lang)(PRODUCT.whyNot)
  }
}

/** The API's text, with the missing amount where known. */
function reason(refusal: Refusal, lang: Lang): string {
  const { code, required, available, rule } = refusal
  const zh = lang === 'zh'
  if (code === 'INSUFFICIENT_POINTS' && required !== undefined && available !== undefined) {
    const [needed, there] = [Number(required), Number(available)]
    return zh
      ? `积分还差 ${grouped(needed - there)}：需要 ${grouped(needed)}，可用 ${grouped(there)}`
      : `${grouped(needed - there)} more points needed: ${grouped(needed)} required, ${grouped(there)} available`
  }
  if (code === 'POINTS_PER_ORDER_EXCEEDED' && required !== undefined && available !== undefined) {
    const [needed, most] = [grouped(Number(required)), grouped(Number(available))]
    return zh
      ? `单笔最多使用 ${most} 积分，这一单需要 ${needed}`
      : `An order can use up to ${most} points; this one needs ${needed}`
  }
  if (code === 'TOO_MANY_UNPAID_ORDERS' && required !== undefined) {
    const open = grouped(Number(required) - 1)
    return zh
      ? `你有 ${open} 笔待支付的订单，先支付或取消后才能再下单`
      : `You have ${open} unpaid ${open === '1' ? 'order' : 'orders'}. Pay or cancel before you place another`
  }
  if (rule === 'unpaid_pieces' && available !== undefined) {
    const left = grouped(Number(available))
    if (available === '0') {
      return zh
        ? '待支付的订单已为你预留了最多的件数，先支付或取消后才能再兑'
        : 'Your unpaid orders already reserve the maximum quantity. Pay or cancel some first'
    }
    return zh
      ? `支付前最多再为你预留 ${left} 件，请减少数量`
      : `Up to ${left} more can be reserved before you pay. Please reduce the quantity`
  }
  if (code === 'RISK_REJECTED') return textsIn(lang)(PRODUCT.frozen)
  if (code === 'EXCHANGE_LIMIT_EXCEEDED' && available === '0') {
    return zh ? '你已达到这件商品的兑换上限' : 'You have reached the redemption limit for this product'
  }
  if (code === 'OUT_OF_STOCK' && available === '0') return textsIn(lang)(PRODUCT.soldOutHint)
  return errorText(code, lang, refusal).detail
}

/** Links to unpaid orders if those are the reason. */
export function reasonItem(refusal: Refusal, lang: Lang): Html {
  const text = reason(refusal, lang)
  const { code, rule, available } = refusal
  const waits = code === 'TOO_MANY_UNPAID_ORDERS' || (rule === 'unpaid_pieces' && available === '0')
  if (!waits) return html`<li>${text}</li>`
  return html`<li>${text} <a class="tap" href="/points-mall/orders?tab=to_pay">${textsIn(lang)(PRODUCT.toPay)}</a></li>`
}
