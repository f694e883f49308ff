import type { Text } from '../common/common.ts'

export const CUSTOMERS = {
  title: { zh: '用户与钱包', en: 'Customers and wallets' },
  search: { zh: '用户编号，或开头几个字符', en: 'Customer ID or its first characters' },
  find: { zh: '查找', en: 'Find' },
  listed: { zh: '用户列表', en: 'Customer list' },
  customer: { zh: '用户', en: 'Customer' },
  level: { zh: '等级', en: 'Level' },
  noLevel: { zh: '未设置', en: 'not set' },
  available: { zh: '可用积分', en: 'Points available' },
  held: { zh: '冻结中', en: 'Held' },
  cash: { zh: '现金余额', en: 'Cash' },
  empty: { zh: '没有找到这样的用户', en: 'No matching customer' },
  emptyHint: {
    zh: '用户第一次获得积分或兑换后会出现在这里，也可以直接打开钱包。',
    en: 'Customers appear here after their first points or redemption. You can also open a wallet directly.',
  },
  open: { zh: '打开这个编号的钱包', en: 'Open the wallet with this ID' },
  more: { zh: '下一页', en: 'Next' },
  first: { zh: '回到第一页', en: 'First page' },
} satisfies Record<string, Text>

export const WALLET = {
  of: { zh: '钱包', en: 'Wallet' },
  frozen: { zh: '这个钱包已被冻结，不能兑换和支付。', en: 'This wallet is frozen. Nothing can be spent.' },
  frozenFor: { zh: '原因：', en: 'Reason: ' },
  elsewhere: {
    zh: '积分由商城自己的积分系统保管，这里只能查看，不能调整。',
    en: 'Points are kept by the shop’s external points system. They can be viewed here, not changed.',
  },
  lots: { zh: '积分批次', en: 'Points lots' },
  lotsHint: { zh: '先到期的先使用。', en: 'Points that expire first are spent first.' },
  expires: { zh: '可用到', en: 'Usable through' },
  never: { zh: '长期有效', en: 'Never' },
  amount: { zh: '数量', en: 'Amount' },
  blocks: { zh: '人工冻结', en: 'Admin holds' },
  noBlocks: { zh: '没有人工冻结的积分。', en: 'No admin holds.' },
  reason: { zh: '原因', en: 'Reason' },
  operator: { zh: '操作人', en: 'By' },
  since: { zh: '时间', en: 'Time' },
  actions: { zh: '操作', en: 'Actions' },
  own: {
    zh: '这是你本人的账户，须由其他同事处理。',
    en: 'This is your own account. A colleague has to handle it.',
  },
  adminOnly: { zh: '调整钱包需要管理员。', en: 'Only an admin can change a wallet.' },
  statement: { zh: '流水', en: 'Statement' },
  currencies: { zh: '积分或现金', en: 'Points or cash' },
  points: { zh: '积分', en: 'Points' },
  money: { zh: '现金', en: 'Cash' },
  allKinds: { zh: '全部类型', en: 'All types' },
  kind: { zh: '类型', en: 'Type' },
  change: { zh: '变动', en: 'Change' },
  settles: { zh: '结清冻结的 {n}', en: 'settles {n} held' },
  freezes: { zh: '冻结钱包', en: 'Wallet frozen' },
  unfreezes: { zh: '解冻钱包', en: 'Wallet unfrozen' },
  after: { zh: '变动后可用', en: 'Available after' },
  order: { zh: '订单', en: 'Order' },
  noEntries: { zh: '还没有流水', en: 'No entries yet' },
  older: { zh: '更早的流水', en: 'Older entries' },
  newest: { zh: '回到最新', en: 'Newest entries' },
  orders: { zh: '查看订单', en: 'Orders' },
  earnings: { zh: '积分入账', en: 'Earnings' },
} satisfies Record<string, Text>

export const ACTIONS = {
  grant: { zh: '发放积分', en: 'Grant points' },
  adjust: { zh: '调整积分', en: 'Adjust points' },
  cash: { zh: '充入现金', en: 'Add cash' },
  block: { zh: '冻结部分积分', en: 'Hold points' },
  unblock: { zh: '解除人工冻结', en: 'Release held points' },
  freeze: { zh: '冻结整个钱包', en: 'Freeze the wallet' },
  unfreeze: { zh: '解冻钱包', en: 'Unfreeze the wallet' },
  level: { zh: '设置等级', en: 'Set level' },
} satisfies Record<string, Text>

