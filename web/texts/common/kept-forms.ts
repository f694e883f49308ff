import { EVENT_TYPES } from '../../../domain/messaging/events.ts'
import { AFTER_SALE_ACTIONS } from '../console/after-sales.ts'
import { ACTIONS as ORDER_ACTIONS } from '../console/orders.ts'
import { ACTIONS as WALLET_ACTIONS } from '../console/wallets.ts'
import { EVENT_TEXTS, eventField } from '../console/webhooks.ts'
import type { Text } from './common.ts'
import { PRODUCT_LABELS } from './product-labels.ts'

export const KEPT_FORMS = {
  title: { zh: '请核对后再提交', en: 'Review and submit' },
  hint: {
    zh: '登录过期前的那次提交没有生效。下面是当时填写的全部内容，核对后可以提交；不想提交，离开这个页面即可。',
    en: 'Your session had expired, so nothing was submitted. Here is everything you entered: submit it if it is correct, or leave this page to discard it.',
  },
  foreign: {
    zh: '这个表单不是为当前账号打开的：你现在以 {who} 登录，刚才什么都没有提交。下面是收到的全部内容，核对后可以用 {who} 的身份提交。',
    en: 'This form was opened for another account. You are signed in as {who}, and nothing was submitted. Here is everything that was received: if it is correct, submit it as {who}.',
  },
  foreignLost: {
    zh: '这个表单不是为当前账号打开的：你现在以 {who} 登录，刚才什么都没有提交。请重新打开页面再填写。',
    en: 'This form was opened for another account. You are signed in as {who}, and nothing was submitted. Open the page again and fill it in.',
  },
  submitAs: { zh: '以 {who} 的身份提交', en: 'Submit as {who}' },
  reopen: { zh: '重新打开页面', en: 'Open the page again' },
  none: { zh: '没有等待提交的内容', en: 'Nothing to submit' },
  target: { zh: '提交到', en: 'Submit to' },
  empty: { zh: '（空）', en: '(empty)' },
  submit: { zh: '确认提交', en: 'Submit' },
} satisfies Record<string, Text>

const of = (actions: Readonly<Record<string, Text>>, path: string, zh: string, en: string) =>
  Object.entries(actions).map(
    ([name, text]) => [`${path}/${name}`, { zh: `${zh}：${text.zh}`, en: `${en}: ${text.en}` }] as const,
  )

