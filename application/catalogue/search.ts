import { listCategories } from '../../db/catalogue/categories.ts'
import { findSimilarProducts } from '../../db/catalogue/product-search.ts'
import type { ProductSearch } from '../../db/catalogue/products.ts'
import type { Db } from '../../db/client.ts'
import {
  isFoundIn,
  keywordTerms,
  type SearchTerm,
  similarQuery,
  termQuery,
  titleQuery,
} from '../../domain/catalogue/search.ts'
import { nameLexemes } from './search-index.ts'

/** The one way in which a keyword finds products. */
export async function readSearch(db: Db, keyword: string): Promise<ProductSearch> {
  const terms = keywordTerms(keyword)
  const categories = terms.length === 0 ? [] : await readNames(db)
  const words = terms.map((term) => ({
    query: termQuery(term),
    categoryIds: categories.filter((category) => hasTerm(category, term)).map(({ id }) => id),
  }))
  return { words, inTitle: titleQuery(terms) }
}

export interface Suggestions {
  readonly categories: readonly { readonly id: string; readonly name: string }[]
  readonly products: readonly { readonly id: string; readonly title: string }[]
}

const SUGGESTED_MAX = 4

/** What there is that has a part of the keyword: categories by name, and products on sale. */
export async function readSuggestions(db: Db, keyword: string): Promise<Suggestions> {
  const terms = keywordTerms(keyword)
  if (terms.length === 0) return { categories: [], products: [] }
  const [categories, products] = await Promise.all([
    readNames(db),
    findSimilarProducts(db, similarQuery(terms), SUGGESTED_MAX),
  ])
  const named = categories.filter((category) => terms.some((term) => hasTerm(category, term)))
  return { categories: named.slice(0, SUGGESTED_MAX).map(({ id, name }) => ({ id, name })), products }
}

interface NamedCategory {
  readonly id: string
  readonly name: string
  readonly lexemes: ReadonlySet<string>
}

async function readNames(db: Db): Promise<NamedCategory[]> {
  const categories = await listCategories(db)
  return categories.map(({ id, name }) => ({ id, name, lexemes: nameLexemes(name) }))
}

const hasTerm = ({ name, lexemes }: NamedCategory, term: SearchTerm) => isFoundIn(term, name, lexemes)
