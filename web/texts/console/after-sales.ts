import type { AfterSaleAction } from '../../../domain/orders/after-sale.ts'
import type { Text } from '../common/common.ts'

/** What operators do, by the last part of the path. */
export const AFTER_SALE_ACTIONS = {
  approve: { zh: '同意', en: 'Approve' },
  refuse: { zh: '拒绝', en: 'Refuse' },
  receive: { zh: '确认收货并退款', en: 'Receive and refund' },
  'refuse-receipt': { zh: '拒收退货', en: 'Refuse the goods' },
} as const satisfies Record<string, Text>

export const AFTER_SALE_NAMES: Readonly<Record<keyof typeof AFTER_SALE_ACTIONS, AfterSaleAction>> = {
  approve: 'approve',
  refuse: 'refuse',
  receive: 'receive',
  'refuse-receipt': 'refuse_receipt',
}

export const AFTER_SALES = {
  title: { zh: '售后', en: 'After-sales' },
  one: { zh: '售后单', en: 'After-sale' },
  states: { zh: '按状态查看', en: 'By state' },
  waiting: { zh: '待处理', en: 'Waiting for us' },
  overdueTab: { zh: '已超时', en: 'Overdue' },
  all: { zh: '全部', en: 'All' },
  overdue: { zh: '超时', en: 'Overdue' },
  empty: { zh: '没有售后单', en: 'No after-sales' },
  listed: { zh: '售后单', en: 'After-sales' },
  order: { zh: '订单', en: 'Order' },
  customer: { zh: '用户', en: 'Customer' },
  what: { zh: '内容', en: 'What' },
  amount: { zh: '退款', en: 'Refund' },
  due: { zh: '截止', en: 'Due' },
  status: { zh: '状态', en: 'State' },
  next: { zh: '处理', en: 'What next' },
  nothing: { zh: '现在没有要做的事。', en: 'Nothing to do now.' },
  own: {
    zh: '这是你本人的售后，须由其他同事处理。',
    en: 'This is your own after-sale. A colleague has to handle it.',
  },
  approveRefund: {
    zh: '同意后立即退款，商品不用寄回。',
    en: 'Refunds immediately; the goods stay with the customer.',
  },
  approveReturn: { zh: '同意后等待用户寄回，收货后退款。', en: 'The customer sends the goods back first.' },
  sellable: { zh: '收到的商品', en: 'The goods are' },
  sellableYes: { zh: '可再售，放回库存', en: 'Sellable: back to the stock' },
  sellableNo: { zh: '不可再售，不入库', en: 'Not sellable: not restocked' },
  reason: { zh: '原因', en: 'Reason' },
  reasonHint: { zh: '用户会看到', en: 'The customer sees it' },
  facts: { zh: '售后信息', en: 'Details' },
  type: { zh: '类型', en: 'Type' },
  stage: { zh: '阶段', en: 'Stage' },
  in_sale: { zh: '售中', en: 'Order not finished' },
  after_sale: { zh: '售后', en: 'Order finished' },
  quantity: { zh: '件数', en: 'Pieces' },
  says: { zh: '用户说明', en: 'The customer says' },
  goods: { zh: '商品', en: 'Goods' },
  money: { zh: '款项', en: 'Money' },
  parcel: { zh: '寄回的包裹', en: 'Parcel sent back' },
  refundNo: { zh: '退款单号', en: 'Refund number' },
  pictures: { zh: '图片', en: 'Pictures' },
  pictureAlt: { zh: '售后图片 {n}', en: 'Picture {n} of the after-sale' },
  timeline: { zh: '经过', en: 'Timeline' },
  done: { zh: '已记录。', en: 'Recorded.' },
  pending: { zh: '已提交，结果稍后显示。', en: 'Submitted. The result follows shortly.' },
} satisfies Record<string, Text>
