import { shanghaiText } from '../domain/business-time.ts'
import type { FieldError, FieldRule, ForbiddenReason, RefusalCode, RefusalRule } from '../domain/errors.ts'
import type { Carrier } from '../domain/shipments/carriers.ts'
import { CARRIER_NAMES } from './carrier-texts.ts'

export type Lang = 'zh' | 'en'

/** Every error code of the API. */
export type ErrorCode =
  | RefusalCode
  | 'VALIDATION_FAILED'
  | 'MALFORMED_JSON'
  | 'PAYLOAD_TOO_LARGE'
  | 'UNSUPPORTED_MEDIA_TYPE'
  | 'METHOD_NOT_ALLOWED'
  | 'MISDIRECTED_REQUEST'
  | 'UNAUTHENTICATED'
  | 'WEBHOOK_SIGNATURE_INVALID'
  | 'IDEMPOTENCY_KEY_REUSED'
  | 'INTERNAL'

/** Required and available amounts, or the reason of a 403. */
export interface Gap {
  readonly reason?: ForbiddenReason | undefined
  readonly required?: string | undefined
  readonly available?: string | undefined
  readonly rule?: RefusalRule | undefined
}

interface Text {
  readonly title: string
  readonly detail: (gap: Gap) => string
}

const plain = (title: string, detail: string): Text => ({ title, detail: () => detail })
/** Appends the gap if both ends are known. */
const withGap = (
  title: string,
  detail: string,
  gap: (required: string, available: string) => string,
): Text => ({
  title,
  detail: ({ required, available }) =>
    required === undefined || available === undefined ? detail : `${detail}${gap(required, available)}`,
})

/** Text of a rule that shares its code with another. */
const withRule = (usual: Text, rule: RefusalRule, other: Text): Text => ({
  title: usual.title,
  detail: (gap) => (gap.rule === rule ? other : usual).detail(gap),
})

/** @param at ISO 8601; in Shanghai, to the minute */
const timeText = (at: string): string => shanghaiText(new Date(at)).slice(0, 16)

/** Outside the times in which a product is on sale. */
const withTime = (title: string, detail: string, lang: Lang): Text => ({
  title,
  detail: ({ rule, available }) => {
    if (available === undefined || (rule !== 'not_yet' && rule !== 'over')) return detail
    return RULE_TEXTS[rule][lang]('', available)
  },
})

const FORBIDDEN_TEXTS: Readonly<Record<ForbiddenReason | 'role', Readonly<Record<Lang, string>>>> = {
  role: { zh: '当前身份无权执行此操作', en: 'Your role does not allow this' },
  own_account: {
    zh: '不能为自己办理：本人的账户和订单须由其他同事处理',
    en: 'You cannot do this for your own account or orders. Ask a colleague',
  },
  other_store: {
    zh: '你不是这家门店的店员',
    en: 'You are not on the staff of this store',
  },
  points_elsewhere: {
    zh: '积分由外部积分系统管理，不能在这里变更',
    en: 'Points are kept by an external points system and cannot be changed here',
  },
}

const nameOf = (code: string | undefined, lang: Lang): string =>
  code === undefined ? '' : (CARRIER_NAMES[code as Carrier]?.[lang] ?? code)

