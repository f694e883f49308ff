import { z } from '@hono/zod-openapi'
import { checkedImage } from '../../application/catalogue/pictures.ts'
import type { ProductChange, ProductView } from '../../application/catalogue/products.ts'
import type { SkuFields } from '../../application/catalogue/skus.ts'
import { CUSTOM_MAX, readSchema, schemaOf } from '../../domain/catalogue/custom-fields.ts'
import {
  DELIVERIES,
  LIMIT_MAX,
  PAYMENT_MODES,
  PRODUCT_MAX,
  PRODUCT_STATUSES,
  PRODUCT_TYPES,
  RETURN_DAYS_MAX,
  SHIPPING_TYPES,
  VOUCHER_MAX,
} from '../../domain/catalogue/product.ts'
import { SKU_MAX } from '../../domain/catalogue/sku.ts'
import { STOCK_MOVEMENT_KINDS } from '../../domain/catalogue/stock.ts'
import { CHARGE_ITEM } from '../../domain/fulfilment/charge.ts'
import { fenOf } from '../../domain/money.ts'
import type { Lang } from '../../i18n/error-texts.ts'
import { modeText, pointsText } from '../../i18n/product-texts.ts'
import { codeText, INT_MAX, id, int, money, text } from './common.ts'

const exchangeLimit = z
  .strictObject({
    max_per_user: z.int().min(1).max(LIMIT_MAX.max_per_user).optional(),
    max_per_order: z.int().min(1).max(LIMIT_MAX.max_per_order).optional(),
    time_limit_seconds: z.int().min(1).max(LIMIT_MAX.time_limit_seconds).optional(),
    user_level_required: z.int().min(0).max(LIMIT_MAX.user_level_required).optional(),
  })
  .openapi('ExchangeLimit')

/** Rules read `limit`; every other key belongs to the shop. */
const properties = z.looseObject({ limit: exchangeLimit.optional() }).openapi('ProductProperties')

const customField = z
  .strictObject({
    type: z.enum(['string', 'number', 'integer']),
    title: z.string(),
    'x-title-en': z.string().optional(),
    minLength: z.int().optional(),
    maxLength: z.int().optional(),
    enum: z.array(z.string()).optional(),
    format: z.enum(['uri']).optional(),
    minimum: z.number().optional(),
    maximum: z.number().optional(),
  })
  .openapi('CustomField')

const customFields = z
  .strictObject({
    type: z.enum(['object']),
    properties: z.record(z.string(), customField),
    required: z.array(z.string()).optional(),
    additionalProperties: z.literal(false).optional(),
    'x-order': z.array(z.string()).optional(),
  })
  .openapi('CustomFields', {
    description: `A JSON Schema (draft 2020-12 or draft-07) of at most ${CUSTOM_MAX.fields} fields, with these keywords only`,
  })

/** What is stored has every default, and the order of the form. */
const checkedCustomFields = customFields.transform((given, ctx) => {
  const { fields, errors } = readSchema(given)
  for (const { field, rule, bound } of errors) {
    ctx.addIssue({ code: 'custom', path: field === '' ? [] : field.split('.'), params: { rule, bound } })
  }
  return errors.length > 0 ? z.NEVER : schemaOf(fields)
})

const specs = z.record(z.string(), z.string())

const voucher = z
  .strictObject({
    uses: z.int().min(1).max(VOUCHER_MAX.uses),
    valid_days: z.int().min(1).max(VOUCHER_MAX.valid_days),
  })
  .openapi('VoucherTerms')

const charge = z.strictObject({ item: z.string().regex(CHARGE_ITEM) }).openapi('ChargeTerms')

export const returnable = z.union([
  z.enum(['none', 'before_shipping']),
  z.strictObject({ days: z.int().min(1).max(RETURN_DAYS_MAX) }),
])

export const category = z
  .object({
    id,
    name: z.string(),
    sort: z.int(),
    parent_id: id.nullable(),
    version: z.string(),
    created_at: z.iso.datetime(),
    updated_at: z.iso.datetime(),
  })
  .openapi('Category')

