import type { DeliveryState, EndpointState, TryOutcome } from '../../../domain/messaging/deliveries.ts'
import type { EventType, TEST_EVENT } from '../../../domain/messaging/events.ts'
import type { Text } from '../common/common.ts'

export const WEBHOOKS = {
  title: { zh: '事件推送', en: 'Webhooks' },
  hint: {
    zh: '其他系统（如 ERP、CRM）在这里登记接收地址，订单、售后、退款和积分的变化会签名后推送过去。',
    en: 'Other systems, such as an ERP or CRM, register an endpoint here. Changes of orders, after-sales, refunds and points are posted to it, signed.',
  },
  listed: { zh: '接收地址列表', en: 'Endpoints' },
  empty: { zh: '还没有接收地址', en: 'No endpoints yet' },
  add: { zh: '新增接收地址', en: 'Add an endpoint' },
  url: { zh: '接收地址（https）', en: 'URL (https)' },
  description: { zh: '说明', en: 'Description' },
  events: { zh: '事件', en: 'Events' },
  eventsRequired: { zh: '请至少选择一种事件', en: 'Choose at least one event' },
  state: { zh: '状态', en: 'State' },
  pending: { zh: '待推送', en: 'Pending' },
  givenUp: { zh: '已放弃', en: 'Given up' },
  secretTitle: { zh: '请保存密钥', en: 'Save the secret' },
  secretHint: {
    zh: '密钥只显示这一次，请现在交给接收方。以后只能更换，不能再次查看。',
    en: 'The secret is shown this once. Hand it to the receiver now; later it can be replaced, but not shown again.',
  },
  secret: { zh: '密钥（v1）', en: 'Secret (v1)' },
  publicKey: { zh: '公钥（v1a）', en: 'Public key (v1a)' },
  earlierUntil: { zh: '旧密钥有效期至', en: 'Earlier secret valid until' },
  toEndpoint: { zh: '已保存，查看接收地址', en: 'Saved, go to the endpoint' },
  facts: { zh: '接收情况', en: 'Reception' },
  failingSince: { zh: '持续失败，始于', en: 'Failing since' },
  pausedUntil: { zh: '应接收方要求暂停至', en: 'Paused by the receiver until' },
  since: { zh: '自 {when}', en: 'since {when}' },
  gone: {
    zh: '接收方答复 410（已停用），推送已停止，待推送的事件已放弃。',
    en: 'The receiver answered 410 Gone. Nothing more is sent, and pending events were given up.',
  },
  failing: {
    zh: '长时间没有一次推送成功，推送已停止，待推送的事件已放弃。',
    en: 'Nothing was delivered for too long. Nothing more is sent, and pending events were given up.',
  },
  off: { zh: '已停用，不会推送任何事件。', en: 'Switched off: no events are sent.' },
  enable: { zh: '启用', en: 'Switch on' },
  disable: { zh: '停用', en: 'Switch off' },
  test: { zh: '发送测试事件', en: 'Send a test event' },
  rotate: { zh: '更换密钥', en: 'Rotate the secret' },
  rotateHint: {
    zh: '生成新密钥。重叠期内用新旧两个密钥签名，接收方可从容切换；密钥泄露时请选择立即失效。',
    en: 'Makes a new secret. During the overlap events are signed with both, so that the receiver can switch. After a leak, end the current one now.',
  },
  overlap: { zh: '旧密钥', en: 'Current secret' },
  overlapDay: { zh: '24 小时后失效', en: 'Ends in 24 hours' },
  overlapWeek: { zh: '7 天后失效', en: 'Ends in 7 days' },
  overlapNone: { zh: '立即失效', en: 'Ends now' },
  rotateYes: { zh: '生成新密钥', en: 'Make a new secret' },
  deleteTitle: { zh: '删除接收地址', en: 'Delete the endpoint' },
  deleteHint: {
    zh: '以后不再推送，还没有送达的事件会放弃，推送记录不再显示。',
    en: 'Nothing more is sent to it, what it has not received is given up, and its log is no longer shown.',
  },
  deleteYes: { zh: '删除', en: 'Delete' },
  keep: { zh: '返回', en: 'Back' },
  settings: { zh: '设置', en: 'Settings' },
  log: { zh: '推送记录', en: 'Deliveries' },
  logEmpty: { zh: '没有推送记录', en: 'No deliveries' },
  all: { zh: '全部', en: 'All' },
  event: { zh: '事件', en: 'Event' },
  subject: { zh: '订单', en: 'Order' },
  number: { zh: '序号', en: 'Number' },
  occurred: { zh: '发生时间', en: 'Occurred' },
  tries: { zh: '次数', en: 'Tries' },
  answer: { zh: '应答', en: 'Response' },
  next: { zh: '下次推送', en: 'Next try' },
  behind: { zh: '等待同一订单的前一事件', en: 'After an earlier event of the same order' },
  now: { zh: '正在推送', en: 'Now' },
  resend: { zh: '重新推送', en: 'Send again' },
  each: { zh: '每次推送', en: 'Each try' },
  latestState: {
    zh: '只要最新状态：一个事件失败 3 次后，同一订单后面的事件可以先送达',
    en: 'Latest state: after 3 failed tries of an event, the next one of the same order may overtake it',
  },
  resendFailed: { zh: '重新推送已放弃的事件', en: 'Send given-up events again' },
  resendHint: {
    zh: '按原来的顺序，一次最多 500 个。',
    en: 'In their order, at most 500 at once.',
  },
  failedSince: { zh: '放弃的时间', en: 'Given up' },
  lastDay: { zh: '最近 24 小时', en: 'In the last 24 hours' },
  lastWeek: { zh: '最近 7 天', en: 'In the last 7 days' },
  lastMonth: { zh: '最近 30 天', en: 'In the last 30 days' },
} satisfies Record<string, Text>

