import type { Db } from '../../db/client.ts'
import { deleteView, listViews, lockViews, putView, type SavedViewRow } from '../../db/orders/saved-views.ts'

export type SavedView = SavedViewRow

/** Of one operator. */
export const VIEWS_MAX = 20
/** Code points. */
export const VIEW_NAME_MAX = 40
/** Characters. */
export const VIEW_QUERY_MAX = 1_000

/** The filters of the order list that the operator has named. */
export const readViews = (db: Db, operatorId: string): Promise<SavedView[]> => listViews(db, operatorId)

/**
 * The same name again replaces the filter.
 * @param query of the list's address
 * @returns false where the operator has `VIEWS_MAX` others already
 */
export async function saveView(db: Db, operatorId: string, name: string, query: string): Promise<boolean> {
  return db.transaction().execute(async (tx) => {
    await lockViews(tx, operatorId)
    const others = (await listViews(tx, operatorId)).filter((view) => view.name !== name)
    if (others.length >= VIEWS_MAX) return false
    await putView(tx, operatorId, name, query)
    return true
  })
}

/** A view that is not there, or not the operator's, is left as it is. */
export const removeView = (db: Db, operatorId: string, id: string): Promise<void> =>
  deleteView(db, operatorId, id)
