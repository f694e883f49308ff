import { html } from 'hono/html'
import type { ProductView } from '../../../application/catalogue/products.ts'
import type { SkuView } from '../../../application/catalogue/skus.ts'
import { ADDRESSES_MAX, type AddressView } from '../../../application/customers/addresses.ts'
import type { Check } from '../../../application/orders/exchange.ts'
import type { RecentExchange } from '../../../application/orders/recent.ts'
import type { WalletView } from '../../../application/wallet/wallets.ts'
import { fieldsOfSchema } from '../../../domain/catalogue/custom-fields.ts'
import { needsAddress } from '../../../domain/catalogue/product.ts'
import { specsText } from '../../../domain/catalogue/sku.ts'
import { addressWords } from '../../../domain/customers/address.ts'
import type { Refusal } from '../../../domain/errors.ts'
import { decimalFromFen, moneyFromFen } from '../../../domain/money.ts'
import { errorSummary, type Form, type FormErrors, field, formFields } from '../../form/form.ts'
import type { WebContext, WebDeps } from '../../shared/deps.ts'
import { grouped, moneyText, pointsText, priceText, time } from '../../shared/format.ts'
import { interpolate } from '../../shared/interpolate.ts'
import type { Html } from '../../shared/page.ts'
import { shownImage } from '../../shared/product-picture.ts'
import { textsIn } from '../../texts/common/common.ts'
import { PRODUCT, REDEEM as T } from '../../texts/shop/catalogue.ts'
import { CHARGE, deliveryTexts } from '../../texts/shop/delivery.ts'
import { ORDER } from '../../texts/shop/orders.ts'
import { picture } from '../catalogue/product-card.ts'
import { price, reasonItem, returns } from '../catalogue/product-copy.ts'
import { addressFields } from '../customers/address-fields.ts'
import { shopPage } from '../layout.ts'
import { isUsable, methodRow } from '../payments/method-row.ts'
import { customForm } from './custom-form.ts'

export type Trouble =
  | { readonly kind: 'refused'; readonly refusal: Refusal }
  | { readonly kind: 'busy' | 'changed' | 'again' }

export interface Sheet {
  readonly product: ProductView
  readonly sku: SkuView
  readonly quantity: number
  readonly check: Check
  readonly wallet: WalletView | undefined
  readonly book: readonly AddressView[]
  readonly latest: RecentExchange | undefined
  readonly form: Form
  readonly errors: FormErrors
  readonly trouble: Trouble | undefined
}

export function redeemSheet(c: WebContext, deps: WebDeps, sheet: Sheet, status: 200 | 409 | 422 | 503) {
  const lang = c.get('lang')
  const t = textsIn(lang)
  const { product, quantity, check, form, errors } = sheet
  const { total } = check
  // Consent is to one more than the order that is shown, and is asked for only after a tap.
  const agreed = sheet.trouble?.kind === 'again' ? sheet.latest?.order_no : form.again
  const back = `/points-mall/products/${product.id}`
  const delivered = deliveryTexts(product.delivery, product.shipping_type)
  if (status === 503) c.header('Retry-After', '3')
  const main = html`<h1>${t(T.title)}</h1>
    <form method="post" action="${back}/redeem" class="redeem" novalidate>
      ${formFields(c, form.once)}
      ${agreed === undefined ? '' : html`<input type="hidden" name="again" value="${agreed}">`}
      <input type="hidden" name="quantity" value="${quantity}">
      ${product.skus.length > 1 ? html`<input type="hidden" name="sku_id" value="${sheet.sku.id}">` : ''}
      <input type="hidden" name="points" value="${total.points}">
      <input type="hidden" name="cash" value="${decimalFromFen(total.fen)}">
      <div class="stack choices">
        ${errorSummary(errors, lang)}
        ${troubleNotice(c, sheet)}
        ${sheet.trouble?.kind === 'again' ? '' : latestNotice(c, sheet, 'again')}
        ${item(c, deps, sheet)}
        ${
          needsAddress(product.shipping_type)
            ? addressChoice(c, sheet)
            : html`<section class="stack"><h2>${t(delivered.name)}</h2><p class="muted">${t(delivered.means)}</p></section>`
        }
        ${
          product.delivery === 'charge'
            ? field({
                name: 'account',
                label: t(CHARGE.account),
                required: true,
                value: form.account,
                error: errors.account,
                hint: t(CHARGE.accountHint),
                inputmode: 'tel',
                autocomplete: 'tel-national',
                maxlength: 20,
              })
            : ''
        }
        ${total.fen > 0n ? methodChoice(c, deps, sheet) : ''}
        ${
          product.product_type === 'customized' && product.custom_fields === null
            ? field({
                name: 'customized',
                label: t(ORDER.customized),
                required: true,
                value: form.customized,
                error: errors.customized,
                hint: customizedHint(sheet),
                maxlength: 200,
                lines: 2,
              })
            : ''
        }
        ${customForm(fieldsOfSchema(product.custom_fields), form, errors, lang)}
        ${product.rules ? html`<section class="stack"><h2>${t(PRODUCT.rulesOfShop)}</h2><p class="prose">${product.rules}</p></section>` : ''}
        ${field({ name: 'remarks', label: t(T.remarks), value: form.remarks, error: errors.remarks, hint: t(T.optional), maxlength: 500, lines: 2 })}
      </div>
      ${receipt(c, sheet)}
    </form>`
  return shopPage(c, { title: t(T.title), main, tab: 'home', back }, status)
}

