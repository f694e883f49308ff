import { Hono } from 'hono'
import { html } from 'hono/html'
import type { StatusCode } from 'hono/utils/http-status'
import { keepPicture } from '../../../application/catalogue/pictures.ts'
import {
  type AfterSaleOrder,
  type AfterSaleView,
  actOnAfterSale,
  addAfterSalePicture,
  getAfterSale,
  readAfterSaleOffer,
  readAfterSales,
  requestAfterSale,
} from '../../../application/orders/after-sales.ts'
import { getOrder } from '../../../application/orders/reads.ts'
import type { OrderView } from '../../../application/orders/view.ts'
import { DomainError, InvalidInputError, type Refusal } from '../../../domain/errors.ts'
import { allowsAfterSale, PICTURES_MAX } from '../../../domain/orders/after-sale.ts'
import {
  AFTER_SALE_STATE_TEXTS,
  AFTER_SALE_TYPE_TEXTS,
  GOODS_STATE_TEXTS,
  MONEY_STATE_TEXTS,
} from '../../../i18n/after-sale-texts.ts'
import { errorText, type Lang } from '../../../i18n/error-texts.ts'
import {
  errorSummary,
  type Form,
  type FormErrors,
  field,
  formFields,
  operationKeyOf,
  parseForm,
  readForm,
} from '../../form/form.ts'
import { radioGroup } from '../../form/radio-group.ts'
import { readFields } from '../../form/reader.ts'
import { afterSaleBadge, afterSalePictures, afterSaleTimeline } from '../../shared/after-sale.ts'
import type { WebContext, WebDeps, WebEnv } from '../../shared/deps.ts'
import { deadline, grouped, priceText, time } from '../../shared/format.ts'
import { interpolate, interpolateText } from '../../shared/interpolate.ts'
import type { Html } from '../../shared/page.ts'
import { pager } from '../../shared/pager.ts'
import { requireViewer, viewerOf } from '../../shared/viewer.ts'
import { textsIn } from '../../texts/common/common.ts'
import { AFTER_SALE_NEXT, AFTER_SALES as T } from '../../texts/shop/after-sales.ts'
import { shopPage } from '../layout.ts'

const PER_PAGE = 12
const PAGE_MAX = 10_000
const REASON_MAX = 200
const SHIPPING_MAX = 64
const ORDER = ':id{[0-9A-Za-z]{1,64}}'
const ID = ':id{[1-9]\\d{0,17}}'
const HOME = '/points-mall/after-sales'

const pathOf = (id: string) => `${HOME}/${id}`
const refusalText = ({ code, ...gap }: Refusal, lang: Lang): string => errorText(code, lang, gap).detail

/** Asking, under the order; everything else under the after-sale. */
export function askAfterSaleRoutes(deps: WebDeps) {
  const read = (c: WebContext) => getOrder(deps, c.req.param('id') ?? '', viewerOf(c).sub)
  return new Hono<WebEnv>()
    .use(requireViewer())
    .get(`/${ORDER}/after-sale`, async (c) => askPage(c, deps, await read(c), {}))
    .post(`/${ORDER}/after-sale`, async (c) => {
      const lang = c.get('lang')
      const t = textsIn(lang)
      const order = await read(c)
      const form = await readForm(c)
      const labels = { type: t(T.type), quantity: t(T.quantity), reason: t(T.reason) }
      const fields = readFields(form, lang, labels)
      const type = fields.oneOf('type', ['refund_only', 'return_refund'])
      const quantity = fields.int('quantity', 1, order.quantity) ?? 0
      if (quantity === 0) fields.wrong('quantity', 'required')
      const reason = fields.text('reason', 1, REASON_MAX)
      if (Object.keys(fields.errors).length > 0) return askPage(c, deps, order, form, fields.errors)
      try {
        const wish = { type, quantity, reason, pictures: [] }
        const id = await requestAfterSale(deps, order, wish, operationKeyOf(c, form))
        return c.redirect(`${pathOf(id)}?done=asked`, 303)
      } catch (error) {
        if (!(error instanceof DomainError)) throw error
        return askPage(c, deps, order, form, {}, refusalText(error.refusal, lang))
      }
    })
}

