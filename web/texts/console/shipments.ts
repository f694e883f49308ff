import type { TrackingProviderName } from '../../../domain/shipments/tracking.ts'
import type { Text } from '../common/common.ts'

export const PARCELS = {
  title: { zh: '包裹', en: 'Parcels' },
  carrier: { zh: '承运商', en: 'Carrier' },
  trackingNo: { zh: '运单号', en: 'Tracking number' },
  quantity: { zh: '件数', en: 'Quantity' },
  quantityHint: {
    zh: '还有 {n} 件没有发出。少于这个数，其余可以再发。',
    en: '{n} left to ship. Ship fewer, and the rest can follow.',
  },
  state: { zh: '状态', en: 'Status' },
  sentAt: { zh: '发出时间', en: 'Shipped' },
  toSend: { zh: '等待发出', en: 'Not shipped yet' },
  followed: { zh: '由{service}跟踪', en: 'Tracked by {service}' },
  aborted: {
    zh: '{service}长时间查不到物流，请核对承运商和运单号',
    en: '{service} has found nothing for too long: check the carrier and the number',
  },
  shutDown: { zh: '{service}已结束跟踪', en: '{service} has finished tracking' },
  subscriptionRefused: {
    zh: '{service}拒绝订阅（{code}）',
    en: '{service} refused the subscription ({code})',
  },
  notSubscribed: { zh: '{service}没有应答', en: '{service} has not answered' },
  subscribedAgain: { zh: '，{time} 再次订阅', en: '; next subscription {time}' },
  correct: { zh: '更正', en: 'Correct' },
  correctTitle: { zh: '更正运单号', en: 'Correct the tracking number' },
  correctHint: {
    zh: '原来的运单号会留在订单经过里。用户会看到新的运单号。',
    en: 'The earlier number stays in the timeline. The customer sees the new one.',
  },
  correctDo: { zh: '保存', en: 'Save' },
  back: { zh: '不修改，返回订单', en: 'Back to the order' },
  confirm: { zh: '运单号没有填错，就是这家承运商', en: 'The number and the carrier are right' },
  mismatch: {
    zh: '这个运单号像是{looks}的，填写的是{chosen}。核对后请改正，或勾选确认。',
    en: 'This number looks like one of {looks}, but the carrier is {chosen}. Correct it, or confirm that it is right.',
  },
  form: { zh: '必须是 6 到 32 位的字母、数字或短横', en: 'must be 6 to 32 letters, digits or hyphens' },
} satisfies Record<string, Text>

export const TRACKING_SERVICES: Readonly<Record<TrackingProviderName, Text>> = {
  kuaidi100: { zh: '快递100', en: 'kuaidi100' },
  kdniao: { zh: '快递鸟', en: 'kdniao' },
}
