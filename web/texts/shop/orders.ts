import type { ShippingType } from '../../../domain/catalogue/product.ts'
import type { OrderStatus } from '../../../domain/orders/status.ts'
import type { PaymentMethod } from '../../../domain/payments/method.ts'
import type { Text } from '../common/common.ts'

export const ORDERS = {
  title: { zh: '我的订单', en: 'My orders' },
  tabs: { zh: '按状态查看', en: 'By status' },
  all: { zh: '全部', en: 'All' },
  to_pay: { zh: '待支付', en: 'To pay' },
  in_progress: { zh: '进行中', en: 'In progress' },
  done: { zh: '已完成', en: 'Completed' },
  canceled: { zh: '已取消', en: 'Canceled' },
  empty: { zh: '还没有订单', en: 'No orders yet' },
  emptyTab: { zh: '这里没有订单', en: 'No orders here' },
  emptyHint: {
    zh: '用积分换点喜欢的东西吧，兑换之后会出现在这里。',
    en: 'Redeem something you like and it will show up here.',
  },
  browse: { zh: '去逛逛', en: 'Browse products' },
  showAll: { zh: '查看全部订单', en: 'Show all orders' },
  pages: { zh: '翻页', en: 'Pages' },
  quantity: { zh: '数量', en: 'Quantity' },
  spent: { zh: '共 {n} 笔订单，实际用去 {price}', en: '{n} orders, {price} spent' },
} satisfies Record<string, Text>

export type Moves = 'points' | 'cash' | 'both'
export type TextByMoves = Readonly<Record<Moves, Text>>

export interface StateText {
  readonly name: Text
  readonly means: Text | TextByMoves
}

export const STATES: Readonly<Record<OrderStatus, StateText>> = {
  exchanged: {
    name: { zh: '正在兑换', en: 'Processing' },
    means: {
      zh: '已收到你的兑换，正在确认结果，通常只需几秒。不必重新提交。',
      en: 'We received your redemption and are confirming it. This usually takes a few seconds. There is no need to submit again.',
    },
  },
  order_created: {
    name: { zh: '待支付', en: 'Awaiting payment' },
    means: {
      points: { zh: '商品和积分已为你留好。', en: 'The product and your points are reserved.' },
      cash: {
        zh: '商品已为你留好，支付后即兑换成功。',
        en: 'The product is reserved. Pay to complete the redemption.',
      },
      both: {
        zh: '商品和积分已为你留好，支付后即兑换成功。',
        en: 'The product and your points are reserved. Pay to complete the redemption.',
      },
    },
  },
  order_paid: {
    name: { zh: '兑换成功', en: 'Redeemed' },
    means: { zh: '等待商家接单。', en: 'Waiting for the shop to accept your order.' },
  },
  order_accepted: {
    name: { zh: '备货中', en: 'Being prepared' },
    means: { zh: '商家已接单，正在准备。', en: 'The shop accepted your order and is preparing it.' },
  },
  order_shipped: {
    name: { zh: '已发货', en: 'On its way' },
    means: {
      zh: '收到后请确认；逾期未确认，系统会自动完成订单。',
      en: 'Please confirm receipt when it arrives. Otherwise the order completes automatically after a while.',
    },
  },
  order_finished: {
    name: { zh: '已完成', en: 'Completed' },
    means: { zh: '感谢兑换，期待下次再见。', en: 'Thank you. See you next time.' },
  },
  order_canceled: {
    name: { zh: '已取消', en: 'Canceled' },
    means: {
      points: { zh: '订单已取消，没有扣除积分。', en: 'The order is canceled. No points were deducted.' },
      cash: { zh: '订单已取消，没有扣款。', en: 'The order is canceled. You weren’t charged.' },
      both: {
        zh: '订单已取消，没有扣除任何积分与款项。',
        en: 'The order is canceled. You weren’t charged.',
      },
    },
  },
}