async function askPage(
  c: WebContext,
  deps: WebDeps,
  order: OrderView,
  form: Form,
  errors: FormErrors = {},
  refusal?: string,
) {
  const lang = c.get('lang')
  const t = textsIn(lang)
  const back = `/points-mall/orders/${order.order_no}`
  const offer = await readAfterSaleOffer(deps.db, order.order_no)
  const closed = offer.refusal && refusalText(offer.refusal, lang)
  const body = closed
    ? html`<p class="notice" role="status"><strong>${t(T.notNow)}</strong><br>${closed}</p>
      <p><a class="button plain" href="${back}">${t(T.back)}</a></p>`
    : html`<form method="post" class="stack" novalidate>
      ${formFields(c, form.once)}
      ${errorSummary(errors, lang)}
      ${
        offer.canSendBack
          ? radioGroup(
              'type',
              t(T.type),
              [
                { value: 'return_refund', text: T.returnRefund, hint: T.returnRefundHint },
                { value: 'refund_only', text: T.refundOnly, hint: T.refundOnlyHint },
              ],
              { chosen: form.type ?? 'return_refund', error: errors.type },
              lang,
            )
          : html`<input type="hidden" name="type" value="refund_only">`
      }
      ${field({
        name: 'quantity',
        label: t(T.quantity),
        value: form.quantity ?? (offer.isWhole ? `${offer.pieces}` : '1'),
        hint: interpolateText(t(offer.isWhole ? T.whole : T.quantityHint), { n: grouped(offer.pieces) }),
        error: errors.quantity,
        inputmode: 'numeric',
        required: true,
      })}
      ${field({ name: 'reason', label: t(T.reason), value: form.reason, error: errors.reason, required: true, lines: 3, maxlength: REASON_MAX })}
      <div class="row answers"><button>${t(T.submit)}</button><a class="button plain" href="${back}">${t(T.back)}</a></div>
    </form>`
  const main = html`${refusal ? html`<p class="notice bad" role="alert">${refusal}</p>` : ''}
    <section class="ticket question">
      <div class="body stack">
        <h1>${t(T.askTitle)}</h1>
        <p class="about"><strong>${order.product_title}</strong> <span class="muted">× ${order.quantity}</span>
          <span class="digits">${priceText(order.total_points, order.total_money, lang)}</span></p>
        ${closed ? '' : html`<p>${t(offer.sent ? T.decided : T.atOnce)}</p>`}
      </div>
      <div class="stub">${body}</div>
    </section>`
  const status: StatusCode = refusal ? 409 : Object.keys(errors).length > 0 ? 422 : 200
  return shopPage(c, { title: t(T.askTitle), main, tab: 'orders', back }, status)
}

export function afterSaleRoutes(deps: WebDeps) {
  const read = (c: WebContext) => getAfterSale(deps.db, c.req.param('id') ?? '', viewerOf(c).sub)

  async function act(c: WebContext, sale: AfterSaleView, form: Form, asked: AfterSaleOrder) {
    try {
      const done = await actOnAfterSale(deps, sale, viewerOf(c).sub, asked, operationKeyOf(c, form))
      return c.redirect(`${pathOf(sale.id)}?done=${done ? 'done' : 'pending'}`, 303)
    } catch (error) {
      if (!(error instanceof DomainError)) throw error
      const refusal = refusalText(error.refusal, c.get('lang'))
      return onePage(c, deps, await getAfterSale(deps.db, sale.id, sale.owner_id), { refusal })
    }
  }

  return new Hono<WebEnv>()
    .use(requireViewer())
    .get('/', async (c) => {
      const given = c.req.query('page') ?? ''
      const page = /^\d{1,5}$/.test(given) ? Math.min(Math.max(Number(given), 1), PAGE_MAX) : 1
      const slice = { limit: PER_PAGE, offset: (page - 1) * PER_PAGE }
      const { sales, total } = await readAfterSales(deps.db, { ownerId: viewerOf(c).sub }, slice)
      return listPage(c, sales, page, Math.max(1, Math.ceil(total / PER_PAGE)))
    })
    .get(`/${ID}`, async (c) => onePage(c, deps, await read(c), {}))
    .post(`/${ID}/cancel`, async (c) => act(c, await read(c), await readForm(c), { action: 'cancel' }))
    .post(`/${ID}/appeal`, async (c) => {
      const [sale, form] = [await read(c), await readForm(c)]
      const fields = readFields(form, c.get('lang'), { reason: textsIn(c.get('lang'))(T.appealReason) })
      const reason = fields.text('reason', 1, REASON_MAX)
      if (Object.keys(fields.errors).length > 0)
        return onePage(c, deps, sale, { form, errors: fields.errors })
      return act(c, sale, form, { action: 'appeal', reason })
    })
    .post(`/${ID}/return-shipment`, async (c) => {
      const [sale, form] = [await read(c), await readForm(c)]
      const t = textsIn(c.get('lang'))
      const labels = { carrier: t(T.carrier), tracking_no: t(T.trackingNo) }
      const fields = readFields(form, c.get('lang'), labels)
      const carrier = fields.text('carrier', 1, SHIPPING_MAX)
      const trackingNo = fields.code('tracking_no', 1, SHIPPING_MAX)
      if (Object.keys(fields.errors).length > 0)
        return onePage(c, deps, sale, { form, errors: fields.errors })
      return act(c, sale, form, { action: 'send_back', shipping: { carrier, trackingNo } })
    })
    .post(`/${ID}/picture`, async (c) => {
      const sale = await read(c)
      const { picture } = await parseForm(c)
      const bytes = picture instanceof File ? Buffer.from(await picture.arrayBuffer()) : Buffer.alloc(0)
      try {
        const added = await addAfterSalePicture(deps.db, sale, () =>
          keepPicture(deps.db, bytes, sale.owner_id),
        )
        return c.redirect(`${pathOf(sale.id)}?${added ? 'done=done' : 'picture=full'}`, 303)
      } catch (error) {
        if (!(error instanceof InvalidInputError)) throw error
        return c.redirect(`${pathOf(sale.id)}?picture=wrong`, 303)
      }
    })
}

