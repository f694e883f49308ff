import type { EarningView } from '../../../application/wallet/earnings.ts'
import type { Text } from '../common/common.ts'

export const EARNINGS = {
  title: { zh: '积分入账', en: 'Earnings' },
  hint: {
    zh: '用户在别处消费或完成任务得到的积分，一般由商城系统自动登记。漏记的可以在这里补登，撤销的可以在这里追回。',
    en: 'Points for something done elsewhere. The shop’s systems tell of them; what was missed can be told here, and what was undone taken back.',
  },
  customer: { zh: '用户', en: 'Customer' },
  empty: { zh: '还没有入账', en: 'Nothing was earned yet' },
  add: { zh: '补登一笔', en: 'Tell of one' },
  source: { zh: '来源', en: 'Source' },
  sourceHint: { zh: '小写字母代号，例如 order。', en: 'A name in small letters, such as order.' },
  externalId: { zh: '外部单号', en: 'Number there' },
  externalIdHint: { zh: '同一来源的同一单号只入账一次。', en: 'The same number of a source counts once.' },
  amount: { zh: '消费金额（元）', en: 'Spent (CNY)' },
  amountHint: { zh: '按比例折算积分。', en: 'Earns points by the shop’s rule.' },
  points: { zh: '积分', en: 'Points' },
  pointsHint: { zh: '直接指定，与消费金额二选一。', en: 'Named outright, in place of the cash.' },
  oneOfThem: { zh: '消费金额和积分请填写其中一项', en: 'Fill in the cash or the points, one of them' },
  occurred: { zh: '发生时间', en: 'When' },
  occurredHint: { zh: '留空为现在。', en: 'Empty: now.' },
  matures: { zh: '可用时间', en: 'Counts from' },
  state: { zh: '状态', en: 'State' },
  capped: { zh: '超出当日上限', en: 'above the day’s cap:' },
  shortfall: { zh: '未追回', en: 'could not be taken back:' },
  actions: { zh: '操作', en: 'Actions' },
  reverse: { zh: '撤销', en: 'Undo' },
  reverseTitle: { zh: '撤销这笔入账？', en: 'Undo this earning?' },
  reverseHint: {
    zh: '未到账的不再到账；已到账的从可用积分中扣回，已经用掉的部分只记录，不再追。',
    en: 'What is pending never comes; what came is taken back, as far as it was not spent.',
  },
  reverseIntoDebt: {
    zh: '未到账的不再到账；已到账的从可用积分中扣回，已经用掉的部分记为欠额，以后入账时抵扣。',
    en: 'What is pending never comes; what came is taken back, and what was spent becomes a debt.',
  },
  reason: { zh: '原因', en: 'Reason' },
  keep: { zh: '不撤销', en: 'Keep it' },
  adminOnly: { zh: '补登和撤销需要管理员。', en: 'Only an admin may tell of one, or undo one.' },
  told: { zh: '已登记。', en: 'It is told.' },
  known: { zh: '这个单号已经登记过，没有重复入账。', en: 'This number was told before; it counts once.' },
  reversed: { zh: '已撤销。', en: 'It is undone.' },
} satisfies Record<string, Text>

export const EARNING_STATES: Readonly<Record<EarningView['state'], Text>> = {
  pending: { zh: '待到账', en: 'Pending' },
  granted: { zh: '已到账', en: 'Granted' },
  reversed: { zh: '已撤销', en: 'Undone' },
}
