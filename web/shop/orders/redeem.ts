import { Hono } from 'hono'
import type { ProductView } from '../../../application/catalogue/products.ts'
import type { SkuView } from '../../../application/catalogue/skus.ts'
import { addAddress, checkedAddress, readAddresses } from '../../../application/customers/addresses.ts'
import { checkExchange, type ExchangeCommand, exchange } from '../../../application/orders/exchange.ts'
import { getOrder } from '../../../application/orders/reads.ts'
import { findRecentExchange, RecentExchangeError } from '../../../application/orders/recent.ts'
import { OverloadedError } from '../../../application/temporal/client.ts'
import { readWallet } from '../../../application/wallet/wallets.ts'
import { fieldsOfSchema } from '../../../domain/catalogue/custom-fields.ts'
import type { Total } from '../../../domain/catalogue/pricing.ts'
import { needsAddress } from '../../../domain/catalogue/product.ts'
import type { Address } from '../../../domain/customers/address.ts'
import { DomainError, InvalidInputError, type Refusal } from '../../../domain/errors.ts'
import { readAccount } from '../../../domain/fulfilment/charge.ts'
import { decimalFromFen } from '../../../domain/money.ts'
import { type Form, type FormErrors, operationKeyOf, readForm } from '../../form/form.ts'
import { readFields } from '../../form/reader.ts'
import type { WebContext, WebDeps, WebEnv } from '../../shared/deps.ts'
import { requireViewer, viewerOf } from '../../shared/viewer.ts'
import { textsIn } from '../../texts/common/common.ts'
import { REDEEM } from '../../texts/shop/catalogue.ts'
import { CHARGE } from '../../texts/shop/delivery.ts'
import { ORDER } from '../../texts/shop/orders.ts'
import { findOnShelf, showGone } from '../catalogue/product.ts'
import { addressErrors, typedAddress } from '../customers/address-fields.ts'
import { channelOf } from '../payments/payment-channel.ts'
import { customLabels, readCustom } from './custom-form.ts'
import { redeemSheet, type Trouble } from './redeem-sheet.ts'

const QUANTITY_MAX = 1_000_000
const REMARKS_MAX = 500
const CUSTOMIZED_MAX = 200

/** The price shown is the price charged. */
export function redeemRoutes(deps: WebDeps) {
  const at = '/products/:id{[1-9]\\d{0,17}}/redeem'

  async function show(
    c: WebContext,
    product: ProductView,
    sku: SkuView,
    form: Form,
    { errors = {}, trouble }: { errors?: FormErrors; trouble?: Trouble | undefined } = {},
  ) {
    const { sub: ownerId, level } = viewerOf(c)
    const quantity = quantityOf(form)
    const [check, wallet, book, latest] = await Promise.all([
      checkExchange(deps, { ownerId, level }, { productId: product.id, skuId: sku.id }, { quantity }),
      readWallet(deps, ownerId).catch(unlessAway),
      needsAddress(product.shipping_type) ? readAddresses(deps, ownerId) : [],
      findRecentExchange(deps.db, ownerId, product.id),
    ])
    const sheet = {
      product,
      sku,
      quantity,
      check,
      wallet,
      book,
      latest,
      form,
      errors,
      trouble,
    }
    return redeemSheet(c, deps, sheet, statusOf(errors, trouble))
  }

  return new Hono<WebEnv>()
    .use(at, requireViewer())
    .get(at, async (c) => {
      const product = await findOnShelf(c, deps, c.req.param('id'))
      if (!product) return showGone(c, deps)
      const { quantity = '1', sku_id } = c.req.query()
      const sku = skuOf(product, sku_id)
      if (!sku) return c.redirect(`/points-mall/products/${product.id}`, 303)
      return show(c, product, sku, { quantity })
    })
    .post(at, async (c) => {
      const form = await readForm(c)
      const product = await findOnShelf(c, deps, c.req.param('id'))
      if (!product) return showGone(c, deps)
      const sku = skuOf(product, form.sku_id)
      if (!sku) return c.redirect(`/points-mall/products/${product.id}`, 303)
      const { sub: ownerId, level } = viewerOf(c)
      const pieces = { productId: product.id, skuId: sku.id }
      const { total } = await checkExchange(deps, { ownerId, level }, pieces, { quantity: quantityOf(form) })
      // A removed field is no consent; the exchange verifies the price again.
      if (form.points !== `${total.points}` || form.cash !== decimalFromFen(total.fen)) {
        return show(c, product, sku, form, { trouble: { kind: 'changed' } })
      }
      const { command, errors } = await readCommand(c, deps, product, sku, form, total)
      if (!command) return show(c, product, sku, form, { errors })
      const key = operationKeyOf(c, form)
      try {
        const { attempt, known } = await exchange(deps, { ownerId, level }, command, key)
        const outcome = known ? (await getOrder(deps, attempt.order_no, ownerId)).status : 'accepted'
        deps.metrics.exchanges.inc({ outcome })
        if (form.address === 'new' && form.keep_address === '1') await keepAddress(c, deps, form, key)
        // Leads on to the cashier if it is open by then; otherwise the order page says where it stands.
        const isAway = command.method !== undefined && command.method !== 'wallet'
        return c.redirect(`/points-mall/orders/${attempt.order_no}?new=1${isAway ? '&go=1' : ''}`, 303)
      } catch (error) {
        // Also when another tab redeems it at the same instant.
        if (error instanceof RecentExchangeError) {
          return show(c, product, sku, form, { trouble: { kind: 'again' } })
        }
        if (error instanceof OverloadedError)
          return show(c, product, sku, form, { trouble: { kind: 'busy' } })
        // The product requires customization since the page was loaded.
        if (error instanceof InvalidInputError)
          return show(c, product, sku, form, { trouble: { kind: 'changed' } })
        if (!(error instanceof DomainError)) throw error
        deps.metrics.exchanges.inc({ outcome: error.refusal.code })
        return show(c, product, sku, form, { trouble: troubleOf(error.refusal) })
      }
    })
}

