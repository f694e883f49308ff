import { Hono } from 'hono'
import { html } from 'hono/html'
import {
  ADDRESSES_MAX,
  type AddressView,
  addAddress,
  changeAddress,
  checkedAddress,
  chooseDefaultAddress,
  readAddress,
  readAddresses,
  removeAddress,
} from '../../../application/customers/addresses.ts'
import { type Address, addressWords } from '../../../domain/customers/address.ts'
import { DomainError, InvalidInputError } from '../../../domain/errors.ts'
import {
  errorSummary,
  type Form,
  type FormErrors,
  formFields,
  operationKeyOf,
  readForm,
} from '../../form/form.ts'
import { chosenIn, differing, staleForm, versionField, versionsOf } from '../../form/stale-form.ts'
import type { WebContext, WebDeps, WebEnv } from '../../shared/deps.ts'
import { requireViewer, viewerOf } from '../../shared/viewer.ts'
import { COMMON, textsIn } from '../../texts/common/common.ts'
import { ADDRESSES as T } from '../../texts/shop/catalogue.ts'
import { shopPage } from '../layout.ts'
import { addressErrors, addressFields, typedAddress } from './address-fields.ts'

const BOOK = '/points-mall/addresses'
const one = '/:id{[1-9]\\d{0,17}}'

