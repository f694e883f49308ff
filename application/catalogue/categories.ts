import {
  type Category,
  deleteCategory,
  findCategory,
  findCategoryForUpdate,
  insertCategory,
  listCategories,
  updateCategory,
} from '../../db/catalogue/categories.ts'
import type { Db } from '../../db/client.ts'
import { DomainError, InvalidInputError } from '../../domain/errors.ts'
import { type KnownVersions, mustBeCurrent } from '../../domain/versions.ts'

export const CATEGORY_NAME_MAX = 100

export interface CategoryView {
  readonly id: string
  readonly name: string
  readonly sort: number
  /** Another one after each change. */
  readonly version: string
  readonly created_at: string
  readonly updated_at: string
}

function view({ id, name, sort, revision, created_at, updated_at }: Category): CategoryView {
  return {
    id,
    name,
    sort,
    version: `${revision}`,
    created_at: created_at.toISOString(),
    updated_at: updated_at.toISOString(),
  }
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

/** @throws DomainError NOT_FOUND */
export async function readCategory(db: Db, id: string): Promise<CategoryView> {
  const found = await findCategory(db, id)
  if (!found) throw new DomainError({ code: 'NOT_FOUND' })
  return view(found)
}

/**
 * @param operationKey a repeat changes nothing more
 * @throws DomainError NOT_FOUND; STALE if it has changed since the known versions
 * @throws InvalidInputError if the name is taken
 */
export async function changeCategory(
  db: Db,
  id: string,
  change: { readonly name?: string; readonly sort?: number },
  { operationKey, known }: { readonly operationKey: string; readonly known?: KnownVersions },
): Promise<CategoryView> {
  const saving = db.transaction().execute(async (tx) => {
    const category = await findCategoryForUpdate(tx, id)
    if (category?.revision_key === operationKey) return category
    if (category) mustBeCurrent(`${category.revision}`, known)
    return updateCategory(tx, id, change, operationKey)
  })
  const changed = await saving.catch((error: unknown) => {
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
