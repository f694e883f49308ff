/** Written by `npm run openapi:types` from the OpenAPI document; not to be edited. */

type OrderEvent = {
  type:
    | 'order.created'
    | 'order.paid'
    | 'order.accepted'
    | 'order.shipped'
    | 'order.finished'
    | 'order.canceled'
  data: { order_no: string; carrier?: string; tracking_no?: string }
}

type WechatNotification = {
  id: string
  create_time: string
  event_type: string
  resource_type: 'encrypt-resource'
  resource: {
    algorithm: 'AEAD_AES_256_GCM'
    original_type: string
    ciphertext: string
    associated_data?: string | null
    nonce: string
    [name: string]: unknown
  }
  [name: string]: unknown
}

type StripeEvent = {
  id: string
  type: string
  created: number
  data: { object: { [name: string]: unknown }; [name: string]: unknown }
  [name: string]: unknown
}

type Product = {
  id: string
  title: string
  description: string | null
  image: string | null
  images: ProductPicture[]
  points_price: number
  money_price: Money
  payment_mode: 'points_only' | 'money_only' | 'mixed'
  original_price: Money | null
  stock_quantity: number
  skus: Sku[]
  exchange_limit: number
  status: 'draft' | 'on_sale' | 'off_sale' | 'sold_out'
  sort: number
  product_type: 'physical' | 'virtual' | 'service' | 'customized'
  shipping_type: 'logistics' | 'pickup' | 'none'
  delivery: 'shipment' | 'pickup' | 'codes' | 'voucher' | 'charge' | 'manual'
  voucher: VoucherTerms
  charge: ChargeTerms
  returnable: ('none' | 'before_shipping') | { days: number }
  visible_from: string | null
  visible_until: string | null
  on_sale_from: string | null
  on_sale_until: string | null
  rules: string | null
  properties: ProductProperties
  custom_fields: CustomFields
  external_id: string | null
  payment_info: { mode: string; points: string | null; money: string | null; total_value: Money }
  category: { id: string; name: string } | null
  created_at: string
  updated_at: string
}

type ProductPicture = { image: string; alt: string }

type Money = { amount: string; currency: 'CNY' }

type Sku = {
  id: string
  specs: { [name: string]: string }
  point: number
  price: Money
  stock_quantity: number
  image: string | null
}

type VoucherTerms = { uses: number; valid_days: number } | null

type ChargeTerms = { item: string } | null

type ProductProperties = { limit?: ExchangeLimit; [name: string]: unknown } | null

type ExchangeLimit = {
  max_per_user?: number
  max_per_order?: number
  time_limit_seconds?: number
  user_level_required?: number
}

type CustomFields = {
  type: 'object'
  properties: { [name: string]: CustomField }
  required?: string[]
  additionalProperties?: false
  'x-order'?: string[]
} | null

type CustomField = {
  type: 'string' | 'number' | 'integer'
  title: string
  'x-title-en'?: string
  minLength?: number
  maxLength?: number
  enum?: string[]
  format?: 'uri'
  minimum?: number
  maximum?: number
}

type Meta = { current_page: number; per_page: number; total: number; last_page: number }

type Problem = {
  success: false
  type: string
  title: string
  status: number
  detail: string
  code:
    | 'NOT_FOUND'
    | 'FORBIDDEN'
    | 'PRODUCT_NOT_ON_SALE'
    | 'SKU_REQUIRED'
    | 'ADDRESS_REQUIRED'
    | 'PAYMENT_METHOD_UNSUPPORTED'
    | 'PRICE_CHANGED'
    | 'STALE'
    | 'USER_LEVEL_TOO_LOW'
    | 'EXCHANGE_LIMIT_EXCEEDED'
    | 'TOO_MANY_UNPAID_ORDERS'
    | 'BELOW_MIN_POINTS'
    | 'POINTS_PER_ORDER_EXCEEDED'
    | 'OUT_OF_STOCK'
    | 'INSUFFICIENT_POINTS'
    | 'INSUFFICIENT_BALANCE'
    | 'ORDER_NOT_CANCELABLE'
    | 'SHIPMENT_EXCEEDS_REST'
    | 'CARRIER_MISMATCH'
    | 'ALREADY_EXTENDED'
    | 'ORDER_STATE_CONFLICT'
    | 'ACCOUNT_REQUIRED'
    | 'CHARGE_UNAVAILABLE'
    | 'CHARGE_UNDECIDED'
    | 'VOUCHER_USED'
    | 'VOUCHER_EXPIRED'
    | 'VOUCHER_VOID'
    | 'UNDO_TOO_LATE'
    | 'DELIVERY_MISMATCH'
    | 'ORDER_SERVICE_REFUSED'
    | 'REFUND_EXCEEDS_REST'
    | 'REFUND_IS_WHOLE'
    | 'ENDPOINT_DISABLED'
    | 'TOO_MANY_ENDPOINTS'
    | 'NOT_RETURNABLE'
    | 'RETURN_PERIOD_OVER'
    | 'NOTHING_TO_RETURN'
    | 'AFTER_SALE_QUANTITY_EXCEEDED'
    | 'AFTER_SALE_WHOLE_ONLY'
    | 'AFTER_SALE_STATE_CONFLICT'
    | 'UNAVAILABLE'
    | 'VALIDATION_FAILED'
    | 'MALFORMED_JSON'
    | 'PAYLOAD_TOO_LARGE'
    | 'UNSUPPORTED_MEDIA_TYPE'
    | 'MISDIRECTED_REQUEST'
    | 'METHOD_NOT_ALLOWED'
    | 'UNAUTHENTICATED'
    | 'WEBHOOK_SIGNATURE_INVALID'
    | 'RISK_REJECTED'
    | 'IDEMPOTENCY_KEY_REUSED'
    | 'RATE_LIMITED'
    | 'INTERNAL'
  reason?: 'own_account' | 'other_store' | 'points_elsewhere'
  request_id: string
  errors: {
    field: string
    code:
      | 'required'
      | 'integer'
      | 'type'
      | 'min'
      | 'max'
      | 'max_pixels'
      | 'min_length'
      | 'max_length'
      | 'in'
      | 'format'
      | 'unknown'
      | 'characters'
      | 'depth'
      | 'future'
      | 'past'
      | 'one_of'
      | 'exists'
      | 'image'
      | 'taken'
      | 'stock_delta_only'
      | 'not_yet'
      | 'over'
      | 'after'
      | 'cycle'
      | 'max_depth'
      | 'per_sku'
      | 'voucher_only'
      | 'charge_only'
      | 'check_digit'
      | 'stock_is_codes'
      | 'stock_at_shop'
      | 'publish_only'
      | 'https'
      | 'public_address'
      | 'invalid'
    message: string
    at?: string
  }[]
}

type CategoryNode = Category & { children: CategoryBranch[] }

type CategoryBranch = Category & { children: CategoryLeaf[] }

type CategoryLeaf = Category & { children: Category[] }

type Category = {
  id: string
  name: string
  sort: number
  parent_id: string | null
  version: string
  created_at: string
  updated_at: string
}

type Wallet = {
  type: 'integral'
  currency: 'ZJF'
  available: number
  held: number
  expiring: { points: number; expires_at: string }[]
  cash: Money
}

type WalletEntry = {
  id: string
  kind: string
  order_no: string | null
  reason: string | null
  reason_text: string
  created_at: string
  points: number
  balance_after: number
}

type CashEntry = {
  id: string
  kind: string
  order_no: string | null
  reason: string | null
  reason_text: string
  created_at: string
  amount: MoneyChange
  balance_after: MoneyChange
}

type MoneyChange = { amount: string; currency: 'CNY' }

type CursorMeta = Meta & { next_cursor: string | null }

type Order = {
  id: string
  order_no: string
  order_id: string | null
  owner_id: string
  product_id: string
  sku_id: string
  specs: { [name: string]: string }
  product_title: string
  product_image: string | null
  points_price: number
  money_price: Money
  quantity: number
  total_points: number
  total_money: Money
  total_value: Money
  payment_mode: 'points_only' | 'money_only' | 'mixed'
  status:
    | 'exchanged'
    | 'order_created'
    | 'order_paid'
    | 'order_accepted'
    | 'order_shipped'
    | 'order_finished'
    | 'order_canceled'
  payment_status: 'unpaid' | 'paid' | 'closing' | 'closed' | 'refunding' | 'refunded'
  cancel_reason: string | null
  needs_attention: string | null
  attention?: {
    code:
      | 'refund'
      | 'late_money'
      | 'payment'
      | 'exchange'
      | 'attempt'
      | 'points'
      | 'stock'
      | 'after_sale'
      | 'order_service'
      | 'charge'
      | 'charged_after_refund'
      | 'other'
    data: { said: string }
  }
  exchange_time: string
  returnable: ('none' | 'before_shipping') | { days: number }
  shipping_info: { carrier: string; tracking_no: string } | null
  delivery?: ShipmentsDelivery | CodesDelivery | VoucherDelivery | ChargeDelivery | null
  shipments?: Shipment[]
  address_info: OrderAddress
  customer_notes: CustomerNotes
  payment_info: {
    payment_mode: 'points_only' | 'money_only' | 'mixed'
    points_amount: number
    money_amount: Money
    payment_method: 'wallet' | 'alipay' | 'wechat' | 'bank_card' | null
    trade_no: string | null
    pay_url: string | null
    jsapi: { [name: string]: string } | null
    expires_at: string | null
  }
  refunds: {
    refund_no: string
    provider_refund_no: string | null
    points: number
    money: Money
    state: 'pending' | 'done' | 'done_by_hand'
    reason: string
    failure: string | null
    settled: { by: string; reason: string } | null
    at: string
    done_at: string | null
  }[]
  timeline: {
    status: string
    at: string
    note: string | null
    code:
      | 'payment_declined'
      | 'payment_not_due'
      | 'refunded_in_part'
      | 'refunded'
      | 'refund_settled_by_hand'
      | 'auto_confirm'
      | 'handed_out'
      | 'code_replaced'
      | 'charged'
      | 'charged_after_refund'
      | 'parcel_sent'
      | 'tracking_corrected'
      | 'address_changed'
      | 'confirm_extended'
      | 'canceled'
      | 'canceled_with_words'
      | 'other'
      | null
    data: { [name: string]: string } | null
  }[]
  created_at: string
  updated_at: string
  product?: {
    id: string
    title: string
    description: string | null
    image: string | null
    images: ProductPicture[]
    points_price: number
    money_price: Money
    payment_mode: 'points_only' | 'money_only' | 'mixed'
    original_price: Money | null
    stock_quantity: number
    skus: Sku[]
    exchange_limit: number
    status: 'draft' | 'on_sale' | 'off_sale' | 'sold_out'
    sort: number
    product_type: 'physical' | 'virtual' | 'service' | 'customized'
    shipping_type: 'logistics' | 'pickup' | 'none'
    delivery: 'shipment' | 'pickup' | 'codes' | 'voucher' | 'charge' | 'manual'
    voucher: VoucherTerms
    charge: ChargeTerms
    returnable: ('none' | 'before_shipping') | { days: number }
    visible_from: string | null
    visible_until: string | null
    on_sale_from: string | null
    on_sale_until: string | null
    rules: string | null
    properties: ProductProperties
    custom_fields: CustomFields
    external_id: string | null
    payment_info: { mode: string; points: string | null; money: string | null; total_value: Money }
    category: { id: string; name: string } | null
    created_at: string
    updated_at: string
  } | null
  order?: {
    id: string
    order_no: string
    order_type: string
    status:
      | 'exchanged'
      | 'order_created'
      | 'order_paid'
      | 'order_accepted'
      | 'order_shipped'
      | 'order_finished'
      | 'order_canceled'
    amount: Money
    created_at: string
    updated_at: string
  } | null
}

type ShipmentsDelivery = { type: 'shipments'; shipments: Shipment[] }

type Shipment = {
  id: string
  carrier:
    | 'sf'
    | 'yto'
    | 'zto'
    | 'sto'
    | 'yunda'
    | 'jd'
    | 'ems'
    | 'chinapost'
    | 'jtsd'
    | 'deppon'
    | 'cainiao'
    | 'htky'
    | 'other'
    | null
  carrier_name: string | null
  tracking_no: string | null
  quantity: number
  state:
    | 'none'
    | 'picked_up'
    | 'in_transit'
    | 'out_for_delivery'
    | 'at_station'
    | 'signed'
    | 'problem'
    | 'returning'
    | 'returned'
    | 'refused'
  shipped_at: string | null
  delivered_at: string | null
  events: {
    at: string
    text: string
    state:
      | 'none'
      | 'picked_up'
      | 'in_transit'
      | 'out_for_delivery'
      | 'at_station'
      | 'signed'
      | 'problem'
      | 'returning'
      | 'returned'
      | 'refused'
  }[]
}

type CodesDelivery = {
  type: 'codes'
  codes: { code: string; pin?: string; url?: string; valid_until?: string }[]
}

type VoucherDelivery = {
  type: 'voucher'
  code: string
  valid_until: string
  uses_left: number
  uses_total: number
}

type ChargeDelivery = { type: 'charge'; state: 'processing' | 'succeeded' | 'failed'; account: string }

type OrderAddress = {
  name?: string
  phone?: string
  province?: string
  city?: string
  district?: string
  detail?: string
} | null