export function addressRoutes(deps: WebDeps) {
  const ownerOf = (c: WebContext) => viewerOf(c).sub

  async function showBook(c: WebContext) {
    const t = textsIn(c.get('lang'))
    const book = await readAddresses(deps, ownerOf(c))
    const add = html`<a class="button" href="${BOOK}/new">${t(T.add)}</a>`
    const more = book.length < ADDRESSES_MAX ? add : html`<span class="muted">${t(T.full)}</span>`
    const main = html`<h1>${t(T.title)}</h1>
      ${
        book.length === 0
          ? html`<div class="empty"><h2>${t(T.empty)}</h2><p class="muted">${t(T.emptyHint)}</p><p>${add}</p></div>`
          : html`<ul class="book">${book.map((address) => card(c, address))}</ul><p>${more}</p>`
      }`
    return shopPage(c, { title: t(T.title), main, tab: 'wallet', back: '/points-mall/wallet' })
  }

  function showForm(c: WebContext, id: string | undefined, form: Form, errors: FormErrors = {}) {
    const lang = c.get('lang')
    const t = textsIn(lang)
    const title = t(id === undefined ? T.add : T.change)
    const main = html`<h1>${title}</h1>
      <form method="post" action="${BOOK}/${id ?? 'new'}" class="stack narrow-page" novalidate>
        ${formFields(c, form.once)}${form.version === undefined ? '' : versionField(form.version)}
        ${errorSummary(errors, lang)}
        ${addressFields(form, errors, lang)}
        <label class="pick"><input type="checkbox" name="as_default" value="1" ${form.as_default ? 'checked' : ''}> ${t(T.asDefault)}</label>
        <div class="row"><button>${t(COMMON.save)}</button><a class="button quiet" href="${BOOK}">${t(COMMON.back)}</a></div>
      </form>`
    const status = Object.keys(errors).length > 0 ? 422 : 200
    return shopPage(c, { title, main, tab: 'wallet', back: BOOK }, status)
  }

  /** A double tap has changed it to what is typed: then it is done. */
  async function showStale(c: WebContext, id: string, form: Form) {
    const t = textsIn(c.get('lang'))
    const address = await readAddress(deps, ownerOf(c), id)
    const saved = formOf(address)
    if (
      differing({ ...form, ...formOf({ ...address, ...checkedAddress(typedAddress(form)) }) }, saved)
        .length === 0
    ) {
      return c.redirect(BOOK, 303)
    }
    const label = (name: string) => t(T[name as keyof Address])
    const stale = { action: `${BOOK}/${id}`, form, saved, version: address.version, label }
    const main = html`<h1>${t(T.change)}</h1>${staleForm(c, stale)}`
    return shopPage(c, { title: t(T.change), main, tab: 'wallet', back: BOOK }, 412)
  }

  /** Saves, or shows the form again with errors. */
  async function saved(c: WebContext, id: string | undefined, form: Form, save: () => Promise<void>) {
    try {
      await save()
    } catch (error) {
      if (!(error instanceof InvalidInputError)) throw error
      return showForm(c, id, form, addressErrors(error, c.get('lang')))
    }
    return c.redirect(BOOK, 303)
  }

  return new Hono<WebEnv>()
    .use(requireViewer())
    .get('/', showBook)
    .get('/new', (c) => showForm(c, undefined, {}))
    .post('/new', async (c) => {
      const form = await readForm(c)
      return saved(c, undefined, form, () =>
        addAddress(deps, ownerOf(c), typedAddress(form), form.as_default === '1', operationKeyOf(c, form)),
      )
    })
    .get(one, async (c) => {
      const address = await readAddress(deps, ownerOf(c), c.req.param('id'))
      const { is_default, version } = address
      return showForm(c, address.id, {
        ...formOf(address),
        version,
        ...(is_default ? { as_default: '1' } : {}),
      })
    })
    .post(one, async (c) => {
      const id = c.req.param('id')
      const form = chosenIn(await readForm(c), formOf(await readAddress(deps, ownerOf(c), id)))
      const save = () =>
        changeAddress(deps, ownerOf(c), id, typedAddress(form), form.as_default === '1', versionsOf(form))
      try {
        return await saved(c, id, form, save)
      } catch (error) {
        if (error instanceof DomainError && error.refusal.code === 'STALE') return showStale(c, id, form)
        throw error
      }
    })
    .post(`${one}/default`, async (c) => {
      await chooseDefaultAddress(deps, ownerOf(c), c.req.param('id'))
      return c.redirect(BOOK, 303)
    })
    .get(`${one}/remove`, async (c) => {
      const t = textsIn(c.get('lang'))
      const address = await readAddress(deps, ownerOf(c), c.req.param('id'))
      const main = html`<div class="narrow-page stack">
        <h1>${t(T.removeTitle)}</h1>
        <div class="ticket"><div class="body">${lines(address)}</div></div>
        <p class="muted">${t(T.removeHint)}</p>
        <form method="post" class="row">${formFields(c)}<button>${t(COMMON.remove)}</button>
          <a class="button plain" href="${BOOK}">${t(T.keep)}</a></form>
      </div>`
      return shopPage(c, { title: t(T.removeTitle), main, tab: 'wallet', back: BOOK })
    })
    .post(`${one}/remove`, async (c) => {
      await removeAddress(deps, ownerOf(c), c.req.param('id'))
      return c.redirect(BOOK, 303)
    })
}

function formOf({ name, phone, province, city, district, detail }: Address): Form {
  return { name, phone, province, city, district, detail }
}

function card(c: WebContext, address: AddressView) {
  const t = textsIn(c.get('lang'))
  const at = `${BOOK}/${address.id}`
  const words = addressWords(address, 'owner')
  const whose = html`<span class="sr"> ${words?.name} ${words?.place}</span>`
  return html`<li class="ticket">
    <div class="body">${lines(address)} ${address.is_default ? html`<span class="badge good">${t(T.isDefault)}</span>` : ''}</div>
    <div class="stub row">
      <a class="button quiet" href="${at}">${t(T.edit)}${whose}</a>
      <a class="button quiet" href="${at}/remove">${t(COMMON.remove)}${whose}</a>
      ${
        address.is_default
          ? ''
          : html`<form method="post" action="${at}/default">${formFields(c)}<button class="quiet">${t(T.makeDefault)}${whose}</button></form>`
      }
    </div>
  </li>`
}

function lines(address: AddressView) {
  const words = addressWords(address, 'owner')
  return html`<p><strong>${words?.name}</strong> <span class="digits">${words?.phone}</span></p>
    <p class="muted">${words?.place}</p>`
}