function listPage(c: WebContext, sales: readonly AfterSaleView[], page: number, last: number) {
  const lang = c.get('lang')
  const t = textsIn(lang)
  const main = html`<h1>${t(T.mine)}</h1>
    ${
      sales.length === 0
        ? html`<div class="empty"><p class="blank-ticket" aria-hidden="true"></p><h2>${t(T.empty)}</h2>
          <p class="muted">${t(T.emptyHint)}</p>
          <p><a class="button" href="/points-mall/orders">${t(T.toOrders)}</a></p></div>`
        : html`<ul class="order-list">${sales.map((sale) => html`<li>${card(sale, lang)}</li>`)}</ul>`
    }
    ${pager(c, page, last)}`
  return shopPage(c, { title: t(T.mine), main, tab: 'orders', back: '/points-mall/orders' })
}

function card(sale: AfterSaleView, lang: Lang): Html {
  const t = textsIn(lang)
  return html`<article class="ticket order-card">
    <div class="body"><div class="what">
      <h2><a href="${pathOf(sale.id)}">${t(AFTER_SALE_TYPE_TEXTS[sale.type])} · ${interpolate(t(T.pieces), { n: grouped(sale.quantity) })}</a></h2>
      <p class="muted small">${sale.order_no}</p>
      <p class="digits">${priceText(sale.points, sale.money, lang)}</p>
    </div></div>
    <div class="stub small muted">${afterSaleBadge(sale.state, lang)} <span>${time(sale.created_at, lang)}</span></div>
  </article>`
}

interface Said {
  readonly form?: Form
  readonly errors?: FormErrors
  readonly refusal?: string
}

function onePage(
  c: WebContext,
  deps: WebDeps,
  sale: AfterSaleView,
  { form = {}, errors = {}, refusal }: Said,
) {
  const lang = c.get('lang')
  const t = textsIn(lang)
  const done = c.req.query('done')
  const said =
    done === 'asked' ? T.asked : done === 'pending' ? T.pending : done === 'done' ? T.done : undefined
  const wrong = c.req.query('picture')
  const main = html`
    ${refusal ? html`<p class="notice bad" role="alert">${refusal}</p>` : ''}
    ${said ? html`<p class="notice good" role="status">${t(said)}</p>` : ''}
    ${wrong ? html`<p class="notice bad" role="alert">${t(wrong === 'full' ? T.pictureFull : T.pictureWrong)}</p>` : ''}
    <div class="order"><div class="now">
      <section class="ticket order-ticket">
        <div class="body">
          <div class="state" role="status">
            <h1>${t(AFTER_SALE_STATE_TEXTS[sale.state])}</h1>
            <p class="means">${t(AFTER_SALE_NEXT[sale.state])}</p>
            ${sale.deadline ? html`<p class="small">${t(T.until)} <strong>${deadline(sale.deadline, lang)}</strong></p>` : ''}
          </div>
          ${actions(c, sale, form, errors)}
        </div>
        <div class="stub"><p class="total"><span class="muted">${t(T.amount)}</span>
          <strong class="digits">${priceText(sale.points, sale.money, lang)}</strong></p></div>
      </section>
    </div>
    <div class="more">
      <section class="panel" aria-labelledby="progress"><h2 id="progress">${t(T.progress)}</h2>${afterSaleTimeline(sale, lang)}</section>
      ${pictures(c, deps, sale)}
      ${facts(sale, lang)}
    </div></div>`
  const status: StatusCode = refusal ? 409 : Object.keys(errors).length > 0 ? 422 : 200
  return shopPage(c, { title: `${t(T.one)} ${sale.id}`, main, tab: 'orders', back: HOME }, status)
}