export const WEBHOOK_DONE = {
  changed: { zh: '已保存。', en: 'Saved.' },
  enabled: { zh: '已启用。', en: 'Switched on.' },
  disabled: { zh: '已停用。', en: 'Switched off.' },
  tested: {
    zh: '测试事件已提交，稍后刷新查看结果。',
    en: 'The test event is on its way. Refresh to see the result.',
  },
  resent: { zh: '已重新提交，稍后刷新查看结果。', en: 'It is being sent again. Refresh to see the result.' },
  resent_failed: {
    zh: '已放弃的事件已重新提交，稍后刷新查看结果。',
    en: 'Given-up events are being sent again. Refresh to see the result.',
  },
  deleted: { zh: '已删除接收地址。', en: 'The endpoint was deleted.' },
} satisfies Record<string, Text>

export const EVENT_TEXTS: Readonly<Record<EventType | typeof TEST_EVENT, Text>> = {
  'order.created': { zh: '订单已创建', en: 'Order created' },
  'order.paid': { zh: '订单已付款', en: 'Order paid' },
  'order.accepted': { zh: '订单已接单', en: 'Order accepted' },
  'order.shipped': { zh: '订单已发货', en: 'Order shipped' },
  'order.finished': { zh: '订单已完成', en: 'Order finished' },
  'order.canceled': { zh: '订单已取消', en: 'Order canceled' },
  'after_sale.requested': { zh: '售后已申请', en: 'After-sale requested' },
  'after_sale.refused': { zh: '售后已拒绝', en: 'After-sale refused' },
  'after_sale.awaiting_return': { zh: '售后待寄回', en: 'After-sale awaiting return' },
  'after_sale.returning': { zh: '售后退货中', en: 'After-sale returning' },
  'after_sale.receipt_refused': { zh: '售后拒收', en: 'After-sale receipt refused' },
  'after_sale.refunding': { zh: '售后退款中', en: 'After-sale refunding' },
  'after_sale.completed': { zh: '售后已完成', en: 'After-sale completed' },
  'after_sale.closed': { zh: '售后已关闭', en: 'After-sale closed' },
  'refund.succeeded': { zh: '退款成功', en: 'Refund made' },
  'points.changed': { zh: '积分变动', en: 'Points changed' },
  'points.expiring': { zh: '积分即将到期', en: 'Points about to expire' },
  'webhook.test': { zh: '测试事件', en: 'Test event' },
}

/** The name of an event's checkbox. */
export const eventField = (type: EventType): string => `event_${type.replaceAll('.', '_')}`

export const ENDPOINT_STATE_TEXTS: Readonly<Record<EndpointState, Text>> = {
  enabled: { zh: '已启用', en: 'On' },
  disabled: { zh: '已停用', en: 'Off' },
  gone: { zh: '接收方已停用', en: 'Gone' },
  failing: { zh: '持续失败，已停用', en: 'Failing, switched off' },
}

export const DELIVERY_STATE_TEXTS: Readonly<Record<DeliveryState, Text>> = {
  pending: { zh: '待推送', en: 'Pending' },
  delivered: { zh: '已送达', en: 'Delivered' },
  given_up: { zh: '已放弃', en: 'Given up' },
}

export const OUTCOME_TEXTS: Readonly<Record<TryOutcome, Text>> = {
  delivered: { zh: '已送达', en: 'Delivered' },
  refused: { zh: '接收方未接受', en: 'Not accepted' },
  redirected: { zh: '接收方要求跳转', en: 'Redirected' },
  gone: { zh: '接收方已停用', en: 'Gone' },
  timed_out: { zh: '超时未应答', en: 'No answer in time' },
  unreachable: { zh: '无法连接', en: 'Unreachable' },
  address_not_allowed: { zh: '地址不允许', en: 'Address not allowed' },
  endpoint_disabled: { zh: '接收地址已停用', en: 'Endpoint switched off' },
  interrupted: { zh: '推送中断，结果未知', en: 'Interrupted, result unknown' },
}
