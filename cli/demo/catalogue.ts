import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { readSchema, schemaOf } from '../../domain/catalogue/custom-fields.ts'
import {
  DELIVERIES,
  PAYMENT_MODES,
  PRODUCT_STATUSES,
  PRODUCT_TYPES,
  SHIPPING_TYPES,
} from '../../domain/catalogue/product.ts'
import { fenFromDecimal } from '../../domain/money.ts'

/** 1 point = 0.01 CNY. Includes products that each rule refuses: stock, level, daily limit, points per order. */

/** A second run finds the row by this key. */
const slug = z.string().regex(/^[a-z0-9-]+$/)
const amount = z.string().refine((text) => fenFromDecimal(text) !== undefined, 'decimal CNY')
const count = z.int().min(0)

const category = z.strictObject({ slug, title: z.string(), sort: count })

const limit = z.strictObject({
  max_per_user: count.optional(),
  max_per_order: count.optional(),
  time_limit_seconds: count.optional(),
  user_level_required: count.optional(),
})

/** As the API takes it. */
const customFields = z.unknown().transform((given, ctx) => {
  const { fields, errors } = readSchema(given)
  for (const { field, rule } of errors) ctx.addIssue({ code: 'custom', message: `${field} ${rule}` })
  return schemaOf(fields)
})

const sku = z.strictObject({
  specs: z.record(z.string(), z.string()),
  point: count,
  price_amount: amount,
  stock_quantity: count,
  image: z.string().optional(),
})

const product = z.strictObject({
  slug,
  category: slug,
  title: z.string(),
  description: z.string(),
  image: z.string(),
  point: count,
  price_amount: amount,
  original_price_amount: amount.optional(),
  payment_mode: z.enum(PAYMENT_MODES),
  stock_quantity: count,
  exchange_limit: count,
  status: z.enum(PRODUCT_STATUSES).exclude(['sold_out']),
  /** The units digit is the category, so that a list of all products is mixed. */
  sort: count,
  product_type: z.enum(PRODUCT_TYPES),
  shipping_type: z.enum(SHIPPING_TYPES),
  /** Of codes there are as many as `stock_quantity` says. */
  delivery: z.enum(DELIVERIES).optional(),
  voucher: z.strictObject({ uses: count, valid_days: count }).optional(),
  custom_fields: customFields.optional(),
  /** Each with its own amounts and stock, in place of those of the product. */
  skus: z.array(sku).min(2).optional(),
  charge: z.strictObject({ item: z.string() }).optional(),
  /** `limit` is a rule; every other key is a label for customers. */
  properties: z.object({ limit: limit.optional() }).catchall(z.string()).optional(),
})

export type DemoProduct = z.output<typeof product>

const file = new URL('catalogue.json', import.meta.url)

export const { categories: demoCategories, products: demoProducts } = z
  .strictObject({ categories: z.array(category), products: z.array(product) })
  .parse(JSON.parse(readFileSync(file, 'utf8')))
