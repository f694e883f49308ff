import { z } from 'zod'
import { createPartnerClient, type PartnerAccess, PartnerError } from './client.ts'
import { PRODUCTS_MAX, type ProductSource, type ShopProduct, UNREADABLE } from './port.ts'

const LIMITS = { timeoutMs: 5_000, answerBytes: 1_048_576, inFlight: 4 }

const product = z
  .object({
    id: z.string().min(1).max(64),
    title: z.string().max(10_000),
    image: z.string().max(2_000).nullable(),
    price: z
      .object({ amount: z.string().regex(/^\d{1,10}(\.\d{1,2})?$/), currency: z.literal('CNY') })
      .nullable(),
    on_sale: z.boolean(),
    allotted: z.int().nonnegative().max(2_147_483_647).nullable(),
  })
  .transform(
    ({ on_sale: isOnSale, price, ...rest }): ShopProduct => ({
      ...rest,
      isOnSale,
      price: price === null ? null : price.amount,
    }),
  )
const named = z.object({ id: z.string().min(1).max(64) })
const answered = z.object({ products: z.array(named.loose()).max(PRODUCTS_MAX) })

/** The contract is docs/outside-products.md. */
export function createHttpProducts(access: PartnerAccess): ProductSource {
  const client = createPartnerClient(access, LIMITS)
  return {
    async read(asked) {
      const ids = asked.map(({ id }) => encodeURIComponent(id)).join(',')
      const applied = asked.map((one) => one.applied ?? '-').join(',')
      const path = `/products?ids=${ids}&applied=${applied}`
      const { products } = await client.call('GET', path, undefined, answered)
      const found = new Map<string, ShopProduct | typeof UNREADABLE>(
        products.map((one) => [one.id, product.safeParse(one).data ?? UNREADABLE]),
      )
      // A product that nobody asked for: this answers another question, and what is missing may exist.
      if (found.size !== products.length || products.some(({ id }) => !asked.some((one) => one.id === id))) {
        throw new PartnerError('the response does not match the request')
      }
      return found
    },
  }
}
