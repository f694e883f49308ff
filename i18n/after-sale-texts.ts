import type {
  AfterSaleEventData,
  AfterSaleState,
  AfterSaleType,
  GoodsState,
  MoneyState,
} from '../domain/orders/after-sale.ts'
import type { Lang } from './error-texts.ts'

type Text = Readonly<Record<Lang, string>>

export const AFTER_SALE_STATE_TEXTS: Readonly<Record<AfterSaleState, Text>> = {
  requested: { zh: '待审核', en: 'Awaiting decision' },
  refused: { zh: '已拒绝', en: 'Refused' },
  awaiting_return: { zh: '待寄回', en: 'Awaiting return' },
  returning: { zh: '退货中', en: 'On its way back' },
  receipt_refused: { zh: '退货被拒收', en: 'Returned goods refused' },
  refunding: { zh: '退款中', en: 'Refunding' },
  completed: { zh: '已完成', en: 'Completed' },
  closed: { zh: '已关闭', en: 'Closed' },
}

export const AFTER_SALE_TYPE_TEXTS: Readonly<Record<AfterSaleType, Text>> = {
  refund_only: { zh: '仅退款', en: 'Refund only' },
  return_refund: { zh: '退货退款', en: 'Return and refund' },
}

export const GOODS_STATE_TEXTS: Readonly<Record<GoodsState, Text>> = {
  with_shop: { zh: '未发货', en: 'Not shipped' },
  with_customer: { zh: '在买家处', en: 'With the customer' },
  to_return: { zh: '待寄回', en: 'To be sent back' },
  returning: { zh: '寄回途中', en: 'On their way back' },
  receipt_refused: { zh: '商城拒收', en: 'Refused by the shop' },
  restocked: { zh: '已入库', en: 'Back in stock' },
  unusable: { zh: '已收回，不可再售', en: 'Received, not sellable' },
}

export const MONEY_STATE_TEXTS: Readonly<Record<MoneyState, Text>> = {
  initial: { zh: '未退款', en: 'Not refunded yet' },
  refunding: { zh: '退款中', en: 'Refunding' },
  refunded: { zh: '已退款', en: 'Refunded' },
  not_refunded: { zh: '不退款', en: 'No refund' },
}

const TITLES: Readonly<Record<AfterSaleEventData['code'], Text>> = {
  requested: { zh: '申请售后', en: 'Requested' },
  appealed: { zh: '再次申请', en: 'Appealed' },
  approved: { zh: '商城同意', en: 'Approved' },
  refund_at_once: { zh: '尚未发货，直接退款', en: 'Not shipped yet, refunded immediately' },
  refused: { zh: '商城拒绝', en: 'Refused' },
  sent_back: { zh: '已寄回', en: 'Sent back' },
  received: { zh: '商城已收货', en: 'Received' },
  receipt_refused: { zh: '商城拒收退货', en: 'Returned goods refused' },
  overdue: { zh: '商城超时未处理，已提醒', en: 'Overdue, the shop is reminded' },
  refunded: { zh: '退款完成', en: 'Refund completed' },
  closed: { zh: '售后关闭', en: 'Closed' },
}

const CLOSED_BY: Readonly<Record<(AfterSaleEventData & { code: 'closed' })['data']['by'], Text>> = {
  customer: { zh: '买家取消', en: 'by the customer' },
  deadline: { zh: '超时未操作', en: 'no action before the deadline' },
  order: { zh: '订单已取消', en: 'the order was canceled' },
}

const SELLABLE: Readonly<Record<'true' | 'false', Text>> = {
  true: { zh: '可再售，已入库', en: 'sellable, back in stock' },
  false: { zh: '不可再售', en: 'not sellable' },
}

export const afterSaleEventTitle = ({ code }: AfterSaleEventData, lang: Lang): string => TITLES[code][lang]

/** The reason or detail of an event; empty if none. */
export function afterSaleEventDetail(event: AfterSaleEventData, lang: Lang): string {
  switch (event.code) {
    case 'requested':
    case 'appealed':
    case 'refused':
    case 'receipt_refused':
      return event.data.reason
    case 'sent_back':
      return `${event.data.carrier} ${event.data.tracking_no}`
    case 'received':
      return SELLABLE[event.data.sellable][lang]
    case 'closed':
      return CLOSED_BY[event.data.by][lang]
    case 'approved':
    case 'refund_at_once':
    case 'overdue':
    case 'refunded':
      return ''
  }
}

/** The whole event as one text. */
export function afterSaleEventText(event: AfterSaleEventData, lang: Lang): string {
  const texts = [afterSaleEventTitle(event, lang), afterSaleEventDetail(event, lang)]
  return texts.filter((text) => text !== '').join(lang === 'zh' ? '：' : ': ')
}
