import type {
  Delivery,
  PaymentMode,
  ProductStatus,
  ProductType,
  ShippingType,
} from '../../../domain/catalogue/product.ts'
import type { Text } from '../common/common.ts'

export const PRODUCTS = {
  title: { zh: '商品', en: 'Products' },
  count: { zh: '件商品', en: 'products' },
  add: { zh: '新增商品', en: 'New product' },
  filter: { zh: '筛选', en: 'Filter' },
  clear: { zh: '清除筛选', en: 'Clear' },
  keyword: { zh: '标题或描述', en: 'Title or description' },
  status: { zh: '状态', en: 'Status' },
  category: { zh: '分类', en: 'Category' },
  mode: { zh: '支付方式', en: 'Payment mode' },
  sort: { zh: '排列', en: 'Sort by' },
  any: { zh: '全部', en: 'All' },
  none: { zh: '未分类', en: 'Uncategorized' },
  product: { zh: '商品', en: 'Product' },
  price: { zh: '单价', en: 'Price' },
  stock: { zh: '库存', en: 'Stock' },
  changed: { zh: '更新时间', en: 'Updated' },
  listed: { zh: '商品列表', en: 'Product list' },
  empty: { zh: '没有符合条件的商品', en: 'No matching products' },
  emptyHint: { zh: '换个关键词，或者清除筛选。', en: 'Try another keyword or clear the filters.' },
  onlyLow: { zh: '只看库存紧张的', en: 'Low stock only' },
  low: { zh: '库存紧张', en: 'low' },
  out: { zh: '无库存', en: 'out of stock' },
  look: { zh: '查看商品页', en: 'View in the shop' },
} satisfies Record<string, Text>

export const STATUS_TEXTS: Readonly<Record<ProductStatus, Text>> = {
  draft: { zh: '草稿', en: 'Draft' },
  on_sale: { zh: '在售', en: 'On sale' },
  off_sale: { zh: '已下架', en: 'Off sale' },
  sold_out: { zh: '已售罄', en: 'Sold out' },
}

export const MODE_TEXTS: Readonly<Record<PaymentMode, Text>> = {
  points_only: { zh: '纯积分', en: 'Points only' },
  money_only: { zh: '纯现金', en: 'Cash only' },
  mixed: { zh: '积分 + 现金', en: 'Points + cash' },
}

export const TYPE_TEXTS: Readonly<Record<ProductType, Text>> = {
  physical: { zh: '实物', en: 'Physical' },
  virtual: { zh: '虚拟', en: 'Virtual' },
  service: { zh: '服务', en: 'Service' },
  customized: { zh: '定制', en: 'Customized' },
}

export const SHIPPING_TEXTS: Readonly<Record<ShippingType, Text>> = {
  logistics: { zh: '快递，需要地址', en: 'Delivery, address required' },
  pickup: { zh: '到店自取', en: 'Pickup' },
  none: { zh: '无需发货', en: 'No shipping' },
}

export const DELIVERY_TEXTS: Readonly<Record<Delivery, Text>> = {
  shipment: { zh: '快递发货', en: 'Shipment' },
  pickup: { zh: '到店领取', en: 'Pickup' },
  codes: { zh: '卡密', en: 'Codes' },
  voucher: { zh: '核销券', en: 'Voucher' },
  charge: { zh: '充值', en: 'Charge' },
  manual: { zh: '人工处理', en: 'By an operator' },
}

export const RETURN_TEXTS = {
  none: { zh: '不可退', en: 'None' },
  before_shipping: { zh: '发货或交付前可退', en: 'Until it is shipped or handed over' },
  days: { zh: '收货后若干天内可退', en: 'For days after receipt' },
} satisfies Record<string, Text>

/** No sort by stock: each redemption would update its index. The filter shows low stock. */
export const SORT_TEXTS = {
  default: { zh: '商城顺序', en: 'Shop order' },
  newest: { zh: '最新', en: 'Newest' },
  points_asc: { zh: '积分从低到高', en: 'Points: low to high' },
  points_desc: { zh: '积分从高到低', en: 'Points: high to low' },
  price_asc: { zh: '现金从低到高', en: 'Cash: low to high' },
  price_desc: { zh: '现金从高到低', en: 'Cash: high to low' },
} satisfies Record<string, Text>