/** @returns undefined if the product has several and this is none of them */
const skuOf = ({ skus }: ProductView, id: string | undefined): SkuView | undefined =>
  skus.length === 1 ? skus[0] : skus.find((sku) => sku.id === id)

/** If the external wallet does not respond, no balance is shown. */
function unlessAway(error: unknown): undefined {
  if (error instanceof OverloadedError) return undefined
  throw error
}

const quantityOf = ({ quantity = '' }: Form): number =>
  Math.min(QUANTITY_MAX, Number(/^[1-9]\d{0,6}$/.exec(quantity)?.[0] ?? 1))

const troubleOf = (refusal: Refusal): Trouble =>
  refusal.code === 'PRICE_CHANGED' ? { kind: 'changed' } : { kind: 'refused', refusal }

function statusOf(errors: FormErrors, trouble: Trouble | undefined): 200 | 409 | 422 | 503 {
  if (Object.keys(errors).length > 0) return 422
  if (trouble === undefined) return 200
  return trouble.kind === 'busy' ? 503 : 409
}

async function readCommand(
  c: WebContext,
  deps: WebDeps,
  product: ProductView,
  sku: SkuView,
  form: Form,
  { points, fen }: Total,
): Promise<{ command: ExchangeCommand | undefined; errors: FormErrors }> {
  const lang = c.get('lang')
  const t = textsIn(lang)
  const { rules } = deps.settings
  const fields = fieldsOfSchema(product.custom_fields)
  const read = readFields(form, lang, {
    remarks: t(REDEEM.remarks),
    customized: t(ORDER.customized),
    ...customLabels(fields, lang),
  })
  const remarks = read.text('remarks', 0, REMARKS_MAX)
  const asksText = product.product_type === 'customized' && fields.length === 0
  const customized = asksText ? read.text('customized', 1, CUSTOMIZED_MAX) : ''
  const custom = readCustom(read, form, fields, lang)
  const { address, errors } = needsAddress(product.shipping_type)
    ? await readAddressOf(c, deps, form)
    : { address: undefined, errors: {} }
  const method = fen > 0n ? rules.supportedMethods.find((one) => one === form.method) : undefined
  const found: Record<string, string> = { ...errors, ...read.errors }
  if (read.int('quantity', 1, QUANTITY_MAX) === undefined) found.quantity = t(REDEEM.wrongQuantity)
  const account = product.delivery === 'charge' ? readAccount(form.account ?? '') : undefined
  if (product.delivery === 'charge' && account === undefined) found.account = t(CHARGE.accountWrong)
  if (fen > 0n && !method) found.method = t(REDEEM.chooseMethod)
  if (Object.keys(found).length > 0) return { command: undefined, errors: found }
  return {
    errors: {},
    command: {
      productId: product.id,
      skuId: product.skus.length > 1 ? sku.id : undefined,
      quantity: quantityOf(form),
      cashFen: fen,
      expectedPoints: points,
      asks: { shown: form.again },
      method,
      channel: method && method !== 'wallet' ? channelOf(c, deps) : undefined,
      address: address && { ...address },
      account,
      buyer_remarks: remarks === '' ? undefined : remarks,
      customized: customized === '' ? undefined : { text: customized },
      custom,
    },
  }
}

async function readAddressOf(
  c: WebContext,
  deps: WebDeps,
  form: Form,
): Promise<{ address: Address | undefined; errors: FormErrors }> {
  const lang = c.get('lang')
  if (form.address !== 'new') {
    const chosen = (await readAddresses(deps, viewerOf(c).sub)).find(({ id }) => id === form.address)
    if (!chosen) return { address: undefined, errors: { address: textsIn(lang)(REDEEM.chooseAddress) } }
    const { id: _, is_default: __, version: ___, ...address } = chosen
    return { address, errors: {} }
  }
  try {
    return { address: checkedAddress(typedAddress(form)), errors: {} }
  } catch (error) {
    if (!(error instanceof InvalidInputError)) throw error
    return { address: undefined, errors: addressErrors(error, lang) }
  }
}

/** A failure, such as a full address book, must not affect the placed order. */
async function keepAddress(c: WebContext, deps: WebDeps, form: Form, key: string): Promise<void> {
  try {
    await addAddress(deps, viewerOf(c).sub, typedAddress(form), false, key)
  } catch (error) {
    if (error instanceof InvalidInputError) return
    deps.logger.error({ request_id: c.get('requestId'), err: error }, 'address not kept')
  }
}
