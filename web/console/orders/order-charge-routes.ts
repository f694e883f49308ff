import { Hono } from 'hono'
import { acknowledgeCharge, queryChargeNow } from '../../../application/fulfilment/charges.ts'
import { getOrder } from '../../../application/orders/reads.ts'
import type { OrderView } from '../../../application/orders/view.ts'
import { DomainError } from '../../../domain/errors.ts'
import { errorText } from '../../../i18n/error-texts.ts'
import { readForm } from '../../form/form.ts'
import { readFields } from '../../form/reader.ts'
import type { WebContext, WebDeps, WebEnv } from '../../shared/deps.ts'
import { viewerOf } from '../../shared/viewer.ts'
import { textsIn } from '../../texts/common/common.ts'
import { CHARGE as T } from '../../texts/console/charges.ts'
import { showOrder } from './order.ts'
import { REASON_MAX } from './order-charge.ts'

const at = '/:id{[0-9A-Za-z]{1,64}}/charge'

export function consoleOrderChargeRoutes(deps: WebDeps) {
  async function act(c: WebContext, run: (order: OrderView) => Promise<void>) {
    const order = await getOrder(deps, c.req.param('id') ?? '', undefined)
    try {
      await run(order)
    } catch (error) {
      if (!(error instanceof DomainError) || error.refusal.code !== 'ORDER_STATE_CONFLICT') throw error
      const { detail } = errorText(error.refusal.code, c.get('lang'), error.refusal)
      return showOrder(c, deps, order.order_no, { problem: { status: 409, text: detail } })
    }
    return c.redirect(`/admin/orders/${order.order_no}`, 303)
  }

  return (
    new Hono<WebEnv>()
      // The browser reloads the refused page, or switches its language.
      .get(`${at}/:act{query|acknowledge}`, (c) => c.redirect(`/admin/orders/${c.req.param('id')}`, 303))
      .post(`${at}/query`, async (c) => {
        await readForm(c)
        return act(c, (order) => queryChargeNow(deps, order, viewerOf(c).sub))
      })
      .post(`${at}/acknowledge`, async (c) => {
        const form = await readForm(c)
        const read = readFields(form, c.get('lang'), { reason: textsIn(c.get('lang'))(T.reason) })
        const reason = read.text('reason', 1, REASON_MAX)
        if (read.errors.reason !== undefined) {
          return showOrder(c, deps, c.req.param('id') ?? '', { typed: { form, errors: read.errors } })
        }
        return act(c, (order) => acknowledgeCharge(deps, order, viewerOf(c).sub, reason))
      })
  )
}