/** The first match counts. Forms without a description are never kept. */
const KEPT_ACTIONS: readonly (readonly [path: string, Text])[] = [
  ['/points-mall/products/:id/redeem', { zh: '兑换商品', en: 'Redeem a product' }],
  ['/points-mall/addresses/new', { zh: '新增收货地址', en: 'Add an address' }],
  ['/points-mall/addresses/:id', { zh: '修改收货地址', en: 'Edit an address' }],
  ['/points-mall/addresses/:id/default', { zh: '设为默认收货地址', en: 'Set the default address' }],
  ['/points-mall/addresses/:id/remove', { zh: '删除收货地址', en: 'Remove an address' }],
  ['/points-mall/orders/:id/pay', { zh: '支付订单', en: 'Pay an order' }],
  ['/points-mall/orders/:id/cancel', { zh: '取消订单', en: 'Cancel an order' }],
  ['/points-mall/orders/:id/address', { zh: '修改订单的收货信息', en: 'Change the address of an order' }],
  ['/points-mall/orders/:id/extend', { zh: '延长收货', en: 'More time to confirm receipt' }],
  ['/points-mall/orders/:id/confirm', { zh: '确认收货', en: 'Confirm receipt of an order' }],
  ['/points-mall/orders/:id/codes', { zh: '查看兑换码', en: 'Show the codes of an order' }],
  ['/points-mall/orders/:id/after-sale', { zh: '申请售后', en: 'Ask for a return or refund' }],
  ['/points-mall/after-sales/:id/cancel', { zh: '取消售后', en: 'Cancel an after-sale' }],
  ['/points-mall/after-sales/:id/appeal', { zh: '售后申诉', en: 'Appeal in an after-sale' }],
  [
    '/points-mall/after-sales/:id/return-shipment',
    { zh: '填写退货快递', en: 'State the parcel of a return' },
  ],
  ['/points-mall/sign-out/everywhere', { zh: '退出所有设备', en: 'Sign out everywhere' }],
  ['/admin/orders/ship-batch', { zh: '批量发货', en: 'Ship many orders' }],
  ['/admin/orders/:id/parcels/:parcel', { zh: '订单：更正运单号', en: 'Order: correct a tracking number' }],
  ...of(ORDER_ACTIONS, '/admin/orders/:id', '订单', 'Order'),
  ['/admin/counter', { zh: '核销', en: 'Redeem a voucher' }],
  ['/admin/counter/:id/undo', { zh: '撤销核销', en: 'Undo the use of a voucher' }],
  ['/admin/stores', { zh: '新增门店', en: 'Add a store' }],
  ['/admin/stores/:id', { zh: '修改门店', en: 'Edit a store' }],
  ['/admin/orders/:id/codes/:code/replace', { zh: '更换兑换码', en: 'Replace a code' }],
  ['/admin/orders/:id/charge/query', { zh: '查询充值结果', en: 'Ask about a charge' }],
  [
    '/admin/orders/:id/charge/acknowledge',
    { zh: '登记充值的处理结果', en: 'Record how a charge was settled' },
  ],
  ...of(AFTER_SALE_ACTIONS, '/admin/after-sales/:id', '售后单', 'After-sale'),
  ['/admin/products', { zh: '新增商品', en: 'Add a product' }],
  ['/admin/products/:id', { zh: '修改商品', en: 'Edit a product' }],
  ['/admin/products/:id/skus', { zh: '修改商品规格', en: 'Edit the SKUs of a product' }],
  ['/admin/products/:id/publish', { zh: '上架商品', en: 'Publish a product' }],
  ['/admin/products/:id/unpublish', { zh: '下架商品', en: 'Unpublish a product' }],
  ['/admin/products/:id/delete', { zh: '删除商品', en: 'Delete a product' }],
  ['/admin/products/:id/picture/remove', { zh: '移除商品图片', en: 'Remove a product’s picture' }],
  ['/admin/categories', { zh: '新增分类', en: 'Add a category' }],
  ['/admin/categories/:id', { zh: '修改分类', en: 'Edit a category' }],
  ['/admin/categories/:id/delete', { zh: '删除分类', en: 'Delete a category' }],
  ['/admin/users/:owner/earnings', { zh: '补登积分入账', en: 'Record an earning' }],
  ['/admin/users/:owner/earnings/:id/reverse', { zh: '撤销积分入账', en: 'Reverse an earning' }],
  ...of(WALLET_ACTIONS, '/admin/users/:owner', '用户', 'Customer'),
  ['/admin/reconciliations', { zh: '发起对账', en: 'Start a reconciliation' }],
  ['/admin/webhooks', { zh: '新增接收地址', en: 'Add a webhook endpoint' }],
  ['/admin/webhooks/:id', { zh: '修改接收地址', en: 'Edit a webhook endpoint' }],
  ['/admin/webhooks/:id/enable', { zh: '启用接收地址', en: 'Switch a webhook endpoint on' }],
  ['/admin/webhooks/:id/disable', { zh: '停用接收地址', en: 'Switch a webhook endpoint off' }],
  ['/admin/webhooks/:id/test', { zh: '发送测试事件', en: 'Send a test event' }],
  ['/admin/webhooks/:id/rotate', { zh: '更换接收地址的密钥', en: 'Rotate the secret of a webhook endpoint' }],
  ['/admin/webhooks/:id/delete', { zh: '删除接收地址', en: 'Delete a webhook endpoint' }],
  ['/admin/webhooks/:id/deliveries/:delivery/resend', { zh: '重新推送事件', en: 'Send an event again' }],
]

