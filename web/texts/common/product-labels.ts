import type { Text } from './common.ts'

export const PRODUCT_LABELS = {
  title: { zh: '标题', en: 'Title' },
  description: { zh: '描述', en: 'Description' },
  labels: { zh: '规格参数', en: 'Properties' },
  product_type: { zh: '商品类型', en: 'Kind' },
  external_id: { zh: '商城商品编号', en: "The shop's product id" },
  shipping_type: { zh: '发货方式', en: 'Shipping' },
  delivery: { zh: '交付方式', en: 'Delivery' },
  voucher_uses: { zh: '可核销次数', en: 'Uses of a voucher' },
  voucher_days: { zh: '有效天数', en: 'Days valid' },
  returnable: { zh: '退货', en: 'Returns' },
  return_days: { zh: '收货后可退天数', en: 'Days after receipt' },
  payment_mode: { zh: '支付方式', en: 'Paid by' },
  point: { zh: '积分单价', en: 'Points each' },
  price: { zh: '现金单价（元）', en: 'Cash each (CNY)' },
  original_price: { zh: '市场价（元）', en: 'Usual price (CNY)' },
  stock: { zh: '初始库存', en: 'Stock to begin with' },
  max_per_user: { zh: '每人周期限兑（件）', en: 'Pieces per customer and period' },
  window_count: { zh: '周期长度', en: 'Length of the period' },
  max_per_order: { zh: '每单限兑（件）', en: 'Pieces per order' },
  sort: { zh: '排序值', en: 'Place' },
} satisfies Record<string, Text>
