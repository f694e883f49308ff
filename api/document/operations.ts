import type { ErrorCode } from '../../i18n/error-texts.ts'

/** What the document says of each operation beyond its schemas. A route that is missing here fails `npm run check`. */

export interface Operation {
  /** Clients name their methods after it: never changed. */
  readonly id: string
  /** The refusals of its own; `api/document/document.ts` adds those that follow from the form of the request. */
  readonly problems?: readonly ErrorCode[]
  /** A body that a mall with a product 1 accepts; `tests/platform/openapi.test.ts` sends it. */
  readonly example?: Readonly<Record<string, unknown>>
}

const REDEEM: readonly ErrorCode[] = [
  'NOT_FOUND',
  'PRODUCT_NOT_ON_SALE',
  'SKU_REQUIRED',
  'ADDRESS_REQUIRED',
  'PAYMENT_METHOD_UNSUPPORTED',
  'PRICE_CHANGED',
  'USER_LEVEL_TOO_LOW',
  'EXCHANGE_LIMIT_EXCEEDED',
  'TOO_MANY_UNPAID_ORDERS',
  'BELOW_MIN_POINTS',
  'POINTS_PER_ORDER_EXCEEDED',
  'OUT_OF_STOCK',
  'INSUFFICIENT_POINTS',
  'INSUFFICIENT_BALANCE',
  'ORDER_SERVICE_REFUSED',
  'RISK_REJECTED',
]
const CHARGE: readonly ErrorCode[] = ['ACCOUNT_REQUIRED', 'CHARGE_UNAVAILABLE']
const PAY: readonly ErrorCode[] = [
  'ORDER_STATE_CONFLICT',
  'PAYMENT_METHOD_UNSUPPORTED',
  'INSUFFICIENT_BALANCE',
  'RATE_LIMITED',
]
const CANCEL: readonly ErrorCode[] = ['ORDER_NOT_CANCELABLE', 'NOT_RETURNABLE', 'ORDER_STATE_CONFLICT']
const MESSAGE: readonly ErrorCode[] = ['ORDER_STATE_CONFLICT', 'RATE_LIMITED']
const ATTENTION: readonly ErrorCode[] = [
  'NOT_FOUND',
  'ORDER_STATE_CONFLICT',
  'AFTER_SALE_STATE_CONFLICT',
  'ENDPOINT_DISABLED',
]
const CONFLICT: readonly ErrorCode[] = ['ORDER_STATE_CONFLICT']
const REFUND: readonly ErrorCode[] = ['ORDER_STATE_CONFLICT', 'REFUND_EXCEEDS_REST', 'REFUND_IS_WHOLE']
const ENDPOINT_OFF: readonly ErrorCode[] = ['ENDPOINT_DISABLED']
const ASK_AFTER_SALE: readonly ErrorCode[] = [
  'ORDER_STATE_CONFLICT',
  'NOT_RETURNABLE',
  'RETURN_PERIOD_OVER',
  'AFTER_SALE_QUANTITY_EXCEEDED',
  'NOTHING_TO_RETURN',
  'AFTER_SALE_WHOLE_ONLY',
]
const AFTER_SALE: readonly ErrorCode[] = ['AFTER_SALE_STATE_CONFLICT', 'NOT_RETURNABLE']
const NOTIFY: readonly ErrorCode[] = ['WEBHOOK_SIGNATURE_INVALID', 'PAYLOAD_TOO_LARGE']

const ADDRESS = {
  name: '王芳',
  phone: '13800138000',
  province: '上海市',
  city: '上海市',
  district: '徐汇区',
  detail: '漕溪北路 1 号',
}
const CNY = (amount: string) => ({ amount, currency: 'CNY' })