const TEXTS: Readonly<Record<ErrorCode, Readonly<Record<Lang, Text>>>> = {
  NOT_FOUND: {
    zh: plain('未找到', '请求的内容不存在'),
    en: plain('Not found', 'The requested resource does not exist'),
  },
  FORBIDDEN: {
    zh: { title: '没有权限', detail: ({ reason }) => FORBIDDEN_TEXTS[reason ?? 'role'].zh },
    en: { title: 'Forbidden', detail: ({ reason }) => FORBIDDEN_TEXTS[reason ?? 'role'].en },
  },
  PRODUCT_NOT_ON_SALE: {
    zh: withTime('商品未上架', '商品未上架或已下架', 'zh'),
    en: withTime('Product not on sale', 'The product is not on sale', 'en'),
  },
  SKU_REQUIRED: {
    zh: plain('请选择规格', '该商品有多种规格，请先选择'),
    en: plain('Choose an option', 'The product comes in several options. Choose one'),
  },
  ADDRESS_REQUIRED: {
    zh: plain('缺少收货地址', '该商品需要邮寄，请填写收货地址'),
    en: plain('Address required', 'This product is shipped and needs an address'),
  },
  PAYMENT_METHOD_UNSUPPORTED: {
    zh: {
      title: '不支持的支付方式',
      detail: ({ available }) => (available ? `不支持的支付方式，可选：${available}` : '不支持的支付方式'),
    },
    en: {
      title: 'Payment method not supported',
      detail: ({ available }) =>
        available
          ? `Payment method not supported. Choose one of: ${available}`
          : 'The payment method is not supported',
    },
  },
  PRICE_CHANGED: {
    zh: withRule(
      withGap('价格已变动', '价格已变动，请确认后重新提交', (r, a) => `：应付 ¥${r}，提交的金额为 ¥${a}`),
      'points',
      withGap('价格已变动', '价格已变动，请确认后重新提交', (r, a) => `：需要 ${r} 积分，提交的是 ${a} 积分`),
    ),
    en: withRule(
      withGap(
        'Price changed',
        'The price has changed. Please confirm it and submit again',
        (r, a) => `: ¥${r} is due, ¥${a} was submitted`,
      ),
      'points',
      withGap(
        'Price changed',
        'The price has changed. Please confirm it and submit again',
        (r, a) => `: ${r} points are due, ${a} points were submitted`,
      ),
    ),
  },
  STALE: {
    zh: plain('内容已被修改', '打开之后内容已被别人修改，请核对现在的内容后再保存'),
    en: plain(
      'Changed meanwhile',
      'This was changed since you opened it. Review it as it is now, then save again',
    ),
  },
  USER_LEVEL_TOO_LOW: {
    zh: withGap('用户等级不足', '用户等级不足', (r, a) => `：需要 ${r} 级，当前 ${a} 级`),
    en: withGap(
      'Level too low',
      'Your level is too low',
      (r, a) => `: level ${r} is required, you have level ${a}`,
    ),
  },
  EXCHANGE_LIMIT_EXCEEDED: {
    zh: withRule(
      withGap('超出兑换限制', '超出兑换限制', (r, a) => `：兑换 ${r} 件，还可兑换 ${a} 件`),
      'unpaid_pieces',
      withGap(
        '超出兑换限制',
        '未支付订单占用的件数超出限制',
        (r, a) => `：兑换 ${r} 件，未支付前还可占用 ${a} 件`,
      ),
    ),
    en: withRule(
      withGap(
        'Redemption limit exceeded',
        'The redemption limit is exceeded',
        (r, a) => `: ${r} requested, you can redeem ${a} more`,
      ),
      'unpaid_pieces',
      withGap(
        'Redemption limit exceeded',
        'Your unpaid orders hold too many items',
        (r, a) => `: ${r} requested, ${a} more allowed before you pay`,
      ),
    ),
  },
  TOO_MANY_UNPAID_ORDERS: {
    zh: withGap(
      '未支付订单过多',
      '未支付订单过多，请先支付或取消',
      (r, a) => `：加上这一单共 ${r} 笔，最多 ${a} 笔`,
    ),
    en: withGap(
      'Too many unpaid orders',
      'You have too many unpaid orders. Pay or cancel some first',
      (r, a) => `: ${r} including this one, the maximum is ${a}`,
    ),
  },
  BELOW_MIN_POINTS: {
    zh: withGap('低于最小兑换积分', '低于最小兑换积分', (r, a) => `：至少 ${r} 积分，本单 ${a} 积分`),
    en: withGap(
      'Below the minimum points',
      'The order is below the minimum number of points',
      (r, a) => `: at least ${r} required, this order has ${a}`,
    ),
  },
  POINTS_PER_ORDER_EXCEEDED: {
    zh: withGap('超出单次最大兑换积分', '超出单次最大兑换积分', (r, a) => `：本单 ${r} 积分，上限 ${a} 积分`),
    en: withGap(
      'Too many points in one order',
      'The order exceeds the maximum number of points',
      (r, a) => `: this order has ${r}, the maximum is ${a}`,
    ),
  },
  OUT_OF_STOCK: {
    zh: withGap('库存不足', '库存不足', (r, a) => `：需要 ${r} 件，剩余 ${a} 件`),
    en: withGap('Out of stock', 'Not enough stock', (r, a) => `: ${r} needed, ${a} left`),
  },
  INSUFFICIENT_POINTS: {
    zh: withGap('积分余额不足', '积分余额不足', (r, a) => `：需要 ${r} 积分，可用 ${a} 积分`),
    en: withGap(
      'Not enough points',
      'Not enough points available',
      (r, a) => `: ${r} needed, ${a} available`,
    ),
  },
  INSUFFICIENT_BALANCE: {
    zh: withGap('现金余额不足', '现金余额不足', (r, a) => `：需要 ¥${r}，可用 ¥${a}`),
    en: withGap(
      'Not enough cash',
      'Not enough cash in the wallet',
      (r, a) => `: ¥${r} needed, ¥${a} available`,
    ),
  },
  ORDER_NOT_CANCELABLE: {
    zh: plain('订单不可取消', '订单当前状态不能取消'),
    en: plain('Order cannot be canceled', 'The order cannot be canceled in its current state'),
  },
  SHIPMENT_EXCEEDS_REST: {
    zh: plain('超出可发货数量', '件数超出这笔订单还没有发出的件数'),
    en: plain('More than is left to ship', 'The quantity exceeds what this order has left to ship'),
  },
  CARRIER_MISMATCH: {
    zh: {
      title: '运单号与承运商不符',
      detail: ({ required, available }) =>
        `这个运单号像是${nameOf(required, 'zh')}的，填写的承运商是${nameOf(available, 'zh')}。确认无误请带上 confirm 再次提交`,
    },
    en: {
      title: 'Number of another carrier',
      detail: ({ required, available }) =>
        `The number looks like one of ${nameOf(required, 'en')}, but the carrier is ${nameOf(available, 'en')}. Send it again with confirm if it is right`,
    },
  },
  ALREADY_EXTENDED: {
    zh: plain('已延长过收货', '每笔订单只能延长一次收货'),
    en: plain('Already extended', 'The time to confirm receipt can be extended once per order'),
  },
  ORDER_STATE_CONFLICT: {
    zh: plain('订单状态冲突', '订单当前状态不允许此操作'),
    en: plain('Order state conflict', 'The order does not allow this in its current state'),
  },
  ACCOUNT_REQUIRED: {
    zh: plain('请填写充值号码', '请填写要充值的手机号码'),
    en: plain('Account required', 'Enter the mobile number to top up'),
  },
  CHARGE_UNAVAILABLE: {
    zh: plain('暂时无法充值', '该商品暂时无法充值，积分和现金都没有扣'),
    en: plain('Top-up not available', 'This product cannot be topped up at present'),
  },
  CHARGE_UNDECIDED: {
    zh: plain('充值结果未定', '供应商还没有答复是否已充值；得到“未充值”的答复后才能退还'),
    en: plain(
      'Top-up undecided',
      'The supplier has not said whether it topped up the account; a refund needs a negative answer first',
    ),
  },
  VOUCHER_USED: {
    zh: plain('核销券已用完', '这张核销券的次数已经用完'),
    en: plain('Voucher used', 'This voucher has no use left'),
  },
  VOUCHER_EXPIRED: {
    zh: plain('核销券已过期', '这张核销券已过有效期'),
    en: plain('Voucher expired', 'This voucher is past its validity'),
  },
  VOUCHER_VOID: {
    zh: plain('核销券已作废', '这张核销券的订单已取消'),
    en: plain('Voucher void', 'The order of this voucher was canceled'),
  },
  UNDO_TOO_LATE: {
    zh: plain('不能撤销', '没有可以撤销的核销：只能在核销后的一段时间内撤销'),
    en: plain('Nothing to undo', 'There is no use that can be undone: it can only be for a while after it'),
  },
  DELIVERY_MISMATCH: {
    zh: plain('交付方式不符', '该商品的交付方式不支持此操作'),
    en: plain('Delivery mismatch', 'The product is not delivered in this way'),
  },
  ORDER_SERVICE_REFUSED: {
    zh: plain('订单系统未接受', '商家的订单系统未接受这笔订单，积分和库存已退回'),
    en: plain(
      'Refused by the order system',
      "The shop's order system refused this order; nothing was charged",
    ),
  },
  REFUND_EXCEEDS_REST: {
    zh: withGap('退款超出可退余额', '退款超出订单剩余可退部分', (r, a) => `：申请 ${r}，可退 ${a}`),
    en: withGap(
      'Refund exceeds the refundable amount',
      'The refund exceeds what is left to refund on the order',
      (r, a) => `: ${r} requested, ${a} left`,
    ),
  },
  REFUND_IS_WHOLE: {
    zh: plain('不是部分退款', '这是订单剩余的全部，请改为整单退款'),
    en: plain('Not a partial refund', 'This is everything left on the order. Issue a full refund instead'),
  },
  ENDPOINT_DISABLED: {
    zh: plain('接收地址已停用', '接收地址已停用，请先启用'),
    en: plain('Endpoint disabled', 'The endpoint is switched off. Switch it on first'),
  },
  TOO_MANY_ENDPOINTS: {
    zh: withGap('接收地址过多', '接收地址过多，请先删除不用的', (_, a) => `：最多 ${a} 个`),
    en: withGap(
      'Too many endpoints',
      'There are too many endpoints. Delete one first',
      (_, a) => `: the maximum is ${a}`,
    ),
  },
  NOT_RETURNABLE: {
    zh: plain('不支持退货退款', '该商品现在不支持退货退款'),
    en: plain('Not returnable', 'This product cannot be returned or refunded now'),
  },
  RETURN_PERIOD_OVER: {
    zh: { title: '已过退货期限', detail: ({ required }) => `已超过签收后 ${required} 天的退货期限` },
    en: {
      title: 'Return period over',
      detail: ({ required }) => `The return period of ${required} days after receipt is over`,
    },
  },
  NOTHING_TO_RETURN: {
    zh: plain('无需寄回', '该商品没有可寄回的实物，请选择仅退款'),
    en: plain('Nothing to send back', 'These goods cannot be sent back. Ask for a refund only'),
  },
  AFTER_SALE_QUANTITY_EXCEEDED: {
    zh: withGap('超出可售后数量', '超出可申请售后的数量', (r, a) => `：申请 ${r} 件，可申请 ${a} 件`),
    en: withGap(
      'Quantity exceeded',
      'More pieces than can still be returned or refunded',
      (r, a) => `: ${r} requested, ${a} left`,
    ),
  },
  AFTER_SALE_WHOLE_ONLY: {
    zh: {
      title: '只能整单售后',
      detail: ({ required }) => `这笔订单只能全部 ${required} 件一起申请`,
    },
    en: {
      title: 'All pieces together only',
      detail: ({ required }) => `All pieces of this order must be returned together: ${required}`,
    },
  },
  AFTER_SALE_STATE_CONFLICT: {
    zh: plain('售后状态冲突', '售后单当前状态不允许此操作'),
    en: plain('After-sale state conflict', 'The after-sale does not allow this in its current state'),
  },
  UNAVAILABLE: {
    zh: plain('服务暂不可用', '服务暂时不可用，请稍后重试'),
    en: plain('Unavailable', 'The service is temporarily unavailable. Please try again'),
  },
  VALIDATION_FAILED: {
    zh: plain('参数有误', '请求参数有误'),
    en: plain('Validation failed', 'The request contains invalid values'),
  },
  MALFORMED_JSON: {
    zh: plain('JSON 格式错误', '请求体不是有效的 JSON'),
    en: plain('Malformed JSON', 'The request body is not valid JSON'),
  },
  PAYLOAD_TOO_LARGE: {
    zh: plain('请求体过大', '请求体不能超过 64 KiB'),
    en: plain('Payload too large', 'The request body cannot exceed 64 KiB'),
  },
  UNSUPPORTED_MEDIA_TYPE: {
    zh: plain('不支持的内容类型', '请求体必须是未压缩的 application/json'),
    en: plain('Unsupported media type', 'The request body must be uncompressed application/json'),
  },
  MISDIRECTED_REQUEST: {
    zh: plain(
      '主机名不属于本商城',
      '请使用商城的地址访问；若此地址无误，请在 PUBLIC_URL 或 ALLOWED_HOSTS 中设置它',
    ),
    en: plain(
      'Not a host of this mall',
      'Use the address of the mall. If this is one, set it in PUBLIC_URL or ALLOWED_HOSTS',
    ),
  },
  METHOD_NOT_ALLOWED: {
    zh: plain('请求方法不允许', '此地址不支持该请求方法'),
    en: plain('Method not allowed', 'This URL does not support that method'),
  },
  UNAUTHENTICATED: {
    zh: plain('未认证', '缺少访问令牌，或令牌无效、已过期'),
    en: plain('Unauthenticated', 'The access token is missing, invalid or expired'),
  },
  WEBHOOK_SIGNATURE_INVALID: {
    zh: plain('签名无效', '通知签名无效'),
    en: plain('Invalid signature', "The notification's signature is invalid"),
  },
  RISK_REJECTED: {
    zh: plain('风控拒绝', '该请求未通过风险控制'),
    en: plain('Rejected', 'The request was rejected by risk control'),
  },
  IDEMPOTENCY_KEY_REUSED: {
    zh: plain('幂等键重复使用', '该 Idempotency-Key 已用于内容不同的请求'),
    en: plain('Idempotency key reused', 'This Idempotency-Key was already used for a different request'),
  },
  RATE_LIMITED: {
    zh: plain('请求过于频繁', '请求过于频繁，请稍后重试'),
    en: plain('Too many requests', 'Too many requests. Please slow down'),
  },
  INTERNAL: {
    zh: plain('服务器内部错误', '服务器内部错误，请凭 request_id 联系客服'),
    en: plain('Internal error', 'Something went wrong on our side. Please quote the request_id'),
  },
}

