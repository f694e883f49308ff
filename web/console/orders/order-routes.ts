import { Hono } from 'hono'
import { actOnOrder } from '../../../application/orders/actions.ts'
import { hasNothingLeft, isRefunded } from '../../../application/orders/audit-trail.ts'
import type { OrderRequest } from '../../../application/orders/order-request.ts'
import { getOrder } from '../../../application/orders/reads.ts'
import type { OrderView } from '../../../application/orders/view.ts'
import { OverloadedError } from '../../../application/temporal/client.ts'
import { mustNotBeOwn } from '../../../domain/access.ts'
import { DomainError, type Refusal } from '../../../domain/errors.ts'
import { allows } from '../../../domain/orders/status.ts'
import { errorText } from '../../../i18n/error-texts.ts'
import { type Form, operationKeyOf, readForm } from '../../form/form.ts'
import type { WebContext, WebDeps, WebEnv } from '../../shared/deps.ts'
import { groupedText } from '../../shared/format.ts'
import { viewerOf } from '../../shared/viewer.ts'
import { textsIn } from '../../texts/common/common.ts'
import { ACTIONS, ORDER_PAGE as T } from '../../texts/console/orders.ts'
import { rememberCarrier } from '../shipments/carrier-memory.ts'
import { showOrder } from './order.ts'
import { type ActionName, reasonAgainst } from './order-actions.ts'
import { cameFrom, doneAt, orderAt } from './order-badges.ts'
import { isAskedApart, readRequest, showForm } from './order-forms.ts'
import { exportOrders, orderList } from './orders.ts'

export function consoleOrderRoutes(deps: WebDeps) {
  /** @throws DomainError NOT_FOUND, FORBIDDEN for the viewer's own order */
  async function find(c: WebContext): Promise<OrderView> {
    const order = await getOrder(deps, c.req.param('id') ?? '', undefined)
    mustNotBeOwn(viewerOf(c).sub, order.owner_id)
    return order
  }

  async function act(c: WebContext, action: ActionName): Promise<Response> {
    const order = await find(c)
    const form = await readForm(c)
    const key = operationKeyOf(c, form)
    const { order_no: orderNo } = order
    if (action === 'refund' && (await isRefunded(deps, orderNo, key))) {
      return c.redirect(doneAt(orderNo, action, cameFrom(c)), 303)
    }
    if (action === 'refund' && allows(order.status, action) && hasNothingLeft(order)) {
      const problem = { status: 409, text: textsIn(c.get('lang'))(T.allBack) } as const
      return showOrder(c, deps, orderNo, { problem })
    }
    const { request, errors } = readRequest(action, form, order, c.get('lang'))
    if (Object.keys(errors).length > 0) {
      if (isAskedApart(action)) return showForm(c, order, action, form, { errors })
      return showOrder(c, deps, orderNo, { typed: { form, errors } })
    }
    const by = { type: 'operator' as const, id: viewerOf(c).sub }
    try {
      const known = await actOnOrder(deps, order, by, request, key)
      if (request.kind === 'shipment') rememberCarrier(c, deps, request.carrier)
      return c.redirect(doneAt(orderNo, known ? doneBy(request, action) : 'pending', cameFrom(c)), 303)
    } catch (error) {
      return refuse(c, order, action, form, error)
    }
  }

  async function refuse(c: WebContext, order: OrderView, action: ActionName, form: Form, error: unknown) {
    const lang = c.get('lang')
    if (!(error instanceof DomainError || error instanceof OverloadedError)) throw error
    const refusal: Refusal = error instanceof DomainError ? error.refusal : { code: 'UNAVAILABLE' }
    const text = errorText(refusal.code, lang, {
      required: refusal.required && groupedText(refusal.required),
      available: refusal.available && groupedText(refusal.available),
    }).detail
    if (refusal.code === 'SHIPMENT_EXCEEDS_REST') {
      return showOrder(c, deps, order.order_no, { typed: { form, errors: { quantity: text } } })
    }
    const about = partFieldOf(refusal)
    if (about && isAskedApart(action)) return showForm(c, order, action, form, { errors: { [about]: text } })
    const away = refusal.code === 'UNAVAILABLE'
    if (away) c.header('Retry-After', '1')
    if (away && isAskedApart(action)) return showForm(c, order, action, form, { problem: text })
    const typed = { form, errors: {} }
    return showOrder(c, deps, order.order_no, { typed, problem: { status: away ? 503 : 409, text } })
  }

  const routes = new Hono<WebEnv>()
    .get('/', orderList(deps))
    .get('/export.csv', exportOrders(deps))
    .get('/:id{[0-9A-Za-z]{1,64}}', (c) => showOrder(c, deps, c.req.param('id')))
    .get('/:id{[0-9A-Za-z]{1,64}}/:action{cancel|refund|resolve}', async (c) => {
      const action = c.req.param('action') as ActionName
      const order = await find(c)
      const known = { ...order, shippingType: undefined }
      // The order page explains an unavailable action.
      if (!isAskedApart(action) || reasonAgainst(known, action, c))
        return c.redirect(orderAt(order.order_no, cameFrom(c)), 303)
      return showForm(c, order, action, {})
    })
  for (const action of Object.keys(ACTIONS) as ActionName[]) {
    routes.post(`/:id{[0-9A-Za-z]{1,64}}/${action}`, (c) => act(c, action))
  }
  return routes
}

/** A part of an order leaves the order as it is. */
const doneBy = (request: OrderRequest, action: ActionName) =>
  request.kind === 'shipment' ? 'parcel' : action

/** The field that a refused partial refund concerns. */
function partFieldOf({ code, required }: Refusal): 'what' | 'points' | 'money' | undefined {
  if (code === 'REFUND_IS_WHOLE') return 'what'
  if (code !== 'REFUND_EXCEEDS_REST' || required === undefined) return undefined
  return required.startsWith('¥') ? 'money' : 'points'
}
