import {
  type Category,
  deleteCategory,
  findCategory,
  findCategoryForUpdate,
  insertCategory,
  listCategories,
  lockCategories,
  updateCategory,
} from '../../db/catalogue/categories.ts'
import type { Db, Tx } from '../../db/client.ts'
import { CATEGORY_DEPTH_MAX, parentError } from '../../domain/catalogue/category.ts'
import { DomainError, InvalidInputError } from '../../domain/errors.ts'
import { type KnownVersions, mustBeCurrent } from '../../domain/versions.ts'

export const CATEGORY_NAME_MAX = 100

export interface CategoryView {
  readonly id: string
  readonly name: string
  readonly sort: number
  /** Null: at the top. */
  readonly parent_id: string | null
  /** Another one after each change. */
  readonly version: string
  readonly created_at: string
  readonly updated_at: string
}

function view({ id, name, sort, parent_id, revision, created_at, updated_at }: Category): CategoryView {
  return {
    id,
    name,
    sort,
    parent_id,
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
  category: { readonly name: string; readonly sort: number; readonly parent_id?: string | null },
  operationKey: string,
): Promise<CategoryView> {
  const made = await db.transaction().execute(async (tx) => {
    await checkParent(tx, undefined, category.parent_id)
    return insertCategory(tx, category, operationKey)
  })
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
  change: { readonly name?: string; readonly sort?: number; readonly parent_id?: string | null },
  { operationKey, known }: { readonly operationKey: string; readonly known?: KnownVersions },
): Promise<CategoryView> {
  const saving = db.transaction().execute(async (tx) => {
    await lockCategories(tx)
    const category = await findCategoryForUpdate(tx, id)
    if (category?.revision_key === operationKey) return category
    if (category) mustBeCurrent(`${category.revision}`, known)
    await checkParent(tx, id, change.parent_id)
    return updateCategory(tx, id, change, operationKey)
  })
  const changed = await saving.catch((error: unknown) => {
    if (isTaken(error)) throw new InvalidInputError({ field: 'name', rule: 'taken' })
    throw error
  })
  if (!changed) throw new DomainError({ code: 'NOT_FOUND' })
  return view(changed)
}

/** Its products become uncategorized, categories below it move up. @throws DomainError NOT_FOUND */
export async function removeCategory(db: Db, id: string): Promise<void> {
  const deleted = await db.transaction().execute(async (tx) => {
    await lockCategories(tx)
    return deleteCategory(tx, id)
  })
  if (!deleted) throw new DomainError({ code: 'NOT_FOUND' })
}

/** @returns those at the top, each with what is below it, as deep as `CATEGORY_DEPTH_MAX` */
export function treeOf(all: readonly CategoryView[]) {
  const below = (parentId: string | null) => all.filter((one) => one.parent_id === parentId)
  const leaf = (one: CategoryView) => ({ ...one, children: [] as CategoryView[] })
  const branch = (one: CategoryView) => ({ ...one, children: below(one.id).map(leaf) })
  return below(null).map((one) => ({ ...one, children: below(one.id).map(branch) }))
}

/** @throws InvalidInputError */
async function checkParent(
  tx: Tx,
  id: string | undefined,
  parentId: string | null | undefined,
): Promise<void> {
  if (!parentId) return
  await lockCategories(tx)
  const rule = parentError(await listCategories(tx), id, parentId)
  if (rule !== undefined)
    throw new InvalidInputError({ field: 'parent_id', rule, bound: `${CATEGORY_DEPTH_MAX}` })
}

export async function mustFindCategory(db: Db, id: string): Promise<void> {
  if (!(await findCategory(db, id))) throw new DomainError({ code: 'NOT_FOUND' })
}

function isTaken(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === '23505'
}