export const PRODUCT_FORM = {
  basics: { zh: '基本信息', en: 'Basics' },
  externalHint: {
    zh: '接入商家商品系统后，标题、图片、市场价、库存和上下架以那边为准。',
    en: "With the shop's product system: title, picture, usual price, stock and status come from there.",
  },
  labelsHint: {
    zh: '每行一条，例如「材质：陶瓷」。',
    en: 'One per line, for example “Material: ceramic”.',
  },
  labelsFormat: {
    zh: '规格参数第 {n} 行不是「名称：内容」',
    en: 'Line {n} of the specifications is not “Name: value”',
  },
  fenFormat: { zh: '{field}：最多两位小数，例如 9.90', en: '{field}: at most two decimals, such as 9.90' },
  originalLow: { zh: '市场价不能低于现金单价', en: 'The usual price may not be lower than the price' },
  prices: { zh: '价格', en: 'Price' },
  modeHints: {
    points_only: { zh: '只收积分', en: 'points only' },
    money_only: { zh: '只收现金', en: 'cash only' },
    mixed: { zh: '两者都收', en: 'both' },
  },
  pointHint: { zh: '纯现金商品不用填。', en: 'Not for cash only.' },
  priceHint: { zh: '例如 9.90；纯积分商品不用填。', en: 'Such as 9.90; not for points only.' },
  originalHint: { zh: '只用来划线展示，可以不填。', en: 'Shown struck through; may be left out.' },
  deliveryDefault: { zh: '按发货方式', en: 'As shipped' },
  deliveryUnsuited: {
    zh: '这种交付方式与发货方式不符',
    en: 'This delivery does not suit the shipping',
  },
  codesReturn: { zh: '卡密商品不能按天数退货', en: 'Codes cannot be returned by days' },
  chargeHint: { zh: '仅由供应商充值的商品填写。', en: 'Only for products that a supplier charges.' },
  voucherHint: { zh: '仅核销券填写。', en: 'Only for vouchers.' },
  returnDaysHint: { zh: '仅按天数退货时填写。', en: 'Only for returns by days.' },
  returnDaysMissing: { zh: '请填写收货后可退天数', en: 'Enter the days after receipt' },
  stockAndLimits: { zh: '库存与限制', en: 'Stock and limits' },
  stockNow: { zh: '当前可兑换', en: 'Available now' },
  pieces: { zh: '件', en: 'items' },
  stockWay: { zh: '库存变动', en: 'Stock change' },
  stockIn: { zh: '入库，增加', en: 'Add' },
  stockOut: { zh: '出库，减少', en: 'Remove' },
  stockChange: { zh: '变动件数', en: 'Quantity' },
  stockChangeHint: {
    zh: '不变动就留空。订单随时在占用库存，所以只记增减，不直接改总数。',
    en: 'Leave empty for no change. Orders keep changing the stock, so enter the difference, not a new total.',
  },
  exchangeLimit: { zh: '每人累计限兑（件）', en: 'Pieces per customer, for good' },
  exchangeLimitHint: { zh: '0 表示不限。', en: '0: no limit.' },
  maxPerUserMissing: { zh: '请填写每人周期限兑', en: 'Say how many pieces, per customer and period' },
  maxPerUserHint: { zh: '与累计限兑同时存在时，以更严的为准。', en: 'The stricter of both counts.' },
  windowHint: { zh: '留空表示不分周期，一直累计。', en: 'Empty: one period without an end.' },
  windowUnit: { zh: '周期单位', en: 'Unit' },
  level: { zh: '最低用户等级', en: 'Least level' },
  noLimitHint: { zh: '留空表示不限。', en: 'Empty: no limit.' },
  display: { zh: '展示', en: 'In the shop' },
  sortHint: { zh: '数值小的排在前面。', en: 'Small numbers come first.' },
  windowsHint: {
    zh: '北京时间，留空表示不限。到点自动生效。',
    en: 'China time; empty: no limit. Takes effect by itself.',
  },
  saveDraft: { zh: '保存为草稿', en: 'Save as draft' },
  saveChanges: { zh: '保存修改', en: 'Save changes' },
} as const satisfies Record<string, Text | Record<string, Text>>

export const UNIT_TEXTS = {
  day: { zh: '天', en: 'days' },
  hour: { zh: '小时', en: 'hours' },
  minute: { zh: '分钟', en: 'minutes' },
  second: { zh: '秒', en: 'seconds' },
} satisfies Record<string, Text>

