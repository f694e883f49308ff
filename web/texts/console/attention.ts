import type { AttentionAction, AttentionKind } from '../../../domain/needs-attention.ts'
import type { Text } from '../common/common.ts'

export const ATTENTION_KIND_TEXTS: Readonly<Record<AttentionKind, Text>> = {
  order: { zh: '订单', en: 'Orders' },
  after_sale: { zh: '售后', en: 'After-sales' },
  refund: { zh: '退款', en: 'Refunds' },
  attempt: { zh: '兑换', en: 'Redemptions' },
  notice: { zh: '通知', en: 'Notifications' },
  endpoint: { zh: '接收地址', en: 'Endpoints' },
  delivery: { zh: '推送', en: 'Deliveries' },
  finding: { zh: '对账', en: 'Reconciliation' },
}

export const ATTENTION_ACTION_TEXTS: Readonly<Record<AttentionAction, Text>> = {
  retry: { zh: '立即重试', en: 'Retry now' },
  skip: { zh: '跳过', en: 'Skip' },
  refund: { zh: '退款', en: 'Refund' },
}

export const ATTENTION_HINTS: Readonly<Record<AttentionAction, Text>> = {
  retry: { zh: '立刻再试一次。', en: 'It is tried again now.' },
  skip: {
    zh: '不再处理这一项，流程继续往下走；请先确认不需要它的结果。',
    en: 'Nothing more is done about it, and whatever waits for it goes on. Make sure that its result is not needed.',
  },
  refund: {
    zh: '逾期的售后：同意退款。退款失败的订单：记为已在系统外退款，请先确认钱已退到。',
    en: 'An overdue after-sale is approved. A failed refund is recorded as made outside the mall: make sure that the money has arrived.',
  },
}

/** For codes of which more can be said. */
export const ATTENTION_HINTS_OF: Readonly<Record<string, Partial<Record<AttentionAction, Text>>>> = {
  charge: {
    retry: {
      zh: '马上用同一单号向供应商查询结果。',
      en: 'The supplier is asked for the result now, under the same number.',
    },
  },
  charged_after_refund: {
    skip: {
      zh: '供应商已充值成功，而这笔订单已经退还。请先与供应商或客户处理，再登记处理结果。',
      en: 'The supplier charged the account, and the order is refunded. Settle it with the supplier or the customer, then record how.',
    },
  },
}

export const ATTENTION = {
  title: { zh: '需要处理', en: 'Needs attention' },
  kinds: { zh: '按类型查看', en: 'By kind' },
  all: { zh: '全部', en: 'All' },
  empty: { zh: '没有需要处理的事', en: 'All clear' },
  emptyHint: {
    zh: '不能自己继续的订单、售后、退款、通知、推送和对账差异会列在这里。',
    en: 'Orders, after-sales, refunds, notifications, deliveries and differences that cannot go on by themselves are listed here.',
  },
  listed: { zh: '需要处理的事', en: 'What needs attention' },
  what: { zh: '事项', en: 'What' },
  of: { zh: '涉及', en: 'Concerns' },
  since: { zh: '从何时起', en: 'Since' },
  tries: { zh: '已试次数', en: 'Tries' },
  next: { zh: '下次重试', en: 'Next try' },
  actions: { zh: '操作', en: 'Actions' },
  more: { zh: '下一页', en: 'Next page' },
  look: { zh: '查看', en: 'View' },
  reason: { zh: '原因', en: 'Reason' },
  reasonHint: { zh: '会和你的名字一起留存。', en: 'It is kept with your name.' },
  back: { zh: '返回', en: 'Back' },
  done: { zh: '已记录。', en: 'Recorded.' },
  pending: {
    zh: '已提交，结果还不知道；请稍后刷新。',
    en: 'Submitted. The result is not known yet: refresh later.',
  },
  gone: { zh: '这一项已经处理过了。', en: 'This was resolved in the meantime.' },
} satisfies Record<string, Text>