/** Payment statuses that override the order's. */
export const PAYMENT_STATES = {
  confirming: {
    name: { zh: '正在确认支付结果', en: 'Confirming your payment' },
    means: {
      zh: '正在向支付渠道确认结果，通常只需几秒。如果你已经付款，不必重新支付。',
      en: 'We’re checking the result with the payment provider. This usually takes a few seconds. If you paid, there is no need to pay again.',
    },
  },
  closing: {
    name: { zh: '正在关闭支付', en: 'Closing the payment' },
    means: {
      zh: '正在向支付渠道确认最终结果。如果你刚刚付过款，订单会照常继续。',
      en: 'We’re checking the final result with the payment provider. If you just paid, your order will continue.',
    },
  },
  returning: {
    name: { zh: '已取消，退款中', en: 'Canceled, refund in progress' },
    means: {
      zh: '款项正在原路退回，到账时间取决于支付渠道，通常 1 至 3 个工作日。',
      en: 'Your money is being refunded to the original payment method, usually within 1 to 3 business days.',
    },
  },
  returned: {
    name: { zh: '已取消，已退回', en: 'Canceled, refunded' },
    means: {
      points: { zh: '积分已全部退回。', en: 'All points were returned.' },
      cash: { zh: '款项已全部退回。', en: 'Your money was fully refunded.' },
      both: { zh: '积分与款项已全部退回。', en: 'Your points and money were fully refunded.' },
    },
  },
  refused: {
    name: { zh: '没有兑换成功', en: 'Not redeemed' },
    means: {
      points: {
        zh: '这次兑换没有成功，积分没有减少。',
        en: 'This redemption did not go through. No points were deducted.',
      },
      cash: {
        zh: '这次兑换没有成功，没有扣款。',
        en: 'This redemption did not go through. You weren’t charged.',
      },
      both: {
        zh: '这次兑换没有成功，积分没有减少，也没有扣款。',
        en: 'This redemption did not go through. You weren’t charged.',
      },
    },
  },
} satisfies Record<string, StateText>

export const METHODS: Readonly<Record<PaymentMethod, Text>> = {
  wallet: { zh: '现金余额', en: 'Cash balance' },
  alipay: { zh: '支付宝', en: 'Alipay' },
  wechat: { zh: '微信支付', en: 'WeChat Pay' },
  bank_card: { zh: '银行卡', en: 'Bank card' },
}

export const PAY_WITH: Readonly<Record<PaymentMethod, Text>> = {
  wallet: { zh: '用现金余额支付 {n}', en: 'Pay {n} from your balance' },
  alipay: { zh: '用支付宝支付 {n}', en: 'Pay {n} with Alipay' },
  wechat: { zh: '用微信支付 {n}', en: 'Pay {n} with WeChat' },
  bank_card: { zh: '用银行卡支付 {n}', en: 'Pay {n} by card' },
}