type CustomerNotes = {
  buyer_remarks?: string
  buyer_message?: string
  customized?: { [name: string]: unknown } | unknown[]
  custom?: { field: string; title: string; value: string | number }[]
} | null

type Exchange = {
  product_id: string
  sku_id?: string | null
  quantity: number
  cash_amount?: string | number | null
  expected_points?: number | null
  payment_method?: 'wallet' | 'alipay' | 'wechat' | 'bank_card' | null
  client?: 'in_app' | 'h5' | 'desktop' | null
  openid?: string | null
  return_url?: string | null
  buyer_remarks?: string | null
  buyer_message?: string | null
  customized?: { [name: string]: unknown } | unknown[] | null
  custom?: { [name: string]: string | number | null } | null
  address?: Address
  account?: string
}

type Address = {
  name?: string | null
  phone?: string | null
  province?: string | null
  city?: string | null
  district?: string | null
  detail?: string | null
} | null

type Message = { id: string; from: 'customer' | 'shop'; by?: string; text: string; at: string }

type AfterSale = {
  id: string
  order_no: string
  owner_id: string
  type: 'refund_only' | 'return_refund'
  stage: 'in_sale' | 'after_sale'
  quantity: number
  state:
    | 'requested'
    | 'refused'
    | 'awaiting_return'
    | 'returning'
    | 'receipt_refused'
    | 'refunding'
    | 'completed'
    | 'closed'
  goods_state:
    | 'with_shop'
    | 'with_customer'
    | 'to_return'
    | 'returning'
    | 'receipt_refused'
    | 'restocked'
    | 'unusable'
  money_state: 'initial' | 'refunding' | 'refunded' | 'not_refunded'
  points: number
  money: Money
  reason: string
  pictures: string[]
  return_shipment: { carrier: string; tracking_no: string } | null
  refund_no: string | null
  deadline: string | null
  overdue: boolean
  timeline: {
    state:
      | 'requested'
      | 'refused'
      | 'awaiting_return'
      | 'returning'
      | 'receipt_refused'
      | 'refunding'
      | 'completed'
      | 'closed'
    at: string
    note: string
    code:
      | 'requested'
      | 'appealed'
      | 'refused'
      | 'receipt_refused'
      | 'sent_back'
      | 'received'
      | 'closed'
      | 'approved'
      | 'refund_at_once'
      | 'overdue'
      | 'refunded'
    data: { [name: string]: string }
    by: { type: string; id: string | null }
  }[]
  created_at: string
  updated_at: string
}

type AdminProduct = Product & { point: number; price: Money; category_id: string | null; version: string }

type StockMovement = {
  id: string
  kind: 'initial' | 'reserved' | 'committed' | 'released' | 'adjusted' | 'returned'
  sku_id: string
  specs: { [name: string]: string }
  delta: number
  stock_after: number
  order_no: string | null
  operator_id: string | null
  created_at: string
}

type ProductCreation = {
  description?: string | null
  image?: string | null
  images?: { image: string; alt?: string }[]
  point?: number
  price?: Money
  original_price?: Money | null
  exchange_limit?: number
  sort?: number
  category_id?: string | null
  external_id?: string | null
  product_type?: 'physical' | 'virtual' | 'service' | 'customized'
  shipping_type?: 'logistics' | 'pickup' | 'none'
  delivery?: 'shipment' | 'pickup' | 'codes' | 'voucher' | 'charge' | 'manual' | null
  voucher?: VoucherTerms
  charge?: ChargeTerms
  returnable?: ('none' | 'before_shipping') | { days: number }
  visible_from?: string | null
  visible_until?: string | null
  on_sale_from?: string | null
  on_sale_until?: string | null
  rules?: string | null
  properties?: ProductProperties
  custom_fields?: CustomFields
  skus?: SkuFields[]
  title: string
  payment_mode: 'points_only' | 'money_only' | 'mixed'
  stock_quantity?: number
}

type SkuFields = {
  id?: string
  specs?: { [name: string]: string }
  point?: number
  price?: Money
  stock_quantity?: number
  stock_delta?: number
  image?: string | null
}

type ProductChange = {
  description?: string | null
  image?: string | null
  images?: { image: string; alt?: string }[]
  point?: number
  price?: Money
  original_price?: Money | null
  exchange_limit?: number
  sort?: number
  category_id?: string | null
  external_id?: string | null
  product_type?: 'physical' | 'virtual' | 'service' | 'customized'
  shipping_type?: 'logistics' | 'pickup' | 'none'
  delivery?: 'shipment' | 'pickup' | 'codes' | 'voucher' | 'charge' | 'manual' | null
  voucher?: VoucherTerms
  charge?: ChargeTerms
  returnable?: ('none' | 'before_shipping') | { days: number }
  visible_from?: string | null
  visible_until?: string | null
  on_sale_from?: string | null
  on_sale_until?: string | null
  rules?: string | null
  properties?: ProductProperties
  custom_fields?: CustomFields
  skus?: SkuFields[]
  title?: string
  payment_mode?: 'points_only' | 'money_only' | 'mixed'
  stock_delta?: number
  [name: string]: unknown
}

type GuardedWallet = Wallet & {
  frozen: string | null
  blocks: {
    block_id: string
    points: number
    reason: string | null
    operator_id: string | null
    created_at: string
  }[]
}

type Earning = {
  id: string
  owner_id: string
  source: string
  external_id: string
  amount: Money | null
  points: number
  capped_points: number
  state: 'pending' | 'granted' | 'reversed'
  occurred_at: string
  mature_at: string
  expires_at: string | null
  granted_at: string | null
  reversed_at: string | null
  reverse_reason: string | null
  shortfall: number
  open_shortfall: number
  created_at: string
}

type User = { owner_id: string; level: number | null; version: string }

type AdminOrder = Order & {
  codes?: OrderCode[]
  voucher?: Voucher
  charge?: Charge
  workflow: { id: string; run_id: string | null; url: string | null }
}

type OrderCode = {
  id: string
  masked: string
  state: 'free' | 'held' | 'issued' | 'void'
  void_reason: 'expired' | 'replaced' | 'canceled' | null
  valid_until: string | null
  issued_at: string | null
  views: number
  first_viewed_at: string | null
  last_viewed_at: string | null
  replaced: { by: string; reason: string; code_id: string } | null
}

type Voucher = {
  id: string
  masked: string
  order_no: string
  product_title: string
  uses_left: number
  uses_total: number
  valid_until: string
  void_at: string | null
  views: number
  first_viewed_at: string | null
  last_viewed_at: string | null
  uses: {
    store: { id: string; name: string }
    by: string
    at: string
    undone: { by: string; reason: string; at: string } | null
  }[]
}

type Charge = {
  state: 'created' | 'sent' | 'processing' | 'unknown' | 'succeeded' | 'failed'
  account: string
  item: string
  quantity: number
  sends: number
  queries: number
  answer: 'processing' | 'succeeded' | 'failed' | 'not_found' | 'none' | null
  answered_at: string | null
  supplier_ref: string | null
  failure: string | null
  sent_at: string | null
  next_at: string | null
  deadline_at: string | null
  overdue: boolean
  succeeded_at: string | null
  acknowledged: { at: string; by: string; reason: string } | null
}

type OrderDesk = {
  assignee: string | null
  notes: {
    id: string
    kind: 'note' | 'assigned' | 'unassigned'
    by: string
    assignee: string | null
    text: string | null
    at: string
  }[]
}

type CodeImportResult = {
  imported: number
  duplicates: number
  invalid: number
  lines: {
    line: number
    result: 'duplicate' | 'invalid'
    field: string | null
    code:
      | 'required'
      | 'integer'
      | 'type'
      | 'min'
      | 'max'
      | 'max_pixels'
      | 'min_length'
      | 'max_length'
      | 'in'
      | 'format'
      | 'unknown'
      | 'characters'
      | 'depth'
      | 'future'
      | 'past'
      | 'one_of'
      | 'exists'
      | 'image'
      | 'taken'
      | 'stock_delta_only'
      | 'not_yet'
      | 'over'
      | 'after'
      | 'cycle'
      | 'max_depth'
      | 'per_sku'
      | 'voucher_only'
      | 'charge_only'
      | 'check_digit'
      | 'stock_is_codes'
      | 'stock_at_shop'
      | 'publish_only'
      | 'https'
      | 'public_address'
      | 'invalid'
      | null
    message: string | null
  }[]
}

type CodeImport = {
  codes: { code: string; pin?: string | null; url?: string | null; valid_until?: string | null }[]
}

type CodePool = {
  counts: { free: number; held: number; issued: number; void: number }
  codes: {
    id: string
    masked: string
    state: 'free' | 'held' | 'issued' | 'void'
    void_reason: 'expired' | 'replaced' | 'canceled' | null
    order_no: string | null
    valid_until: string | null
    created_at: string
    issued_at: string | null
  }[]
}

type PeriodStatistics = {
  from: string
  to: string
  by: 'day' | 'week' | 'month'
  periods: PeriodFigures[]
  products: { product_id: string; title: string; orders: number; quantity: number }[]
}

type PeriodFigures = {
  period: string
  created: number
  paid: number
  finished: number
  canceled: number
  refunded: number
  points_spent: number
  points_returned: number
  cash_in: Money
  cash_out: Money
}

type ShipBatchResult = {
  line: number
  order_no: string
  result: 'shipped' | 'already_shipped' | 'pending' | 'not_tried' | 'refused'
  code:
    | 'NOT_FOUND'
    | 'FORBIDDEN'
    | 'PRODUCT_NOT_ON_SALE'
    | 'SKU_REQUIRED'
    | 'ADDRESS_REQUIRED'
    | 'PAYMENT_METHOD_UNSUPPORTED'
    | 'PRICE_CHANGED'
    | 'STALE'
    | 'USER_LEVEL_TOO_LOW'
    | 'EXCHANGE_LIMIT_EXCEEDED'
    | 'TOO_MANY_UNPAID_ORDERS'
    | 'BELOW_MIN_POINTS'
    | 'POINTS_PER_ORDER_EXCEEDED'
    | 'OUT_OF_STOCK'
    | 'INSUFFICIENT_POINTS'
    | 'INSUFFICIENT_BALANCE'
    | 'ORDER_NOT_CANCELABLE'
    | 'SHIPMENT_EXCEEDS_REST'
    | 'CARRIER_MISMATCH'
    | 'ALREADY_EXTENDED'
    | 'ORDER_STATE_CONFLICT'
    | 'ACCOUNT_REQUIRED'
    | 'CHARGE_UNAVAILABLE'
    | 'CHARGE_UNDECIDED'
    | 'VOUCHER_USED'
    | 'VOUCHER_EXPIRED'
    | 'VOUCHER_VOID'
    | 'UNDO_TOO_LATE'
    | 'DELIVERY_MISMATCH'
    | 'ORDER_SERVICE_REFUSED'
    | 'REFUND_EXCEEDS_REST'
    | 'REFUND_IS_WHOLE'
    | 'ENDPOINT_DISABLED'
    | 'TOO_MANY_ENDPOINTS'
    | 'NOT_RETURNABLE'
    | 'RETURN_PERIOD_OVER'
    | 'NOTHING_TO_RETURN'
    | 'AFTER_SALE_QUANTITY_EXCEEDED'
    | 'AFTER_SALE_WHOLE_ONLY'
    | 'AFTER_SALE_STATE_CONFLICT'
    | 'UNAVAILABLE'
    | 'VALIDATION_FAILED'
    | 'MALFORMED_JSON'
    | 'PAYLOAD_TOO_LARGE'
    | 'UNSUPPORTED_MEDIA_TYPE'
    | 'MISDIRECTED_REQUEST'
    | 'METHOD_NOT_ALLOWED'
    | 'UNAUTHENTICATED'
    | 'WEBHOOK_SIGNATURE_INVALID'
    | 'RISK_REJECTED'
    | 'IDEMPOTENCY_KEY_REUSED'
    | 'RATE_LIMITED'
    | 'INTERNAL'
    | null
  message: string | null
}

