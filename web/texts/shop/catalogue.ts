import type { ProductSort } from '../../../application/catalogue/products.ts'
import type { PaymentMode, ProductType, ShippingType } from '../../../domain/catalogue/product.ts'
import type { Text } from '../common/common.ts'

export const HOME = {
  title: { zh: '积分兑好物', en: 'Redeem your points' },
  available: { zh: '可用积分', en: 'Points available' },
  level: { zh: '等级', en: 'Level' },
  held: { zh: '冻结中', en: 'Held' },
  soon: { zh: '30 天内到期', en: 'Expiring within 30 days' },
  cash: { zh: '现金余额', en: 'Cash' },
  unknown: {
    zh: '积分暂时查不到，请稍后刷新。',
    en: 'Your points are temporarily unavailable. Please try again in a moment.',
  },
  guest: { zh: '登录后查看你的积分', en: 'Sign in to see your points' },
  statement: { zh: '积分明细', en: 'Statement' },
  search: { zh: '搜索商品', en: 'Search products' },
  searchGo: { zh: '搜索', en: 'Search' },
  categories: { zh: '分类', en: 'Categories' },
  all: { zh: '全部', en: 'All' },
  affordable: { zh: '我能兑的', en: 'I can afford' },
  filters: { zh: '筛选与排序', en: 'Filter and sort' },
  mode: { zh: '支付方式', en: 'Pay with' },
  type: { zh: '商品类型', en: 'Type' },
  sort: { zh: '排序', en: 'Sort by' },
  any: { zh: '不限', en: 'Any' },
  apply: { zh: '应用', en: 'Apply' },
  clear: { zh: '清除筛选', en: 'Clear' },
  everything: { zh: '全部商品', en: 'All products' },
  found: { zh: '件', en: 'products' },
  foundOne: { zh: '件', en: 'product' },
  results: { zh: '的搜索结果', en: 'search results' },
  nothing: { zh: '没有找到符合的商品', en: 'No results' },
  nothingHint: {
    zh: '换个词，或者放宽条件再看看。',
    en: 'Try another word or fewer filters.',
  },
  tryWords: { zh: '看看这些：', en: 'Similar:' },
  others: { zh: '也许你会喜欢', en: 'You may also like' },
  shelfEmpty: { zh: '货架正在上新，晚些再来看看。', en: 'New products are on their way. Come back soon.' },
} satisfies Record<string, Text>

export const MODES: Readonly<Record<PaymentMode, Text>> = {
  points_only: { zh: '纯积分', en: 'Points only' },
  mixed: { zh: '积分 + 现金', en: 'Points and cash' },
  money_only: { zh: '现金', en: 'Cash' },
}

export const TYPES: Readonly<Record<ProductType, Text>> = {
  physical: { zh: '实物', en: 'Physical' },
  virtual: { zh: '虚拟卡券', en: 'Digital' },
  service: { zh: '服务', en: 'Service' },
  customized: { zh: '定制', en: 'Customized' },
}

export const SHIPPING: Readonly<Record<ShippingType, { readonly name: Text; readonly means: Text }>> = {
  logistics: {
    name: { zh: '快递配送', en: 'Delivery' },
    means: {
      zh: '兑换时填写收货地址，发货后可查看物流单号。',
      en: 'Enter your address when you redeem. You get a tracking number once it ships.',
    },
  },
  pickup: {
    name: { zh: '到店自取', en: 'Store pickup' },
    means: { zh: '兑换成功后到店出示订单即可。', en: 'Show your order in the store to pick it up.' },
  },
  none: {
    name: { zh: '无需配送', en: 'No shipping' },
    means: {
      zh: '由商家发放或安排，进度在订单里查看。',
      en: 'The shop takes care of it. Track the progress in your order.',
    },
  },
}

export const SORTS = {
  default: { zh: '综合', en: 'Recommended' },
  newest: { zh: '最新上架', en: 'Newest' },
  points_asc: { zh: '积分从低到高', en: 'Points: low to high' },
  points_desc: { zh: '积分从高到低', en: 'Points: high to low' },
} as const satisfies Partial<Record<ProductSort, Text>>

