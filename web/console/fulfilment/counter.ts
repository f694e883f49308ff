import { Hono } from 'hono'
import { html } from 'hono/html'
import {
  readStores,
  readVoucher,
  redeemVoucher,
  undoVoucherUse,
  type VoucherView,
  worksAt,
} from '../../../application/fulfilment/vouchers.ts'
import { DomainError, InvalidInputError } from '../../../domain/errors.ts'
import { errorText, fieldText } from '../../../i18n/error-texts.ts'
import {
  choice,
  type Form,
  type FormErrors,
  field,
  formFields,
  operationKeyOf,
  readForm,
} from '../../form/form.ts'
import { readFields } from '../../form/reader.ts'
import type { WebContext, WebDeps, WebEnv } from '../../shared/deps.ts'
import { grouped, time } from '../../shared/format.ts'
import { interpolate, interpolateText } from '../../shared/interpolate.ts'
import type { Html } from '../../shared/page.ts'
import { viewerOf } from '../../shared/viewer.ts'
import { textsIn } from '../../texts/common/common.ts'
import { ORDER_CODES } from '../../texts/console/codes.ts'
import { COUNTER as T } from '../../texts/console/vouchers.ts'
import { consolePage } from '../layout.ts'

const HOME = '/admin/counter'
const REASON_MAX = 200
const one = '/:id{[1-9]\\d{0,17}}'

/** For the phone or the scanner of a clerk. */
export function counterRoutes(deps: WebDeps) {
  async function show(
    c: WebContext,
    form: Form = {},
    problem?: { readonly status: 409 | 422; readonly text: string },
  ) {
    const t = textsIn(c.get('lang'))
    const stores = (await readStores(deps.db)).filter((store) => worksAt(store, viewerOf(c)))
    const chosen = form.store_id ?? c.req.query('store')
    const main = html`<h1>${t(T.title)}</h1>
      <p class="lead">${t(T.hint)}</p>
      ${problem === undefined ? '' : html`<p class="notice bad" role="alert">${problem.text}</p>`}
      ${
        stores.length === 0
          ? html`<p class="empty">${t(T.noStore)}</p>`
          : html`<form method="post" action="${HOME}" class="card stack narrow" novalidate>
              ${formFields(c)}
              ${choice(
                'store_id',
                t(T.store),
                stores.map(({ id, name }) => [id, name] as const),
                chosen,
              )}
              ${field({ name: 'code', label: t(T.code), value: form.code, required: true, inputmode: 'numeric', autocomplete: 'off' })}
              <div><button>${t(T.submit)}</button></div>
            </form>`
      }
      <p><a class="press" href="/admin/stores">${t(T.stores)}</a></p>`
    return consolePage(c, { title: t(T.title), main, section: 'counter' }, problem?.status)
  }

  function showVoucher(
    c: WebContext,
    voucher: VoucherView,
    isDone: boolean,
    errors: FormErrors = {},
    problem?: string,
  ) {
    const lang = c.get('lang')
    const t = textsIn(lang)
    const { uses_left, uses_total, uses } = voucher
    const last = uses.findLast(({ undone }) => undone === null)
    const left = interpolateText(t(T.left), { left: grouped(uses_left), total: grouped(uses_total) })
    const main = html`<h1>${isDone ? t(T.done) : voucher.product_title}</h1>
      ${problem === undefined ? '' : html`<p class="notice bad" role="alert">${problem}</p>`}
      <section class="card stack narrow">
        <p><strong>${voucher.product_title}</strong> <span class="code">${voucher.masked}</span></p>
        <p class="notice ${isDone ? 'good' : ''}" role="status">${left}</p>
        <p class="muted">${
          voucher.last_viewed_at === null
            ? t(ORDER_CODES.unseen)
            : interpolate(t(ORDER_CODES.views), {
                n: grouped(voucher.views),
                at: time(voucher.last_viewed_at, lang),
              })
        }</p>
        <p>${t(T.order)} <a class="press code" href="/admin/orders/${voucher.order_no}">${voucher.order_no}</a></p>
        <h2>${t(T.uses)}</h2>
        ${uses.length === 0 ? html`<p class="muted">${t(T.noUses)}</p>` : usesOf(c, voucher)}
        <p><a class="button" href="${HOME}${last ? `?store=${last.store.id}` : ''}">${t(T.next)}</a></p>
      </section>
      ${
        last === undefined
          ? ''
          : html`<form method="post" action="${HOME}/${voucher.id}/undo" class="card stack narrow" novalidate>
              ${formFields(c)}
              <p class="hint">${t(T.undoHint)}</p>
              ${field({ name: 'reason', label: t(T.reason), error: errors.reason, required: true, maxlength: REASON_MAX })}
              <div><button class="plain">${t(T.undo)}</button></div>
            </form>`
      }`
    const status = Object.keys(errors).length > 0 ? 422 : problem === undefined ? 200 : 409
    return consolePage(c, { title: t(T.title), main, section: 'counter' }, status)
  }

  return new Hono<WebEnv>()
    .get('/', (c) => show(c))
    .post('/', async (c) => {
      const form = await readForm(c)
      const lang = c.get('lang')
      try {
        const { code = '', store_id = '' } = form
        const key = operationKeyOf(c, form)
        return showVoucher(c, await redeemVoucher(deps, code, store_id, viewerOf(c), key), true)
      } catch (error) {
        if (error instanceof InvalidInputError) {
          const [wrong] = error.errors
          const label = textsIn(lang)(wrong?.field === 'code' ? T.code : T.store)
          return show(c, form, {
            status: 422,
            text: wrong ? fieldText({ ...wrong, field: label }, lang) : '',
          })
        }
        if (!(error instanceof DomainError) || error.refusal.code === 'FORBIDDEN') throw error
        const { code } = error.refusal
        const text =
          code === 'NOT_FOUND' ? textsIn(lang)(T.unknown) : errorText(code, lang, error.refusal).detail
        return show(c, form, { status: 409, text })
      }
    })
    .get(one, async (c) => showVoucher(c, await readVoucher(deps, c.req.param('id')), false))
    .post(`${one}/undo`, async (c) => {
      const form = await readForm(c)
      const lang = c.get('lang')
      const id = c.req.param('id')
      const read = readFields(form, lang, { reason: textsIn(lang)(T.reason) })
      const reason = read.text('reason', 1, REASON_MAX)
      if (read.errors.reason) return showVoucher(c, await readVoucher(deps, id), false, read.errors)
      try {
        await undoVoucherUse(deps, id, reason, viewerOf(c), operationKeyOf(c, form))
      } catch (error) {
        if (!(error instanceof DomainError) || error.refusal.code !== 'UNDO_TOO_LATE') throw error
        const text = errorText(error.refusal.code, lang, error.refusal).detail
        return showVoucher(c, await readVoucher(deps, id), false, {}, text)
      }
      return c.redirect(`${HOME}/${id}`, 303)
    })
}

function usesOf(c: WebContext, { uses }: VoucherView): Html {
  const lang = c.get('lang')
  const t = textsIn(lang)
  return html`<ul>${uses.map(
    ({ store, by, at, undone }) => html`<li>${time(at, lang)} ${store.name} · ${by}
      ${undone ? html`<span class="muted">${t(T.undone)}：${undone.by} ${undone.reason}</span>` : ''}</li>`,
  )}</ul>`
}
