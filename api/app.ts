import { OpenAPIHono } from '@hono/zod-openapi'
import type { HonoRequest } from 'hono'
import { every } from 'hono/combine'
import { requestId } from 'hono/request-id'
import { secureHeaders } from 'hono/secure-headers'
import { createWeb } from '../web/app.ts'
import type { ApiDeps, ApiEnv } from './deps.ts'
import { describeApi } from './document/document.ts'
import { answerError, answerInvalid, problem } from './errors.ts'
import { requireMetricsToken, requireRouteRight, requireToken } from './middleware/auth.ts'
import { publicPaths } from './middleware/base-path.ts'
import { jsonOnly, limitBody } from './middleware/body.ts'
import { clientIp } from './middleware/client-ip.ts'
import { allowOrigins } from './middleware/cors.ts'
import { idempotency } from './middleware/idempotency.ts'
import { knownHost } from './middleware/known-host.ts'
import { knownRoutes, language, observe } from './middleware/observe.ts'
import { adminAcceptBatchRoutes } from './routes/admin/accept-batch.ts'
import { adminAfterSaleRoutes } from './routes/admin/after-sales.ts'
import { adminAttentionRoutes } from './routes/admin/attention.ts'
import { adminCategoryRoutes } from './routes/admin/categories.ts'
import { adminChargeRoutes } from './routes/admin/charges.ts'
import { adminCodeRoutes } from './routes/admin/codes.ts'
import { adminCopyProductRoutes } from './routes/admin/copy-product.ts'
import { adminEarningRoutes } from './routes/admin/earnings.ts'
import { adminOrderExportRoutes } from './routes/admin/order-export.ts'
import { adminOrderMessageRoutes } from './routes/admin/order-messages.ts'
import { adminOrderNoteRoutes } from './routes/admin/order-notes.ts'
import { adminOrderRoutes } from './routes/admin/orders.ts'
import { adminProductOrderRoutes } from './routes/admin/product-order.ts'
import { adminProductRoutes } from './routes/admin/products.ts'
import { adminReconciliationRoutes } from './routes/admin/reconciliation.ts'
import { adminShipBatchRoutes } from './routes/admin/ship-batch.ts'
import { adminShipmentRoutes } from './routes/admin/shipments.ts'
import { adminStatisticsRoutes } from './routes/admin/statistics.ts'
import { adminUserRoutes } from './routes/admin/users.ts'
import { adminVoucherRoutes } from './routes/admin/vouchers.ts'
import { adminWalletRoutes } from './routes/admin/wallets.ts'
import { adminDeliveryRoutes, adminEndpointRoutes } from './routes/admin/webhook-endpoints.ts'
import { assetRoutes } from './routes/platform/assets.ts'
import { codecRoutes } from './routes/platform/codec.ts'
import { docsRoutes } from './routes/platform/docs.ts'
import { healthRoutes } from './routes/platform/health.ts'
import { afterSaleRoutes } from './routes/shop/after-sales.ts'
import { categoryRoutes } from './routes/shop/categories.ts'
import { exchangeRoutes } from './routes/shop/exchanges.ts'
import { orderMessageRoutes } from './routes/shop/order-messages.ts'
import { orderRoutes } from './routes/shop/orders.ts'
import { productRoutes } from './routes/shop/products.ts'
import { answerUnderWay } from './routes/shop/under-way.ts'
import { walletRoutes } from './routes/shop/wallet.ts'
import { trackingRoutes } from './routes/webhooks/tracking.ts'
import { webhookRoutes } from './routes/webhooks/webhooks.ts'