/** What a client may branch on. The tables above have a text for each, so none is missing here. */
export const ERROR_CODES = Object.keys(TEXTS) as ErrorCode[]
export const FORBIDDEN_REASONS = Object.keys(FORBIDDEN_TEXTS).filter(
  (reason): reason is ForbiddenReason => reason !== 'role',
)

export function errorText(code: ErrorCode, lang: Lang, gap: Gap = {}): { title: string; detail: string } {
  const { title, detail } = TEXTS[code][lang]
  return { title, detail: detail(gap) }
}

/** Title of a code used as a reason; undefined for other reasons. */
export function codeTitle(code: string, lang: Lang): string | undefined {
  return Object.hasOwn(TEXTS, code) ? TEXTS[code as ErrorCode][lang].title : undefined
}

/** Fields with their own wording. */
const FIELD_TEXTS: Readonly<Record<string, Readonly<Record<Lang, string>>>> = {
  'product_id.required': { zh: '商品ID不能为空', en: 'The product id is required' },
  'quantity.required': { zh: '数量不能为空', en: 'The quantity is required' },
  'quantity.min': { zh: '数量必须大于0', en: 'The quantity must be greater than 0' },
  'cash_amount.min': { zh: '现金金额不能为负数', en: 'The cash amount cannot be negative' },
  'payment_method.in': { zh: '不支持的支付方式', en: 'The payment method is not supported' },
}