export const OPERATIONS: Readonly<Record<string, Operation>> = {
  'GET /api/points-mall/products': { id: 'listProducts' },
  'GET /api/points-mall/products/search': { id: 'searchProducts' },
  'GET /api/points-mall/products/category/{category_id}': { id: 'listProductsOfCategory' },
  'GET /api/points-mall/products/{id}': { id: 'getProduct' },
  'GET /api/points-mall/wallet': { id: 'getWallet' },
  'GET /api/points-mall/wallet/transactions': { id: 'listTransactions' },
  'GET /api/points-mall/wallet/transactions.csv': { id: 'downloadTransactions' },
  'POST /api/points-mall/exchange': {
    id: 'createExchange',
    problems: [...REDEEM, ...CHARGE],
    example: { product_id: '1', quantity: 1, buyer_remarks: '请轻放', address: ADDRESS },
  },
  'POST /api/points-mall/check-exchange': {
    id: 'checkExchange',
    problems: ['NOT_FOUND'],
    example: { product_id: '1', quantity: 2 },
  },
  'GET /api/points-mall/orders': { id: 'listOrders' },
  'GET /api/points-mall/orders/statistics': { id: 'getOrderStatistics' },
  'GET /api/points-mall/orders/{id}': { id: 'getOrder' },
  'POST /api/points-mall/orders/{id}/pay': {
    id: 'payOrder',
    problems: PAY,
    example: { payment_method: 'alipay', client: 'h5', return_url: 'https://shop.example/paid' },
  },
  'POST /api/points-mall/orders/{id}/cancel': {
    id: 'cancelOrder',
    problems: CANCEL,
    example: { reason: '不想要了' },
  },
  'PATCH /api/points-mall/orders/{id}/address': {
    id: 'changeOrderAddress',
    problems: [...CONFLICT, 'ADDRESS_REQUIRED'],
    example: ADDRESS,
  },
  'POST /api/points-mall/orders/{id}/extend': {
    id: 'extendOrder',
    problems: [...CONFLICT, 'ALREADY_EXTENDED'],
    example: {},
  },
  'POST /api/points-mall/orders/{id}/confirm': { id: 'confirmOrder', problems: CONFLICT, example: {} },
  'GET /api/points-mall/orders/{id}/messages': { id: 'listOrderMessages' },
  'POST /api/points-mall/orders/{id}/messages': {
    id: 'createOrderMessage',
    problems: MESSAGE,
    example: { text: '请问什么时候发货？' },
  },
  'POST /api/points-mall/orders/{id}/after-sales': {
    id: 'createAfterSale',
    problems: ASK_AFTER_SALE,
    example: {
      type: 'return_refund',
      quantity: 1,
      reason: '颜色不合适',
      pictures: ['/assets/products/cup.svg'],
    },
  },
  'GET /api/points-mall/after-sales': { id: 'listAfterSales' },
  'GET /api/points-mall/after-sales/{id}': { id: 'getAfterSale' },
  'POST /api/points-mall/after-sales/{id}/cancel': {
    id: 'cancelAfterSale',
    problems: AFTER_SALE,
    example: {},
  },
  'POST /api/points-mall/after-sales/{id}/appeal': {
    id: 'appealAfterSale',
    problems: AFTER_SALE,
    example: { reason: '补充了照片，请再看一次' },
  },
  'POST /api/points-mall/after-sales/{id}/return-shipment': {
    id: 'sendAfterSaleBack',
    problems: AFTER_SALE,
    example: { carrier: '顺丰', tracking_no: 'SF1234567890' },
  },

  'GET /api/admin/points-mall/products': { id: 'adminListProducts' },
  'POST /api/admin/points-mall/products': {
    id: 'adminCreateProduct',
    example: {
      title: '什锦水果硬糖',
      payment_mode: 'mixed',
      point: 120,
      price: CNY('9.90'),
      stock_quantity: 100,
      product_type: 'physical',
      shipping_type: 'logistics',
      properties: { limit: { max_per_user: 2 }, 净含量: '500 g' },
    },
  },
  'GET /api/admin/points-mall/products/{id}': { id: 'adminGetProduct' },
  'PATCH /api/admin/points-mall/products/{id}': {
    id: 'adminUpdateProduct',
    problems: ['OUT_OF_STOCK'],
    example: { title: '什锦水果硬糖 500 g', point: 100, stock_delta: 20 },
  },
  'GET /api/admin/points-mall/products/{id}/stock-movements': { id: 'adminListStockMovements' },
  'DELETE /api/admin/points-mall/products/{id}': { id: 'adminDeleteProduct' },
  'POST /api/admin/points-mall/products/{id}/copy': {
    id: 'adminCopyProduct',
    example: { title: '钢笔（蓝）' },
  },
  'POST /api/admin/points-mall/products/{id}/move': { id: 'adminMoveProduct', example: { before_id: null } },
  'POST /api/admin/points-mall/products/{id}/publish': {
    id: 'adminPublishProduct',
    problems: ['CHARGE_UNAVAILABLE'],
    example: {},
  },
  'POST /api/admin/points-mall/products/{id}/unpublish': { id: 'adminUnpublishProduct', example: {} },
  'POST /api/admin/points-mall/products/{id}/codes': {
    id: 'adminImportCodes',
    problems: ['DELIVERY_MISMATCH'],
    example: { codes: [{ code: 'ABCD-EFGH-1234', pin: '9876', valid_until: '2099-12-31' }] },
  },
  'GET /api/admin/points-mall/products/{id}/codes': { id: 'adminListCodes' },
  'GET /api/admin/points-mall/orders/{id}/messages': { id: 'adminListOrderMessages' },
  'POST /api/admin/points-mall/orders/{id}/messages': {
    id: 'adminCreateOrderMessage',
    problems: MESSAGE,
    example: { text: '今天下午发出。' },
  },
  'GET /api/admin/points-mall/orders/{id}/notes': { id: 'adminListOrderNotes' },
  'POST /api/admin/points-mall/orders/{id}/notes': {
    id: 'adminAddOrderNote',
    problems: MESSAGE,
    example: { text: '顾客来电，下周一前不要发货' },
  },
  'PUT /api/admin/points-mall/orders/{id}/assignee': {
    id: 'adminAssignOrder',
    problems: MESSAGE,
    example: { assignee: 'olga' },
  },
  'POST /api/admin/points-mall/orders/{id}/codes/{code_id}/replace': {
    id: 'adminReplaceCode',
    problems: ['ORDER_STATE_CONFLICT', 'DELIVERY_MISMATCH', 'OUT_OF_STOCK'],
    example: { reason: '兑换码无效' },
  },
  'POST /api/admin/points-mall/vouchers/redeem': {
    id: 'adminRedeemVoucher',
    problems: ['NOT_FOUND', 'VOUCHER_USED', 'VOUCHER_EXPIRED', 'VOUCHER_VOID'],
    example: { code: '000000000000', store_id: '1' },
  },
  'GET /api/admin/points-mall/vouchers/{id}': { id: 'adminGetVoucher' },
  'POST /api/admin/points-mall/vouchers/{id}/undo': {
    id: 'adminUndoVoucherUse',
    problems: ['UNDO_TOO_LATE'],
    example: { reason: '店员误操作' },
  },
  'GET /api/admin/points-mall/stores': { id: 'adminListStores' },
  'POST /api/admin/points-mall/stores': {
    id: 'adminCreateStore',
    example: { name: '西湖店', address: '天目山路 120 号', staff: ['wang', 'chen'] },
  },
  'PATCH /api/admin/points-mall/stores/{id}': { id: 'adminUpdateStore', example: { staff: ['wang'] } },
  'GET /api/admin/points-mall/categories': { id: 'adminListCategories' },
  'GET /api/admin/points-mall/categories/{id}': { id: 'adminGetCategory' },
  'GET /api/points-mall/categories': { id: 'listCategories' },
  'POST /api/admin/points-mall/categories': {
    id: 'adminCreateCategory',
    example: { name: '零食', sort: 10 },
  },
  'PATCH /api/admin/points-mall/categories/{id}': {
    id: 'adminUpdateCategory',
    example: { name: '休闲零食' },
  },
  'DELETE /api/admin/points-mall/categories/{id}': { id: 'adminDeleteCategory' },
  'GET /api/admin/points-mall/wallets/{owner_id}': { id: 'adminGetWallet' },
  'POST /api/admin/points-mall/wallets/{owner_id}/grant': {
    id: 'adminGrantPoints',
    example: { points: 500, reason: '周年庆赠送', expires_at: '2099-12-31T23:59:59+08:00' },
  },
  'POST /api/admin/points-mall/wallets/{owner_id}/adjust': {
    id: 'adminAdjustPoints',
    problems: ['INSUFFICIENT_POINTS'],
    example: { points: -100, reason: '更正重复发放' },
  },
  'POST /api/admin/points-mall/wallets/{owner_id}/cash': {
    id: 'adminAddCash',
    example: { amount: CNY('20.00'), reason: '客服补偿' },
  },
  'POST /api/admin/points-mall/wallets/{owner_id}/freeze': {
    id: 'adminFreezeWallet',
    example: { reason: '账户异常，核实中' },
  },
  'POST /api/admin/points-mall/wallets/{owner_id}/unfreeze': {
    id: 'adminUnfreezeWallet',
    example: { reason: '核实完毕' },
  },
  'POST /api/admin/points-mall/wallets/{owner_id}/block': {
    id: 'adminHoldPoints',
    problems: ['INSUFFICIENT_POINTS'],
    example: { points: 50, reason: '争议处理中' },
  },
  'POST /api/admin/points-mall/wallets/{owner_id}/unblock': {
    id: 'adminReleasePoints',
    example: { block_id: 'hold-1', reason: '争议已解决' },
  },
  'POST /api/admin/points-mall/earnings': {
    id: 'adminCreateEarning',
    example: { owner_id: 'alice', source: 'order', external_id: 'SHOP-2026-0001', amount: CNY('88.00') },
  },
  'GET /api/admin/points-mall/earnings': { id: 'adminListEarnings' },
  'POST /api/admin/points-mall/earnings/{id}/reverse': {
    id: 'adminReverseEarning',
    problems: ['INSUFFICIENT_POINTS'],
    example: { reason: '订单已退货' },
  },
  'GET /api/admin/points-mall/users/{owner_id}': { id: 'adminGetUser' },
  'PUT /api/admin/points-mall/users/{owner_id}': {
    id: 'adminUpdateUser',
    example: { level: 3, reason: '年度消费达标' },
  },
  'GET /api/admin/points-mall/orders': { id: 'adminListOrders' },
  'GET /api/admin/points-mall/orders.csv': { id: 'adminDownloadOrders' },
  'GET /api/admin/points-mall/orders/{id}': { id: 'adminGetOrder' },
  'POST /api/admin/points-mall/orders/{id}/accept': {
    id: 'adminAcceptOrder',
    problems: CONFLICT,
    example: {},
  },
  'POST /api/admin/points-mall/orders/{id}/ship': {
    id: 'adminShipOrder',
    problems: [...CONFLICT, 'CARRIER_MISMATCH'],
    example: { carrier: '顺丰', tracking_no: 'SF1234567890' },
  },
  'POST /api/admin/points-mall/orders/accept-batch': {
    id: 'adminAcceptBatch',
    example: { order_nos: ['PM20261122120000ABCDEFGHJKMN'] },
  },
  'POST /api/admin/points-mall/orders/ship-batch': {
    id: 'adminShipBatch',
    example: {
      lines: [{ order_no: 'PM20261122120000ABCDEFGHJKMN', carrier: '顺丰', tracking_no: 'SF1234567890123' }],
    },
  },
  'POST /api/admin/points-mall/orders/{id}/shipments': {
    id: 'adminAddShipment',
    problems: [...CONFLICT, 'SHIPMENT_EXCEEDS_REST', 'CARRIER_MISMATCH'],
    example: { carrier: 'yto', tracking_no: 'YT1234567890123', quantity: 1 },
  },
  'PATCH /api/admin/points-mall/orders/{id}/shipments/{shipment_id}': {
    id: 'adminCorrectShipment',
    problems: [...CONFLICT, 'CARRIER_MISMATCH'],
    example: { carrier: 'zto', tracking_no: '73123456789012' },
  },
  'POST /api/admin/points-mall/orders/{id}/charge/query': {
    id: 'adminQueryCharge',
    problems: CONFLICT,
    example: {},
  },
  'POST /api/admin/points-mall/orders/{id}/charge/acknowledge': {
    id: 'adminAcknowledgeCharge',
    problems: CONFLICT,
    example: { reason: '客户已补付' },
  },
  'POST /api/admin/points-mall/orders/{id}/finish': {
    id: 'adminFinishOrder',
    problems: CONFLICT,
    example: {},
  },
  'POST /api/admin/points-mall/orders/{id}/cancel': {
    id: 'adminCancelOrder',
    problems: [...CANCEL, 'CHARGE_UNDECIDED'],
    example: { reason: '缺货' },
  },
  'POST /api/admin/points-mall/orders/{id}/refund': {
    id: 'adminRefundOrder',
    problems: [...REFUND, 'CHARGE_UNDECIDED'],
    example: { reason: '包装破损', points: 10 },
  },
  'POST /api/admin/points-mall/orders/{id}/resolve': {
    id: 'adminResolveOrder',
    problems: CONFLICT,
    example: { action: 'retry', reason: '支付渠道已恢复' },
  },
  'POST /api/webhooks/tracking/{provider}': { id: 'receiveTrackingPush', problems: NOTIFY },
  'GET /api/admin/points-mall/statistics': { id: 'adminGetStatistics' },
  'GET /api/admin/points-mall/statistics.csv': { id: 'adminDownloadStatistics' },
  'GET /api/admin/points-mall/attention': { id: 'adminListAttention' },
  'POST /api/admin/points-mall/attention/{id}/retry': {
    id: 'adminRetryAttention',
    problems: ATTENTION,
    example: { reason: '支付渠道已恢复' },
  },
  'POST /api/admin/points-mall/attention/{id}/skip': {
    id: 'adminSkipAttention',
    problems: ATTENTION,
    example: { reason: '已人工核对' },
  },
  'POST /api/admin/points-mall/attention/{id}/refund': {
    id: 'adminRefundAttention',
    problems: ATTENTION,
    example: { reason: '已线下退款' },
  },
  'GET /api/admin/points-mall/after-sales': { id: 'adminListAfterSales' },
  'GET /api/admin/points-mall/after-sales/{id}': { id: 'adminGetAfterSale' },
  'POST /api/admin/points-mall/after-sales/{id}/approve': {
    id: 'adminApproveAfterSale',
    problems: AFTER_SALE,
    example: {},
  },
  'POST /api/admin/points-mall/after-sales/{id}/refuse': {
    id: 'adminRefuseAfterSale',
    problems: AFTER_SALE,
    example: { reason: '已超出保修范围' },
  },
  'POST /api/admin/points-mall/after-sales/{id}/receive': {
    id: 'adminReceiveAfterSale',
    problems: AFTER_SALE,
    example: { sellable: true },
  },
  'POST /api/admin/points-mall/after-sales/{id}/refuse-receipt': {
    id: 'adminRefuseAfterSaleReceipt',
    problems: AFTER_SALE,
    example: { reason: '包裹内没有商品' },
  },
  'GET /api/admin/points-mall/reconciliations': { id: 'adminListReconciliations' },
  'POST /api/admin/points-mall/reconciliations': {
    id: 'adminStartReconciliation',
    example: { day: '2026-11-23' },
  },
  'GET /api/admin/points-mall/reconciliations/{id}/findings.csv': { id: 'adminDownloadFindings' },
  'GET /api/admin/points-mall/reconciliations/{id}': { id: 'adminGetReconciliation' },

  'GET /api/admin/points-mall/webhook-endpoints': { id: 'adminListWebhookEndpoints' },
  'POST /api/admin/points-mall/webhook-endpoints': {
    id: 'adminCreateWebhookEndpoint',
    problems: ['TOO_MANY_ENDPOINTS'],
    example: {
      url: 'https://erp.example.com/points-mall',
      events: ['order.paid', 'order.canceled'],
      description: 'ERP',
    },
  },
  'GET /api/admin/points-mall/webhook-endpoints/{id}': { id: 'adminGetWebhookEndpoint' },
  'PATCH /api/admin/points-mall/webhook-endpoints/{id}': {
    id: 'adminUpdateWebhookEndpoint',
    example: { events: ['order.paid', 'refund.succeeded'], enabled: true },
  },
  'DELETE /api/admin/points-mall/webhook-endpoints/{id}': { id: 'adminDeleteWebhookEndpoint' },
  'POST /api/admin/points-mall/webhook-endpoints/{id}/rotate-secret': {
    id: 'adminRotateWebhookSecret',
    example: { overlap_hours: 24 },
  },
  'POST /api/admin/points-mall/webhook-endpoints/{id}/test': {
    id: 'adminTestWebhookEndpoint',
    problems: ENDPOINT_OFF,
    example: {},
  },
  'POST /api/admin/points-mall/webhook-endpoints/{id}/resend-failed': {
    id: 'adminResendFailedWebhooks',
    problems: ENDPOINT_OFF,
    example: { since: '2026-11-23T00:00:00+08:00' },
  },
  'GET /api/admin/points-mall/webhook-endpoints/{id}/deliveries': { id: 'adminListWebhookDeliveries' },
  'GET /api/admin/points-mall/deliveries/{id}': { id: 'adminGetWebhookDelivery' },
  'POST /api/admin/points-mall/deliveries/{id}/resend': {
    id: 'adminResendWebhookDelivery',
    problems: ENDPOINT_OFF,
    example: {},
  },

  'POST /api/webhooks/payments/{provider}': { id: 'receivePaymentNotification', problems: NOTIFY },
  'POST /api/webhooks/orders': {
    id: 'receiveOrderEvent',
    problems: ['MALFORMED_JSON', ...NOTIFY],
  },
  'GET /health/live': { id: 'getLiveness' },
  'GET /health/ready': { id: 'getReadiness' },
}