export const PRODUCT = {
  opensAt: { zh: '{t} 开始兑换', en: 'Opens at {t}' },
  endedAt: { zh: '兑换已于 {t} 结束', en: 'Ended at {t}' },
  endsAt: { zh: '{t} 截止', en: 'Until {t}' },
  time: { zh: '兑换时间', en: 'When' },
  rulesOfShop: { zh: '兑换须知', en: 'Terms' },
  from: { zh: '起', en: 'and up' },
  sku: { zh: '选择规格', en: 'Choose an option' },
  original: { zh: '市场价', en: 'Retail price' },
  stock: { zh: '库存', en: 'Stock' },
  inStock: { zh: '有货', en: 'In stock' },
  soldOut: { zh: '已兑完', en: 'Sold out' },
  soldOutHint: {
    zh: '这件商品已经兑完，补货后会重新开放。',
    en: 'This product is sold out. It will be available again when restocked.',
  },
  limits: { zh: '兑换规则', en: 'Limits' },
  noLimits: { zh: '不限兑换次数', en: 'No limit' },
  delivery: { zh: '配送', en: 'Delivery' },
  returns: { zh: '退货', en: 'Returns' },
  notReturnable: {
    zh: '付款后不能取消，也不支持退货退款',
    en: 'Once paid, it cannot be canceled, returned or refunded',
  },
  codesNotReturnable: {
    zh: '兑换码发放后不能取消，也不支持退货退款',
    en: 'Once its codes are handed out, it cannot be canceled, returned or refunded',
  },
  returnBeforeShipping: {
    zh: '发货或交付前可以取消，之后不支持退货',
    en: 'Can be canceled until it is shipped or handed over; no returns after that',
  },
  returnDays: { zh: '收货后 {days} 天内可以退货', en: 'Can be returned within {days} days of receipt' },
  kind: { zh: '类型', en: 'Type' },
  about: { zh: '商品介绍', en: 'Description' },
  details: { zh: '规格', en: 'Specifications' },
  whyNot: { zh: '暂时不能兑换', en: 'You cannot redeem this yet' },
  payFirst: { zh: '请先支付之前的订单', en: 'Pay your open orders first' },
  toPay: { zh: '查看待支付订单', en: 'View unpaid orders' },
  frozen: {
    zh: '你的账户暂时不能兑换，请联系客服',
    en: 'Your account cannot redeem at the moment. Please contact support',
  },
  quantity: { zh: '数量', en: 'Quantity' },
  fewer: { zh: '减少一件', en: 'Decrease quantity' },
  more: { zh: '增加一件', en: 'Increase quantity' },
  redeem: { zh: '立即兑换', en: 'Redeem' },
  signIn: { zh: '登录后兑换', en: 'Sign in to redeem' },
  gone: { zh: '这件商品已下架', en: 'This product is no longer available' },
  goneHint: {
    zh: '它可能已经下架或删除。看看别的吧。',
    en: 'It may have been removed. Have a look at other products.',
  },
} satisfies Record<string, Text>

