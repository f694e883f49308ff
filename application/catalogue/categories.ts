import {
  type Category,
  deleteCategory,
  findCategory,
  insertCategory,
  listCategories,
  updateCategory,
} from '../../db/catalogue/categories.ts'
import type { Db } from '../../db/client.ts'
import { DomainError, InvalidInputError } from '../../domain/errors.ts'

export const CATEGORY_NAME_MAX = 100

export interface CategoryView {
  readonly id: string
  readonly name: string
  readonly sort: number
  readonly created_at: string
  readonly updated_at: string
}

function view({ id, name, sort, created_at, updated_at }: Category): CategoryView {
  return { id, name, sort, created_at: created_at.toISOString(), updated_at: updated_at.toISOString() }
}

export async function readCategories(db: Db): Promise<CategoryView[]> {
  return (await listCategories(db)).map(view)
}

/** A repeated operation key returns the first category. @throws InvalidInputError if the name is taken */
export async function createCategory(
  db: Db,
  category: { readonly name: string; readonly sort: number },
  operationKey: string,
): Promise<CategoryView> {
  const made = await insertCategory(db, category, operationKey)
  if (!made) throw new InvalidInputError({ field: 'name', rule: 'taken' })
  return view(made)
}

/** @throws DomainError NOT_FOUND; InvalidInputError if the name is taken */
export async function changeCategory(
  db: Db,
  id: string,
  change: { readonly name?: string; readonly sort?: number },
): Promise<CategoryView> {
  const changed = await updateCategory(db, id, change).catch((error: unknown) => {
    if (isTaken(error)) throw new InvalidInputError({ field: 'name', rule: 'taken' })
    throw error
  })
  if (!changed) throw new DomainError({ code: 'NOT_FOUND' })
  return view(changed)
}

/** Its products become uncategorized. @throws DomainError NOT_FOUND */
export async function removeCategory(db: Db, id: string): Promise<void> {
  if (!(await deleteCategory(db, id))) throw new DomainError({ code: 'NOT_FOUND' })
}

export async function mustFindCategory(db: Db, id: string): Promise<void> {
  if (!(await findCategory(db, id))) throw new DomainError({ code: 'NOT_FOUND' })
}

function isTaken(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === '23505'
}