type AcceptBatchResult = {
  order_no: string
  result: 'accepted' | 'already_accepted' | 'pending' | 'not_tried' | 'refused'
  code:
    | 'NOT_FOUND'
    | 'FORBIDDEN'
    | 'PRODUCT_NOT_ON_SALE'
    | 'SKU_REQUIRED'
    | 'ADDRESS_REQUIRED'
    | 'PAYMENT_METHOD_UNSUPPORTED'
    | 'PRICE_CHANGED'
    | 'STALE'
    | 'USER_LEVEL_TOO_LOW'
    | 'EXCHANGE_LIMIT_EXCEEDED'
    | 'TOO_MANY_UNPAID_ORDERS'
    | 'BELOW_MIN_POINTS'
    | 'POINTS_PER_ORDER_EXCEEDED'
    | 'OUT_OF_STOCK'
    | 'INSUFFICIENT_POINTS'
    | 'INSUFFICIENT_BALANCE'
    | 'ORDER_NOT_CANCELABLE'
    | 'SHIPMENT_EXCEEDS_REST'
    | 'CARRIER_MISMATCH'
    | 'ALREADY_EXTENDED'
    | 'ORDER_STATE_CONFLICT'
    | 'ACCOUNT_REQUIRED'
    | 'CHARGE_UNAVAILABLE'
    | 'CHARGE_UNDECIDED'
    | 'VOUCHER_USED'
    | 'VOUCHER_EXPIRED'
    | 'VOUCHER_VOID'
    | 'UNDO_TOO_LATE'
    | 'DELIVERY_MISMATCH'
    | 'ORDER_SERVICE_REFUSED'
    | 'REFUND_EXCEEDS_REST'
    | 'REFUND_IS_WHOLE'
    | 'ENDPOINT_DISABLED'
    | 'TOO_MANY_ENDPOINTS'
    | 'NOT_RETURNABLE'
    | 'RETURN_PERIOD_OVER'
    | 'NOTHING_TO_RETURN'
    | 'AFTER_SALE_QUANTITY_EXCEEDED'
    | 'AFTER_SALE_WHOLE_ONLY'
    | 'AFTER_SALE_STATE_CONFLICT'
    | 'UNAVAILABLE'
    | 'VALIDATION_FAILED'
    | 'MALFORMED_JSON'
    | 'PAYLOAD_TOO_LARGE'
    | 'UNSUPPORTED_MEDIA_TYPE'
    | 'MISDIRECTED_REQUEST'
    | 'METHOD_NOT_ALLOWED'
    | 'UNAUTHENTICATED'
    | 'WEBHOOK_SIGNATURE_INVALID'
    | 'RISK_REJECTED'
    | 'IDEMPOTENCY_KEY_REUSED'
    | 'RATE_LIMITED'
    | 'INTERNAL'
    | null
  message: string | null
}

type Store = { id: string; name: string; address: string | null; staff: string[]; created_at: string }

type NeedsAttention = {
  id: string
  kind: 'order' | 'after_sale' | 'refund' | 'attempt' | 'notice' | 'endpoint' | 'delivery' | 'finding'
  code: string
  data: { [name: string]: string }
  text: string
  order_no: string | null
  since: string
  tries: number | null
  next_try_at: string | null
  actions: ('retry' | 'skip' | 'refund')[]
}

type Reconciliation = {
  id: string
  day: string
  started_at: string
  finished_at: string | null
  totals: { [name: string]: string }
  sums: {
    bills: {
      [name: string]: {
        lines: number
        payments: { count: number; money: Money }
        refunds: { count: number; money: Money }
      } | null
    }
    orders: {
      exchanged?: { count: number; money: Money; points: number }
      order_created?: { count: number; money: Money; points: number }
      order_paid?: { count: number; money: Money; points: number }
      order_accepted?: { count: number; money: Money; points: number }
      order_shipped?: { count: number; money: Money; points: number }
      order_finished?: { count: number; money: Money; points: number }
      order_canceled?: { count: number; money: Money; points: number }
    }
    payments: {
      unpaid?: { count: number; money: Money }
      paid?: { count: number; money: Money }
      closing?: { count: number; money: Money }
      closed?: { count: number; money: Money }
      refunding?: { count: number; money: Money }
      refunded?: { count: number; money: Money }
    }
  }
  open_findings: number
  healed_findings: number
}

type Finding = {
  id: string
  kind:
    | 'provider_unreachable'
    | 'bill_missing'
    | 'engine_unreachable'
    | 'payment_unknown'
    | 'payment_not_counted'
    | 'payment_missing'
    | 'payment_amount'
    | 'payment_twice'
    | 'refund_unknown'
    | 'refund_not_counted'
    | 'refund_missing'
    | 'refund_amount'
    | 'refund_twice'
    | 'payment_against_order'
    | 'order_against_books'
    | 'amount_against_ledger'
    | 'ledger'
    | 'earning_against_ledger'
    | 'workflow_missing'
    | 'workflow_left_running'
    | 'attempt_stuck'
    | 'payment_stuck'
    | 'notice_undelivered'
    | 'refund_stuck'
  subject: string
  ours: string | null
  theirs: string | null
  codes: {
    subject: { code: string; data: { [name: string]: string | string[] } }
    ours: { code: string; data: { [name: string]: string | string[] } } | null
    theirs: { code: string; data: { [name: string]: string | string[] } } | null
  }
  state: 'open' | 'healed'
  order_no: string | null
  order_url: string | null
  found_at: string
}

type WebhookEndpoint = {
  id: string
  url: string
  events: (
    | 'order.created'
    | 'order.paid'
    | 'order.accepted'
    | 'order.shipped'
    | 'order.finished'
    | 'order.canceled'
    | 'after_sale.requested'
    | 'after_sale.refused'
    | 'after_sale.awaiting_return'
    | 'after_sale.returning'
    | 'after_sale.receipt_refused'
    | 'after_sale.refunding'
    | 'after_sale.completed'
    | 'after_sale.closed'
    | 'refund.succeeded'
    | 'points.changed'
    | 'points.expiring'
  )[]
  description: string | null
  latest_state: boolean
  state: 'enabled' | 'disabled' | 'gone' | 'failing'
  state_since: string
  failing_since: string | null
  paused_until: string | null
  public_key: string
  earlier_secret_until: string | null
  pending: number
  given_up: number
  created_at: string
  updated_at: string
}

type WebhookEndpointWithSecret = WebhookEndpoint & { secret: string }

type WebhookDelivery = {
  id: string
  endpoint_id: string
  event_id: string
  event: OutgoingEvent
  order_no: string | null
  state: 'pending' | 'delivered' | 'given_up'
  is_behind: boolean
  tries: number
  next_try_at: string | null
  outcome:
    | 'delivered'
    | 'refused'
    | 'redirected'
    | 'gone'
    | 'timed_out'
    | 'unreachable'
    | 'address_not_allowed'
    | 'endpoint_disabled'
    | 'interrupted'
    | null
  response_status: number | null
  created_at: string
  ended_at: string | null
  attempts: {
    at: string
    outcome:
      | 'delivered'
      | 'refused'
      | 'redirected'
      | 'gone'
      | 'timed_out'
      | 'unreachable'
      | 'address_not_allowed'
      | 'endpoint_disabled'
      | 'interrupted'
      | null
    response_status: number | null
    duration_ms: number | null
  }[]
}

type OutgoingEvent = {
  type:
    | 'order.created'
    | 'order.paid'
    | 'order.accepted'
    | 'order.shipped'
    | 'order.finished'
    | 'order.canceled'
    | 'after_sale.requested'
    | 'after_sale.refused'
    | 'after_sale.awaiting_return'
    | 'after_sale.returning'
    | 'after_sale.receipt_refused'
    | 'after_sale.refunding'
    | 'after_sale.completed'
    | 'after_sale.closed'
    | 'refund.succeeded'
    | 'points.changed'
    | 'points.expiring'
    | 'webhook.test'
  timestamp: string
  sequence: number
  data: { [name: string]: unknown }
}