const RULE_TEXTS: Readonly<
  Record<FieldRule, Readonly<Record<Lang, (field: string, bound: string) => string>>>
> = {
  required: { zh: (f) => `${f} 不能为空`, en: (f) => `${f} is required` },
  integer: { zh: (f) => `${f} 必须是整数`, en: (f) => `${f} must be an integer` },
  type: { zh: (f, b) => `${f} 的类型必须是 ${b}`, en: (f, b) => `${f} must be of type ${b}` },
  min: { zh: (f, b) => `${f} 不能小于 ${b}`, en: (f, b) => `${f} must be at least ${b}` },
  max: { zh: (f, b) => `${f} 不能大于 ${b}`, en: (f, b) => `${f} must be at most ${b}` },
  max_pixels: {
    zh: (f, b) => `${f} 不能超过 ${b} 像素`,
    en: (f, b) => `${f} can have at most ${b} pixels`,
  },
  min_length: {
    zh: (f, b) => `${f} 至少需要 ${b} 个字符`,
    en: (f, b) => `${f} needs at least ${b} characters`,
  },
  max_length: {
    zh: (f, b) => `${f} 不能超过 ${b} 个字符`,
    en: (f, b) => `${f} can have at most ${b} characters`,
  },
  in: { zh: (f, b) => `${f} 必须是以下之一：${b}`, en: (f, b) => `${f} must be one of: ${b}` },
  format: { zh: (f) => `${f} 格式不正确`, en: (f) => `${f} has an invalid format` },
  unknown: { zh: (f) => `${f} 是未知字段`, en: (f) => `${f} is not a known field` },
  characters: {
    zh: (f) => `${f} 含有不允许的字符`,
    en: (f) => `${f} contains characters that are not allowed`,
  },
  depth: { zh: () => '请求体嵌套过深', en: () => 'The body is nested too deeply' },
  future: { zh: (f) => `${f} 必须是将来的时间`, en: (f) => `${f} must be in the future` },
  past: { zh: (f) => `${f} 不能是将来的时间`, en: (f) => `${f} cannot be in the future` },
  one_of: { zh: (_, b) => `必须且只能填写其中一个：${b}`, en: (_, b) => `provide exactly one of: ${b}` },
  exists: { zh: (f) => `${f} 不存在`, en: (f) => `${f} does not exist` },
  image: {
    zh: (f, b) => `${f} 必须是本站图片的路径${b && `，或以下主机的 https 地址：${b}`}`,
    en: (f, b) =>
      `${f} must be the path of a picture at this host${b && `, or an https address at one of: ${b}`}`,
  },
  taken: { zh: (f) => `${f} 已被使用`, en: (f) => `${f} is already in use` },
  stock_delta_only: {
    zh: (f) => `${f} 不能直接修改，请使用 stock_delta`,
    en: (f) => `${f} cannot be set directly, use stock_delta`,
  },
  not_yet: {
    zh: (_, b) => `${timeText(b)} 开始兑换`,
    en: (_, b) => `Opens at ${timeText(b)}, China time`,
  },
  over: {
    zh: (_, b) => `兑换已于 ${timeText(b)} 结束`,
    en: (_, b) => `Ended at ${timeText(b)}, China time`,
  },
  after: { zh: (f, b) => `${f} 必须晚于 ${b}`, en: (f, b) => `${f} must be after ${b}` },
  cycle: { zh: (f) => `${f} 不能是自己或自己的下级`, en: (f) => `${f} cannot be itself or below it` },
  max_depth: {
    zh: (_, b) => `最多 ${b} 级`,
    en: (_, b) => `at most ${b} levels`,
  },
  per_sku: {
    zh: (f) => `${f} 由商品的每个 SKU 决定，请使用 skus`,
    en: (f) => `${f} is that of each SKU, use skus`,
  },
  voucher_only: {
    zh: (f) => `${f} 只用于以核销券交付的商品`,
    en: (f) => `${f} is only for products delivered by voucher`,
  },
  charge_only: {
    zh: (f) => `${f} 只用于由供应商充值的商品`,
    en: (f) => `${f} is only for products that a supplier charges`,
  },
  check_digit: {
    zh: (f) => `${f} 不是有效的核销码，请核对 12 位数字`,
    en: (f) => `${f} is not a voucher code: check its 12 digits`,
  },
  stock_is_codes: {
    zh: (f) => `${f} 不能直接修改：该商品的库存就是可用的兑换码，请导入兑换码`,
    en: (f) => `${f} cannot be set: the stock of this product is its free codes. Import codes instead`,
  },
  stock_at_shop: {
    zh: (f) => `${f} 不能修改：该商品的库存由商家商品系统分配`,
    en: (f) => `${f} cannot be changed: the shop's product system gives this product its stock`,
  },
  publish_only: {
    zh: (f) => `${f} 不能直接修改，请使用 publish 或 unpublish`,
    en: (f) => `${f} cannot be set directly, use publish or unpublish`,
  },
  https: { zh: (f) => `${f} 必须是 https 地址`, en: (f) => `${f} must be an https address` },
  public_address: {
    zh: (f) => `${f} 指向内网或本机地址，不能使用`,
    en: (f) => `${f} points to a private address, which is not allowed`,
  },
  invalid: { zh: (f) => `${f} 无效`, en: (f) => `${f} is invalid` },
}

/** The codes of field errors. */
export const FIELD_RULES = Object.keys(RULE_TEXTS) as FieldRule[]

/** Message of a field error. */
export function fieldText({ field, rule, bound = '' }: FieldError, lang: Lang): string {
  return FIELD_TEXTS[`${field}.${rule}`]?.[lang] ?? RULE_TEXTS[rule][lang](field, bound)
}
