import type { NoticeKind, NoticeOutcome } from '../../../domain/messaging/notices.ts'
import type { OrderAction, OrderStatus, PaymentStatus } from '../../../domain/orders/status.ts'
import type { ProviderName } from '../../../domain/payments/method.ts'
import type { Text } from '../common/common.ts'
import { ORDER_CODES } from './codes.ts'

export const ORDER_STATES: Readonly<Record<OrderStatus, Text>> = {
  exchanged: { zh: '处理中', en: 'Processing' },
  order_created: { zh: '待支付', en: 'Awaiting payment' },
  order_paid: { zh: '已支付', en: 'Paid' },
  order_accepted: { zh: '已接单', en: 'Accepted' },
  order_shipped: { zh: '已发货', en: 'Shipped' },
  order_finished: { zh: '已完成', en: 'Completed' },
  order_canceled: { zh: '已取消', en: 'Canceled' },
}

export const PAYMENT_STATES: Readonly<Record<PaymentStatus, Text>> = {
  unpaid: { zh: '未付款', en: 'Unpaid' },
  paid: { zh: '已付款', en: 'Paid' },
  closing: { zh: '关闭中', en: 'Closing' },
  closed: { zh: '已关闭', en: 'Closed' },
  refunding: { zh: '退款中', en: 'Refunding' },
  refunded: { zh: '已退回', en: 'Refunded' },
}

export const ORDER_LIST = {
  title: { zh: '订单', en: 'Orders' },
  words: {
    zh: '订单号、运单号、收件人、用户或商品',
    en: 'Order, tracking number, receiver, customer or product',
  },
  status: { zh: '订单状态', en: 'Status' },
  payment: { zh: '付款状态', en: 'Payment' },
  mode: { zh: '支付方式', en: 'Payment mode' },
  from: { zh: '兑换日期从', en: 'Redeemed from' },
  to: { zh: '到', en: 'To' },
  attention: { zh: '只看需要处理的', en: 'Needs attention only' },
  download: { zh: '下载为表格（CSV）', en: 'Download as CSV' },
  find: { zh: '查找', en: 'Find' },
  clear: { zh: '清除条件', en: 'Clear' },
  any: { zh: '全部', en: 'All' },
  ofOwner: { zh: '用户', en: 'Customer' },
  ofProduct: { zh: '商品编号', en: 'Product' },
  listed: { zh: '订单列表', en: 'Order list' },
  order: { zh: '订单', en: 'Order' },
  time: { zh: '兑换时间', en: 'Redeemed' },
  customer: { zh: '用户', en: 'Customer' },
  product: { zh: '商品', en: 'Product' },
  total: { zh: '合计', en: 'Total' },
  needsAttention: { zh: '需要处理', en: 'Needs attention' },
  empty: { zh: '没有符合条件的订单', en: 'No matching orders' },
  tryLess: { zh: '换一个条件，或者清除全部条件。', en: 'Change a filter or clear them all.' },
  daysTurned: { zh: '开始日期不能晚于结束日期', en: 'The start date cannot be after the end date' },
  emptyHint: {
    zh: '订单号填最后 6 位或更多即可；运单号、付款单号、用户编号和收件人姓名要完整填写；收件人手机号可只填后 4 位；商品名填两个字以上即可。',
    en: 'For an order number, the last 6 characters or more are enough. Enter tracking numbers, payment numbers, customer ids and the name of the receiver in full, their phone in full or its last 4 digits, and at least two characters of a product title.',
  },
  sent: { zh: '交付', en: 'Delivery' },
  isSent: { zh: '需要寄送', en: 'Shipped' },
  isNotSent: { zh: '无需寄送', en: 'Not shipped' },
  sort: { zh: '排序', en: 'Sort' },
  newestFirst: { zh: '最新的在前', en: 'Newest first' },
  oldestFirst: { zh: '最早的在前', en: 'Oldest first' },
  older: { zh: '更早的订单', en: 'Older orders' },
  newer: { zh: '之后的订单', en: 'Newer orders' },
  firstPage: { zh: '回到第一页', en: 'First page' },
} satisfies Record<string, Text>

export const ACTIONS = {
  accept: { zh: '接单', en: 'Accept' },
  ship: { zh: '发货', en: 'Ship' },
  finish: { zh: '完成', en: 'Complete' },
  cancel: { zh: '取消订单', en: 'Cancel' },
  refund: { zh: '退款', en: 'Refund' },
  resolve: { zh: '处理异常', en: 'Resolve' },
} satisfies Partial<Record<OrderAction | 'resolve', Text>>

