import { type Selectable, sql } from 'kysely'
import type { Db, Tx } from '../client.ts'
import type { CategoriesTable } from '../schema/categories.ts'

export type Category = Selectable<CategoriesTable>

/** Sorted, without deleted ones. */
export async function listCategories(db: Db): Promise<Category[]> {
  return db
    .selectFrom('categories')
    .selectAll()
    .where('deleted_at', 'is', null)
    .orderBy('sort')
    .orderBy('id')
    .execute()
}

export async function findCategoryForUpdate(tx: Tx, id: string): Promise<Category | undefined> {
  return tx
    .selectFrom('categories')
    .selectAll()
    .where('id', '=', id)
    .where('deleted_at', 'is', null)
    .forNoKeyUpdate()
    .executeTakeFirst()
}

export async function findCategory(db: Db, id: string): Promise<Category | undefined> {
  return db
    .selectFrom('categories')
    .selectAll()
    .where('id', '=', id)
    .where('deleted_at', 'is', null)
    .executeTakeFirst()
}

/** @returns undefined when the name is taken; a repeat returns the existing category */
export async function insertCategory(
  db: Db,
  category: { readonly name: string; readonly sort: number; readonly parent_id?: string | null },
  operationKey: string,
): Promise<Category | undefined> {
  const fresh = await db
    .insertInto('categories')
    .values({ ...category, operation_key: operationKey, deleted_at: null })
    .onConflict((conflict) => conflict.doNothing())
    .returningAll()
    .executeTakeFirst()
  if (fresh) return fresh
  return db.selectFrom('categories').selectAll().where('operation_key', '=', operationKey).executeTakeFirst()
}

export async function updateCategory(
  db: Db,
  id: string,
  change: { readonly name?: string; readonly sort?: number; readonly parent_id?: string | null },
  operationKey: string,
): Promise<Category | undefined> {
  return db
    .updateTable('categories')
    .set({ ...change, revision: sql`revision + 1`, revision_key: operationKey, updated_at: new Date() })
    .where('id', '=', id)
    .where('deleted_at', 'is', null)
    .returningAll()
    .executeTakeFirst()
}

/** Categories below it move up to where it was. */
export async function deleteCategory(tx: Tx, id: string): Promise<boolean> {
  const deleted = await tx
    .updateTable('categories')
    .set({ deleted_at: new Date(), updated_at: new Date() })
    .where('id', '=', id)
    .where('deleted_at', 'is', null)
    .returning('parent_id')
    .executeTakeFirst()
  if (!deleted) return false
  await tx
    .updateTable('categories')
    .set({ parent_id: deleted.parent_id, updated_at: new Date() })
    .where('parent_id', '=', id)
    .execute()
  return true
}

/** Serializes changes of the tree until the end of the transaction. */
export async function lockCategories(tx: Tx): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtextextended('categories', 0))`.execute(tx)
}