function actions(c: WebContext, sale: AfterSaleView, form: Form, errors: FormErrors): Html {
  const lang = c.get('lang')
  const t = textsIn(lang)
  const path = pathOf(sale.id)
  return html`${errorSummary(errors, lang)}
    ${
      allowsAfterSale(sale.state, 'send_back')
        ? html`<form method="post" action="${path}/return-shipment" class="stack" novalidate>${formFields(c, form.once)}
          <h2>${t(T.sendTitle)}</h2>
          ${field({ name: 'carrier', label: t(T.carrier), value: form.carrier, error: errors.carrier, required: true, maxlength: SHIPPING_MAX })}
          ${field({ name: 'tracking_no', label: t(T.trackingNo), value: form.tracking_no, error: errors.tracking_no, required: true, maxlength: SHIPPING_MAX })}
          <div><button>${t(T.send)}</button></div></form>`
        : ''
    }
    ${
      allowsAfterSale(sale.state, 'appeal')
        ? html`<form method="post" action="${path}/appeal" class="stack" novalidate>${formFields(c, form.once)}
          <h2>${t(T.appealTitle)}</h2>
          ${field({ name: 'reason', label: t(T.appealReason), value: form.reason, error: errors.reason, required: true, lines: 2, maxlength: REASON_MAX })}
          <div><button>${t(T.appeal)}</button></div></form>`
        : ''
    }
    ${
      allowsAfterSale(sale.state, 'cancel')
        ? html`<form method="post" action="${path}/cancel">${formFields(c)}<button class="quiet">${t(T.cancel)}</button></form>`
        : ''
    }`
}

function pictures(c: WebContext, deps: WebDeps, sale: AfterSaleView): Html | '' {
  const t = textsIn(c.get('lang'))
  const canAdd = allowsAfterSale(sale.state, 'cancel') && sale.pictures.length < PICTURES_MAX
  if (!canAdd && sale.pictures.length === 0) return ''
  return html`<section class="panel" aria-labelledby="pictures"><h2 id="pictures">${t(T.pictures)}</h2>
    ${afterSalePictures(sale, deps, t(T.pictureAlt))}
    ${
      canAdd
        ? html`<form method="post" action="${pathOf(sale.id)}/picture" enctype="multipart/form-data" class="stack">
          ${formFields(c)}
          <div class="field"><label for="field-picture">${t(T.addPicture)}</label>
            <input id="field-picture" type="file" name="picture" accept="image/png,image/jpeg,image/webp" required aria-describedby="field-picture-hint">
            <p class="hint" id="field-picture-hint">${t(T.pictureHint)}</p></div>
          <div><button class="plain">${t(T.upload)}</button></div></form>`
        : ''
    }</section>`
}

function facts(sale: AfterSaleView, lang: Lang): Html {
  const t = textsIn(lang)
  const { return_shipment: parcel } = sale
  const rows: readonly (readonly [string, Html | string])[] = [
    [t(T.number), html`<span class="number">${sale.id}</span>`],
    [t(T.type_), t(AFTER_SALE_TYPE_TEXTS[sale.type])],
    [t(T.quantity), grouped(sale.quantity)],
    [t(T.reason), sale.reason],
    [t(T.goods), t(GOODS_STATE_TEXTS[sale.goods_state])],
    [t(T.money), t(MONEY_STATE_TEXTS[sale.money_state])],
    ...(parcel ? [[t(T.parcel), `${parcel.carrier} ${parcel.tracking_no}`] as const] : []),
  ]
  return html`<section class="panel" aria-labelledby="facts"><h2 id="facts">${t(T.one)}</h2>
    <dl class="facts">${rows.map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl>
    <p><a href="/points-mall/orders/${sale.order_no}">${t(T.toOrder)}</a></p></section>`
}
