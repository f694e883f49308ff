import { Hono } from 'hono'
import { withoutTrailingSlashes } from '../domain/text.ts'
import { consoleCategoryRoutes } from './console/categories.ts'
import { consoleEarningRoutes } from './console/earnings.ts'
import { consoleOrderRoutes } from './console/order-routes.ts'
import { consoleProductRoutes } from './console/products.ts'
import { consoleReconciliationRoutes } from './console/reconciliations.ts'
import { todayRoutes } from './console/today.ts'
import { consoleUserRoutes } from './console/users.ts'
import { crashRoutes } from './crash.ts'
import type { WebContext, WebDeps, WebEnv } from './deps.ts'
import { showError, showMissing } from './failure.ts'
import { forgetDone } from './kept-form.ts'
import { guardPage } from './page.ts'
import { sameOrigin } from './same-origin.ts'
import { addressRoutes } from './shop/addresses.ts'
import { continueRoutes } from './shop/continue.ts'
import { homeRoutes } from './shop/home.ts'
import { orderRoutes } from './shop/order.ts'
import { ordersRoutes } from './shop/orders.ts'
import { productRoutes } from './shop/product.ts'
import { redeemRoutes } from './shop/redeem.ts'
import { signInRoutes } from './shop/sign-in.ts'
import { walletRoutes } from './shop/wallet.ts'
import { requireViewer, viewer } from './viewer.ts'

/** Leads an address with a slash too many to the page that was meant. */
function withoutSlash(c: WebContext) {
  const { pathname, search } = new URL(c.req.url)
  return pathname.endsWith('/') ? c.redirect(withoutTrailingSlashes(pathname) + search, 301) : undefined
}

/** All pages: the shop's under `/points-mall`, the operators' under `/admin`. */
export function createWeb(deps: WebDeps) {
  const app = new Hono<WebEnv>()
  app.onError(showError(deps.logger))
  // A form of another site is refused, whatever cookies come with it.
  const guards = [sameOrigin(deps), guardPage, viewer(deps), forgetDone(deps)] as const
  for (const path of ['/', '/points-mall/*', '/admin/*']) app.use(path, ...guards)

  app.get('/', (c) => c.redirect('/points-mall/products', 303))
  app.get('/points-mall', (c) => c.redirect('/points-mall/products', 303))
  app.route('/points-mall', signInRoutes(deps))
  app.route('/points-mall', continueRoutes(deps))
  app.route('/points-mall', homeRoutes(deps))
  app.route('/points-mall', productRoutes(deps))
  app.route('/points-mall', redeemRoutes(deps))
  app.route('/points-mall/addresses', addressRoutes(deps))
  app.route('/points-mall/orders', ordersRoutes(deps))
  app.route('/points-mall/orders', orderRoutes(deps))
  app.route('/points-mall/wallet', walletRoutes(deps))
  app.get('/points-mall/*', (c) => withoutSlash(c) ?? showMissing(c))

  app.route('/admin', crashRoutes(deps))
  app.use('/admin/*', requireViewer('operate'))
  app.route('/admin', todayRoutes(deps))
  app.route('/admin/orders', consoleOrderRoutes(deps))
  app.route('/admin/products', consoleProductRoutes(deps))
  app.route('/admin/categories', consoleCategoryRoutes(deps))
  app.route('/admin/users', consoleEarningRoutes(deps))
  app.route('/admin/users', consoleUserRoutes(deps))
  app.route('/admin/reconciliations', consoleReconciliationRoutes(deps))
  app.get('/admin/*', showMissing)
  return app
}