export const ORDER_DONE = {
  accept: { zh: '已接单。', en: 'Order accepted.' },
  ship: {
    zh: '已发货，用户能看到物流信息。',
    en: 'Order shipped. The customer can see the tracking details.',
  },
  parcel: {
    zh: '已发出一个包裹，用户能看到运单号。',
    en: 'Parcel shipped. The customer can see its number.',
  },
  correct: { zh: '运单号已更正。', en: 'Tracking number corrected.' },
  finish: { zh: '订单已完成。', en: 'Order completed.' },
  cancel: {
    zh: '订单已取消，积分和款项会退回，库存也会放回。',
    en: 'Order canceled. Points and money will be refunded and the stock restored.',
  },
  refund: { zh: '退款已受理，进度见下方。', en: 'Refund started. See its progress below.' },
  resolve: { zh: '已按你的决定继续。', en: 'Continuing as you decided.' },
  code_replaced: ORDER_CODES.done,
  pending: {
    zh: '已提交，系统还在处理。稍后刷新本页查看结果，不必重新提交。',
    en: 'Submitted and still in progress. Reload this page in a moment; there is no need to submit again.',
  },
} satisfies Record<string, Text>

export const ORDER_PAGE = {
  title: { zh: '订单', en: 'Order' },
  needsAttention: { zh: '这笔订单需要处理', en: 'This order needs attention' },
  next: { zh: '下一步', en: 'Next step' },
  nextNone: { zh: '订单已结束，没有下一步。', en: 'The order is closed. There is no next step.' },
  notNow: { zh: '现在不能做的，以及原因', en: 'Unavailable actions' },
  onlyIn: { zh: '仅限「{states}」的订单。', en: 'Only for orders that are {states}.' },
  shipFirst: { zh: '需要寄送，请先发货。', en: 'This order has to be shipped first.' },
  nothingToSend: { zh: '无需寄送。', en: 'Nothing to ship.' },
  allBack: { zh: '已全部退回。', en: 'Fully refunded.' },
  partlyBack: { zh: '部分退款', en: 'Partially refunded' },
  taken: { zh: '已退', en: 'Refunded' },
  own: {
    zh: '这是你本人的订单，须由其他同事处理。',
    en: 'This is your own order. A colleague has to handle it.',
  },
  decideAfterSale: { zh: '请在下面的售后单里处理。', en: 'Decide on the after-sale below.' },
  decideCharge: { zh: '请在下面的供应商充值里处理。', en: 'Decide on the charge at the supplier below.' },
  nothingStuck: { zh: '订单没有异常。', en: 'There is nothing to resolve.' },
  or: { zh: '」「', en: ' or ' },
  where: { zh: '积分在哪里', en: 'Where are the points?' },
  whereCash: { zh: '款项在哪里', en: 'Where is the cash?' },
  whereHint: { zh: '与用户看到的相同。', en: 'The customer sees the same.' },
  tampered: {
    zh: '这笔订单的账本记录打不开：记录被改动过，或者缺少密钥。请立即核对账本（npm run ledger:verify）。',
    en: 'The ledger of this order cannot be decrypted: it was changed, or a key is missing. Verify the ledger now (npm run ledger:verify).',
  },
  facts: { zh: '订单信息', en: 'Details' },
  number: { zh: '订单号', en: 'Order number' },
  customer: { zh: '用户', en: 'Customer' },
  product: { zh: '商品', en: 'Product' },
  price: { zh: '单价', en: 'Unit price' },
  quantity: { zh: '数量', en: 'Quantity' },
  specs: { zh: '规格', en: 'Specification' },
  total: { zh: '合计', en: 'Total' },
  mode: { zh: '支付方式', en: 'Payment mode' },
  method: { zh: '付款渠道', en: 'Payment method' },
  shipping: { zh: '交付方式', en: 'Delivery' },
  redeemed: { zh: '兑换时间', en: 'Redeemed' },
  payBy: { zh: '支付截止', en: 'Payment due' },
  cancelReason: { zh: '取消原因', en: 'Cancellation reason' },
  remarks: { zh: '买家备注', en: 'Remarks' },
  message: { zh: '买家留言', en: 'Message' },
  customized: { zh: '定制内容', en: 'Personalization' },
  address: { zh: '收货信息', en: 'Shipping address' },
  masked: { zh: '个人信息已遮盖。', en: 'Personal data is masked.' },
  maskedUntil: { zh: '接单后、发货前显示全部。', en: 'Shown in full between acceptance and shipping.' },
  sendTo: { zh: '寄往', en: 'Ship to' },
  nextWaiting: {
    accept: { zh: '还有 {n} 笔待接单，看最早的一笔', en: '{n} more to accept. View the oldest' },
    ship: { zh: '还有 {n} 笔待发货，看最早的一笔', en: '{n} more to ship. View the oldest' },
  },
  run: { zh: '流程', en: 'Workflow' },
  runLink: { zh: '在 Temporal 中查看', en: 'View in Temporal' },
  timeline: { zh: '经过', en: 'Timeline' },
  noTimeline: { zh: '还没有发生什么。', en: 'No events yet.' },
  time: { zh: '时间', en: 'Time' },
  event: { zh: '事件', en: 'Event' },
  note: { zh: '说明', en: 'Note' },
  by: { zh: '操作人', en: 'By' },
  entries: { zh: '账本分录', en: 'Ledger entries' },
  kind: { zh: '类型', en: 'Type' },
  currency: { zh: '账户', en: 'Account' },
  points: { zh: '积分', en: 'Points' },
  money: { zh: '现金', en: 'Cash' },
  available: { zh: '可用变动', en: 'Available' },
  held: { zh: '冻结变动', en: 'Held' },
  after: { zh: '变动后可用', en: 'Available after' },
  reason: { zh: '原因', en: 'Reason' },
  noEntries: { zh: '商城账本中没有这笔订单的分录。', en: 'The mall’s ledger has no entries for this order.' },
  stock: { zh: '库存变动', en: 'Stock movements' },
  pieces: { zh: '件数', en: 'Quantity' },
  move: { zh: '变动', en: 'Movement' },
  noStock: { zh: '没有占用过库存。', en: 'No stock was reserved.' },
  payments: { zh: '付款记录', en: 'Payment attempts' },
  tradeNo: { zh: '付款单号', en: 'Payment number' },
  providerNo: { zh: '渠道单号', en: 'Provider’s number' },
  amount: { zh: '金额', en: 'Amount' },
  state: { zh: '状态', en: 'Status' },
  opened: { zh: '发起时间', en: 'Started' },
  paidAt: { zh: '付款时间', en: 'Paid' },
  refunded: { zh: '已退', en: 'Refunded' },
  noPayments: { zh: '没有付款记录。', en: 'No payment attempts.' },
  refunds: { zh: '退款', en: 'Refunds' },
  refundNo: { zh: '退款单号', en: 'Refund number' },
  back: { zh: '退回', en: 'Amount' },
  doneAt: { zh: '完成时间', en: 'Completed' },
  noRefunds: { zh: '没有退款。', en: 'No refunds.' },
  settledBy: { zh: '{who} 线下退回：{why}', en: 'refunded outside the system by {who}: {why}' },
  failure: { zh: '渠道答复：{why}', en: 'provider’s response: {why}' },
  extra: { zh: '多付或迟到的款项', en: 'Unapplied payments' },
  notices: { zh: '收到的通知', en: 'Notifications received' },
  source: { zh: '来源', en: 'Source' },
  eventId: { zh: '通知编号', en: 'Notification ID' },
  received: { zh: '收到时间', en: 'Received' },
  delivered: { zh: '送达订单', en: 'Delivered' },
  outcome: { zh: '结果', en: 'Result' },
  waiting: { zh: '等待送达', en: 'pending' },
  noNotices: { zh: '没有收到通知。', en: 'No notifications received.' },
} as const satisfies Record<string, Text | Record<string, Text>>

