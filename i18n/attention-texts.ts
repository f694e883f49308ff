import type { AttentionKind } from '../domain/needs-attention.ts'
import { ATTENTION_CODES, type Attention } from '../domain/orders/attention.ts'
import type { Lang } from './error-texts.ts'
import { attentionText } from './note-texts.ts'

type Text = Readonly<Record<Lang, string>>

const WHAT: Readonly<Record<Exclude<AttentionKind, 'order'>, Text>> = {
  after_sale: { zh: '售后超时未处理', en: 'After-sale overdue' },
  refund: { zh: '退款超过 24 小时未完成', en: 'Refund pending for over 24 hours' },
  attempt: { zh: '兑换迟迟没有结果', en: 'Redemption without a result' },
  notice: { zh: '通知已收到，订单还没有更新', en: 'Notification received, order not updated yet' },
  endpoint: { zh: '接收地址已自动停止推送', en: 'Webhook endpoint switched off' },
  delivery: { zh: '事件多次推送失败，已停止', en: 'Event could not be delivered' },
  finding: { zh: '对账差异未处理', en: 'Reconciliation difference' },
}
const NO_ORDER: Text = { zh: '收到不属于任何订单的付款通知', en: 'Payment notification without an order' }

/** What cannot go on by itself, as one text. */
export function needsAttentionText(
  entry: {
    readonly kind: AttentionKind
    readonly code: string
    readonly data: Readonly<Record<string, string>>
  },
  lang: Lang,
): string {
  const { kind, code, data } = entry
  if (kind === 'order') {
    const known = ATTENTION_CODES.find((one) => one === code) ?? 'other'
    return attentionText({ code: known, data: { said: data.said ?? '' } } satisfies Attention, lang)
  }
  return (kind === 'notice' && code === 'no_order' ? NO_ORDER : WHAT[kind])[lang]
}