export function createApp(deps: ApiDeps) {
  const { logger, metrics } = deps
  const app = new OpenAPIHono<ApiEnv>({ defaultHook: answerInvalid })
  app.onError(answerError(logger))
  app.notFound((c) => problem(c, 'NOT_FOUND'))

  app.use(requestId({ limitLength: 64 }), language, observe(logger, metrics))
  // Only our own pages get the Referer header, which they use to redirect back.
  const referrerPolicy = 'same-origin'
  // HSTS only when the public URL is HTTPS.
  const strictTransportSecurity = deps.publicUrl.startsWith('https:')
  app.use(secureHeaders({ referrerPolicy, strictTransportSecurity }))
  app.use(publicPaths(deps), knownHost(deps.isKnownHost))
  // Before `knownRoutes`, to which a preflight is an unknown method.
  if (deps.corsOrigins.length > 0) {
    const cors = allowOrigins(deps.corsOrigins)
    app.use('/api/points-mall/*', cors)
    app.use('/api/admin/*', cors)
  }
  app.use(knownRoutes(app), limitBody)

  // Shop products and categories are public; all other shop routes need a token.
  app.use('/api/*', async (c, next) => {
    await next()
    c.header('Cache-Control', 'no-store')
  })
  const token = requireToken(deps.authenticate)
  const isPublic = ({ method, path }: HonoRequest) =>
    (method === 'GET' || method === 'HEAD') && /^\/api\/points-mall\/(products(\/|$)|categories$)/.test(path)
  const customer = every(token, requireRouteRight(app, 'shop'))
  app.use('/api/points-mall/*', (c, next) => (isPublic(c.req) ? next() : customer(c, next)))
  app.use('/api/admin/*', token, requireRouteRight(app, 'operate'))
  app.use('/api/points-mall/*', jsonOnly)
  app.use('/api/admin/*', jsonOnly)
  // `check-exchange` changes nothing, and a stored response would be stale.
  const idempotent = idempotency(deps)
  app.use('/api/points-mall/exchange', idempotency(deps, answerUnderWay(deps)))
  app.use('/api/points-mall/orders/*', idempotent)
  app.use('/api/points-mall/after-sales/*', idempotent)
  app.use('/api/admin/*', idempotent)

  app.route('/api/points-mall/products', productRoutes(deps))
  app.route('/api/points-mall/categories', categoryRoutes(deps))
  app.route('/api/points-mall/wallet', walletRoutes(deps))
  app.route('/api/points-mall', exchangeRoutes(deps))
  app.route('/api/points-mall/orders', orderRoutes(deps))
  app.route('/api/points-mall/orders', orderMessageRoutes(deps))
  app.route('/api/points-mall', afterSaleRoutes(deps))
  app.route('/api/admin/points-mall/products', adminProductRoutes(deps))
  app.route('/api/admin/points-mall/products', adminCopyProductRoutes(deps))
  app.route('/api/admin/points-mall/products', adminProductOrderRoutes(deps))
  app.route('/api/admin/points-mall/categories', adminCategoryRoutes(deps))
  app.route('/api/admin/points-mall/wallets', adminWalletRoutes(deps))
  app.route('/api/admin/points-mall/earnings', adminEarningRoutes(deps))
  app.route('/api/admin/points-mall/users', adminUserRoutes(deps))
  app.route('/api/admin/points-mall/orders', adminOrderRoutes(deps))
  app.route('/api/admin/points-mall/orders', adminOrderMessageRoutes(deps))
  app.route('/api/admin/points-mall/orders', adminOrderNoteRoutes(deps))
  app.route('/api/admin/points-mall', adminCodeRoutes(deps))
  app.route('/api/admin/points-mall/orders', adminShipmentRoutes(deps))
  app.route('/api/admin/points-mall/orders', adminChargeRoutes(deps))
  app.route('/api/admin/points-mall', adminOrderExportRoutes(deps))
  app.route('/api/admin/points-mall', adminStatisticsRoutes(deps))
  app.route('/api/admin/points-mall/orders', adminShipBatchRoutes(deps))
  app.route('/api/admin/points-mall/orders', adminAcceptBatchRoutes(deps))
  app.route('/api/admin/points-mall', adminVoucherRoutes(deps))
  app.route('/api/admin/points-mall/after-sales', adminAfterSaleRoutes(deps))
  app.route('/api/admin/points-mall/attention', adminAttentionRoutes(deps))
  app.route('/api/admin/points-mall/reconciliations', adminReconciliationRoutes(deps))
  app.route('/api/admin/points-mall/webhook-endpoints', adminEndpointRoutes(deps))
  app.route('/api/admin/points-mall/deliveries', adminDeliveryRoutes(deps))
  app.route('/api/webhooks', webhookRoutes(deps))
  app.route('/api/webhooks', trackingRoutes(deps))

  app.route('/health', healthRoutes(deps))
  app.get('/metrics', requireMetricsToken(deps), async (c) =>
    c.body(await metrics.registry.metrics(), 200, { 'Content-Type': metrics.registry.contentType }),
  )
  app.route('/codec', codecRoutes(deps))
  app.route('/docs', docsRoutes())
  app.route('/assets', assetRoutes(deps))
  app.route('/', createWeb({ ...deps, clientIp: (c) => clientIp(c, deps.trustedProxies) }))
  let document: object | undefined
  app.get('/openapi.json', (c) => {
    document ??= describeApi(app, deps.publicUrl).document
    return c.json(document)
  })
  return app
}
