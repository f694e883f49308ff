import { Hono } from 'hono'
import { withoutTrailingSlashes } from '../domain/text.ts'
import { arrangeRoutes } from './console/catalogue/arrange.ts'
import { consoleCategoryRoutes } from './console/catalogue/categories.ts'
import { consoleCodeRoutes } from './console/catalogue/codes.ts'
import { previewRoutes } from './console/catalogue/preview.ts'
import { consoleProductRoutes } from './console/catalogue/products.ts'
import { consoleUserRoutes } from './console/customers/users.ts'
import { counterRoutes } from './console/fulfilment/counter.ts'
import { storeRoutes } from './console/fulfilment/stores.ts'
import { consoleWebhookRoutes } from './console/messaging/webhooks.ts'
import { consoleAfterSaleRoutes } from './console/orders/after-sales.ts'
import { consoleDeskNoteRoutes } from './console/orders/desk-notes.ts'
import { consoleOrderChargeRoutes } from './console/orders/order-charge-routes.ts'
import { consoleOrderCodeRoutes } from './console/orders/order-codes.ts'
import { consoleOrderMessageRoutes } from './console/orders/order-messages.ts'
import { consoleOrderRoutes } from './console/orders/order-routes.ts'
import { savedViewRoutes } from './console/orders/saved-views.ts'
import { selectedRoutes } from './console/orders/selected.ts'
import { statisticsRoutes } from './console/orders/statistics.ts'
import { attentionRoutes } from './console/platform/attention.ts'
import { attentionCount } from './console/platform/attention-count.ts'
import { shortcutRoutes } from './console/platform/shortcuts.ts'
import { todayRoutes } from './console/platform/today.ts'
import { consoleReconciliationRoutes } from './console/reconciliation/reconciliations.ts'
import { packingSlips } from './console/shipments/packing-slips.ts'
import { parcelRoutes } from './console/shipments/parcels.ts'
import { shipBatchRoutes } from './console/shipments/ship-batch.ts'
import { shipQueueRoutes } from './console/shipments/ship-queue.ts'
import { consoleEarningRoutes } from './console/wallet/earnings.ts'
import { forgetDone } from './form/kept-form.ts'
import { crashRoutes } from './shared/crash.ts'
import type { WebContext, WebDeps, WebEnv } from './shared/deps.ts'
import { showError, showMissing } from './shared/failure.ts'
import { guardPage } from './shared/page.ts'
import { sameOrigin } from './shared/same-origin.ts'
import { requireViewer, viewer } from './shared/viewer.ts'
import { homeRoutes } from './shop/catalogue/home.ts'
import { productRoutes } from './shop/catalogue/product.ts'
import { addressRoutes } from './shop/customers/addresses.ts'
import { continueRoutes } from './shop/customers/continue.ts'
import { oidcRoutes } from './shop/customers/oidc.ts'
import { regionRoutes } from './shop/customers/regions.ts'
import { signInRoutes } from './shop/customers/sign-in.ts'
import { afterSaleRoutes, askAfterSaleRoutes } from './shop/orders/after-sales.ts'
import { orderRoutes } from './shop/orders/order.ts'
import { ordersRoutes } from './shop/orders/orders.ts'
import { redeemRoutes } from './shop/orders/redeem.ts'
import { walletRoutes } from './shop/wallet/wallet.ts'

function withoutSlash(c: WebContext) {
  const { pathname, search } = new URL(c.req.url)
  return pathname.endsWith('/') ? c.redirect(withoutTrailingSlashes(pathname) + search, 301) : undefined
}

/** The shop is under `/points-mall`, the console under `/admin`. */
export function createWeb(deps: WebDeps) {
  const app = new Hono<WebEnv>()
  app.onError(showError(deps.logger))
  // Cross-site forms are refused, whatever their cookies.
  const guards = [sameOrigin(deps), guardPage(deps), viewer(deps), forgetDone(deps)] as const
  for (const path of ['/', '/points-mall/*', '/admin/*']) app.use(path, ...guards)

  app.get('/', (c) => c.redirect('/points-mall/products', 303))
  app.get('/points-mall', (c) => c.redirect('/points-mall/products', 303))
  app.route('/points-mall', signInRoutes(deps))
  app.route('/points-mall', oidcRoutes(deps))
  app.route('/points-mall', continueRoutes(deps))
  app.route('/points-mall', homeRoutes(deps))
  app.route('/points-mall', productRoutes(deps))
  app.route('/points-mall', redeemRoutes(deps))
  app.route('/points-mall', regionRoutes())
  app.route('/points-mall/addresses', addressRoutes(deps))
  app.route('/points-mall/orders', ordersRoutes(deps))
  app.route('/points-mall/orders', orderRoutes(deps))
  app.route('/points-mall/orders', askAfterSaleRoutes(deps))
  app.route('/points-mall/after-sales', afterSaleRoutes(deps))
  app.route('/points-mall/wallet', walletRoutes(deps))
  app.get('/points-mall/*', (c) => withoutSlash(c) ?? showMissing(c))

  app.route('/admin', crashRoutes(deps))
  app.use('/admin/*', requireViewer('operate'), attentionCount(deps))
  app.route('/admin', todayRoutes(deps))
  app.route('/admin/shortcuts', shortcutRoutes(deps))
  app.route('/admin/attention', attentionRoutes(deps))
  app.route('/admin/statistics', statisticsRoutes(deps))
  app.route('/admin/orders', parcelRoutes(deps))
  app.route('/admin/orders', shipBatchRoutes(deps))
  app.route('/admin/orders', shipQueueRoutes(deps))
  app.route('/admin/orders', selectedRoutes(deps))
  app.route('/admin/orders', savedViewRoutes(deps))
  app.get('/admin/orders/packing-slips', packingSlips(deps))
  app.route('/admin/orders', consoleOrderRoutes(deps))
  app.route('/admin/orders', consoleOrderCodeRoutes(deps))
  app.route('/admin/orders', consoleOrderMessageRoutes(deps))
  app.route('/admin/orders', consoleDeskNoteRoutes(deps))
  app.route('/admin/orders', consoleOrderChargeRoutes(deps))
  app.route('/admin/after-sales', consoleAfterSaleRoutes(deps))
  app.route('/admin/products', arrangeRoutes(deps))
  app.route('/admin/products', previewRoutes(deps))
  app.route('/admin/products', consoleProductRoutes(deps))
  app.route('/admin/products', consoleCodeRoutes(deps))
  app.route('/admin/counter', counterRoutes(deps))
  app.route('/admin/stores', storeRoutes(deps))
  app.route('/admin/categories', consoleCategoryRoutes(deps))
  app.route('/admin/users', consoleEarningRoutes(deps))
  app.route('/admin/users', consoleUserRoutes(deps))
  app.route('/admin/reconciliations', consoleReconciliationRoutes(deps))
  app.route('/admin/webhooks', consoleWebhookRoutes(deps))
  app.get('/admin/*', showMissing)
  return app
}
