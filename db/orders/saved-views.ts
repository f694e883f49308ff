import { type Selectable, sql } from 'kysely'
import type { Db, Tx } from '../client.ts'
import type { OrderViewsTable } from '../schema/order-views.ts'

export type SavedViewRow = Pick<Selectable<OrderViewsTable>, 'id' | 'name' | 'query'>

/** Serializes changes of an operator's views, so that their number stays within its limit. */
export async function lockViews(tx: Tx, operatorId: string): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtextextended(${`order-views/${operatorId}`}, 0))`.execute(tx)
}

/** The oldest first. */
export async function listViews(db: Db, operatorId: string): Promise<SavedViewRow[]> {
  return db
    .selectFrom('order_views')
    .select(['id', 'name', 'query'])
    .where('operator_id', '=', operatorId)
    .orderBy('id')
    .execute()
}

/** A view of this name gets the query. */
export async function putView(tx: Tx, operatorId: string, name: string, query: string): Promise<void> {
  await tx
    .insertInto('order_views')
    .values({ operator_id: operatorId, name, query })
    .onConflict((conflict) => conflict.columns(['operator_id', 'name']).doUpdateSet({ query }))
    .execute()
}

export async function deleteView(db: Db, operatorId: string, id: string): Promise<void> {
  await db.deleteFrom('order_views').where('operator_id', '=', operatorId).where('id', '=', id).execute()
}