export interface Operations {
  listProducts: {
    query?: {
      page?: number
      per_page?: number
      payment_mode?: 'points_only' | 'money_only' | 'mixed'
      product_type?: 'physical' | 'virtual' | 'service' | 'customized'
      sort?:
        | 'default'
        | 'newest'
        | 'points_asc'
        | 'points_desc'
        | 'price_asc'
        | 'price_desc'
        | 'stock_asc'
        | 'stock_desc'
      category_id?: string
    }
    answer:
      | { status: 200; body: { success: true; data: Product[]; meta: Meta } }
      | { status: 422; body: Problem }
      | { status: 500; body: Problem }
      | { status: 503; body: Problem }
  }
  searchProducts: {
    query: {
      page?: number
      per_page?: number
      payment_mode?: 'points_only' | 'money_only' | 'mixed'
      product_type?: 'physical' | 'virtual' | 'service' | 'customized'
      sort?:
        | 'default'
        | 'newest'
        | 'points_asc'
        | 'points_desc'
        | 'price_asc'
        | 'price_desc'
        | 'stock_asc'
        | 'stock_desc'
      category_id?: string
      keyword: string
    }
    answer:
      | { status: 200; body: { success: true; data: Product[]; meta: Meta } }
      | { status: 422; body: Problem }
      | { status: 500; body: Problem }
      | { status: 503; body: Problem }
  }
  listProductsOfCategory: {
    path: { category_id: string }
    query?: {
      page?: number
      per_page?: number
      payment_mode?: 'points_only' | 'money_only' | 'mixed'
      product_type?: 'physical' | 'virtual' | 'service' | 'customized'
      sort?:
        | 'default'
        | 'newest'
        | 'points_asc'
        | 'points_desc'
        | 'price_asc'
        | 'price_desc'
        | 'stock_asc'
        | 'stock_desc'
    }
    answer:
      | { status: 200; body: { success: true; data: Product[]; meta: Meta } }
      | { status: 404; body: Problem }
      | { status: 422; body: Problem }
      | { status: 500; body: Problem }
      | { status: 503; body: Problem }
  }
  getProduct: {
    path: { id: string }
    answer:
      | { status: 200; body: { success: true; data: Product } }
      | { status: 404; body: Problem }
      | { status: 422; body: Problem }
      | { status: 500; body: Problem }
      | { status: 503; body: Problem }
  }
  listCategories: {
    answer:
      | { status: 200; body: { success: true; data: CategoryNode[] } }
      | { status: 422; body: Problem }
      | { status: 500; body: Problem }
      | { status: 503; body: Problem }
  }
  getWallet: {
    answer:
      | { status: 200; body: { success: true; data: Wallet } }
      | { status: 401; body: Problem }
      | { status: 403; body: Problem }
      | { status: 422; body: Problem }
      | { status: 500; body: Problem }
      | { status: 503; body: Problem }
  }
  listTransactions: {
    query?: {
      page?: number
      per_page?: number
      currency?: 'ZJF' | 'CNY'
      kind?: 'grant' | 'hold' | 'capture' | 'release' | 'reverse' | 'expire' | 'adjust' | 'freeze'
      cursor?: string
    }
    answer:
      | { status: 200; body: { success: true; data: WalletEntry[] | CashEntry[]; meta: CursorMeta } }
      | { status: 401; body: Problem }
      | { status: 403; body: Problem }
      | { status: 422; body: Problem }
      | { status: 500; body: Problem }
      | { status: 503; body: Problem }
  }
  downloadTransactions: {
    query?: {
      currency?: 'ZJF' | 'CNY'
      kind?: 'grant' | 'hold' | 'capture' | 'release' | 'reverse' | 'expire' | 'adjust' | 'freeze'
    }
    answer:
      | { status: 200; body: string }
      | { status: 401; body: Problem }
      | { status: 403; body: Problem }
      | { status: 422; body: Problem }
      | { status: 500; body: Problem }
      | { status: 503; body: Problem }
  }
  createExchange: {
    body: Exchange
    answer:
      | { status: 201; body: { success: true; data: Order } }
      | { status: 202; body: { success: true; data: Order } }
      | { status: 400; body: Problem }
      | { status: 401; body: Problem }
      | { status: 403; body: Problem }
      | { status: 404; body: Problem }
      | { status: 409; body: Problem }
      | { status: 413; body: Problem }
      | { status: 415; body: Problem }
      | { status: 422; body: Problem }
      | { status: 500; body: Problem }
      | { status: 503; body: Problem }
  }
  checkExchange: {
    body: {
      product_id: string
      sku_id?: string | null
      quantity: number
      payment_method?: 'wallet' | 'alipay' | 'wechat' | 'bank_card' | null
      expected_points?: number | null
      custom?: { [name: string]: string | number | null } | null
    }
    answer:
      | {
          status: 200
          body: {
            success: true
            data: {
              eligible: boolean
              reasons: {
                code:
                  | 'NOT_FOUND'
                  | 'FORBIDDEN'
                  | 'PRODUCT_NOT_ON_SALE'
                  | 'SKU_REQUIRED'
                  | 'ADDRESS_REQUIRED'
                  | 'PAYMENT_METHOD_UNSUPPORTED'
                  | 'PRICE_CHANGED'
                  | 'STALE'
                  | 'USER_LEVEL_TOO_LOW'
                  | 'EXCHANGE_LIMIT_EXCEEDED'
                  | 'TOO_MANY_UNPAID_ORDERS'
                  | 'BELOW_MIN_POINTS'
                  | 'POINTS_PER_ORDER_EXCEEDED'
                  | 'OUT_OF_STOCK'
                  | 'INSUFFICIENT_POINTS'
                  | 'INSUFFICIENT_BALANCE'
                  | 'ORDER_NOT_CANCELABLE'
                  | 'SHIPMENT_EXCEEDS_REST'
                  | 'CARRIER_MISMATCH'
                  | 'ALREADY_EXTENDED'
                  | 'ORDER_STATE_CONFLICT'
                  | 'ACCOUNT_REQUIRED'
                  | 'CHARGE_UNAVAILABLE'
                  | 'CHARGE_UNDECIDED'
                  | 'VOUCHER_USED'
                  | 'VOUCHER_EXPIRED'
                  | 'VOUCHER_VOID'
                  | 'UNDO_TOO_LATE'
                  | 'DELIVERY_MISMATCH'
                  | 'ORDER_SERVICE_REFUSED'
                  | 'REFUND_EXCEEDS_REST'
                  | 'REFUND_IS_WHOLE'
                  | 'ENDPOINT_DISABLED'
                  | 'TOO_MANY_ENDPOINTS'
                  | 'NOT_RETURNABLE'
                  | 'RETURN_PERIOD_OVER'
                  | 'NOTHING_TO_RETURN'
                  | 'AFTER_SALE_QUANTITY_EXCEEDED'
                  | 'AFTER_SALE_WHOLE_ONLY'
                  | 'AFTER_SALE_STATE_CONFLICT'
                  | 'UNAVAILABLE'
                  | 'VALIDATION_FAILED'
                  | 'MALFORMED_JSON'
                  | 'PAYLOAD_TOO_LARGE'
                  | 'UNSUPPORTED_MEDIA_TYPE'
                  | 'MISDIRECTED_REQUEST'
                  | 'METHOD_NOT_ALLOWED'
                  | 'UNAUTHENTICATED'
                  | 'WEBHOOK_SIGNATURE_INVALID'
                  | 'RISK_REJECTED'
                  | 'IDEMPOTENCY_KEY_REUSED'
                  | 'RATE_LIMITED'
                  | 'INTERNAL'
                rule?: 'unpaid_pieces' | 'points' | 'not_yet' | 'over'
                message: string
                required: number | null
                available: number | null
              }[]
              quote: {
                quantity: number
                total_points: number
                total_money: Money
                points_available: number | null
              }
            }
          }
        }
      | { status: 400; body: Problem }
      | { status: 401; body: Problem }
      | { status: 403; body: Problem }
      | { status: 404; body: Problem }
      | { status: 413; body: Problem }
      | { status: 415; body: Problem }
      | { status: 422; body: Problem }
      | { status: 500; body: Problem }
      | { status: 503; body: Problem }
  }
  listOrders: {
    query?: {
      page?: number
      per_page?: number
      status?:
        | 'exchanged'
        | 'order_created'
        | 'order_paid'
        | 'order_accepted'
        | 'order_shipped'
        | 'order_finished'
        | 'order_canceled'
      include?: string
    }
    answer:
      | { status: 200; body: { success: true; data: Order[]; meta: Meta } }
      | { status: 401; body: Problem }
      | { status: 403; body: Problem }
      | { status: 422; body: Problem }
      | { status: 500; body: Problem }
      | { status: 503; body: Problem }
  }
  getOrderStatistics: {
    answer:
      | {
          status: 200
          body: {
            success: true
            data: {
              total: number
              by_status: { [name: string]: number }
              by_payment_mode: { [name: string]: number }
              total_points: number
              total_money: Money
            }
          }
        }
      | { status: 401; body: Problem }
      | { status: 403; body: Problem }
      | { status: 422; body: Problem }
      | { status: 500; body: Problem }
      | { status: 503; body: Problem }
  }
  getOrder: {
    path: { id: string }
    query?: { include?: string }
    answer:
      | { status: 200; body: { success: true; data: Order } }
      | { status: 401; body: Problem }
      | { status: 403; body: Problem }
      | { status: 404; body: Problem }
      | { status: 422; body: Problem }
      | { status: 500; body: Problem }
      | { status: 503; body: Problem }
  }
  payOrder: {
    path: { id: string }
    body: {
      payment_method?: 'wallet' | 'alipay' | 'wechat' | 'bank_card' | null
      client?: 'in_app' | 'h5' | 'desktop' | null
      openid?: string | null
      return_url?: string | null
    }
    answer:
      | { status: 200; body: { success: true; data: Order } }
      | { status: 202; body: { success: true; data: Order } }
      | { status: 400; body: Problem }
      | { status: 401; body: Problem }
      | { status: 403; body: Problem }
      | { status: 404; body: Problem }
      | { status: 409; body: Problem }
      | { status: 413; body: Problem }
      | { status: 415; body: Problem }
      | { status: 422; body: Problem }
      | { status: 429; body: Problem }
      | { status: 500; body: Problem }
      | { status: 503; body: Problem }
  }
  cancelOrder: {
    path: { id: string }
    body: { reason?: string | null }
    answer:
      | { status: 200; body: { success: true; data: Order } }
      | { status: 202; body: { success: true; data: Order } }
      | { status: 400; body: Problem }
      | { status: 401; body: Problem }
      | { status: 403; body: Problem }
      | { status: 404; body: Problem }
      | { status: 409; body: Problem }
      | { status: 413; body: Problem }
      | { status: 415; body: Problem }
      | { status: 422; body: Problem }
      | { status: 500; body: Problem }
      | { status: 503; body: Problem }
  }
  changeOrderAddress: {
    path: { id: string }
    body: Address
    answer:
      | { status: 200; body: { success: true; data: Order } }
      | { status: 400; body: Problem }
      | { status: 401; body: Problem }
      | { status: 403; body: Problem }
      | { status: 404; body: Problem }
      | { status: 409; body: Problem }
      | { status: 413; body: Problem }
      | { status: 415; body: Problem }
      | { status: 422; body: Problem }
      | { status: 500; body: Problem }
      | { status: 503; body: Problem }
  }
  extendOrder: {
    path: { id: string }
    body: Record<string, never>
    answer:
      | { status: 200; body: { success: true; data: Order } }
      | { status: 202; body: { success: true; data: Order } }
      | { status: 400; body: Problem }
      | { status: 401; body: Problem }
      | { status: 403; body: Problem }
      | { status: 404; body: Problem }
      | { status: 409; body: Problem }
      | { status: 413; body: Problem }
      | { status: 415; body: Problem }
      | { status: 422; body: Problem }
      | { status: 500; body: Problem }
      | { status: 503; body: Problem }
  }
  confirmOrder: {
    path: { id: string }
    body: Record<string, never>
    answer:
      | { status: 200; body: { success: true; data: Order } }
      | { status: 202; body: { success: true; data: Order } }
      | { status: 400; body: Problem }
      | { status: 401; body: Problem }
      | { status: 403; body: Problem }
      | { status: 404; body: Problem }
      | { status: 409; body: Problem }
      | { status: 413; body: Problem }
      | { status: 415; body: Problem }
      | { status: 422; body: Problem }
      | { status: 500; body: Problem }
      | { status: 503; body: Problem }
  }
  listOrderMessages: {
    path: { id: string }
    query?: { page?: number; per_page?: number }
    answer:
      | {
          status: 200
          body: {
            success: true
            data: Message[]
            meta: {
              current_page: number
              per_page: number
              total: number
              last_page: number
              unread: number
              unanswered: number
            }
          }
        }
      | { status: 401; body: Problem }
      | { status: 403; body: Problem }
      | { status: 404; body: Problem }
      | { status: 422; body: Problem }
      | { status: 500; body: Problem }
      | { status: 503; body: Problem }
  }
  createOrderMessage: {
    path: { id: string }
    body: { text: string }
    answer:
      | { status: 201; body: { success: true; data: Message } }
      | { status: 400; body: Problem }
      | { status: 401; body: Problem }
      | { status: 403; body: Problem }
      | { status: 404; body: Problem }
      | { status: 409; body: Problem }
      | { status: 413; body: Problem }
      | { status: 415; body: Problem }
      | { status: 422; body: Problem }
      | { status: 429; body: Problem }
      | { status: 500; body: Problem }
      | { status: 503; body: Problem }
  }
  createAfterSale: {
    path: { id: string }
    body: {
      type: 'refund_only' | 'return_refund'
      quantity: number
      reason: string
      pictures?: string[] | null
    }
    answer:
      | { status: 201; body: { success: true; data: AfterSale } }
      | { status: 400; body: Problem }
      | { status: 401; body: Problem }
      | { status: 403; body: Problem }
      | { status: 404; body: Problem }
      | { status: 409; body: Problem }
      | { status: 413; body: Problem }
      | { status: 415; body: Problem }
      | { status: 422; body: Problem }
      | { status: 500; body: Problem }
      | { status: 503; body: Problem }
  }
  listAfterSales: {
    query?: {
      page?: number
      per_page?: number
      state?:
        | 'requested'
        | 'refused'
        | 'awaiting_return'
        | 'returning'
        | 'receipt_refused'
        | 'refunding'
        | 'completed'
        | 'closed'
    }
    answer:
      | { status: 200; body: { success: true; data: AfterSale[]; meta: Meta } }
      | { status: 401; body: Problem }
      | { status: 403; body: Problem }
      | { status: 422; body: Problem }
      | { status: 500; body: Problem }
      | { status: 503; body: Problem }
  }
  getAfterSale: {
    path: { id: string }
    answer:
      | { status: 200; body: { success: true; data: AfterSale } }
      | { status: 401; body: Problem }
      | { status: 403; body: Problem }
      | { status: 404; body: Problem }
      | { status: 422; body: Problem }
      | { status: 500; body: Problem }
      | { status: 503; body: Problem }
  }
  cancelAfterSale: {
    path: { id: string }
    body: Record<string, never>
    answer:
      | { status: 200; body: { success: true; data: AfterSale } }
      | { status: 202; body: { success: true; data: AfterSale } }
      | { status: 400; body: Problem }
      | { status: 401; body: Problem }
      | { status: 403; body: Problem }
      | { status: 404; body: Problem }
      | { status: 409; body: Problem }
      | { status: 413; body: Problem }
      | { status: 415; body: Problem }
      | { status: 422; body: Problem }
      | { status: 500; body: Problem }
      | { status: 503; body: Problem }
  }
  appealAfterSale: {
    path: { id: string }
    body: { reason: string }
    answer:
      | { status: 200; body: { success: true; data: AfterSale } }
      | { status: 202; body: { success: true; data: AfterSale } }
      | { status: 400; body: Problem }
      | { status: 401; body: Problem }
      | { status: 403; body: Problem }
      | { status: 404; body: Problem }
      | { status: 409; body: Problem }
      | { status: 413; body: Problem }
      | { status: 415; body: Problem }
      | { status: 422; body: Problem }
      | { status: 500; body: Problem }
      | { status: 503; body: Problem }
  }
  sendAfterSaleBack: {
    path: { id: string }
    body: { carrier: string; tracking_no: string }
    answer:
      | { status: 200; body: { success: true; data: AfterSale } }
      | { status: 202; body: { success: true; data: AfterSale } }
      | { status: 400; body: Problem }
      | { status: 401; body: Problem }
      | { status: 403; body: Problem }
      | { status: 404; body: Problem }
      | { status: 409; body: Problem }
      | { status: 413; body: Problem }
      | { status: 415; body: Problem }
      | { status: 422; body: Problem }
      | { status: 500; body: Problem }
      | { status: 503; body: Problem }
  }
  adminListProducts: {
    query?: {
      page?: number
      per_page?: number
      status?: 'draft' | 'on_sale' | 'off_sale' | 'sold_out'
      category_id?: string
      payment_mode?: 'points_only' | 'money_only' | 'mixed'
      product_type?: 'physical' | 'virtual' | 'service' | 'customized'
      keyword?: string
      sort?:
        | 'default'
        | 'newest'
        | 'points_asc'
        | 'points_desc'
        | 'price_asc'
        | 'price_desc'
        | 'stock_asc'
        | 'stock_desc'
    }
    answer:
      | { status: 200; body: { success: true; data: AdminProduct[]; meta: Meta } }
      | { status: 401; body: Problem }
      | { status: 403; body: Problem }
      | { status: 422; body: Problem }
      | { status: 500; body: Problem }
      | { status: 503; body: Problem }
  }
  adminCreateProduct: {
    body: ProductCreation
    answer:
      | { status: 201; body: { success: true; data: AdminProduct } }
      | { status: 400; body: Problem }
      | { status: 401; body: Problem }
      | { status: 403; body: Problem }
      | { status: 413; body: Problem }
      | { status: 415; body: Problem }
      | { status: 422; body: Problem }
      | { status: 500; body: Problem }
      | { status: 503; body: Problem }
  }
  adminGetProduct: {
    path: { id: string }
    answer:
      | { status: 200; body: { success: true; data: AdminProduct } }
      | { status: 401; body: Problem }
      | { status: 403; body: Problem }
      | { status: 404; body: Problem }
      | { status: 422; body: Problem }
      | { status: 500; body: Problem }
      | { status: 503; body: Problem }
  }
  adminUpdateProduct: {
    path: { id: string }
    body: ProductChange
    answer:
      | { status: 200; body: { success: true; data: AdminProduct } }
      | { status: 400; body: Problem }
      | { status: 401; body: Problem }
      | { status: 403; body: Problem }
      | { status: 404; body: Problem }
      | { status: 409; body: Problem }
      | { status: 412; body: Problem }
      | { status: 413; body: Problem }
      | { status: 415; body: Problem }
      | { status: 422; body: Problem }
      | { status: 500; body: Problem }
      | { status: 503; body: Problem }
  }
  adminDeleteProduct: {
    path: { id: string }
    answer:
      | { status: 200; body: { success: true; data: { id: string } } }
      | { status: 400; body: Problem }
      | { status: 401; body: Problem }
      | { status: 403; body: Problem }
      | { status: 404; body: Problem }
      | { status: 413; body: Problem }
      | { status: 415; body: Problem }
      | { status: 422; body: Problem }
      | { status: 500; body: Problem }
      | { status: 503; body: Problem }
  }
  adminListStockMovements: {
    path: { id: string }
    query?: { page?: number; per_page?: number }
    answer:
      | { status: 200; body: { success: true; data: StockMovement[]; meta: Meta } }
      | { status: 401; body: Problem }
      | { status: 403; body: Problem }
      | { status: 404; body: Problem }
      | { status: 422; body: Problem }
      | { status: 500; body: Problem }
      | { status: 503; body: Problem }
  }
  adminPublishProduct: {
    path: { id: string }
    body: Record<string, never>
    answer:
      | { status: 200; body: { success: true; data: AdminProduct } }
      | { status: 400; body: Problem }
      | { status: 401; body: Problem }
      | { status: 403; body: Problem }
      | { status: 404; body: Problem }
      | { status: 409; body: Problem }
      | { status: 413; body: Problem }
      | { status: 415; body: Problem }
      | { status: 422; body: Problem }
      | { status: 500; body: Problem }
      | { status: 503; body: Problem }
  }
  adminUnpublishProduct: {
    path: { id: string }
    body: Record<string, never>
    answer:
      | { status: 200; body: { success: true; data: AdminProduct } }
      | { status: 400; body: Problem }
      | { status: 401; body: Problem }
      | { status: 403; body: Problem }
      | { status: 404; body: Problem }
      | { status: 413; body: Problem }
      | { status: 415; body: Problem }
      | { status: 422; body: Problem }
      | { status: 500; body: Problem }
      | { status: 503; body: Problem }
  }
  adminCopyProduct: {
    path: { id: string }
    body: { title?: string }
    answer:
      | { status: 201; body: { success: true; data: AdminProduct } }
      | { status: 400; body: Problem }
      | { status: 401; body: Problem }
      | { status: 403; body: Problem }
      | { status: 404; body: Problem }
      | { status: 413; body: Problem }
      | { status: 415; body: Problem }
      | { status: 422; body: Problem }
      | { status: 500; body: Problem }
      | { status: 503; body: Problem }
  }
  adminMoveProduct: {
    path: { id: string }
    body: { before_id: string | null }
    answer:
      | { status: 200; body: { success: true; data: AdminProduct } }
      | { status: 400; body: Problem }
      | { status: 401; body: Problem }
      | { status: 403; body: Problem }
      | { status: 404; body: Problem }
      | { status: 413; body: Problem }
      | { status: 415; body: Problem }
      | { status: 422; body: Problem }
      | { status: 500; body: Problem }
      | { status: 503; body: Problem }
  }
  adminListCategories: {
    answer:
      | { status: 200; body: { success: true; data: Category[] } }
      | { status: 401; body: Problem }
      | { status: 403; body: Problem }
      | { status: 422; body: Problem }
      | { status: 500; body: Problem }
      | { status: 503; body: Problem }
  }
  adminCreateCategory: {
    body: { name: string; sort?: number; parent_id?: string | null }
    answer:
      | { status: 201; body: { success: true; data: Category } }
      | { status: 400; body: Problem }
      | { status: 401; body: Problem }
      | { status: 403; body: Problem }
      | { status: 413; body: Problem }
      | { status: 415; body: Problem }
      | { status: 422; body: Problem }
      | { status: 500; body: Problem }
      | { status: 503; body: Problem }
  }
  adminGetCategory: {
    path: { id: string }
    answer:
      | { status: 200; body: { success: true; data: Category } }
      | { status: 401; body: Problem }
      | { status: 403; body: Problem }
      | { status: 404; body: Problem }
      | { status: 422; body: Problem }
      | { status: 500; body: Problem }
      | { status: 503; body: Problem }
  }
  adminUpdateCategory: {
    path: { id: string }
    body: { name?: string; sort?: number; parent_id?: string | null }
    answer:
      | { status: 200; body: { success: true; data: Category } }
      | { status: 400; body: Problem }
      | { status: 401; body: Problem }
      | { status: 403; body: Problem }
      | { status: 404; body: Problem }
      | { status: 412; body: Problem }
      | { status: 413; body: Problem }
      | { status: 415; body: Problem }
      | { status: 422; body: Problem }
      | { status: 500; body: Problem }
      | { status: 503; body: Problem }
  }
  adminDeleteCategory: {
    path: { id: string }
    answer:
      | { status: 200; body: { success: true; data: { id: string } } }
      | { status: 400; body: Problem }
      | { status: 401; body: Problem }
      | { status: 403; body: Problem }
      | { status: 404; body: Problem }
      | { status: 413; body: Problem }
      | { status: 415; body: Problem }
      | { status: 422; body: Problem }
      | { status: 500; body: Problem }
      | { status: 503; body: Problem }
  }
  adminGetWallet: {
    path: { owner_id: string }
    answer:
      | { status: 200; body: { success: true; data: GuardedWallet } }
      | { status: 401; body: Problem }
      | { status: 403; body: Problem }
      | { status: 404; body: Problem }
      | { status: 422; body: Problem }
      | { status: 500; body: Problem }
      | { status: 503; body: Problem }
  }
  adminGrantPoints: {
    path: { owner_id: string }
    body: { points: number; reason: string; expires_at?: string | null }
    answer:
      | { status: 200; body: { success: true; data: Wallet } }
      | { status: 400; body: Problem }
      | { status: 401; body: Problem }
      | { status: 403; body: Problem }
      | { status: 404; body: Problem }
      | { status: 413; body: Problem }
      | { status: 415; body: Problem }
      | { status: 422; body: Problem }
      | { status: 500; body: Problem }
      | { status: 503; body: Problem }
  }
  adminAdjustPoints: {
    path: { owner_id: string }
    body: { points: number; reason: string }
    answer:
      | { status: 200; body: { success: true; data: Wallet } }
      | { status: 400; body: Problem }
      | { status: 401; body: Problem }
      | { status: 403; body: Problem }
      | { status: 404; body: Problem }
      | { status: 409; body: Problem }
      | { status: 413; body: Problem }
      | { status: 415; body: Problem }
      | { status: 422; body: Problem }
      | { status: 500; body: Problem }
      | { status: 503; body: Problem }
  }
  adminAddCash: {
    path: { owner_id: string }
    body: { amount: { amount: string; currency: 'CNY' }; reason: string }
    answer:
      | { status: 200; body: { success: true; data: Wallet } }
      | { status: 400; body: Problem }
      | { status: 401; body: Problem }
      | { status: 403; body: Problem }
      | { status: 404; body: Problem }
      | { status: 413; body: Problem }
      | { status: 415; body: Problem }
      | { status: 422; body: Problem }
      | { status: 500; body: Problem }
      | { status: 503; body: Problem }
  }
  adminFreezeWallet: {
    path: { owner_id: string }
    body: { reason: string }
    answer:
      | { status: 200; body: { success: true; data: GuardedWallet } }
      | { status: 400; body: Problem }
      | { status: 401; body: Problem }
      | { status: 403; body: Problem }
      | { status: 404; body: Problem }
      | { status: 413; body: Problem }
      | { status: 415; body: Problem }
      | { status: 422; body: Problem }
      | { status: 500; body: Problem }
      | { status: 503; body: Problem }
  }
  adminUnfreezeWallet: {
    path: { owner_id: string }
    body: { reason: string }
    answer:
      | { status: 200; body: { success: true; data: GuardedWallet } }
      | { status: 400; body: Problem }
      | { status: 401; body: Problem }
      | { status: 403; body: Problem }
      | { status: 404; body: Problem }
      | { status: 413; body: Problem }
      | { status: 415; body: Problem }
      | { status: 422; body: Problem }
      | { status: 500; body: Problem }
      | { status: 503; body: Problem }
  }
  adminHoldPoints: {
    path: { owner_id: string }
    body: { points: number; reason: string }
    answer:
      | { status: 200; body: { success: true; data: GuardedWallet & { block_id: string } } }
      | { status: 400; body: Problem }
      | { status: 401; body: Problem }
      | { status: 403; body: Problem }
      | { status: 404; body: Problem }
      | { status: 409; body: Problem }
      | { status: 413; body: Problem }
      | { status: 415; body: Problem }
      | { status: 422; body: Problem }
      | { status: 500; body: Problem }
      | { status: 503; body: Problem }
  }
  adminReleasePoints: {
    path: { owner_id: string }
    body: { block_id: string; reason: string }
    answer:
      | { status: 200; body: { success: true; data: GuardedWallet } }
      | { status: 400; body: Problem }
      | { status: 401; body: Problem }
      | { status: 403; body: Problem }
      | { status: 404; body: Problem }
      | { status: 413; body: Problem }
      | { status: 415; body: Problem }
      | { status: 422; body: Problem }
      | { status: 500; body: Problem }
      | { status: 503; body: Problem }
  }
  adminCreateEarning: {
    body: {
      owner_id: string
      source: string
      external_id: string
      amount?: Money
      points?: number
      occurred_at?: string
    }
    answer:
      | { status: 200; body: { success: true; data: Earning } }
      | { status: 201; body: { success: true; data: Earning } }
      | { status: 400; body: Problem }
      | { status: 401; body: Problem }
      | { status: 403; body: Problem }
      | { status: 413; body: Problem }
      | { status: 415; body: Problem }
      | { status: 422; body: Problem }
      | { status: 500; body: Problem }
      | { status: 503; body: Problem }
  }
  adminListEarnings: {
    query?: {
      page?: number
      per_page?: number
      owner_id?: string
      state?: 'pending' | 'granted' | 'reversed'
    }
    answer:
      | { status: 200; body: { success: true; data: Earning[]; meta: Meta } }
      | { status: 401; body: Problem }
      | { status: 403; body: Problem }
      | { status: 422; body: Problem }
      | { status: 500; body: Problem }
      | { status: 503; body: Problem }
  }
  adminReverseEarning: {
    path: { id: string }
    body: { reason: string }
    answer:
      | { status: 200; body: { success: true; data: Earning } }
      | { status: 400; body: Problem }
      | { status: 401; body: Problem }
      | { status: 403; body: Problem }
      | { status: 404; body: Problem }
      | { status: 409; body: Problem }
      | { status: 413; body: Problem }
      | { status: 415; body: Problem }
      | { status: 422; body: Problem }
      | { status: 500; body: Problem }
      | { status: 503; body: Problem }
  }
  adminGetUser: {
    path: { owner_id: string }
    answer:
      | { status: 200; body: { success: true; data: User } }
      | { status: 401; body: Problem }
      | { status: 403; body: Problem }
      | { status: 404; body: Problem }
      | { status: 422; body: Problem }
      | { status: 500; body: Problem }
      | { status: 503; body: Problem }
  }
  adminUpdateUser: {
    path: { owner_id: string }
    body: { level: number; reason?: string }
    answer:
      | { status: 200; body: { success: true; data: User } }
      | { status: 400; body: Problem }
      | { status: 401; body: Problem }
      | { status: 403; body: Problem }
      | { status: 404; body: Problem }
      | { status: 412; body: Problem }
      | { status: 413; body: Problem }
      | { status: 415; body: Problem }
      | { status: 422; body: Problem }
      | { status: 500; body: Problem }
      | { status: 503; body: Problem }
  }
  adminListOrders: {
    query?: {
      page?: number
      per_page?: number
      status?:
        | 'exchanged'
        | 'order_created'
        | 'order_paid'
        | 'order_accepted'
        | 'order_shipped'
        | 'order_finished'
        | 'order_canceled'
      payment_mode?: 'points_only' | 'money_only' | 'mixed'
      owner_id?: string
      product_id?: string
      needs_attention?: 'true' | 'false'
      unanswered?: 'true' | 'false'
      assignee?: string
      payment_status?: 'unpaid' | 'paid' | 'closing' | 'closed' | 'refunding' | 'refunded'
      from?: string
      to?: string
      include?: string
    }
    answer:
      | { status: 200; body: { success: true; data: Order[]; meta: Meta } }
      | { status: 401; body: Problem }
      | { status: 403; body: Problem }
      | { status: 422; body: Problem }
      | { status: 500; body: Problem }
      | { status: 503; body: Problem }
  }
  adminGetOrder: {
    path: { id: string }
    query?: { include?: string }
    answer:
      | { status: 200; body: { success: true; data: AdminOrder } }
      | { status: 401; body: Problem }
      | { status: 403; body: Problem }
      | { status: 404; body: Problem }
      | { status: 422; body: Problem }
      | { status: 500; body: Problem }
      | { status: 503; body: Problem }
  }
  adminAcceptOrder: {
    path: { id: string }
    body: Record<string, never>
    answer:
      | { status: 200; body: { success: true; data: Order } }
      | { status: 202; body: { success: true; data: Order } }
      | { status: 400; body: Problem }
      | { status: 401; body: Problem }
      | { status: 403; body: Problem }
      | { status: 404; body: Problem }
      | { status: 409; body: Problem }
      | { status: 413; body: Problem }
      | { status: 415; body: Problem }
      | { status: 422; body: Problem }
      | { status: 500; body: Problem }
      | { status: 503; body: Problem }
  }
  adminShipOrder: {
    path: { id: string }
    body: { carrier: string; tracking_no: string; confirm?: boolean | null }
    answer:
      | { status: 200; body: { success: true; data: Order } }
      | { status: 202; body: { success: true; data: Order } }
      | { status: 400; body: Problem }
      | { status: 401; body: Problem }
      | { status: 403; body: Problem }
      | { status: 404; body: Problem }
      | { status: 409; body: Problem }
      | { status: 413; body: Problem }
      | { status: 415; body: Problem }
      | { status: 422; body: Problem }
      | { status: 500; body: Problem }
      | { status: 503; body: Problem }
  }
  adminFinishOrder: {
    path: { id: string }
    body: Record<string, never>
    answer:
      | { status: 200; body: { success: true; data: Order } }
      | { status: 202; body: { success: true; data: Order } }
      | { status: 400; body: Problem }
      | { status: 401; body: Problem }
      | { status: 403; body: Problem }
      | { status: 404; body: Problem }
      | { status: 409; body: Problem }
      | { status: 413; body: Problem }
      | { status: 415; body: Problem }
      | { status: 422; body: Problem }
      | { status: 500; body: Problem }
      | { status: 503; body: Problem }
  }
  adminCancelOrder: {
    path: { id: string }
    body: { reason: string }
    answer:
      | { status: 200; body: { success: true; data: Order } }
      | { status: 202; body: { success: true; data: Order } }
      | { status: 400; body: Problem }
      | { status: 401; body: Problem }
      | { status: 403; body: Problem }
      | { status: 404; body: Problem }
      | { status: 409; body: Problem }
      | { status: 413; body: Problem }
      | { status: 415; body: Problem }
      | { status: 422; body: Problem }
      | { status: 500; body: Problem }
      | { status: 503; body: Problem }
  }
  adminRefundOrder: {
    path: { id: string }
    body: { reason: string; points?: number | null; money?: Money | null }
    answer:
      | { status: 200; body: { success: true; data: Order } }
      | { status: 202; body: { success: true; data: Order } }
      | { status: 400; body: Problem }
      | { status: 401; body: Problem }
      | { status: 403; body: Problem }
      | { status: 404; body: Problem }
      | { status: 409; body: Problem }
      | { status: 413; body: Problem }
      | { status: 415; body: Problem }
      | { status: 422; body: Problem }
      | { status: 500; body: Problem }
      | { status: 503; body: Problem }
  }
  adminResolveOrder: {
    path: { id: string }
    body: { reason: string; action: 'retry' | 'skip' | 'settle'; refund_no?: string | null }
    answer:
      | { status: 200; body: { success: true; data: Order } }
      | { status: 202; body: { success: true; data: Order } }
      | { status: 400; body: Problem }
      | { status: 401; body: Problem }
      | { status: 403; body: Problem }
      | { status: 404; body: Problem }
      | { status: 409; body: Problem }
      | { status: 413; body: Problem }
      | { status: 415; body: Problem }
      | { status: 422; body: Problem }
      | { status: 500; body: Problem }
      | { status: 503; body: Problem }
  }
  adminListOrderMessages: {
    path: { id: string }
    query?: { page?: number; per_page?: number }
    answer:
      | {
          status: 200
          body: {
            success: true
            data: Message[]
            meta: {
              current_page: number
              per_page: number
              total: number
              last_page: number
              unread: number
              unanswered: number
            }
          }
        }
      | { status: 401; body: Problem }
      | { status: 403; body: Problem }
      | { status: 404; body: Problem }
      | { status: 422; body: Problem }
      | { status: 500; body: Problem }
      | { status: 503; body: Problem }
  }
  adminCreateOrderMessage: {
    path: { id: string }
    body: { text: string }
    answer:
      | { status: 201; body: { success: true; data: Message } }
      | { status: 400; body: Problem }
      | { status: 401; body: Problem }
      | { status: 403; body: Problem }
      | { status: 404; body: Problem }
      | { status: 409; body: Problem }
      | { status: 413; body: Problem }
      | { status: 415; body: Problem }
      | { status: 422; body: Problem }
      | { status: 429; body: Problem }
      | { status: 500; body: Problem }
      | { status: 503; body: Problem }
  }
  adminListOrderNotes: {
    path: { id: string }
    answer:
      | { status: 200; body: { success: true; data: OrderDesk } }
      | { status: 401; body: Problem }
      | { status: 403; body: Problem }
      | { status: 404; body: Problem }
      | { status: 422; body: Problem }
      | { status: 500; body: Problem }
      | { status: 503; body: Problem }
  }
  adminAddOrderNote: {
    path: { id: string }
    body: { text: string }
    answer:
      | { status: 201; body: { success: true; data: OrderDesk } }
      | { status: 400; body: Problem }
      | { status: 401; body: Problem }
      | { status: 403; body: Problem }
      | { status: 404; body: Problem }
      | { status: 409; body: Problem }
      | { status: 413; body: Problem }
      | { status: 415; body: Problem }
      | { status: 422; body: Problem }
      | { status: 429; body: Problem }
      | { status: 500; body: Problem }
      | { status: 503; body: Problem }
  }
  adminAssignOrder: {
    path: { id: string }
    body: { assignee: string | null }
    answer:
      | { status: 200; body: { success: true; data: OrderDesk } }
      | { status: 400; body: Problem }
      | { status: 401; body: Problem }
      | { status: 403; body: Problem }
      | { status: 404; body: Problem }
      | { status: 409; body: Problem }
      | { status: 413; body: Problem }
      | { status: 415; body: Problem }
      | { status: 422; body: Problem }
      | { status: 429; body: Problem }
      | { status: 500; body: Problem }
      | { status: 503; body: Problem }
  }
  adminImportCodes: {
    path: { id: string }
    body: CodeImport
    answer:
      | { status: 201; body: { success: true; data: CodeImportResult } }
      | { status: 400; body: Problem }
      | { status: 401; body: Problem }
      | { status: 403; body: Problem }
      | { status: 404; body: Problem }
      | { status: 409; body: Problem }
      | { status: 413; body: Problem }
      | { status: 415; body: Problem }
      | { status: 422; body: Problem }
      | { status: 500; body: Problem }
      | { status: 503; body: Problem }
  }
  adminListCodes: {
    path: { id: string }
    query?: { page?: number; per_page?: number; state?: 'free' | 'held' | 'issued' | 'void' }
    answer:
      | { status: 200; body: { success: true; data: CodePool; meta: Meta } }
      | { status: 401; body: Problem }
      | { status: 403; body: Problem }
      | { status: 404; body: Problem }
      | { status: 422; body: Problem }
      | { status: 500; body: Problem }
      | { status: 503; body: Problem }
  }
  adminReplaceCode: {
    path: { id: string; code_id: string }
    body: { reason: string }
    answer:
      | { status: 200; body: { success: true; data: OrderCode } }
      | { status: 400; body: Problem }
      | { status: 401; body: Problem }
      | { status: 403; body: Problem }
      | { status: 404; body: Problem }
      | { status: 409; body: Problem }
      | { status: 413; body: Problem }
      | { status: 415; body: Problem }
      | { status: 422; body: Problem }
      | { status: 500; body: Problem }
      | { status: 503; body: Problem }
  }
  adminAddShipment: {
    path: { id: string }
    body: { carrier: string; tracking_no: string; confirm?: boolean | null; quantity?: number | null }
    answer:
      | { status: 200; body: { success: true; data: Order } }
      | { status: 202; body: { success: true; data: Order } }
      | { status: 400; body: Problem }
      | { status: 401; body: Problem }
      | { status: 403; body: Problem }
      | { status: 404; body: Problem }
      | { status: 409; body: Problem }
      | { status: 413; body: Problem }
      | { status: 415; body: Problem }
      | { status: 422; body: Problem }
      | { status: 500; body: Problem }
      | { status: 503; body: Problem }
  }
  adminCorrectShipment: {
    path: { id: string; shipment_id: string }
    body: { carrier: string; tracking_no: string; confirm?: boolean | null }
    answer:
      | { status: 200; body: { success: true; data: Order } }
      | { status: 202; body: { success: true; data: Order } }
      | { status: 400; body: Problem }
      | { status: 401; body: Problem }
      | { status: 403; body: Problem }
      | { status: 404; body: Problem }
      | { status: 409; body: Problem }
      | { status: 413; body: Problem }
      | { status: 415; body: Problem }
      | { status: 422; body: Problem }
      | { status: 500; body: Problem }
      | { status: 503; body: Problem }
  }
  adminQueryCharge: {
    path: { id: string }
    body: Record<string, never>
    answer:
      | { status: 200; body: { success: true; data: Charge } }
      | { status: 400; body: Problem }
      | { status: 401; body: Problem }
      | { status: 403; body: Problem }
      | { status: 404; body: Problem }
      | { status: 409; body: Problem }
      | { status: 413; body: Problem }
      | { status: 415; body: Problem }
      | { status: 422; body: Problem }
      | { status: 500; body: Problem }
      | { status: 503; body: Problem }
  }
  adminAcknowledgeCharge: {
    path: { id: string }
    body: { reason: string }
    answer:
      | { status: 200; body: { success: true; data: Charge } }
      | { status: 400; body: Problem }
      | { status: 401; body: Problem }
      | { status: 403; body: Problem }
      | { status: 404; body: Problem }
      | { status: 409; body: Problem }
      | { status: 413; body: Problem }
      | { status: 415; body: Problem }
      | { status: 422; body: Problem }
      | { status: 500; body: Problem }
      | { status: 503; body: Problem }
  }
  adminDownloadOrders: {
    query?: {
      status?:
        | 'exchanged'
        | 'order_created'
        | 'order_paid'
        | 'order_accepted'
        | 'order_shipped'
        | 'order_finished'
        | 'order_canceled'
      payment_mode?: 'points_only' | 'money_only' | 'mixed'
      owner_id?: string
      product_id?: string
      needs_attention?: 'true' | 'false'
      unanswered?: 'true' | 'false'
      assignee?: string
      payment_status?: 'unpaid' | 'paid' | 'closing' | 'closed' | 'refunding' | 'refunded'
      from?: string
      to?: string
    }
    answer:
      | { status: 200; body: string }
      | { status: 401; body: Problem }
      | { status: 403; body: Problem }
      | { status: 422; body: Problem }
      | { status: 500; body: Problem }
      | { status: 503; body: Problem }
  }
  adminGetStatistics: {
    query?: { from?: string; to?: string; by?: 'day' | 'week' | 'month' }
    answer:
      | { status: 200; body: { success: true; data: PeriodStatistics } }
      | { status: 401; body: Problem }
      | { status: 403; body: Problem }
      | { status: 422; body: Problem }
      | { status: 500; body: Problem }
      | { status: 503; body: Problem }
  }
  adminDownloadStatistics: {
    query?: { from?: string; to?: string; by?: 'day' | 'week' | 'month' }
    answer:
      | { status: 200; body: string }
      | { status: 401; body: Problem }
      | { status: 403; body: Problem }
      | { status: 422; body: Problem }
      | { status: 500; body: Problem }
      | { status: 503; body: Problem }
  }
  adminShipBatch: {
    body: { lines: { order_no: string; carrier: string; tracking_no: string; confirm?: boolean | null }[] }
    answer:
      | { status: 200; body: { success: true; data: ShipBatchResult[] } }
      | { status: 400; body: Problem }
      | { status: 401; body: Problem }
      | { status: 403; body: Problem }
      | { status: 413; body: Problem }
      | { status: 415; body: Problem }
      | { status: 422; body: Problem }
      | { status: 500; body: Problem }
      | { status: 503; body: Problem }
  }
  adminAcceptBatch: {
    body: { order_nos: string[] }
    answer:
      | { status: 200; body: { success: true; data: AcceptBatchResult[] } }
      | { status: 400; body: Problem }
      | { status: 401; body: Problem }
      | { status: 403; body: Problem }
      | { status: 413; body: Problem }
      | { status: 415; body: Problem }
      | { status: 422; body: Problem }
      | { status: 500; body: Problem }
      | { status: 503; body: Problem }
  }
  adminRedeemVoucher: {
    body: { code: string; store_id: string }
    answer:
      | { status: 200; body: { success: true; data: Voucher } }
      | { status: 400; body: Problem }
      | { status: 401; body: Problem }
      | { status: 403; body: Problem }
      | { status: 404; body: Problem }
      | { status: 409; body: Problem }
      | { status: 413; body: Problem }
      | { status: 415; body: Problem }
      | { status: 422; body: Problem }
      | { status: 500; body: Problem }
      | { status: 503; body: Problem }
  }
  adminGetVoucher: {
    path: { id: string }
    answer:
      | { status: 200; body: { success: true; data: Voucher } }
      | { status: 401; body: Problem }
      | { status: 403; body: Problem }
      | { status: 404; body: Problem }
      | { status: 422; body: Problem }
      | { status: 500; body: Problem }
      | { status: 503; body: Problem }
  }
  adminUndoVoucherUse: {
    path: { id: string }
    body: { reason: string }
    answer:
      | { status: 200; body: { success: true; data: Voucher } }
      | { status: 400; body: Problem }
      | { status: 401; body: Problem }
      | { status: 403; body: Problem }
      | { status: 404; body: Problem }
      | { status: 409; body: Problem }
      | { status: 413; body: Problem }
      | { status: 415; body: Problem }
      | { status: 422; body: Problem }
      | { status: 500; body: Problem }
      | { status: 503; body: Problem }
  }
  adminListStores: {
    answer:
      | { status: 200; body: { success: true; data: Store[] } }
      | { status: 401; body: Problem }
      | { status: 403; body: Problem }
      | { status: 422; body: Problem }
      | { status: 500; body: Problem }
      | { status: 503; body: Problem }
  }
  adminCreateStore: {
    body: { name: string; address?: string | null; staff?: string[] }
    answer:
      | { status: 201; body: { success: true; data: Store } }
      | { status: 400; body: Problem }
      | { status: 401; body: Problem }
      | { status: 403; body: Problem }
      | { status: 413; body: Problem }
      | { status: 415; body: Problem }
      | { status: 422; body: Problem }
      | { status: 500; body: Problem }
      | { status: 503; body: Problem }
  }
  adminUpdateStore: {
    path: { id: string }
    body: { name?: string; address?: string | null; staff?: string[] }
    answer:
      | { status: 200; body: { success: true; data: Store } }
      | { status: 400; body: Problem }
      | { status: 401; body: Problem }
      | { status: 403; body: Problem }
      | { status: 404; body: Problem }
      | { status: 413; body: Problem }
      | { status: 415; body: Problem }
      | { status: 422; body: Problem }
      | { status: 500; body: Problem }
      | { status: 503; body: Problem }
  }
  adminListAfterSales: {
    query?: {
      page?: number
      per_page?: number
      state?:
        | 'requested'
        | 'refused'
        | 'awaiting_return'
        | 'returning'
        | 'receipt_refused'
        | 'refunding'
        | 'completed'
        | 'closed'
      owner_id?: string
      order_no?: string
      overdue?: 'true' | 'false'
    }
    answer:
      | { status: 200; body: { success: true; data: AfterSale[]; meta: Meta } }
      | { status: 401; body: Problem }
      | { status: 403; body: Problem }
      | { status: 422; body: Problem }
      | { status: 500; body: Problem }
      | { status: 503; body: Problem }
  }
  adminGetAfterSale: {
    path: { id: string }
    answer:
      | { status: 200; body: { success: true; data: AfterSale } }
      | { status: 401; body: Problem }
      | { status: 403; body: Problem }
      | { status: 404; body: Problem }
      | { status: 422; body: Problem }
      | { status: 500; body: Problem }
      | { status: 503; body: Problem }
  }
  adminApproveAfterSale: {
    path: { id: string }
    body: Record<string, never>
    answer:
      | { status: 200; body: { success: true; data: AfterSale } }
      | { status: 202; body: { success: true; data: AfterSale } }
      | { status: 400; body: Problem }
      | { status: 401; body: Problem }
      | { status: 403; body: Problem }
      | { status: 404; body: Problem }
      | { status: 409; body: Problem }
      | { status: 413; body: Problem }
      | { status: 415; body: Problem }
      | { status: 422; body: Problem }
      | { status: 500; body: Problem }
      | { status: 503; body: Problem }
  }
  adminRefuseAfterSale: {
    path: { id: string }
    body: { reason: string }
    answer:
      | { status: 200; body: { success: true; data: AfterSale } }
      | { status: 202; body: { success: true; data: AfterSale } }
      | { status: 400; body: Problem }
      | { status: 401; body: Problem }
      | { status: 403; body: Problem }
      | { status: 404; body: Problem }
      | { status: 409; body: Problem }
      | { status: 413; body: Problem }
      | { status: 415; body: Problem }
      | { status: 422; body: Problem }
      | { status: 500; body: Problem }
      | { status: 503; body: Problem }
  }
  adminReceiveAfterSale: {
    path: { id: string }
    body: { sellable: boolean }
    answer:
      | { status: 200; body: { success: true; data: AfterSale } }
      | { status: 202; body: { success: true; data: AfterSale } }
      | { status: 400; body: Problem }
      | { status: 401; body: Problem }
      | { status: 403; body: Problem }
      | { status: 404; body: Problem }
      | { status: 409; body: Problem }
      | { status: 413; body: Problem }
      | { status: 415; body: Problem }
      | { status: 422; body: Problem }
      | { status: 500; body: Problem }
      | { status: 503; body: Problem }
  }
  adminRefuseAfterSaleReceipt: {
    path: { id: string }
    body: { reason: string }
    answer:
      | { status: 200; body: { success: true; data: AfterSale } }
      | { status: 202; body: { success: true; data: AfterSale } }
      | { status: 400; body: Problem }
      | { status: 401; body: Problem }
      | { status: 403; body: Problem }
      | { status: 404; body: Problem }
      | { status: 409; body: Problem }
      | { status: 413; body: Problem }
      | { status: 415; body: Problem }
      | { status: 422; body: Problem }
      | { status: 500; body: Problem }
      | { status: 503; body: Problem }
  }
  adminListAttention: {
    query?: {
      kind?: 'order' | 'after_sale' | 'refund' | 'attempt' | 'notice' | 'endpoint' | 'delivery' | 'finding'
      cursor?: string
    }
    answer:
      | {
          status: 200
          body: {
            success: true
            data: NeedsAttention[]
            meta: { next_cursor: string | null; counts: { [name: string]: number } }
          }
        }
      | { status: 401; body: Problem }
      | { status: 403; body: Problem }
      | { status: 422; body: Problem }
      | { status: 500; body: Problem }
      | { status: 503; body: Problem }
  }
  adminRetryAttention: {
    path: { id: string }
    body: { reason: string }
    answer:
      | { status: 200; body: { success: true; data: { id: string } } }
      | { status: 202; body: { success: true; data: { id: string } } }
      | { status: 400; body: Problem }
      | { status: 401; body: Problem }
      | { status: 403; body: Problem }
      | { status: 404; body: Problem }
      | { status: 409; body: Problem }
      | { status: 413; body: Problem }
      | { status: 415; body: Problem }
      | { status: 422; body: Problem }
      | { status: 500; body: Problem }
      | { status: 503; body: Problem }
  }
  adminSkipAttention: {
    path: { id: string }
    body: { reason: string }
    answer:
      | { status: 200; body: { success: true; data: { id: string } } }
      | { status: 202; body: { success: true; data: { id: string } } }
      | { status: 400; body: Problem }
      | { status: 401; body: Problem }
      | { status: 403; body: Problem }
      | { status: 404; body: Problem }
      | { status: 409; body: Problem }
      | { status: 413; body: Problem }
      | { status: 415; body: Problem }
      | { status: 422; body: Problem }
      | { status: 500; body: Problem }
      | { status: 503; body: Problem }
  }
  adminRefundAttention: {
    path: { id: string }
    body: { reason: string }
    answer:
      | { status: 200; body: { success: true; data: { id: string } } }
      | { status: 202; body: { success: true; data: { id: string } } }
      | { status: 400; body: Problem }
      | { status: 401; body: Problem }
      | { status: 403; body: Problem }
      | { status: 404; body: Problem }
      | { status: 409; body: Problem }
      | { status: 413; body: Problem }
      | { status: 415; body: Problem }
      | { status: 422; body: Problem }
      | { status: 500; body: Problem }
      | { status: 503; body: Problem }
  }
  adminListReconciliations: {
    query?: { page?: number; per_page?: number }
    answer:
      | { status: 200; body: { success: true; data: Reconciliation[]; meta: Meta } }
      | { status: 401; body: Problem }
      | { status: 403; body: Problem }
      | { status: 422; body: Problem }
      | { status: 500; body: Problem }
      | { status: 503; body: Problem }
  }
  adminStartReconciliation: {
    body: { day: string }
    answer:
      | { status: 202; body: { success: true; data: { day: string; workflow_id: string } } }
      | { status: 400; body: Problem }
      | { status: 401; body: Problem }
      | { status: 403; body: Problem }
      | { status: 413; body: Problem }
      | { status: 415; body: Problem }
      | { status: 422; body: Problem }
      | { status: 500; body: Problem }
      | { status: 503; body: Problem }
  }
  adminDownloadFindings: {
    path: { id: string }
    answer:
      | { status: 200; body: string }
      | { status: 401; body: Problem }
      | { status: 403; body: Problem }
      | { status: 404; body: Problem }
      | { status: 422; body: Problem }
      | { status: 500; body: Problem }
      | { status: 503; body: Problem }
  }
  adminGetReconciliation: {
    path: { id: string }
    answer:
      | { status: 200; body: { success: true; data: Reconciliation & { findings: Finding[] } } }
      | { status: 401; body: Problem }
      | { status: 403; body: Problem }
      | { status: 404; body: Problem }
      | { status: 422; body: Problem }
      | { status: 500; body: Problem }
      | { status: 503; body: Problem }
  }
  adminListWebhookEndpoints: {
    answer:
      | { status: 200; body: { success: true; data: WebhookEndpoint[] } }
      | { status: 401; body: Problem }
      | { status: 403; body: Problem }
      | { status: 422; body: Problem }
      | { status: 500; body: Problem }
      | { status: 503; body: Problem }
  }
  adminCreateWebhookEndpoint: {
    body: {
      url: string
      events: (
        | 'order.created'
        | 'order.paid'
        | 'order.accepted'
        | 'order.shipped'
        | 'order.finished'
        | 'order.canceled'
        | 'after_sale.requested'
        | 'after_sale.refused'
        | 'after_sale.awaiting_return'
        | 'after_sale.returning'
        | 'after_sale.receipt_refused'
        | 'after_sale.refunding'
        | 'after_sale.completed'
        | 'after_sale.closed'
        | 'refund.succeeded'
        | 'points.changed'
        | 'points.expiring'
      )[]
      description?: string | null
      latest_state?: boolean
    }
    answer:
      | { status: 201; body: { success: true; data: WebhookEndpointWithSecret } }
      | { status: 400; body: Problem }
      | { status: 401; body: Problem }
      | { status: 403; body: Problem }
      | { status: 409; body: Problem }
      | { status: 413; body: Problem }
      | { status: 415; body: Problem }
      | { status: 422; body: Problem }
      | { status: 500; body: Problem }
      | { status: 503; body: Problem }
  }
  adminGetWebhookEndpoint: {
    path: { id: string }
    answer:
      | { status: 200; body: { success: true; data: WebhookEndpoint } }
      | { status: 401; body: Problem }
      | { status: 403; body: Problem }
      | { status: 404; body: Problem }
      | { status: 422; body: Problem }
      | { status: 500; body: Problem }
      | { status: 503; body: Problem }
  }
  adminUpdateWebhookEndpoint: {
    path: { id: string }
    body: {
      url?: string
      events?: (
        | 'order.created'
        | 'order.paid'
        | 'order.accepted'
        | 'order.shipped'
        | 'order.finished'
        | 'order.canceled'
        | 'after_sale.requested'
        | 'after_sale.refused'
        | 'after_sale.awaiting_return'
        | 'after_sale.returning'
        | 'after_sale.receipt_refused'
        | 'after_sale.refunding'
        | 'after_sale.completed'
        | 'after_sale.closed'
        | 'refund.succeeded'
        | 'points.changed'
        | 'points.expiring'
      )[]
      description?: string | null
      latest_state?: boolean
      enabled?: boolean
    }
    answer:
      | { status: 200; body: { success: true; data: WebhookEndpoint } }
      | { status: 400; body: Problem }
      | { status: 401; body: Problem }
      | { status: 403; body: Problem }
      | { status: 404; body: Problem }
      | { status: 413; body: Problem }
      | { status: 415; body: Problem }
      | { status: 422; body: Problem }
      | { status: 500; body: Problem }
      | { status: 503; body: Problem }
  }
  adminDeleteWebhookEndpoint: {
    path: { id: string }
    answer:
      | { status: 200; body: { success: true; data: { id: string } } }
      | { status: 400; body: Problem }
      | { status: 401; body: Problem }
      | { status: 403; body: Problem }
      | { status: 404; body: Problem }
      | { status: 413; body: Problem }
      | { status: 415; body: Problem }
      | { status: 422; body: Problem }
      | { status: 500; body: Problem }
      | { status: 503; body: Problem }
  }
  adminRotateWebhookSecret: {
    path: { id: string }
    body: { overlap_hours?: number }
    answer:
      | { status: 200; body: { success: true; data: WebhookEndpointWithSecret } }
      | { status: 400; body: Problem }
      | { status: 401; body: Problem }
      | { status: 403; body: Problem }
      | { status: 404; body: Problem }
      | { status: 413; body: Problem }
      | { status: 415; body: Problem }
      | { status: 422; body: Problem }
      | { status: 500; body: Problem }
      | { status: 503; body: Problem }
  }
  adminTestWebhookEndpoint: {
    path: { id: string }
    body: Record<string, never>
    answer:
      | { status: 200; body: { success: true; data: WebhookDelivery } }
      | { status: 400; body: Problem }
      | { status: 401; body: Problem }
      | { status: 403; body: Problem }
      | { status: 404; body: Problem }
      | { status: 409; body: Problem }
      | { status: 413; body: Problem }
      | { status: 415; body: Problem }
      | { status: 422; body: Problem }
      | { status: 500; body: Problem }
      | { status: 503; body: Problem }
  }
  adminResendFailedWebhooks: {
    path: { id: string }
    body: { since: string }
    answer:
      | { status: 200; body: { success: true; data: { resent: number; left: number } } }
      | { status: 400; body: Problem }
      | { status: 401; body: Problem }
      | { status: 403; body: Problem }
      | { status: 404; body: Problem }
      | { status: 409; body: Problem }
      | { status: 413; body: Problem }
      | { status: 415; body: Problem }
      | { status: 422; body: Problem }
      | { status: 500; body: Problem }
      | { status: 503; body: Problem }
  }
  adminListWebhookDeliveries: {
    path: { id: string }
    query?: { page?: number; per_page?: number; state?: 'pending' | 'delivered' | 'given_up' }
    answer:
      | { status: 200; body: { success: true; data: WebhookDelivery[]; meta: Meta } }
      | { status: 401; body: Problem }
      | { status: 403; body: Problem }
      | { status: 404; body: Problem }
      | { status: 422; body: Problem }
      | { status: 500; body: Problem }
      | { status: 503; body: Problem }
  }
  adminGetWebhookDelivery: {
    path: { id: string }
    answer:
      | { status: 200; body: { success: true; data: WebhookDelivery } }
      | { status: 401; body: Problem }
      | { status: 403; body: Problem }
      | { status: 404; body: Problem }
      | { status: 422; body: Problem }
      | { status: 500; body: Problem }
      | { status: 503; body: Problem }
  }
  adminResendWebhookDelivery: {
    path: { id: string }
    body: Record<string, never>
    answer:
      | { status: 200; body: { success: true; data: WebhookDelivery } }
      | { status: 400; body: Problem }
      | { status: 401; body: Problem }
      | { status: 403; body: Problem }
      | { status: 404; body: Problem }
      | { status: 409; body: Problem }
      | { status: 413; body: Problem }
      | { status: 415; body: Problem }
      | { status: 422; body: Problem }
      | { status: 500; body: Problem }
      | { status: 503; body: Problem }
  }
  receivePaymentNotification: {
    path: { provider: 'alipay' | 'wechat' | 'stripe' }
    body: WechatNotification | StripeEvent
    answer:
      | { status: 200; body: unknown }
      | { status: 401; body: Problem }
      | { status: 404; body: Problem }
      | { status: 413; body: Problem }
      | { status: 422; body: Problem }
      | { status: 500; body: Problem }
      | { status: 503; body: Problem }
  }
  receiveOrderEvent: {
    body: OrderEvent
    answer:
      | { status: 200; body: unknown }
      | { status: 400; body: Problem }
      | { status: 401; body: Problem }
      | { status: 413; body: Problem }
      | { status: 422; body: Problem }
      | { status: 500; body: Problem }
      | { status: 503; body: Problem }
  }
  receiveTrackingPush: {
    path: { provider: 'kuaidi100' | 'kdniao' }
    query?: { subscription?: string }
    answer:
      | { status: 200; body: unknown }
      | { status: 401; body: Problem }
      | { status: 404; body: Problem }
      | { status: 413; body: Problem }
      | { status: 422; body: Problem }
      | { status: 500; body: Problem }
      | { status: 503; body: Problem }
  }
  getLiveness: {
    answer:
      | { status: 200; body: { success: true; data: { status: 'live' } } }
      | { status: 422; body: Problem }
      | { status: 500; body: Problem }
  }
  getReadiness: {
    answer:
      | { status: 200; body: { success: true; data: { status: 'ready' } } }
      | { status: 422; body: Problem }
      | { status: 500; body: Problem }
      | { status: 503; body: Problem }
  }
}

