import type { ChargeAnswer, ChargeState } from '../../../domain/fulfilment/charge.ts'
import type { Text } from '../common/common.ts'

export const CHARGE_STATE_TEXTS: Readonly<Record<ChargeState, Text>> = {
  created: { zh: '待发送', en: 'Not sent yet' },
  sent: { zh: '已发送', en: 'Sent' },
  processing: { zh: '供应商处理中', en: 'Being processed' },
  unknown: { zh: '结果未知', en: 'Outcome unknown' },
  succeeded: { zh: '充值成功', en: 'Succeeded' },
  failed: { zh: '充值失败', en: 'Failed' },
}

export const CHARGE_ANSWER_TEXTS: Readonly<Record<ChargeAnswer, Text>> = {
  processing: { zh: '处理中', en: 'processing' },
  succeeded: { zh: '成功', en: 'succeeded' },
  failed: { zh: '失败', en: 'failed' },
  not_found: { zh: '没有这笔单', en: 'no such charge' },
  none: { zh: '没有有效答复', en: 'no valid answer' },
}

export const CHARGE = {
  title: { zh: '供应商充值', en: 'Charge at the supplier' },
  state: { zh: '状态', en: 'State' },
  account: { zh: '充值号码', en: 'Account' },
  item: { zh: '供应商货号', en: 'Article' },
  tries: { zh: '尝试', en: 'Attempts' },
  triesOf: { zh: '发送 {s} 次，查询 {q} 次', en: '{s} sent, {q} queries' },
  answer: { zh: '最近答复', en: 'Last answer' },
  next: { zh: '下次查询', en: 'Next query' },
  none: { zh: '不再查询', en: 'none' },
  deadline: { zh: '处理时限', en: 'Deadline' },
  overdue: { zh: '已超时', en: 'overdue' },
  ref: { zh: '供应商单号', en: 'Supplier’s number' },
  failure: { zh: '失败代码', en: 'Failure code' },
  succeededAt: { zh: '充值成功时间', en: 'Succeeded' },
  query: { zh: '立即查询', en: 'Query now' },
  queryHint: {
    zh: '用同一单号向供应商查询，几秒内有结果。得到“失败”或“没有这笔单”的答复后，才能取消或退款。',
    en: 'Asks the supplier under the same number; the result is here within seconds. The order can be canceled or refunded once the supplier says “failed” or “no such charge”.',
  },
  both: {
    zh: '供应商已充值成功，而这笔订单已经退还。充值不能撤回，请与供应商或客户处理后登记。',
    en: 'The supplier charged the account, and the order is refunded. The charge cannot be taken back: settle it with the supplier or the customer, then record how.',
  },
  reason: { zh: '处理结果', en: 'How it was settled' },
  acknowledge: { zh: '登记并移出待处理', en: 'Record, and take it off the list' },
  acknowledged: { zh: '{by} 于 {at} 登记：{reason}', en: 'Recorded by {by} at {at}: {reason}' },
} satisfies Record<string, Text>
