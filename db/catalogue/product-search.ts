import { sql } from 'kysely'
import type { Db } from '../client.ts'

export interface ToIndex {
  readonly id: string
  readonly title: string
  readonly description: string | null
}

/** Includes deleted products: their orders are searched by the title. */
export async function findProductsToIndex(db: Db, limit: number): Promise<ToIndex[]> {
  return db
    .selectFrom('points_products')
    .select(['id', 'title', 'description'])
    .where('search_terms', 'is', null)
    .orderBy('id')
    .limit(limit)
    .execute()
}

/** Skips products that have changed in the meantime. */
export async function setSearchTerms(
  db: Db,
  products: readonly (ToIndex & { readonly terms: string })[],
): Promise<void> {
  if (products.length === 0) return
  const column = (name: 'id' | 'title' | 'description' | 'terms') => products.map((product) => product[name])
  await sql`update points_products as product set search_terms = found.terms::tsvector
    from unnest(${column('id')}::bigint[], ${column('title')}::text[], ${column('description')}::text[],
      ${column('terms')}::text[]) as found (id, title, description, terms)
    where product.id = found.id and product.search_terms is null and product.title = found.title
      and product.description is not distinct from found.description`.execute(db)
}

/** Products on sale whose title or description has any part of the words, the most similar first. */
export async function findSimilarProducts(
  db: Db,
  query: string,
  limit: number,
): Promise<{ id: string; title: string }[]> {
  return db
    .selectFrom((eb) =>
      eb
        .selectFrom('points_products')
        .select(['id', 'title', 'search_terms'])
        .where('status', '=', 'on_sale')
        .where('deleted_at', 'is', null)
        .where(sql<boolean>`search_terms @@ ${query}::tsquery`)
        .limit(SIMILAR_MAX)
        .as('similar'),
    )
    .select(['id', 'title'])
    .orderBy(sql`ts_rank(search_terms, ${query}::tsquery)`, 'desc')
    .orderBy('id', 'desc')
    .limit(limit)
    .execute()
}

/** Ranked are so many. */
const SIMILAR_MAX = 500