export const ACTION_HINTS = {
  grant: { zh: '给用户增加积分，可以设置有效期。', en: 'Adds points, optionally with an expiry date.' },
  adjust: {
    zh: '用来更正错误。扣减不能超过可用积分。',
    en: 'Corrects a mistake. You cannot deduct more than is available.',
  },
  cash: { zh: '增加现金余额，可以用来支付订单。', en: 'Adds cash that can be used to pay for orders.' },
  block: { zh: '这些积分在解除前不能使用。', en: 'The points cannot be spent until they are released.' },
  unblock: {
    zh: '积分回到原来的批次，到期时间不变。',
    en: 'The points return to their lots and keep their expiry dates.',
  },
  freeze: {
    zh: '积分和现金都不能再使用，也不能下新订单；入账不受影响，已有的订单照常进行。',
    en: 'No points or cash can be spent and no new orders placed. Incoming points and existing orders are not affected.',
  },
  unfreeze: { zh: '恢复正常使用。', en: 'Wallet unfrozen.' },
  level: {
    zh: '这里设置的等级优先于登录时带来的等级。',
    en: 'A level set here overrides the level from sign-in.',
  },
} satisfies Record<keyof typeof ACTIONS, Text>

export const ACTION_FORM = {
  points: { zh: '积分', en: 'Points' },
  amount: { zh: '金额（元）', en: 'Amount (CNY)' },
  amountHint: { zh: '例如 100.00', en: 'For example 100.00' },
  way: { zh: '方向', en: 'Direction' },
  add: { zh: '增加', en: 'Add' },
  take: { zh: '扣减', en: 'Deduct' },
  expires: { zh: '有效期至', en: 'Valid through' },
  neverSeen: {
    zh: '这个编号从未出现过，请核对有没有写错。',
    en: 'This ID has never been seen. Check it for typing errors.',
  },
  expiresHint: {
    zh: '当天全天可用，当天结束时到期（北京时间）；留空为长期有效。',
    en: 'Expires at the end of that day (Beijing time). Leave empty for no expiry.',
  },
  reason: { zh: '原因', en: 'Reason' },
  reasonHint: { zh: '会记入流水，用户也能看到。', en: 'Saved in the statement and visible to the customer.' },
  level: { zh: '等级', en: 'Level' },
  cancel: { zh: '取消', en: 'Cancel' },
  customer: { zh: '用户', en: 'Customer' },
  confirmTitle: { zh: '金额较大，请再确认一次', en: 'Large amount: please confirm' },
  confirmHint: {
    zh: '还没有执行。核对下面的内容，确认后立即生效。',
    en: 'Nothing has been changed yet. It takes effect when you confirm.',
  },
  confirm: { zh: '确认执行', en: 'Confirm' },
  change: { zh: '返回修改', en: 'Go back and edit' },
  available: { zh: '当前可用', en: 'Available now' },
  cashNow: { zh: '当前现金余额', en: 'Current cash balance' },
  blocked: { zh: '冻结的积分', en: 'Held points' },
  blockedFor: { zh: '冻结原因', en: 'Reason for the hold' },
  blockedAt: { zh: '冻结时间', en: 'Held since' },
  blockedBy: { zh: '操作人', en: 'By' },
  before: { zh: '执行前可用', en: 'Available before' },
  after: { zh: '执行后可用', en: 'Available after' },
} satisfies Record<string, Text>

export const WALLET_DONE = {
  grant: { zh: '积分已发放。', en: 'Points granted.' },
  adjust: { zh: '积分已调整。', en: 'Points adjusted.' },
  cash: { zh: '现金已充入。', en: 'Cash added.' },
  block: { zh: '积分已冻结。', en: 'Points held.' },
  unblock: { zh: '人工冻结已解除。', en: 'Points released.' },
  freeze: { zh: '钱包已冻结。', en: 'Wallet frozen.' },
  unfreeze: { zh: '钱包已解冻。', en: 'Wallet unfrozen.' },
  level: { zh: '等级已设置。', en: 'Level set.' },
} satisfies Record<keyof typeof ACTIONS, Text>