export const PRODUCT_PAGE = {
  publish: { zh: '上架', en: 'Publish' },
  unpublish: { zh: '下架', en: 'Unpublish' },
  copy: { zh: '复制商品', en: 'Copy' },
  delete: { zh: '删除商品', en: 'Delete' },
  deleteTitle: { zh: '删除这件商品？', en: 'Delete this product?' },
  deleteHint: {
    zh: '商城里不再展示，也不能再兑换。已有的订单不受影响。删除后不能恢复。',
    en: 'The product is removed from the shop and can no longer be redeemed. Existing orders are not affected. This cannot be undone.',
  },
  deleteYes: { zh: '确认删除', en: 'Delete' },
  deleteNo: { zh: '不删除', en: 'Keep' },
  picture: { zh: '商品图片', en: 'Picture' },
  noPicture: { zh: '还没有图片', en: 'No picture yet' },
  choose: { zh: '选择图片', en: 'Choose a picture' },
  pictureHint: {
    zh: 'PNG、JPEG 或 WebP，不超过 2 MiB，建议正方形。拍摄地点等信息会被去掉，动图只保留第一帧。',
    en: 'PNG, JPEG or WebP, up to 2 MiB. A square picture works best. Details such as the place of a photo are removed; of an animation the first frame is kept.',
  },
  upload: { zh: '上传图片', en: 'Upload' },
  removePicture: { zh: '移除图片', en: 'Remove picture' },
  pictureMissing: { zh: '请先选择一张图片', en: 'Choose a picture first' },
  pictureFormat: {
    zh: '这个文件不是 PNG、JPEG 或 WebP 图片，或者已损坏，换一张试试',
    en: 'This file is not a PNG, JPEG or WebP picture, or it is damaged. Choose another one',
  },
  pictureStale: {
    zh: '这件商品刚被别人修改过，图片没有更换。请看一下现在的内容，再上传一次。',
    en: 'Somebody else has changed this product, so the picture was not changed. Look at it as it is now, and try again.',
  },
  picturePixels: {
    zh: '图片超过 2400 万像素，请缩小后再上传',
    en: 'The picture has more than 24 million pixels. Make it smaller and upload it again',
  },
  pictureMax: {
    zh: '图片超过 2 MiB，请压缩后再上传',
    en: 'The picture is larger than 2 MiB. Make it smaller and upload it again',
  },
  preview: { zh: '顾客看到的样子', en: 'Customer view' },
} satisfies Record<string, Text>

export const CATEGORIES = {
  title: { zh: '分类', en: 'Categories' },
  hint: {
    zh: '商城首页按排序值展示。删除分类后，其中的商品变为未分类。',
    en: 'The shop shows categories by sort order. Products of a deleted category become uncategorized.',
  },
  name: { zh: '名称', en: 'Name' },
  sort: { zh: '排序值', en: 'Sort order' },
  add: { zh: '新增分类', en: 'New category' },
  parent: { zh: '上级分类', en: 'Above it' },
  top: { zh: '无，顶级', en: 'None, at the top' },
  listed: { zh: '全部分类', en: 'All categories' },
  actions: { zh: '操作', en: 'Actions' },
  edit: { zh: '修改', en: 'Edit' },
  products: { zh: '查看商品', en: 'Products' },
  empty: { zh: '还没有分类', en: 'No categories yet' },
  deleteTitle: { zh: '删除这个分类？', en: 'Delete this category?' },
  deleteHint: {
    zh: '其中的商品不会删除，只是变为未分类。',
    en: 'Its products are kept and become uncategorized.',
  },
  deleteYes: { zh: '确认删除', en: 'Delete' },
  deleteNo: { zh: '不删除', en: 'Keep' },
} satisfies Record<string, Text>

export const DONE = {
  created: {
    zh: '草稿已保存。接下来可以上传图片，再上架。',
    en: 'Draft saved. Add a picture, then publish it.',
  },
  copied: {
    zh: '已复制为草稿，没有库存。改好标题和库存后再上架。',
    en: 'Copied into a draft without stock. Change title and stock, then publish it.',
  },
  saved: { zh: '修改已保存。', en: 'Saved.' },
  published: { zh: '商品已上架。', en: 'Product published.' },
  sold_out: {
    zh: '商品已上架，但没有库存，显示为售罄。',
    en: 'Product published. It shows as sold out because it has no stock.',
  },
  refreshing: { zh: '正在读取，稍后刷新本页查看。', en: 'Being read. Reload this page in a moment.' },
  unpublished: { zh: '商品已下架。', en: 'Product unpublished.' },
  deleted: { zh: '商品已删除。', en: 'Product deleted.' },
  picture: { zh: '图片已更新。', en: 'Picture updated.' },
  gallery: { zh: '更多图片已保存。', en: 'Pictures saved.' },
  picture_removed: { zh: '图片已移除。', en: 'Picture removed.' },
  category: { zh: '分类已保存。', en: 'Category saved.' },
  category_deleted: { zh: '分类已删除。', en: 'Category deleted.' },
} satisfies Record<string, Text>