export const ORDER = {
  title: { zh: '订单', en: 'Order' },
  number: { zh: '订单号', en: 'Order number' },
  newToPay: { zh: '还差一步', en: 'One step left' },
  newUnderWay: { zh: '收到了', en: 'Received' },
  pending: {
    zh: '已收到，正在处理。结果出来后会显示在这里。',
    en: 'Received and in progress. The result will appear here.',
  },
  attention: {
    zh: '这笔订单需要人工处理，我们已经在跟进，无须你操作。每一笔都有记录，不会丢失。',
    en: 'This order needs manual review and we are working on it. You don’t need to do anything. Everything is recorded and nothing is lost.',
  },
  partReturning: {
    zh: '有一部分款项正在退回。',
    en: 'Part of your money is being refunded.',
  },
  declined: {
    zh: '上一次支付没有成功，可以重新支付或更换支付方式。商品仍为你保留。',
    en: 'Your last payment did not go through. Try again or use another payment method. The product is still reserved for you.',
  },
  allBack: {
    zh: '商家已全额退回，订单仍在进行。',
    en: 'The shop issued a full refund. The order is still in progress.',
  },
  allBackDone: { zh: '商家已全额退回。', en: 'The shop issued a full refund.' },
  timeLeft: { zh: '剩余支付时间', en: 'Time left to pay' },
  timeOver: { zh: '已到时间', en: 'Time is up' },
  payBy: { zh: '{t} 前支付', en: 'pay by {t}' },
  payUntil: {
    zh: '{t} 前未支付，订单会自动取消，积分随即解冻，随时可以重新兑换。',
    en: 'If not paid by {t}, the order is canceled and your points are released. You can redeem again at any time.',
  },
  payUntilCash: {
    zh: '{t} 前未支付，订单会自动取消，随时可以重新兑换。',
    en: 'If not paid by {t}, the order is canceled. You can redeem again at any time.',
  },
  methodChanged: { zh: '已改用{m}', en: 'Payment method changed to {m}' },
  wechatOnly: { zh: '请在微信中打开本页完成支付。', en: 'Open this page in WeChat to pay.' },
  scan: { zh: '用微信扫一扫支付', en: 'Scan with WeChat to pay' },
  noCashier: {
    zh: '收银台还没有打开，请选择支付方式。',
    en: 'The checkout is not open yet. Choose a payment method.',
  },
  otherMethod: { zh: '更换支付方式', en: 'Change payment method' },
  method: { zh: '支付方式', en: 'Payment method' },
  current: { zh: '当前', en: 'current' },
  balance: { zh: '可用', en: 'available' },
  short: { zh: '余额不足', en: 'insufficient balance' },
  usePay: { zh: '用这种方式支付', en: 'Use this method' },
  methodWrong: { zh: '请选择一种支付方式', en: 'Choose a payment method' },
  cancel: { zh: '取消订单', en: 'Cancel order' },
  cancelTitle: { zh: '取消这笔订单？', en: 'Cancel this order?' },
  cancelReason: { zh: '取消原因', en: 'Cancellation reason' },
  optional: { zh: '选填', en: 'optional' },
  otherReason: { zh: '补充说明', en: 'Additional details' },
  reasonLong: { zh: '取消原因最多 200 个字', en: 'At most 200 characters' },
  keep: { zh: '再想想', en: 'Keep order' },
  cancelDo: { zh: '确认取消', en: 'Cancel order' },
  confirm: { zh: '确认收货', en: 'Confirm receipt' },
  confirmTitle: { zh: '确认已经收到？', en: 'Received your order?' },
  confirmMeans: {
    zh: '确认后订单完成，不能撤回。请收到并检查过再确认。',
    en: 'This completes the order and cannot be undone. Please check what you received first.',
  },
  moveTitle: { zh: '修改收货信息', en: 'Change the address' },
  moveHint: { zh: '商家接单前可以修改。', en: 'You can change it until the shop accepts the order.' },
  moveDo: { zh: '保存', en: 'Save' },
  moveNot: { zh: '不修改', en: 'Keep it' },
  extend: { zh: '延长收货', en: 'More time' },
  extendTitle: { zh: '延长收货时间？', en: 'Need more time?' },
  extendMeans: {
    zh: '自动确认收货推迟 7 天。每笔订单只能延长一次。',
    en: 'The order is confirmed automatically 7 days later than planned. You can do this once per order.',
  },
  extendDo: { zh: '延长 7 天', en: 'Add 7 days' },
  extendNot: { zh: '不用了', en: 'No, thanks' },
  confirmDo: { zh: '已收到，确认收货', en: 'Yes, received' },
  notYet: { zh: '还没有', en: 'Not yet' },
  where: { zh: '我的积分在哪里', en: 'Where are my points?' },
  whereCash: { zh: '我的款项在哪里', en: 'Where is my money?' },
  timeline: { zh: '进度', en: 'Progress' },
  upcoming: { zh: '待进行', en: 'Pending' },
  tracking: { zh: '物流', en: 'Delivery' },
  carrier: { zh: '承运商', en: 'Carrier' },
  trackingNo: { zh: '运单号', en: 'Tracking number' },
  parcel: { zh: '包裹 {n}', en: 'Parcel {n}' },
  pieces: { zh: '{n} 件', en: 'Quantity: {n}' },
  parcelState: { zh: '物流状态', en: 'Status' },
  toFollow: { zh: '还有 {n} 件，商家会另外发出。', en: '{n} more will be shipped separately.' },
  address: { zh: '收货信息', en: 'Address' },
  facts: { zh: '订单信息', en: 'Details' },
  price: { zh: '单价', en: 'Unit price' },
  total: { zh: '合计', en: 'Total' },
  placed: { zh: '兑换时间', en: 'Redeemed at' },
  customized: { zh: '定制内容', en: 'Personalization' },
  remarks: { zh: '备注', en: 'Remarks' },
  message: { zh: '留言', en: 'Message' },
  refunds: { zh: '退款', en: 'Refunds' },
  refundPending: { zh: '退款中', en: 'in progress' },
  cancelWhy: { zh: '取消原因', en: 'Cancellation reason' },
  reload: { zh: '刷新本页可查看最新状态。', en: 'Reload this page for the latest status.' },
  onward: { zh: '继续逛逛', en: 'Browse products' },
} satisfies Record<string, Text>

export const CANCEL_BACK = {
  nothing: {
    zh: '商家已全额退回，没有可以再退的；取消后订单不再继续。',
    en: 'The shop already issued a full refund, so there is nothing left to refund. The order ends when you cancel it.',
  },
  unpaid: {
    points: {
      zh: '积分随即解冻，商品不再保留。',
      en: 'Your points are released immediately and the product is no longer reserved.',
    },
    cash: { zh: '商品不再为你保留。', en: 'The product is no longer reserved for you.' },
    both: {
      zh: '为你保留的积分随即解冻，商品不再保留。',
      en: 'Your reserved points are released immediately and the product is no longer reserved.',
    },
  },
  points: { zh: '积分随即退回钱包。', en: 'Your points are returned to your wallet immediately.' },
  toWallet: {
    cash: { zh: '款项随即退回现金余额。', en: 'The money is returned to your cash balance immediately.' },
    both: {
      zh: '积分与现金余额随即退回钱包。',
      en: 'Your points and cash are returned to your wallet immediately.',
    },
  },
  toPayer: {
    cash: {
      zh: '款项原路退回，到账时间取决于支付渠道。',
      en: 'The money is refunded to the original payment method. How long that takes depends on the provider.',
    },
    both: {
      zh: '积分随即退回钱包；款项原路退回，到账时间取决于支付渠道。',
      en: 'Your points are returned immediately. The money is refunded to the original payment method; how long that takes depends on the provider.',
    },
  },
} as const

