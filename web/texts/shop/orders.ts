import type { ShippingType } from '../../../domain/catalogue/product.ts'
import type { OrderStatus } from '../../../domain/orders/status.ts'
import type { PaymentMethod } from '../../../domain/payments/method.ts'
import type { Text } from '../common/common.ts'

export const ORDERS = {
  title: { zh: '我的订单', en: 'My orders' },
  tabs: { zh: '按状态查看', en: 'By state' },
  all: { zh: '全部', en: 'All' },
  to_pay: { zh: '待支付', en: 'To pay' },
  in_progress: { zh: '进行中', en: 'Under way' },
  done: { zh: '已完成', en: 'Done' },
  canceled: { zh: '已取消', en: 'Canceled' },
  empty: { zh: '还没有订单', en: 'No orders yet' },
  emptyTab: { zh: '这里没有订单', en: 'No orders here' },
  emptyHint: {
    zh: '用积分换点喜欢的东西吧，兑换之后会出现在这里。',
    en: 'Redeem something you like; it will show up here.',
  },
  browse: { zh: '去逛逛', en: 'Look around' },
  showAll: { zh: '查看全部订单', en: 'Show all orders' },
  pages: { zh: '翻页', en: 'Pages' },
  quantity: { zh: '数量', en: 'Quantity' },
  spent: { zh: '共 {n} 笔订单，实际用去 {price}', en: '{n} orders, {price} spent on them' },
} satisfies Record<string, Text>

/** What an order moves: its words speak of that alone. */
export type Moves = 'points' | 'cash' | 'both'
export type TextByMoves = Readonly<Record<Moves, Text>>

/** A state in words: its name, and what it means for the customer. */
export interface StateText {
  readonly name: Text
  readonly means: Text | TextByMoves
}

export const STATES: Readonly<Record<OrderStatus, StateText>> = {
  exchanged: {
    name: { zh: '正在兑换', en: 'Being placed' },
    means: {
      zh: '已收到你的兑换，正在确认结果，通常只需几秒。不必重新提交。',
      en: 'We have your redemption and are settling it. It takes seconds; no need to submit again.',
    },
  },
  order_created: {
    name: { zh: '待支付', en: 'To be paid' },
    means: {
      points: { zh: '商品和积分已为你留好。', en: 'The goods and your points are set aside.' },
      cash: {
        zh: '商品已为你留好，支付后即兑换成功。',
        en: 'The goods are set aside; the redemption is done once you have paid.',
      },
      both: {
        zh: '商品和积分已为你留好，支付后即兑换成功。',
        en: 'The goods and your points are set aside; the redemption is done once you have paid.',
      },
    },
  },
  order_paid: {
    name: { zh: '兑换成功', en: 'Redeemed' },
    means: { zh: '等待商家接单。', en: 'The shop will take it on next.' },
  },
  order_accepted: {
    name: { zh: '备货中', en: 'Being prepared' },
    means: { zh: '商家已接单，正在准备。', en: 'The shop has taken it on and is preparing it.' },
  },
  order_shipped: {
    name: { zh: '已发货', en: 'On its way' },
    means: {
      zh: '收到后请确认；逾期未确认，系统会自动完成订单。',
      en: 'Confirm when it has come; otherwise the order finishes by itself after a while.',
    },
  },
  order_finished: {
    name: { zh: '已完成', en: 'Finished' },
    means: { zh: '感谢兑换，期待下次再见。', en: 'Thank you. See you next time.' },
  },
  order_canceled: {
    name: { zh: '已取消', en: 'Canceled' },
    means: {
      points: { zh: '订单已取消，没有扣除积分。', en: 'The order is canceled; no points were kept.' },
      cash: { zh: '订单已取消，没有扣款。', en: 'The order is canceled; no money was kept.' },
      both: {
        zh: '订单已取消，没有扣除任何积分与款项。',
        en: 'The order is canceled; no points and no money were kept.',
      },
    },
  },
}