function customizedHint({ product }: Sheet): string | undefined {
  const told = product.properties?.定制内容
  return typeof told === 'string' ? told : undefined
}

function troubleNotice(c: WebContext, { trouble, check }: Sheet): Html | '' {
  const lang = c.get('lang')
  const t = textsIn(lang)
  if (trouble?.kind === 'busy') {
    return html`<div class="notice warn" role="alert"><h2>${t(T.busy)}</h2><p>${t(T.busyHint)}</p></div>`
  }
  if (trouble?.kind === 'changed') {
    return html`<div class="notice warn" role="alert"><h2>${t(T.changed)}</h2><p>${t(T.changedHint)}</p></div>`
  }
  if (trouble?.kind === 'again') {
    return html`<div class="notice warn" role="alert"><h2>${t(T.oneMore)}</h2><p>${t(T.oneMoreHint)}</p></div>`
  }
  const refusal = trouble?.kind === 'refused' ? trouble.refusal : undefined
  const others = check.reasons.filter(({ code }) => code !== refusal?.code)
  const all = refusal ? [refusal, ...others] : others
  if (all.length === 0) return ''
  return html`<div class="notice bad" role="alert"><h2>${t(refusal ? T.refused : PRODUCT.whyNot)}</h2>
    <ul>${all.map((one) => reasonItem(one, lang))}</ul>
    ${refusal ? html`<p>${t(T.nothingTaken)}</p>` : ''}</div>`
}

/** @param says what happens with the next tap */
function latestNotice(c: WebContext, { latest }: Sheet, says: 'again' | 'askAgain'): Html | '' {
  if (!latest) return ''
  const lang = c.get('lang')
  const t = textsIn(lang)
  const link = html`<a href="/points-mall/orders/${latest.order_no}">${t(T.seeOrder)}</a>`
  return html`<p class="notice warn" role="note">${interpolate(t(T[says]), { t: time(latest.created_at, lang), link })}</p>`
}

function addressChoice(c: WebContext, { book, form, errors }: Sheet): Html {
  const lang = c.get('lang')
  const t = textsIn(lang)
  const chosen = form.address ?? book[0]?.id ?? 'new'
  const canKeep = book.length < ADDRESSES_MAX
  // There is no choice without saved addresses.
  const radio = (value: string, text: Html) =>
    html`<label class="pick"><input type="radio" name="address" value="${value}" ${value === chosen ? 'checked' : ''}> <span>${text}</span></label>`
  return html`<fieldset class="addresses" id="field-address">
    <legend>${t(T.address)}</legend>
    ${errors.address ? html`<p class="error">${errors.address}</p>` : ''}
    ${book.map((address) => {
      const words = addressWords(address, 'owner')
      return radio(
        address.id,
        html`<strong>${words?.name}</strong> <span class="digits">${words?.phone}</span><br>
          <span class="muted small">${words?.place}</span>`,
      )
    })}
    ${
      book.length === 0
        ? html`<input type="hidden" name="address" value="new">`
        : html`${radio('new', html`${t(T.newAddress)}`)}
            <p><a class="tap small" href="/points-mall/addresses">${t(T.manage)}</a></p>`
    }
    <div class="new-address stack">
      ${addressFields(form, errors, lang)}
      ${
        canKeep
          ? html`<label class="pick"><input type="checkbox" name="keep_address" value="1" ${form.once === undefined || form.keep_address ? 'checked' : ''}> ${t(T.keepAddress)}</label>`
          : ''
      }
    </div>
  </fieldset>`
}