const picture = z.object({ image: z.string(), alt: z.string() }).openapi('ProductPicture')

const sku = z
  .object({
    id,
    specs,
    point: z.int(),
    price: money,
    stock_quantity: z.int(),
    image: z.string().nullable(),
  })
  .openapi('Sku')

const skuFields = z
  .strictObject({
    id: id.optional(),
    specs: z.record(text(1, SKU_MAX.name), text(1, SKU_MAX.value)).default({}),
    point: int(0, PRODUCT_MAX.points).optional(),
    price: money.optional(),
    stock_quantity: int(0).optional(),
    stock_delta: int(-INT_MAX).optional(),
    image: text(1, PRODUCT_MAX.image).nullish(),
  })
  .openapi('SkuFields')

/** As deep as `CATEGORY_DEPTH_MAX`. */
const leaf = category.extend({ children: z.array(category).max(0) }).openapi('CategoryLeaf')
const branch = category.extend({ children: z.array(leaf) }).openapi('CategoryBranch')
export const categoryNode = category.extend({ children: z.array(branch) }).openapi('CategoryNode')

/** Operators see more fields. */
export const product = z
  .object({
    id,
    title: z.string(),
    description: z.string().nullable(),
    image: z.string().nullable(),
    images: z.array(picture),
    points_price: z.int(),
    money_price: money,
    payment_mode: z.enum(PAYMENT_MODES),
    original_price: money.nullable(),
    stock_quantity: z.int(),
    skus: z.array(sku),
    exchange_limit: z.int(),
    status: z.enum(PRODUCT_STATUSES),
    sort: z.int(),
    product_type: z.enum(PRODUCT_TYPES),
    shipping_type: z.enum(SHIPPING_TYPES),
    delivery: z.enum(DELIVERIES),
    voucher: voucher.nullable(),
    charge: charge.nullable(),
    returnable,
    visible_from: z.iso.datetime().nullable(),
    visible_until: z.iso.datetime().nullable(),
    on_sale_from: z.iso.datetime().nullable(),
    on_sale_until: z.iso.datetime().nullable(),
    rules: z.string().nullable(),
    properties: properties.nullable(),
    custom_fields: customFields.nullable(),
    external_id: z.string().nullable().openapi({ description: "The product's id in the shop" }),
    payment_info: z.object({
      mode: z.string(),
      points: z.string().nullable(),
      money: z.string().nullable(),
      total_value: money,
    }),
    category: z.object({ id, name: z.string() }).nullable(),
    created_at: z.iso.datetime(),
    updated_at: z.iso.datetime(),
  })
  .openapi('Product')

export const stockMovement = z
  .object({
    id,
    kind: z.enum(STOCK_MOVEMENT_KINDS),
    sku_id: id,
    specs,
    delta: z.int(),
    stock_after: z.int(),
    order_no: z.string().nullable(),
    operator_id: z.string().nullable(),
    created_at: z.iso.datetime(),
  })
  .openapi('StockMovement')

/** The product's texts in the reader's language. */
export function productFor<T extends ProductView>(view: T, lang: Lang): T {
  const { payment_mode, points_price, payment_info } = view
  const mode = modeText(payment_mode, lang)
  const points = payment_info.points === null ? null : pointsText(points_price, lang)
  return { ...view, payment_info: { ...payment_info, mode, points } }
}

export const adminProduct = product
  .extend({ point: z.int(), price: money, category_id: id.nullable(), version: z.string() })
  .openapi('AdminProduct')

const moment = z.iso.datetime({ offset: true })
const dateOf = (at: string | null | undefined) => (typeof at === 'string' ? new Date(at) : at)