export const NEXT: Readonly<Record<ShippingType, Text>> = {
  logistics: { zh: '商家接单后会备货发出。', en: 'Your order will be accepted and shipped soon.' },
  pickup: {
    zh: '商家接单备好后，凭订单到店领取。',
    en: 'Your order will be accepted soon. Then show it in the store to pick it up.',
  },
  none: { zh: '商家接单后会为你安排。', en: 'Your order will be accepted and taken care of soon.' },
}

/** The shop sees the stored text. */
export const CANCEL_REASONS: readonly Text[] = [
  { zh: '不想要了', en: 'I no longer want it' },
  { zh: '拍错了，想换一件', en: 'I chose the wrong product' },
  { zh: '收货信息填错了', en: 'The address is wrong' },
  { zh: '等太久了', en: 'It is taking too long' },
]

export const STEPS: Readonly<Record<OrderStatus, Text>> = {
  exchanged: { zh: '提交兑换', en: 'Redemption submitted' },
  order_created: { zh: '商品与积分已留好', en: 'Product and points reserved' },
  order_paid: { zh: '兑换成功', en: 'Redeemed' },
  order_accepted: { zh: '商家接单', en: 'Accepted' },
  order_shipped: { zh: '发货', en: 'Shipped' },
  order_finished: { zh: '完成', en: 'Completed' },
  order_canceled: { zh: '订单取消', en: 'Canceled' },
}

export const SET_ASIDE: Text = { zh: '商品已留好', en: 'Product reserved' }

/** `{n}` is the amount, `{t}` a time, `{m}` a method. */
export const WHERE = {
  untouched: {
    zh: '{n}：还在钱包里，正在确认兑换结果。',
    en: '{n}: still in your wallet while the redemption is being confirmed.',
  },
  neverTaken: { zh: '{n}：没有扣除，一直在钱包里。', en: '{n}: not deducted, still in your wallet.' },
  held: {
    zh: '{n}：自 {t} 起为这笔订单冻结，尚未扣除。',
    en: '{n}: held for this order since {t}, not spent yet.',
  },
  spent: { zh: '{n}：已于 {t} 用于兑换。', en: '{n}: spent on this order on {t}.' },
  returned: { zh: '{n}：已于 {t} 退回钱包。', en: '{n}: returned to your wallet on {t}.' },
  outside: { zh: '（在会员积分系统中）', en: ' (in the external points system)' },
  lot: { zh: '{n}，可用到 {t}', en: '{n}, usable through {t}' },
  lotOver: { zh: '{n}，可用到 {t}，已经过期', en: '{n}, usable through {t}, expired' },
  lotForEver: { zh: '{n}，长期有效', en: '{n}, without expiry' },
  debt: { zh: '{n}抵扣了此前的欠额', en: '{n} repaid an earlier debt' },
  due: { zh: '{n}：尚未支付，请在 {t} 前支付。', en: '{n}: not paid yet, due by {t}.' },
  dueNow: { zh: '{n}：尚未支付。', en: '{n}: not paid yet.' },
  closing: {
    zh: '{n}：正在向支付渠道确认是否已付。',
    en: '{n}: checking with the payment provider whether it was paid.',
  },
  neverPaid: { zh: '{n}：没有支付，无须退款。', en: '{n}: not paid, nothing to refund.' },
  paid: { zh: '{n}：已于 {t} 支付（{m}）。', en: '{n}: paid on {t} ({m}).' },
  returning: {
    zh: '{n}：自 {t} 起正在原路退回。',
    en: '{n}: refund to the original payment method in progress since {t}.',
  },
  returnedToWallet: {
    zh: '{n}：已于 {t} 退回现金余额。',
    en: '{n}: returned to your cash balance on {t}.',
  },
  returnedToPayer: {
    zh: '{n}：已于 {t} 原路退回。',
    en: '{n}: refunded to the original payment method on {t}.',
  },
  undue: {
    late: {
      zh: '这笔款项到账时订单已经取消，所以原路退回。',
      en: 'This payment arrived after the order was canceled, so it was refunded.',
    },
    twice: {
      zh: '这笔款项是重复支付的，所以原路退回。',
      en: 'This was a duplicate payment, so it was refunded.',
    },
  },
  nothing: { zh: '这笔订单不涉及积分与款项。', en: 'This order involves no points and no money.' },
} as const satisfies Record<string, Text | Record<string, Text>>
