import { Hono } from 'hono'
import { html } from 'hono/html'
import {
  changeStore,
  createStore,
  readStore,
  readStores,
  type StoreView,
} from '../../../application/fulfilment/vouchers.ts'
import { STORE_MAX } from '../../../domain/fulfilment/vouchers.ts'
import type { Lang } from '../../../i18n/error-texts.ts'
import {
  errorSummary,
  type Form,
  type FormErrors,
  field,
  formFields,
  operationKeyOf,
  readForm,
} from '../../form/form.ts'
import { readFields } from '../../form/reader.ts'
import type { WebContext, WebDeps, WebEnv } from '../../shared/deps.ts'
import { COMMON, textsIn } from '../../texts/common/common.ts'
import { COUNTER, STORES as T } from '../../texts/console/vouchers.ts'
import { consolePage } from '../layout.ts'

const HOME = '/admin/stores'
const one = '/:id{[1-9]\\d{0,17}}'

export function storeRoutes({ db }: WebDeps) {
  async function show(c: WebContext, form: Form = {}, errors: FormErrors = {}) {
    const t = textsIn(c.get('lang'))
    const stores = await readStores(db)
    const main = html`<nav aria-label="${t(COUNTER.title)}"><a class="up press" href="/admin/counter"><span aria-hidden="true">‹</span> ${t(COUNTER.title)}</a></nav>
      <h1>${t(T.title)}</h1>
      ${c.req.query('done') === 'saved' ? html`<p class="notice good" role="status">${t(T.saved)}</p>` : ''}
      ${
        stores.length === 0
          ? html`<p class="empty">${t(T.empty)}</p>`
          : html`<ul class="stack">${stores.map(
              ({
                id,
                name,
                address,
                staff,
              }) => html`<li class="card"><a class="name press" href="${HOME}/${id}">${name}</a>
                <p class="muted">${address ?? ''}</p><p>${t(T.staff)}: ${staff.length === 0 ? t(T.everybody) : staff.join(', ')}</p></li>`,
            )}</ul>`
      }
      <section class="card stack narrow"><h2>${t(T.add)}</h2>${storeForm(c, HOME, form, errors)}</section>`
    return consolePage(c, { title: t(T.title), main, section: 'counter' }, statusOf(errors))
  }

  function showOne(c: WebContext, store: StoreView, form: Form, errors: FormErrors = {}) {
    const t = textsIn(c.get('lang'))
    const main = html`<nav aria-label="${t(T.title)}"><a class="up press" href="${HOME}"><span aria-hidden="true">‹</span> ${t(T.title)}</a></nav>
      <h1>${store.name}</h1>
      <section class="card stack narrow">${storeForm(c, `${HOME}/${store.id}`, form, errors)}</section>`
    return consolePage(c, { title: store.name, main, section: 'counter' }, statusOf(errors))
  }

  return new Hono<WebEnv>()
    .get('/', (c) => show(c))
    .post('/', async (c) => {
      const form = await readForm(c)
      const { fields, errors } = readTyped(form, c.get('lang'))
      if (Object.keys(errors).length > 0) return show(c, form, errors)
      await createStore(db, fields, operationKeyOf(c, form))
      return c.redirect(`${HOME}?done=saved`, 303)
    })
    .get(one, async (c) => {
      const store = await readStore(db, c.req.param('id'))
      return showOne(c, store, {
        name: store.name,
        address: store.address ?? '',
        staff: store.staff.join('\n'),
      })
    })
    .post(one, async (c) => {
      const store = await readStore(db, c.req.param('id'))
      const form = await readForm(c)
      const { fields, errors } = readTyped(form, c.get('lang'))
      if (Object.keys(errors).length > 0) return showOne(c, store, form, errors)
      await changeStore(db, store.id, fields)
      return c.redirect(`${HOME}?done=saved`, 303)
    })
}

const statusOf = (errors: FormErrors) => (Object.keys(errors).length > 0 ? 422 : 200)

const STAFF_TEXT_MAX = 10_000
const ACCOUNT_MAX = 64

function readTyped(form: Form, lang: Lang) {
  const t = textsIn(lang)
  const read = readFields(form, lang, { name: t(T.name), address: t(T.address), staff: t(T.staff) })
  const name = read.text('name', 1, STORE_MAX.name)
  const address = read.text('address', 0, STORE_MAX.address)
  const staff = read
    .text('staff', 0, STAFF_TEXT_MAX)
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
  if (staff.length > STORE_MAX.staff) read.wrong('staff', 'max', `${STORE_MAX.staff}`)
  if (staff.some((line) => line.length > ACCOUNT_MAX)) read.wrong('staff', 'max_length', `${ACCOUNT_MAX}`)
  return { fields: { name, address: address === '' ? null : address, staff }, errors: read.errors }
}

function storeForm(c: WebContext, action: string, form: Form, errors: FormErrors) {
  const lang = c.get('lang')
  const t = textsIn(lang)
  return html`<form method="post" action="${action}" class="stack" novalidate>
    ${formFields(c, form.once)}
    ${errorSummary(errors, lang)}
    ${field({ name: 'name', label: t(T.name), value: form.name, error: errors.name, required: true, maxlength: STORE_MAX.name })}
    ${field({ name: 'address', label: t(T.address), value: form.address, error: errors.address, maxlength: STORE_MAX.address })}
    ${field({ name: 'staff', label: t(T.staff), value: form.staff, error: errors.staff, hint: t(T.staffHint), lines: 3 })}
    <div><button>${t(COMMON.save)}</button></div>
  </form>`
}