function methodChoice(c: WebContext, { settings }: WebDeps, { check, wallet, form, errors }: Sheet): Html {
  const lang = c.get('lang')
  const t = textsIn(lang)
  const { supportedMethods } = settings.rules
  const due = moneyFromFen(check.total.fen)
  const cash = wallet?.cash
  // The notice above says why nothing can be redeemed.
  const walletOnly =
    check.reasons.length === 0 &&
    check.unpaidReasons.length > 0 &&
    supportedMethods.some((method) => method !== 'wallet')
  const usable = supportedMethods.filter((method) => isUsable({ method, due, cash, walletOnly }))
  const first = usable.includes(settings.defaultMethod) ? settings.defaultMethod : usable[0]
  const chosen = usable.find((method) => method === form.method) ?? first
  return html`<fieldset id="field-method">
    <legend>${t(T.method)}</legend>
    ${errors.method ? html`<p class="error">${errors.method}</p>` : ''}
    ${walletOnly ? html`<div class="notice warn" role="note"><p>${t(T.onlyWallet)}</p><ul>${check.unpaidReasons.map((one) => reasonItem(one, lang))}</ul></div>` : ''}
    <div class="methods">${supportedMethods.map((method) =>
      methodRow({ method, checked: method === chosen, due, cash, walletOnly }, lang),
    )}</div>
  </fieldset>`
}

function item(c: WebContext, deps: WebDeps, { product, sku, quantity }: Sheet): Html {
  const kept = product.skus.length > 1 ? `&sku_id=${sku.id}` : ''
  const specs = specsText(sku.specs)
  const t = textsIn(c.get('lang'))
  return html`<div class="item">
    ${picture(shownImage(sku.image ?? product.image, deps), '')}
    <div><h2>${product.title}</h2>${specs ? html`<p class="muted">${specs}</p>` : ''}
      <p>× ${grouped(quantity)} <a class="tap" href="/points-mall/products/${product.id}?quantity=${quantity}${kept}">${t(T.changeQuantity)}</a></p></div>
  </div>`
}

/** The price as a ticket. */
function receipt(c: WebContext, sheet: Sheet): Html {
  const { product, sku, quantity, check, wallet, trouble } = sheet
  const lang = c.get('lang')
  const t = textsIn(lang)
  const { total } = check
  const left = wallet && wallet.available - total.points
  return html`<section class="ticket receipt" aria-label="${t(T.total)}">
    <dl class="body facts">
      <dt>${t(T.unitPrice)}</dt><dd>${priceText(sku.point, sku.price, lang)}</dd>
      <dt>${t(PRODUCT.quantity)}</dt><dd>× ${grouped(quantity)}</dd>
      ${total.points > 0 && left !== undefined && left >= 0 ? html`<dt>${t(T.left)}</dt><dd>${pointsText(left, lang)}</dd>` : ''}
      <dt>${t(PRODUCT.returns)}</dt><dd>${returns(product, lang)}</dd>
    </dl>
    <div class="stub stack">
      <p class="sum"><span>${t(T.total)}</span> <strong class="price">${price(total.points, moneyFromFen(total.fen), lang)}</strong></p>
      ${trouble?.kind === 'again' ? latestNotice(c, sheet, 'askAgain') : ''}
      ${confirmButton(c, sheet)}
      <p class="muted small">${t(T.frozen)}</p>
    </div>
  </section>`
}

/** Confirming with cash leads to the payment without another tap; a script names the chosen method. */
function confirmButton(c: WebContext, { check: { total, reasons }, trouble }: Sheet): Html {
  const lang = c.get('lang')
  const t = textsIn(lang)
  const disabled = reasons.length > 0 ? 'disabled' : ''
  if (trouble?.kind === 'again') return html`<button class="wide" ${disabled}>${t(T.confirmAgain)}</button>`
  if (total.fen === 0n) return html`<button class="wide" ${disabled}>${t(T.confirm)}</button>`
  const says = interpolate(t(T.confirmPay), { n: moneyText(moneyFromFen(total.fen)) })
  return html`<button class="wide" data-follows="method" ${disabled}>${says}</button>`
}