export const REFUND_FORM = {
  title: { zh: '退款', en: 'Refund' },
  rest: { zh: '还可以退：{rest}', en: 'Refundable: {rest}' },
  what: { zh: '退多少', en: 'Refund amount' },
  choose: { zh: '请选择全部退回，还是退回一部分', en: 'Choose a full or a partial refund' },
  whole: { zh: '全部退回，订单取消', en: 'Full refund, cancels the order' },
  wholeHint: {
    zh: '库存也会放回，商品可以再次兑换。',
    en: 'The stock is restored and can be redeemed again.',
  },
  wholeHasLeft: {
    zh: '库存也会放回，商品可以再次兑换。寄出的商品没有收回的，请到商品页出库。',
    en: 'The stock is restored and can be redeemed again. If the shipped goods do not come back, remove them from the stock on the product page.',
  },
  wholeHasNone: { zh: '选了全部退回，不要填写数额', en: 'Leave the amounts empty for a full refund' },
  part: { zh: '退回一部分，订单继续', en: 'Partial refund, keeps the order' },
  partHint: { zh: '库存不变。', en: 'The stock does not change.' },
  isWhole: { zh: '这是全部，请选「全部退回」', en: 'That is the full amount. Choose “Full refund”' },
  nothing: { zh: '请填写要退回多少，要大于 0', en: 'Enter an amount greater than 0' },
  points: { zh: '退回积分', en: 'Points' },
  money: { zh: '退回现金（元）', en: 'Cash (CNY)' },
  most: { zh: '最多 {n}', en: 'At most {n}' },
  confirm: { zh: '确认退款', en: 'Issue refund' },
} satisfies Record<string, Text>

