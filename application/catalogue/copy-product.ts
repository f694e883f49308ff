import { findProduct } from '../../db/catalogue/products.ts'
import type { Db } from '../../db/client.ts'
import { PRODUCT_MAX } from '../../domain/catalogue/product.ts'
import { DomainError } from '../../domain/errors.ts'
import { fenOf } from '../../domain/money.ts'
import { cut, lengthOf } from '../../domain/text.ts'
import { createProduct, fieldsOf, type ProductCause } from './products.ts'
import type { SkuFields } from './skus.ts'

/**
 * Creates a draft with all fields and SKUs of a product: without stock, codes and the id in the shop's own system.
 * A repeated operation key returns the first copy.
 * @param ending of the title @param title instead of the product's with the ending
 * @returns the id @throws DomainError NOT_FOUND; InvalidInputError where the product itself would be refused today
 */
export async function copyProduct(
  db: Db,
  id: string,
  { ending, title }: { readonly ending: string; readonly title?: string | undefined },
  cause: ProductCause,
): Promise<string> {
  const product = await findProduct(db, id)
  if (!product) throw new DomainError({ code: 'NOT_FOUND' })
  const fields = { ...fieldsOf(product), externalId: null, title: title ?? titled(product.title, ending) }
  if (product.skus.length === 0) return createProduct(db, fields, 0, cause)
  const skus = product.skus.map(
    (sku): SkuFields => ({
      specs: sku.specs,
      point: sku.point,
      priceFen: fenOf(sku.price_amount),
      stock: 0,
      image: sku.image,
    }),
  )
  return createProduct(db, { ...fields, point: undefined, priceFen: undefined }, 0, cause, skus)
}

const titled = (title: string, ending: string): string =>
  cut(title, PRODUCT_MAX.title - lengthOf(ending)) + ending
