import { Hono } from 'hono'
import { html } from 'hono/html'
import { checkedAddress } from '../../../application/customers/addresses.ts'
import { changeOrderAddress, mayMove } from '../../../application/orders/change-address.ts'
import { getOrder } from '../../../application/orders/reads.ts'
import type { OrderView } from '../../../application/orders/view.ts'
import { DomainError, InvalidInputError } from '../../../domain/errors.ts'
import { errorText } from '../../../i18n/error-texts.ts'
import {
  errorSummary,
  type Form,
  type FormErrors,
  formFields,
  formTokenOf,
  readForm,
} from '../../form/form.ts'
import type { WebContext, WebDeps, WebEnv } from '../../shared/deps.ts'
import { viewerOf } from '../../shared/viewer.ts'
import { textsIn } from '../../texts/common/common.ts'
import { ORDER } from '../../texts/shop/orders.ts'
import { addressErrors, addressFields, typedAddress } from '../customers/address-fields.ts'
import { shopPage } from '../layout.ts'

const ID = ':id{[0-9A-Za-z]{1,64}}'
const pathOf = ({ order_no }: OrderView) => `/points-mall/orders/${order_no}`

/** Changes where an order goes, until it is accepted. */
export function orderAddress(deps: WebDeps) {
  const read = (c: WebContext) => getOrder(deps, c.req.param('id') ?? '', viewerOf(c).sub)

  return new Hono<WebEnv>()
    .get(`/${ID}/address`, async (c) => {
      const order = await read(c)
      if (!mayMove(order) || !order.address_info) return c.redirect(pathOf(order), 303)
      const kept = Object.entries(order.address_info).filter(([, text]) => typeof text === 'string')
      return ask(c, order, Object.fromEntries(kept) as Form, {})
    })
    .post(`/${ID}/address`, async (c) => {
      const order = await read(c)
      const form = await readForm(c)
      const { sub } = viewerOf(c)
      const lang = c.get('lang')
      try {
        const address = checkedAddress(typedAddress(form))
        await changeOrderAddress(deps, order, sub, { ...address }, `${formTokenOf(form)}-address`)
        return c.redirect(pathOf(order), 303)
      } catch (error) {
        if (error instanceof InvalidInputError)
          return ask(c, order, form, { errors: addressErrors(error, lang) })
        if (!(error instanceof DomainError)) throw error
        return ask(c, order, form, { problem: errorText(error.refusal.code, lang, error.refusal).detail })
      }
    })
}

function ask(
  c: WebContext,
  order: OrderView,
  form: Form,
  { errors = {}, problem }: { readonly errors?: FormErrors; readonly problem?: string },
) {
  const lang = c.get('lang')
  const t = textsIn(lang)
  const main = html`<h1>${t(ORDER.moveTitle)}</h1>
    <form method="post" class="stack narrow-page" novalidate>
      ${formFields(c, form.once)}
      ${problem === undefined ? '' : html`<p class="notice bad" role="alert">${problem}</p>`}
      ${errorSummary(errors, lang)}
      <p class="muted">${t(ORDER.moveHint)}</p>
      ${addressFields(form, errors, lang)}
      <div class="row"><button>${t(ORDER.moveDo)}</button><a class="button quiet" href="${pathOf(order)}">${t(ORDER.moveNot)}</a></div>
    </form>`
  const status = Object.keys(errors).length > 0 ? 422 : problem === undefined ? 200 : 409
  return shopPage(c, { title: t(ORDER.moveTitle), main, tab: 'orders', back: pathOf(order) }, status)
}