const fields = {
  description: text(0, PRODUCT_MAX.description).nullish(),
  /** `checkedImage` checks where it is. */
  image: text(1, PRODUCT_MAX.image).nullish(),
  images: z
    .array(z.strictObject({ image: text(1, PRODUCT_MAX.image), alt: text(0, PRODUCT_MAX.alt).default('') }))
    .max(PRODUCT_MAX.images)
    .optional(),
  point: int(0, PRODUCT_MAX.points).optional(),
  price: money.optional(),
  original_price: money.nullish(),
  exchange_limit: int(0).optional(),
  sort: int(-INT_MAX).optional(),
  category_id: id.nullish(),
  external_id: codeText(1, PRODUCT_MAX.externalId).nullish(),
  product_type: z.enum(PRODUCT_TYPES).optional(),
  shipping_type: z.enum(SHIPPING_TYPES).optional(),
  delivery: z.enum(DELIVERIES).nullish(),
  voucher: voucher.nullish(),
  charge: charge.nullish(),
  returnable: returnable.optional(),
  visible_from: moment.nullish(),
  visible_until: moment.nullish(),
  on_sale_from: moment.nullish(),
  on_sale_until: moment.nullish(),
  rules: text(0, PRODUCT_MAX.rules).nullish(),
  properties: properties.nullish(),
  custom_fields: checkedCustomFields.nullish(),
  /** All of them: those that are missing are deleted. */
  skus: z.array(skuFields).min(1).max(SKU_MAX.skus).optional(),
}

export const productCreation = z
  .strictObject({
    ...fields,
    title: text(1, PRODUCT_MAX.title),
    payment_mode: z.enum(PAYMENT_MODES),
    stock_quantity: int(0).default(0),
  })
  .openapi('ProductCreation')

const changes = {
  ...fields,
  title: text(1, PRODUCT_MAX.title).optional(),
  payment_mode: z.enum(PAYMENT_MODES).optional(),
  stock_delta: int(-INT_MAX).optional(),
}

/** What is changed another way, with the rule that says so. */
const INSTEAD = { stock_quantity: 'stock_delta_only', status: 'publish_only' } as const
const CHANGEABLE = new Set(Object.keys(changes))

export const productChange = z
  .looseObject(changes)
  // Refused rather than ignored: who sends these believes that they count.
  .superRefine((body, ctx) => {
    for (const name of Object.keys(body).filter((key) => !CHANGEABLE.has(key) && !(key in INSTEAD))) {
      ctx.addIssue({ code: 'custom', path: [name], params: { rule: 'unknown' } })
    }
    for (const [name, rule] of Object.entries(INSTEAD)) {
      if (body[name] !== undefined) ctx.addIssue({ code: 'custom', path: [name], params: { rule } })
    }
  })
  .openapi('ProductChange')

/** @throws InvalidInputError on `image` */
export function skusIn(
  body: Pick<z.output<typeof productChange>, 'skus'>,
  imageHosts: readonly string[],
): SkuFields[] | undefined {
  return body.skus?.map((given) => ({
    id: given.id,
    specs: given.specs,
    point: given.point,
    priceFen: given.price && fenOf(given.price),
    stock: given.stock_quantity,
    stockDelta: given.stock_delta,
    image: given.image && checkedImage(given.image, imageHosts),
  }))
}

/** Absent fields are undefined. @throws InvalidInputError on `image` */
export function changeOf(body: z.output<typeof productChange>, imageHosts: readonly string[]): ProductChange {
  const { original_price, image } = body
  return {
    title: body.title,
    description: body.description,
    image: image && checkedImage(image, imageHosts),
    images: body.images?.map((one, n) => ({
      image: checkedImage(one.image, imageHosts, `images.${n}.image`),
      alt: one.alt,
    })),
    point: body.point,
    priceFen: body.price && fenOf(body.price),
    originalPriceFen: original_price ? fenOf(original_price) : original_price,
    paymentMode: body.payment_mode,
    exchangeLimit: body.exchange_limit,
    sort: body.sort,
    categoryId: body.category_id,
    externalId: body.external_id,
    productType: body.product_type,
    shippingType: body.shipping_type,
    delivery: body.delivery,
    voucher: body.voucher,
    charge: body.charge,
    returnable: body.returnable,
    visibleFrom: dateOf(body.visible_from),
    visibleUntil: dateOf(body.visible_until),
    onSaleFrom: dateOf(body.on_sale_from),
    onSaleUntil: dateOf(body.on_sale_until),
    rules: body.rules === '' ? null : body.rules,
    properties: body.properties,
    customFields: body.custom_fields,
  }
}