export const STOCK_MOVES = {
  reserved: { zh: '占用', en: 'Reserved' },
  sold: { zh: '售出', en: 'Sold' },
  put_back: { zh: '放回', en: 'Restored' },
} satisfies Record<string, Text>

export const REFUND_STATES = {
  pending: { zh: '进行中', en: 'In progress' },
  done: { zh: '已完成', en: 'Completed' },
  done_by_hand: { zh: '线下退回', en: 'Refunded outside the system' },
} satisfies Record<string, Text>

export const NOTICE_KINDS: Readonly<Record<NoticeKind, Text>> = {
  paid: { zh: '已付款', en: 'Paid' },
  declined: { zh: '付款失败', en: 'Declined' },
  closed: { zh: '已关闭', en: 'Closed' },
  refunded: { zh: '已退款', en: 'Refunded' },
  refund_failed: { zh: '退款失败', en: 'Refund failed' },
  ignored: { zh: '无须处理', en: 'No action needed' },
  order_created: { zh: '订单系统：已创建', en: 'Order system: created' },
  order_paid: { zh: '订单系统：已支付', en: 'Order system: paid' },
  accepted: { zh: '接单', en: 'Accepted' },
  shipped: { zh: '发货', en: 'Shipped' },
  finished: { zh: '完成', en: 'Completed' },
  canceled: { zh: '取消', en: 'Canceled' },
}

export const NOTICE_OUTCOMES: Readonly<Record<NoticeOutcome, Text>> = {
  signalled: { zh: '已告知订单', en: 'Order notified' },
  not_relevant: { zh: '无须告知订单', en: 'Order not affected' },
  refund_started: { zh: '已开始退款', en: 'Refund started' },
  exchange_ended: { zh: '订单已结束', en: 'Order already closed' },
  no_order: { zh: '不是我方订单', en: 'Not our order' },
}

export const ACTORS: Readonly<Record<string, Text>> = {
  customer: { zh: '用户', en: 'Customer' },
  operator: { zh: '运营', en: 'Operator' },
  system: { zh: '系统', en: 'System' },
  order_domain: { zh: '订单系统', en: 'Order system' },
}

export const SOURCES: Readonly<Record<string, Text>> = {
  alipay: { zh: '支付宝', en: 'Alipay' },
  wechat: { zh: '微信支付', en: 'WeChat Pay' },
  stripe: { zh: 'Stripe', en: 'Stripe' },
  orders: { zh: '订单系统', en: 'Order system' },
} satisfies Record<ProviderName | 'orders', Text>

export const ACTION_FORM = {
  reason: { zh: '原因', en: 'Reason' },
  reasonHint: { zh: '会记入订单，用户也能看到。', en: 'Saved with the order and visible to the customer.' },
  reasonInside: { zh: '会记入订单经过。', en: 'Saved in the order’s timeline.' },
  back: { zh: '不操作，返回订单', en: 'Back to the order' },
  cancelTitle: { zh: '取消这笔订单？', en: 'Cancel this order?' },
  cancelHint: {
    zh: '积分和款项退回给用户，库存也会放回。取消后不能恢复。',
    en: 'The customer’s points and money are refunded and the stock is restored. This cannot be undone.',
  },
  cancelDo: { zh: '确认取消', en: 'Cancel the order' },
  resolveTitle: { zh: '处理异常', en: 'Resolve' },
  resolveHint: {
    zh: '系统停在这里，等你决定怎样继续：',
    en: 'The system stopped here and needs your decision:',
  },
  resolveWhat: { zh: '怎样继续', en: 'How to continue' },
  retry: { zh: '重试', en: 'Retry' },
  retryHint: { zh: '原因已经排除时选择。', en: 'Choose this once the cause is fixed.' },
  skip: { zh: '跳过这一步', en: 'Skip this step' },
  skipHint: {
    zh: '这一步不再执行，你已确认不会造成账目差错。',
    en: 'The step will not run. You confirm that the books are correct without it.',
  },
  settle: { zh: '款项已线下退回', en: 'The money was refunded outside the system' },
  settleHint: { zh: '不再通过支付渠道退款。', en: 'No refund is requested from the provider.' },
  resolveDo: { zh: '确认', en: 'Confirm' },
} satisfies Record<string, Text>