export const KEPT_FIELDS: Readonly<Record<string, Text>> = {
  ...PRODUCT_LABELS,
  ...Object.fromEntries(EVENT_TYPES.map((type) => [eventField(type), EVENT_TEXTS[type]])),
  account: { zh: '充值号码', en: 'Mobile number' },
  address: { zh: '收货地址', en: 'Address' },
  amount: { zh: '金额（元）', en: 'Amount (CNY)' },
  as_default: { zh: '设为默认地址', en: 'Use as default' },
  block: { zh: '冻结编号', en: 'Hold' },
  carrier: { zh: '快递公司', en: 'Carrier' },
  carrier_confirmed: { zh: '承运商核对无误', en: 'The carrier is right' },
  change: { zh: '库存增减', en: 'Change of stock' },
  cash: { zh: '现金（元）', en: 'Cash (CNY)' },
  category_id: { zh: '分类编号', en: 'Category' },
  code: { zh: '核销码', en: 'Voucher' },
  staff: { zh: '店员', en: 'Staff' },
  store_id: { zh: '门店编号', en: 'Store' },
  city: { zh: '城市', en: 'City' },
  customized: { zh: '定制内容', en: 'Made to order' },
  day: { zh: '账单日期', en: 'Day of the bill' },
  detail: { zh: '详细地址', en: 'Street and number' },
  district: { zh: '区县', en: 'District' },
  exchange_limit: { zh: '每人累计限兑（件）', en: 'Pieces per customer' },
  expires: { zh: '有效期至', en: 'Lasts until' },
  external_id: { zh: '外部单号', en: 'Number there' },
  image: { zh: '图片地址', en: 'Picture address' },
  keep_address: { zh: '存入地址簿', en: 'Keep the address' },
  level: { zh: '等级', en: 'Level' },
  lines: { zh: '发货清单', en: 'Lines' },
  method: { zh: '支付方式', en: 'Paid by' },
  money: { zh: '退款金额（元）', en: 'Refund (CNY)' },
  more: { zh: '补充原因', en: 'Additional details' },
  name: { zh: '名称', en: 'Name' },
  occurred: { zh: '发生时间', en: 'When' },
  overlap: { zh: '旧密钥有效时长（小时）', en: 'Hours for the current secret' },
  parent_id: { zh: '上级分类编号', en: 'Category above it' },
  phone: { zh: '手机号', en: 'Phone' },
  points: { zh: '积分', en: 'Points' },
  province: { zh: '省份', en: 'Province' },
  quantity: { zh: '数量', en: 'Quantity' },
  reason: { zh: '原因', en: 'Reason' },
  remove: { zh: '删除', en: 'Delete' },
  sku_id: { zh: '规格编号', en: 'SKU' },
  specs: { zh: '规格', en: 'Specification' },
  remarks: { zh: '备注', en: 'Remarks' },
  sellable: { zh: '收到的商品', en: 'The goods are' },
  source: { zh: '来源', en: 'Source' },
  stock_change: { zh: '库存变动件数', en: 'Change of stock' },
  stock_way: { zh: '库存变动方向', en: 'In or out' },
  tracking_no: { zh: '快递单号', en: 'Tracking number' },
  url: { zh: '接收地址', en: 'URL' },
  type: { zh: '类型', en: 'Type' },
  version: { zh: '版本', en: 'Version' },
  way: { zh: '处理方式', en: 'Way' },
  what: { zh: '退款范围', en: 'What is refunded' },
  window_unit: { zh: '周期单位', en: 'Unit of the period' },
}

/** @returns undefined if forms of this path are not kept */
export function keptActionText(pathname: string): Text | undefined {
  const parts = pathname.split('/')
  const fits = (pattern: string) => {
    const wanted = pattern.split('/')
    return (
      wanted.length === parts.length && wanted.every((part, n) => part.startsWith(':') || part === parts[n])
    )
  }
  return KEPT_ACTIONS.find(([path]) => fits(path))?.[1]
}