/** States that the payment gives a name of its own. */
export const PAYMENT_STATES = {
  closing: {
    name: { zh: '正在关闭支付', en: 'Closing the payment' },
    means: {
      zh: '正在向支付渠道确认最终结果。如果你刚刚付过款，订单会照常继续。',
      en: 'We are asking the payment provider for the final word. If you have just paid, the order goes on.',
    },
  },
  returning: {
    name: { zh: '已取消，退款中', en: 'Canceled, refund on its way' },
    means: {
      zh: '款项正在原路退回，到账时间取决于支付渠道，通常 1 至 3 个工作日。',
      en: 'The money is on its way back to where it came from, usually within 1 to 3 working days.',
    },
  },
  returned: {
    name: { zh: '已取消，已退回', en: 'Canceled, given back' },
    means: {
      points: { zh: '积分已全部退回。', en: 'All points were given back.' },
      cash: { zh: '款项已全部退回。', en: 'All money was given back.' },
      both: { zh: '积分与款项已全部退回。', en: 'All points and all money were given back.' },
    },
  },
  refused: {
    name: { zh: '没有兑换成功', en: 'Not redeemed' },
    means: {
      points: {
        zh: '这次兑换没有成功，积分没有减少。',
        en: 'This redemption did not succeed; your points are untouched.',
      },
      cash: {
        zh: '这次兑换没有成功，没有扣款。',
        en: 'This redemption did not succeed; no money was taken.',
      },
      both: {
        zh: '这次兑换没有成功，积分没有减少，也没有扣款。',
        en: 'This redemption did not succeed; no points and no money were taken.',
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

/** The way to the cashier, `{n}` being the amount. */
export const PAY_WITH: Readonly<Record<PaymentMethod, Text>> = {
  wallet: { zh: '用现金余额支付 {n}', en: 'Pay {n} from the balance' },
  alipay: { zh: '用支付宝支付 {n}', en: 'Pay {n} with Alipay' },
  wechat: { zh: '用微信支付 {n}', en: 'Pay {n} with WeChat' },
  bank_card: { zh: '用银行卡支付 {n}', en: 'Pay {n} by card' },
}

export const ORDER = {
  title: { zh: '订单', en: 'Order' },
  number: { zh: '订单号', en: 'Order number' },
  newToPay: { zh: '还差一步', en: 'One step left' },
  newUnderWay: { zh: '收到了', en: 'We have it' },
  pending: {
    zh: '已收到，正在处理。结果出来后会显示在这里。',
    en: 'We have it, and are working on it. The outcome will show here.',
  },
  attention: {
    zh: '这笔订单需要人工处理，我们已经在跟进，无须你操作。每一笔都有记录，不会丢失。',
    en: 'This order needs a person to look at it, and we are on it; nothing is asked of you. Everything is on record and safe.',
  },
  partReturning: {
    zh: '有一部分款项正在退回。',
    en: 'A part of the money is on its way back.',
  },
  declined: {
    zh: '上一次支付没有成功，可以重新支付或更换支付方式。商品仍为你保留。',
    en: 'The last payment did not go through. Try again, or another way; the goods are still set aside.',
  },
  allBack: {
    zh: '商家已全额退回，订单仍在进行。',
    en: 'The shop has given everything back; the order still goes on.',
  },
  allBackDone: { zh: '商家已全额退回。', en: 'The shop has given everything back.' },
  timeLeft: { zh: '剩余支付时间', en: 'Time left to pay' },
  timeOver: { zh: '已到时间', en: 'Time is up' },
  payBy: { zh: '{t} 前支付', en: 'pay by {t}' },
  payUntil: {
    zh: '{t} 前未支付，订单会自动取消，积分随即解冻，随时可以重新兑换。',
    en: 'If it is not paid by {t}, the order is canceled and the points are free again; you can redeem it anew at any time.',
  },
  payUntilCash: {
    zh: '{t} 前未支付，订单会自动取消，随时可以重新兑换。',
    en: 'If it is not paid by {t}, the order is canceled; you can redeem it anew at any time.',
  },
  methodChanged: { zh: '已改用{m}', en: 'You pay with {m} now' },
  wechatOnly: { zh: '请在微信中打开本页完成支付。', en: 'Open this page in WeChat to pay.' },
  scan: { zh: '用微信扫一扫支付', en: 'Scan with WeChat to pay' },
  noCashier: {
    zh: '收银台还没有打开，请选择支付方式。',
    en: 'No cashier is open yet; choose how to pay.',
  },
  otherMethod: { zh: '更换支付方式', en: 'Pay another way' },
  method: { zh: '支付方式', en: 'Payment method' },
  current: { zh: '当前', en: 'current' },
  balance: { zh: '可用', en: 'available' },
  short: { zh: '余额不足', en: 'not enough' },
  usePay: { zh: '用这种方式支付', en: 'Pay this way' },
  methodWrong: { zh: '请选择一种支付方式', en: 'Choose a payment method' },
  cancel: { zh: '取消订单', en: 'Cancel the order' },
  cancelTitle: { zh: '取消这笔订单？', en: 'Cancel this order?' },
  cancelReason: { zh: '取消原因', en: 'Reason' },
  optional: { zh: '选填', en: 'optional' },
  otherReason: { zh: '补充说明', en: 'More about it' },
  reasonLong: { zh: '取消原因最多 200 个字', en: 'At most 200 characters' },
  keep: { zh: '再想想', en: 'Keep the order' },
  cancelDo: { zh: '确认取消', en: 'Cancel the order' },
  confirm: { zh: '确认收货', en: 'Confirm receipt' },
  confirmTitle: { zh: '确认已经收到？', en: 'Has it come?' },
  confirmMeans: {
    zh: '确认后订单完成，不能撤回。请收到并检查过再确认。',
    en: 'The order is finished then, and that stays so. Look at what came before you confirm.',
  },
  confirmDo: { zh: '已收到，确认收货', en: 'It has come' },
  notYet: { zh: '还没有', en: 'Not yet' },
  where: { zh: '我的积分在哪里', en: 'Where are my points?' },
  whereCash: { zh: '我的款项在哪里', en: 'Where is my money?' },
  timeline: { zh: '进度', en: 'Progress' },
  upcoming: { zh: '待进行', en: 'to come' },
  tracking: { zh: '物流', en: 'Delivery' },
  carrier: { zh: '承运商', en: 'Carrier' },
  trackingNo: { zh: '运单号', en: 'Tracking number' },
  address: { zh: '收货信息', en: 'Address' },
  facts: { zh: '订单信息', en: 'Details' },
  price: { zh: '单价', en: 'Price' },
  total: { zh: '合计', en: 'Total' },
  placed: { zh: '兑换时间', en: 'Redeemed at' },
  customized: { zh: '定制内容', en: 'What to put on it' },
  remarks: { zh: '备注', en: 'Remarks' },
  message: { zh: '留言', en: 'Message' },
  cancelWhy: { zh: '取消原因', en: 'Why it was canceled' },
  reload: { zh: '刷新本页可查看最新状态。', en: 'Reload the page for the latest state.' },
  onward: { zh: '继续逛逛', en: 'Look around' },
} satisfies Record<string, Text>

/** What a cancellation gives back, and how fast. */
export const CANCEL_BACK = {
  nothing: {
    zh: '商家已全额退回，没有可以再退的；取消后订单不再继续。',
    en: 'The shop has given everything back already. The order does not go on after this.',
  },
  unpaid: {
    points: {
      zh: '积分随即解冻，商品不再保留。',
      en: 'The points are free again; the goods are no longer kept.',
    },
    cash: { zh: '商品不再为你保留。', en: 'The goods are no longer kept for you.' },
    both: {
      zh: '为你保留的积分随即解冻，商品不再保留。',
      en: 'The points set aside are free again at once; the goods are no longer kept for you.',
    },
  },
  points: { zh: '积分随即退回钱包。', en: 'The points come back to your wallet at once.' },
  toWallet: {
    cash: { zh: '款项随即退回现金余额。', en: 'The money comes back to your cash balance at once.' },
    both: {
      zh: '积分与现金余额随即退回钱包。',
      en: 'The points and the cash come back to your wallet at once.',
    },
  },
  toPayer: {
    cash: {
      zh: '款项原路退回，到账时间取决于支付渠道。',
      en: 'The money goes back the way it came, as fast as its provider is.',
    },
    both: {
      zh: '积分随即退回钱包；款项原路退回，到账时间取决于支付渠道。',
      en: 'The points come back at once; the money goes back the way it came, as fast as its provider is.',
    },
  },
} as const

/** What comes next for an order that stands, by the way it comes to its customer. */
export const NEXT: Readonly<Record<ShippingType, Text>> = {
  logistics: { zh: '商家接单后会备货发出。', en: 'The shop takes it on next, and sends it.' },
  pickup: {
    zh: '商家接单备好后，凭订单到店领取。',
    en: 'The shop takes it on next; then show the order to collect it.',
  },
  none: { zh: '商家接单后会为你安排。', en: 'The shop takes it on next, and sees to it.' },
}

/** Reasons offered with "cancel". What is chosen is kept in words, and shown to the shop. */
export const CANCEL_REASONS: readonly Text[] = [
  { zh: '不想要了', en: 'I do not want it any more' },
  { zh: '拍错了，想换一件', en: 'I picked the wrong one' },
  { zh: '收货信息填错了', en: 'The address is wrong' },
  { zh: '等太久了', en: 'It takes too long' },
]

/** Steps of the way, as the timeline names them. */
export const STEPS: Readonly<Record<OrderStatus, Text>> = {
  exchanged: { zh: '提交兑换', en: 'Redemption submitted' },
  order_created: { zh: '商品与积分已留好', en: 'Goods and points set aside' },
  order_paid: { zh: '兑换成功', en: 'Redeemed' },
  order_accepted: { zh: '商家接单', en: 'Taken on by the shop' },
  order_shipped: { zh: '发货', en: 'Shipped' },
  order_finished: { zh: '完成', en: 'Finished' },
  order_canceled: { zh: '订单取消', en: 'Canceled' },
}

/** The same step where no points are asked for. */
export const SET_ASIDE: Text = { zh: '商品已留好', en: 'Goods set aside' }

/** "Where are my points?", for customers and staff. `{n}` is the amount, `{t}` a time, `{m}` a method. */
export const WHERE = {
  untouched: {
    zh: '{n}：还在钱包里，正在确认兑换结果。',
    en: '{n}: still in the wallet while the outcome is being settled.',
  },
  neverTaken: { zh: '{n}：没有扣除，一直在钱包里。', en: '{n}: never taken; in the wallet all along.' },
  held: {
    zh: '{n}：自 {t} 起为这笔订单冻结，尚未扣除。',
    en: '{n}: held for this order since {t}, not spent.',
  },
  spent: { zh: '{n}：已于 {t} 用于兑换。', en: '{n}: spent on this order at {t}.' },
  returned: { zh: '{n}：已于 {t} 退回钱包。', en: '{n}: given back to the wallet at {t}.' },
  outside: { zh: '（在会员积分系统中）', en: ' (in the shop’s own points system)' },
  lot: { zh: '{n}，有效期至 {t}', en: '{n}, valid until {t}' },
  lotOver: { zh: '{n}，已于 {t} 到期', en: '{n}, expired on {t}' },
  lotForEver: { zh: '{n}，长期有效', en: '{n}, without expiry' },
  debt: { zh: '{n}抵扣了此前的欠额', en: '{n} paid an earlier shortfall' },
  due: { zh: '{n}：尚未支付，请在 {t} 前支付。', en: '{n}: due until {t}.' },
  dueNow: { zh: '{n}：尚未支付。', en: '{n}: due.' },
  closing: {
    zh: '{n}：正在向支付渠道确认是否已付。',
    en: '{n}: we are asking the payment provider whether it was paid.',
  },
  neverPaid: { zh: '{n}：没有支付，无须退款。', en: '{n}: never paid; there is nothing to give back.' },
  paid: { zh: '{n}：已于 {t} 支付（{m}）。', en: '{n}: paid at {t} ({m}).' },
  returning: {
    zh: '{n}：自 {t} 起正在原路退回。',
    en: '{n}: on its way back to the payer since {t}.',
  },
  returnedToWallet: {
    zh: '{n}：已于 {t} 退回现金余额。',
    en: '{n}: given back to the cash balance at {t}.',
  },
  returnedToPayer: {
    zh: '{n}：已于 {t} 原路退回。',
    en: '{n}: given back to the payer at {t}.',
  },
  undue: {
    late: {
      zh: '这笔款项到账时订单已经取消，所以原路退回。',
      en: 'It came when the order was canceled already, so it went back.',
    },
    twice: {
      zh: '这笔款项是重复支付的，所以原路退回。',
      en: 'It was paid once more than was due, so it went back.',
    },
  },
  nothing: { zh: '这笔订单不涉及积分与款项。', en: 'This order moves no points and no money.' },
} as const satisfies Record<string, Text | Record<string, Text>>
