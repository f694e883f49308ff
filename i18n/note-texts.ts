import type { Attention, AttentionCode } from '../domain/orders/attention.ts'
import type { OrderNote } from '../domain/orders/notes.ts'
import { reasonText } from './entry-texts.ts'
import type { Lang } from './error-texts.ts'

type Text = Readonly<Record<Lang, string>>

/** Titles of events that are not transitions; null: the title is the transition's. */
const TITLES: Readonly<Record<OrderNote['code'], Text | null>> = {
  payment_declined: { zh: '支付未成功', en: 'Payment declined' },
  payment_not_due: {
    zh: '收到一笔多余的款项，自动退回',
    en: 'Unapplied payment received, refunded automatically',
  },
  refunded: { zh: '款项已退回', en: 'Refunded' },
  refunded_in_part: { zh: '退回一部分', en: 'Partially refunded' },
  refund_settled_by_hand: { zh: '款项已由客服退回', en: 'Refunded by our staff' },
  handed_out: { zh: '已自动发放', en: 'Delivered automatically' },
  code_replaced: { zh: '兑换码已更换', en: 'Code replaced' },
  charged: { zh: '充值成功', en: 'Top-up succeeded' },
  charged_after_refund: { zh: '退还之后供应商充值成功', en: 'The supplier topped it up after the refund' },
  auto_confirm: null,
  parcel_sent: { zh: '寄出一个包裹', en: 'A parcel was shipped' },
  tracking_corrected: { zh: '运单号已更正', en: 'Tracking number corrected' },
  address_changed: { zh: '收货地址已修改', en: 'Shipping address changed' },
  confirm_extended: { zh: '已延长收货', en: 'More time to confirm receipt' },
  canceled: null,
  canceled_with_words: null,
  other: null,
}

const AUTO_CONFIRM: Text = { zh: '到期自动确认', en: 'Confirmed automatically' }

const PIECES: Text = { zh: '{n} 件', en: 'Quantity: {n}' }
const DAYS: Text = { zh: '自动确认推迟 {n} 天', en: 'Automatic confirmation is {n} days later' }

/** @returns undefined for a plain transition */
export function eventTitle(note: OrderNote | null): Text | undefined {
  return (note && TITLES[note.code]) ?? undefined
}

/** The reason or detail of an event; empty if none. */
export function detailText(note: OrderNote | null, lang: Lang): string {
  if (note === null) return ''
  // Without a default, so that a new code does not compile until it is here.
  switch (note.code) {
    case 'refunded_in_part':
      return note.data.reason
    case 'auto_confirm':
      return AUTO_CONFIRM[lang]
    case 'canceled':
      return reasonText('', note.data.cause, lang)
    case 'canceled_with_words':
    case 'other':
      return note.data.words
    case 'parcel_sent':
      return PIECES[lang].replace('{n}', note.data.quantity)
    case 'tracking_corrected':
      return `${note.data.before} → ${note.data.after}`
    case 'confirm_extended':
      return DAYS[lang].replace('{n}', note.data.days)
    case 'address_changed':
    case 'payment_declined':
    case 'payment_not_due':
    case 'refunded':
    case 'refund_settled_by_hand':
    case 'handed_out':
    case 'code_replaced':
    case 'charged':
    case 'charged_after_refund':
      return ''
  }
}

/** The whole note as one text. */
export function noteText(note: OrderNote | null, lang: Lang): string | null {
  if (note === null) return null
  const texts = [eventTitle(note)?.[lang] ?? '', detailText(note, lang)].filter((text) => text !== '')
  return texts.join(lang === 'zh' ? '：' : ': ')
}

const STUCK: Readonly<Record<Exclude<AttentionCode, 'other'>, Text>> = {
  refund: { zh: '退款失败', en: 'Refund failed' },
  exchange: { zh: '撤销兑换失败', en: 'Rolling back the redemption failed' },
  payment: { zh: '关闭支付失败', en: 'Closing the payment failed' },
  late_money: { zh: '处理迟到款项失败', en: 'Handling a late payment failed' },
  points: { zh: '退回积分失败', en: 'Returning the points failed' },
  stock: { zh: '放回库存失败', en: 'Restoring the stock failed' },
  after_sale: { zh: '售后超时未处理，售后单号', en: 'After-sale overdue, number' },
  order_service: { zh: '未能同步给订单系统', en: 'The order service was not told' },
  charge: { zh: '充值超时未定，当前状态', en: 'Top-up undecided past its deadline, state' },
  charged_after_refund: {
    zh: '已退还，供应商却充值成功，供应商单号',
    en: 'Refunded, and topped up all the same, supplier’s number',
  },
  attempt: { zh: '记录结果失败', en: 'Recording the result failed' },
}

/** Why an order needs an operator: the failed step and its error. */
export function attentionText({ code, data }: Attention, lang: Lang): string {
  return code === 'other' ? data.said : `${STUCK[code][lang]}${lang === 'zh' ? '：' : ': '}${data.said}`
}