export const PATHS = {
  listProducts: ['GET', '/api/points-mall/products'],
  searchProducts: ['GET', '/api/points-mall/products/search'],
  listProductsOfCategory: ['GET', '/api/points-mall/products/category/{category_id}'],
  getProduct: ['GET', '/api/points-mall/products/{id}'],
  listCategories: ['GET', '/api/points-mall/categories'],
  getWallet: ['GET', '/api/points-mall/wallet'],
  listTransactions: ['GET', '/api/points-mall/wallet/transactions'],
  downloadTransactions: ['GET', '/api/points-mall/wallet/transactions.csv'],
  createExchange: ['POST', '/api/points-mall/exchange'],
  checkExchange: ['POST', '/api/points-mall/check-exchange'],
  listOrders: ['GET', '/api/points-mall/orders'],
  getOrderStatistics: ['GET', '/api/points-mall/orders/statistics'],
  getOrder: ['GET', '/api/points-mall/orders/{id}'],
  payOrder: ['POST', '/api/points-mall/orders/{id}/pay'],
  cancelOrder: ['POST', '/api/points-mall/orders/{id}/cancel'],
  changeOrderAddress: ['PATCH', '/api/points-mall/orders/{id}/address'],
  extendOrder: ['POST', '/api/points-mall/orders/{id}/extend'],
  confirmOrder: ['POST', '/api/points-mall/orders/{id}/confirm'],
  listOrderMessages: ['GET', '/api/points-mall/orders/{id}/messages'],
  createOrderMessage: ['POST', '/api/points-mall/orders/{id}/messages'],
  createAfterSale: ['POST', '/api/points-mall/orders/{id}/after-sales'],
  listAfterSales: ['GET', '/api/points-mall/after-sales'],
  getAfterSale: ['GET', '/api/points-mall/after-sales/{id}'],
  cancelAfterSale: ['POST', '/api/points-mall/after-sales/{id}/cancel'],
  appealAfterSale: ['POST', '/api/points-mall/after-sales/{id}/appeal'],
  sendAfterSaleBack: ['POST', '/api/points-mall/after-sales/{id}/return-shipment'],
  adminListProducts: ['GET', '/api/admin/points-mall/products'],
  adminCreateProduct: ['POST', '/api/admin/points-mall/products'],
  adminGetProduct: ['GET', '/api/admin/points-mall/products/{id}'],
  adminUpdateProduct: ['PATCH', '/api/admin/points-mall/products/{id}'],
  adminDeleteProduct: ['DELETE', '/api/admin/points-mall/products/{id}'],
  adminListStockMovements: ['GET', '/api/admin/points-mall/products/{id}/stock-movements'],
  adminPublishProduct: ['POST', '/api/admin/points-mall/products/{id}/publish'],
  adminUnpublishProduct: ['POST', '/api/admin/points-mall/products/{id}/unpublish'],
  adminCopyProduct: ['POST', '/api/admin/points-mall/products/{id}/copy'],
  adminMoveProduct: ['POST', '/api/admin/points-mall/products/{id}/move'],
  adminListCategories: ['GET', '/api/admin/points-mall/categories'],
  adminCreateCategory: ['POST', '/api/admin/points-mall/categories'],
  adminGetCategory: ['GET', '/api/admin/points-mall/categories/{id}'],
  adminUpdateCategory: ['PATCH', '/api/admin/points-mall/categories/{id}'],
  adminDeleteCategory: ['DELETE', '/api/admin/points-mall/categories/{id}'],
  adminGetWallet: ['GET', '/api/admin/points-mall/wallets/{owner_id}'],
  adminGrantPoints: ['POST', '/api/admin/points-mall/wallets/{owner_id}/grant'],
  adminAdjustPoints: ['POST', '/api/admin/points-mall/wallets/{owner_id}/adjust'],
  adminAddCash: ['POST', '/api/admin/points-mall/wallets/{owner_id}/cash'],
  adminFreezeWallet: ['POST', '/api/admin/points-mall/wallets/{owner_id}/freeze'],
  adminUnfreezeWallet: ['POST', '/api/admin/points-mall/wallets/{owner_id}/unfreeze'],
  adminHoldPoints: ['POST', '/api/admin/points-mall/wallets/{owner_id}/block'],
  adminReleasePoints: ['POST', '/api/admin/points-mall/wallets/{owner_id}/unblock'],
  adminCreateEarning: ['POST', '/api/admin/points-mall/earnings'],
  adminListEarnings: ['GET', '/api/admin/points-mall/earnings'],
  adminReverseEarning: ['POST', '/api/admin/points-mall/earnings/{id}/reverse'],
  adminGetUser: ['GET', '/api/admin/points-mall/users/{owner_id}'],
  adminUpdateUser: ['PUT', '/api/admin/points-mall/users/{owner_id}'],
  adminListOrders: ['GET', '/api/admin/points-mall/orders'],
  adminGetOrder: ['GET', '/api/admin/points-mall/orders/{id}'],
  adminAcceptOrder: ['POST', '/api/admin/points-mall/orders/{id}/accept'],
  adminShipOrder: ['POST', '/api/admin/points-mall/orders/{id}/ship'],
  adminFinishOrder: ['POST', '/api/admin/points-mall/orders/{id}/finish'],
  adminCancelOrder: ['POST', '/api/admin/points-mall/orders/{id}/cancel'],
  adminRefundOrder: ['POST', '/api/admin/points-mall/orders/{id}/refund'],
  adminResolveOrder: ['POST', '/api/admin/points-mall/orders/{id}/resolve'],
  adminListOrderMessages: ['GET', '/api/admin/points-mall/orders/{id}/messages'],
  adminCreateOrderMessage: ['POST', '/api/admin/points-mall/orders/{id}/messages'],
  adminListOrderNotes: ['GET', '/api/admin/points-mall/orders/{id}/notes'],
  adminAddOrderNote: ['POST', '/api/admin/points-mall/orders/{id}/notes'],
  adminAssignOrder: ['PUT', '/api/admin/points-mall/orders/{id}/assignee'],
  adminImportCodes: ['POST', '/api/admin/points-mall/products/{id}/codes'],
  adminListCodes: ['GET', '/api/admin/points-mall/products/{id}/codes'],
  adminReplaceCode: ['POST', '/api/admin/points-mall/orders/{id}/codes/{code_id}/replace'],
  adminAddShipment: ['POST', '/api/admin/points-mall/orders/{id}/shipments'],
  adminCorrectShipment: ['PATCH', '/api/admin/points-mall/orders/{id}/shipments/{shipment_id}'],
  adminQueryCharge: ['POST', '/api/admin/points-mall/orders/{id}/charge/query'],
  adminAcknowledgeCharge: ['POST', '/api/admin/points-mall/orders/{id}/charge/acknowledge'],
  adminDownloadOrders: ['GET', '/api/admin/points-mall/orders.csv'],
  adminGetStatistics: ['GET', '/api/admin/points-mall/statistics'],
  adminDownloadStatistics: ['GET', '/api/admin/points-mall/statistics.csv'],
  adminShipBatch: ['POST', '/api/admin/points-mall/orders/ship-batch'],
  adminAcceptBatch: ['POST', '/api/admin/points-mall/orders/accept-batch'],
  adminRedeemVoucher: ['POST', '/api/admin/points-mall/vouchers/redeem'],
  adminGetVoucher: ['GET', '/api/admin/points-mall/vouchers/{id}'],
  adminUndoVoucherUse: ['POST', '/api/admin/points-mall/vouchers/{id}/undo'],
  adminListStores: ['GET', '/api/admin/points-mall/stores'],
  adminCreateStore: ['POST', '/api/admin/points-mall/stores'],
  adminUpdateStore: ['PATCH', '/api/admin/points-mall/stores/{id}'],
  adminListAfterSales: ['GET', '/api/admin/points-mall/after-sales'],
  adminGetAfterSale: ['GET', '/api/admin/points-mall/after-sales/{id}'],
  adminApproveAfterSale: ['POST', '/api/admin/points-mall/after-sales/{id}/approve'],
  adminRefuseAfterSale: ['POST', '/api/admin/points-mall/after-sales/{id}/refuse'],
  adminReceiveAfterSale: ['POST', '/api/admin/points-mall/after-sales/{id}/receive'],
  adminRefuseAfterSaleReceipt: ['POST', '/api/admin/points-mall/after-sales/{id}/refuse-receipt'],
  adminListAttention: ['GET', '/api/admin/points-mall/attention'],
  adminRetryAttention: ['POST', '/api/admin/points-mall/attention/{id}/retry'],
  adminSkipAttention: ['POST', '/api/admin/points-mall/attention/{id}/skip'],
  adminRefundAttention: ['POST', '/api/admin/points-mall/attention/{id}/refund'],
  adminListReconciliations: ['GET', '/api/admin/points-mall/reconciliations'],
  adminStartReconciliation: ['POST', '/api/admin/points-mall/reconciliations'],
  adminDownloadFindings: ['GET', '/api/admin/points-mall/reconciliations/{id}/findings.csv'],
  adminGetReconciliation: ['GET', '/api/admin/points-mall/reconciliations/{id}'],
  adminListWebhookEndpoints: ['GET', '/api/admin/points-mall/webhook-endpoints'],
  adminCreateWebhookEndpoint: ['POST', '/api/admin/points-mall/webhook-endpoints'],
  adminGetWebhookEndpoint: ['GET', '/api/admin/points-mall/webhook-endpoints/{id}'],
  adminUpdateWebhookEndpoint: ['PATCH', '/api/admin/points-mall/webhook-endpoints/{id}'],
  adminDeleteWebhookEndpoint: ['DELETE', '/api/admin/points-mall/webhook-endpoints/{id}'],
  adminRotateWebhookSecret: ['POST', '/api/admin/points-mall/webhook-endpoints/{id}/rotate-secret'],
  adminTestWebhookEndpoint: ['POST', '/api/admin/points-mall/webhook-endpoints/{id}/test'],
  adminResendFailedWebhooks: ['POST', '/api/admin/points-mall/webhook-endpoints/{id}/resend-failed'],
  adminListWebhookDeliveries: ['GET', '/api/admin/points-mall/webhook-endpoints/{id}/deliveries'],
  adminGetWebhookDelivery: ['GET', '/api/admin/points-mall/deliveries/{id}'],
  adminResendWebhookDelivery: ['POST', '/api/admin/points-mall/deliveries/{id}/resend'],
  receivePaymentNotification: ['POST', '/api/webhooks/payments/{provider}'],
  receiveOrderEvent: ['POST', '/api/webhooks/orders'],
  receiveTrackingPush: ['POST', '/api/webhooks/tracking/{provider}'],
  getLiveness: ['GET', '/health/live'],
  getReadiness: ['GET', '/health/ready'],
} as const satisfies Record<keyof Operations, readonly [method: string, path: string]>
