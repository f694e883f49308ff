import type { ColumnType, Generated } from 'kysely'
import type { CustomSchema } from '../../domain/catalogue/custom-fields.ts'
import type {
  Delivery,
  ExchangeLimit,
  PaymentMode,
  ProductStatus,
  ProductType,
  Returnable,
  ShippingType,
  VoucherTerms,
} from '../../domain/catalogue/product.ts'
import type { ChargeTerms } from '../../domain/fulfilment/charge.ts'
import type { Dated, Id } from './columns.ts'

export interface ProductProperties {
  readonly limit?: ExchangeLimit | undefined
  readonly [name: string]: unknown
}

export interface ProductPicture {
  readonly image: string
  /** What it shows, for those who do not see it; empty: the title says it. */
  readonly alt: string
}

export interface PointsProductsTable extends Dated {
  id: Id
  title: string
  description: string | null
  image: string | null
  /** After the main one. */
  images: ColumnType<readonly ProductPicture[], string | undefined, string>
  point: Generated<number>
  price_currency: Generated<string>
  price_amount: ColumnType<string, string | undefined, string>
  original_price_amount: ColumnType<string | null, string | null | undefined, string | null>
  payment_mode: PaymentMode
  stock_quantity: Generated<number>
  exchange_limit: Generated<number>
  status: Generated<ProductStatus>
  sort: Generated<number>
  category_id: ColumnType<string | null, string | null | undefined, string | null>
  product_type: Generated<ProductType>
  shipping_type: Generated<ShippingType>
  /** 0: the product is its own SKU. */
  sku_count: Generated<number>
  /** Null: the default of the shipping type. */
  delivery: ColumnType<Delivery | null, Delivery | null | undefined, Delivery | null>
  voucher: ColumnType<VoucherTerms | null, string | null | undefined, string | null>
  charge: ColumnType<ChargeTerms | null, string | null | undefined, string | null>
  returnable: ColumnType<Returnable, string | undefined, string>
  /** What customers fill in; null: nothing. */
  custom_fields: ColumnType<CustomSchema | null, string | null | undefined, string | null>
  outer_id: string | null
  properties: ColumnType<ProductProperties | null, string | null | undefined, string | null>
  owner_type: Generated<string>
  owner_id: Generated<string>
  operator_type: string | null
  operator_id: string | null
  operation_key: string | null
  /** Counts edits; sales do not count. */
  revision: Generated<number>
  /** The operation that made this revision. */
  revision_key: Generated<string | null>
  /** This and `search_letters` are those of an earlier search. */
  search_bigrams: ColumnType<string[], never, never>
  search_letters: ColumnType<string[], never, never>
  /** A `tsvector`. Null: not indexed yet. */
  search_terms: ColumnType<string | null, string | null | undefined, string | null>
  /** At most `LOW_STOCK` pieces; the database computes it. */
  low_stock: ColumnType<boolean, never, never>
  visible_from: ColumnType<Date | null, Date | null | undefined, Date | null>
  visible_until: ColumnType<Date | null, Date | null | undefined, Date | null>
  on_sale_from: ColumnType<Date | null, Date | null | undefined, Date | null>
  on_sale_until: ColumnType<Date | null, Date | null | undefined, Date | null>
  /** Plain text. */
  rules: ColumnType<string | null, string | null | undefined, string | null>
  deleted_at: Date | null
}
