import { codeTitle, type Lang } from './error-texts.ts'

type Text = Readonly<Record<Lang, string>>

/** `freeze` also stands for unfreezing. */
const KINDS: Readonly<Record<string, Text>> = {
  grant: { zh: '发放', en: 'Granted' },
  hold: { zh: '冻结', en: 'Held' },
  capture: { zh: '扣除', en: 'Spent' },
  release: { zh: '解冻', en: 'Released' },
  reverse: { zh: '退回', en: 'Returned' },
  expire: { zh: '过期', en: 'Expired' },
  adjust: { zh: '调整', en: 'Adjusted' },
  freeze: { zh: '账户状态变更', en: 'Account status changed' },
}

/** Codes of the mall; reasons typed by people are shown unchanged. */
const REASONS: Readonly<Record<string, Text>> = {
  exchange: { zh: '兑换商品', en: 'Redemption' },
  expired: { zh: '积分到期', en: 'Points expired' },
  payment_timeout: { zh: '超时未支付，订单取消', en: 'Not paid in time, order canceled' },
  canceled_by_customer: { zh: '买家取消订单', en: 'Order canceled by the customer' },
  canceled_by_operator: { zh: '商家取消订单', en: 'Order canceled by the shop' },
  canceled_by_order_domain: { zh: '订单系统取消订单', en: 'Order canceled by the order system' },
  returned_in_full: { zh: '全部退货退款', en: 'Returned in full' },
  shortfall_recovered: { zh: '追回已退货订单赠送的积分', en: 'Points of a returned purchase taken back' },
  earn_order: { zh: '购物赠送积分', en: 'Points for a purchase' },
  earn_sign_in: { zh: '签到赠送积分', en: 'Points for signing in' },
  earn_task: { zh: '完成任务赠送积分', en: 'Points for a task' },
}

/** Label of an entry kind. */
export function kindText(kind: string, lang: Lang): string {
  return KINDS[kind]?.[lang] ?? kind
}

const CANCELED_BY_YOU: Text = { zh: '你取消了订单', en: 'You canceled the order' }

/** As `reasonText`, addressed to the owner of the account. */
export function ownReasonText(kind: string, reason: string | null, lang: Lang): string {
  return reason === 'canceled_by_customer' ? CANCELED_BY_YOU[lang] : reasonText(kind, reason, lang)
}

/** Text of the stored kind and reason. */
export function reasonText(kind: string, reason: string | null, lang: Lang): string {
  if (reason === null) return kindText(kind, lang)
  const known = REASONS[reason]?.[lang] ?? codeTitle(reason, lang)
  if (known !== undefined) return known
  const source = /^earn_([a-z0-9_]+)$/.exec(reason)?.[1]
  if (source === undefined) return reason
  return lang === 'zh' ? `赠送积分（${source}）` : `Points earned (${source})`
}
