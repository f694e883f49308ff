import type { EarningView } from '../../../application/wallet/earnings.ts'
import type { Text } from '../common/common.ts'

export const EARNINGS = {
  title: { zh: '积分入账', en: 'Earnings' },
  hint: {
    zh: '用户在别处消费或完成任务得到的积分，一般由商城系统自动登记。漏记的可以在这里补登，撤销的可以在这里追回。',
    en: 'Points that customers earn elsewhere, by a purchase or a task. The shop’s systems record them automatically. Record a missed one here, or reverse one that was undone.',
  },
  customer: { zh: '用户', en: 'Customer' },
  empty: { zh: '还没有入账', en: 'No earnings yet' },
  add: { zh: '补登一笔', en: 'Record an earning' },
  source: { zh: '来源', en: 'Source' },
  sourceHint: { zh: '小写字母代号，例如 order。', en: 'A lowercase name, for example order.' },
  externalId: { zh: '外部单号', en: 'External ID' },
  externalIdHint: { zh: '同一来源的同一单号只入账一次。', en: 'An ID counts only once per source.' },
  amount: { zh: '消费金额（元）', en: 'Amount spent (CNY)' },
  amountHint: { zh: '按比例折算积分。', en: 'Converted to points by the shop’s rule.' },
  points: { zh: '积分', en: 'Points' },
  pointsHint: {
    zh: '直接指定，与消费金额二选一。',
    en: 'A fixed number of points instead of an amount spent.',
  },
  oneOfThem: { zh: '消费金额和积分请填写其中一项', en: 'Enter either the amount spent or the points' },
  occurred: { zh: '发生时间', en: 'Time' },
  occurredHint: { zh: '留空为现在。', en: 'Leave empty for now.' },
  matures: { zh: '可用时间', en: 'Available from' },
  state: { zh: '状态', en: 'Status' },
  capped: { zh: '超出当日上限', en: 'over the daily cap:' },
  shortfall: { zh: '未追回', en: 'not recovered:' },
  actions: { zh: '操作', en: 'Actions' },
  reverse: { zh: '撤销', en: 'Reverse' },
  reverseTitle: { zh: '撤销这笔入账？', en: 'Reverse this earning?' },
  reverseHint: {
    zh: '未到账的不再到账；已到账的从可用积分中扣回，已经用掉的部分只记录，不再追。',
    en: 'Pending points are canceled. Granted points are deducted from the available ones; points already spent are only recorded, not recovered.',
  },
  reverseIntoDebt: {
    zh: '未到账的不再到账；已到账的从可用积分中扣回，已经用掉的部分记为欠额，以后入账时抵扣。',
    en: 'Pending points are canceled. Granted points are deducted from the available ones; points already spent become a debt that later points repay.',
  },
  reason: { zh: '原因', en: 'Reason' },
  keep: { zh: '不撤销', en: 'Keep' },
  adminOnly: { zh: '补登和撤销需要管理员。', en: 'Only an admin can record or reverse earnings.' },
  told: { zh: '已登记。', en: 'Recorded.' },
  known: {
    zh: '这个单号已经登记过，没有重复入账。',
    en: 'This ID was already recorded. It counts only once.',
  },
  reversed: { zh: '已撤销。', en: 'Reversed.' },
} satisfies Record<string, Text>

export const EARNING_STATES: Readonly<Record<EarningView['state'], Text>> = {
  pending: { zh: '待到账', en: 'Pending' },
  granted: { zh: '已到账', en: 'Granted' },
  reversed: { zh: '已撤销', en: 'Reversed' },
}