export const REDEEM = {
  title: { zh: '确认兑换', en: 'Confirm redemption' },
  address: { zh: '收货地址', en: 'Ship to' },
  newAddress: { zh: '使用新地址', en: 'Use a new address' },
  keepAddress: { zh: '存入地址簿，下次直接选用', en: 'Save to my addresses' },
  manage: { zh: '管理地址', en: 'Manage addresses' },
  chooseAddress: { zh: '请选择收货地址', en: 'Choose an address' },
  method: { zh: '现金部分支付方式', en: 'Pay with' },
  onlyWallet: { zh: '现在只能用余额支付：', en: 'Only your cash balance can be used now:' },
  chooseMethod: { zh: '请选择支付方式', en: 'Choose a payment method' },
  wrongQuantity: { zh: '数量有误，请重新选择', en: 'Invalid quantity. Please choose again' },
  remarks: { zh: '备注', en: 'Remarks' },
  optional: { zh: '选填，500 字以内', en: 'Optional, up to 500 characters' },
  unitPrice: { zh: '单价', en: 'Unit price' },
  total: { zh: '合计', en: 'Total' },
  left: { zh: '兑换后剩余', en: 'Points left after' },
  frozen: {
    zh: '价格以此页为准；有变动会先请你确认。',
    en: 'We’ll ask you to confirm if the price changes.',
  },
  confirm: { zh: '确认兑换', en: 'Redeem' },
  confirmPay: { zh: '确认并支付 {n}', en: 'Confirm and pay {n}' },
  changeQuantity: { zh: '修改数量', en: 'Change quantity' },
  refused: { zh: '这次没有兑换成功', en: 'Your redemption did not go through' },
  nothingTaken: { zh: '积分和现金都没有扣。', en: 'You weren’t charged.' },
  changed: { zh: '价格有变动', en: 'The price has changed' },
  changedHint: {
    zh: '下面是最新的价格，确认后再提交。',
    en: 'The current price is shown below. Submit again to accept it.',
  },
  busy: { zh: '现在兑换的人很多', en: 'We’re busy right now' },
  busyHint: {
    zh: '你填写的内容都在，稍等几秒再提交一次。',
    en: 'Everything you entered is still here. Wait a few seconds and submit again.',
  },
  again: {
    zh: '你刚刚兑换过这件商品（{t}，{link}）。再次提交会先请你确认。',
    en: 'You just redeemed this ({t}, {link}). If you submit again, we’ll ask you to confirm.',
  },
  askAgain: {
    zh: '你刚刚兑换过这件商品（{t}，{link}）。再兑一份会生成一笔新订单。',
    en: 'You just redeemed this ({t}, {link}). Redeeming it again creates another order.',
  },
  oneMore: { zh: '要再兑一份吗？', en: 'Redeem one more?' },
  oneMoreHint: {
    zh: '刚才的提交没有生成订单，也没有扣积分和现金。',
    en: 'No order was created just now, and you weren’t charged.',
  },
  confirmAgain: { zh: '再兑一份', en: 'Redeem again' },
  seeOrder: { zh: '查看订单', en: 'view order' },
} satisfies Record<string, Text>

export const ADDRESSES = {
  title: { zh: '地址簿', en: 'My addresses' },
  empty: { zh: '还没有收货地址', en: 'No addresses yet' },
  emptyHint: {
    zh: '先存一个，兑换时就不用再填了。',
    en: 'Save an address so you don’t have to type it every time.',
  },
  add: { zh: '新增地址', en: 'Add an address' },
  change: { zh: '修改地址', en: 'Edit address' },
  edit: { zh: '修改', en: 'Edit' },
  isDefault: { zh: '默认', en: 'Default' },
  makeDefault: { zh: '设为默认', en: 'Make default' },
  asDefault: { zh: '设为默认地址', en: 'Use as default' },
  removeTitle: { zh: '删除这个地址？', en: 'Remove this address?' },
  removeHint: { zh: '已下的订单不受影响。', en: 'Existing orders are not affected.' },
  keep: { zh: '不删除', en: 'Keep' },
  full: {
    zh: '地址簿最多存 20 个地址，请先删除一个。',
    en: 'You can save up to 20 addresses. Remove one first.',
  },
  name: { zh: '收货人', en: 'Name' },
  phone: { zh: '电话', en: 'Phone' },
  phoneHint: {
    zh: '手机号、带区号的固定电话或 400 / 800 电话；港澳台及海外号码以 + 和国家（地区）代码开头',
    en: 'A mobile number, a landline with area code, or a 400 or 800 number; start others with + and the country code, such as +852',
  },
  province: { zh: '省份', en: 'Province' },
  provinceHint: { zh: '如：浙江省、上海市', en: 'For example 浙江省' },
  city: { zh: '城市', en: 'City' },
  district: { zh: '区县', en: 'District' },
  districtHint: { zh: '没有可不填', en: 'If applicable' },
  detail: { zh: '详细地址', en: 'Street and number' },
  detailHint: { zh: '街道、门牌号、楼栋与房间号', en: 'Street, number, building, room' },
} satisfies Record<string, Text>
