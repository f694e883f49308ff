import type { Selectable } from 'kysely'
import type { Db, Tx } from '../client.ts'
import type { OrderNotesTable } from '../schema/order-notes.ts'

export type DeskNote = Selectable<OrderNotesTable>

export async function findDeskNote(
  db: Db,
  orderNo: string,
  operationKey: string,
): Promise<DeskNote | undefined> {
  return db
    .selectFrom('order_notes')
    .selectAll()
    .where('order_no', '=', orderNo)
    .where('operation_key', '=', operationKey)
    .executeTakeFirst()
}

export async function insertDeskNote(tx: Tx, note: Omit<DeskNote, 'id' | 'created_at'>): Promise<DeskNote> {
  return tx.insertInto('order_notes').values(note).returningAll().executeTakeFirstOrThrow()
}

export async function countDeskNotes(tx: Tx, orderNo: string): Promise<number> {
  const { count } = await tx
    .selectFrom('order_notes')
    .select((eb) => eb.fn.countAll<string>().as('count'))
    .where('order_no', '=', orderNo)
    .executeTakeFirstOrThrow()
  return Number(count)
}

/** Newest first. */
export async function listDeskNotes(db: Db, orderNo: string, limit: number): Promise<DeskNote[]> {
  return db
    .selectFrom('order_notes')
    .selectAll()
    .where('order_no', '=', orderNo)
    .orderBy('id', 'desc')
    .limit(limit)
    .execute()
}

/** @returns undefined for an attempt that is no order */
export async function findAssignee(db: Db, orderNo: string): Promise<string | null | undefined> {
  const row = await db
    .selectFrom('points_exchange_orders')
    .select('assignee')
    .where('order_no', '=', orderNo)
    .executeTakeFirst()
  return row?.assignee
}

export async function setAssignee(tx: Tx, orderNo: string, assignee: string | null): Promise<void> {
  await tx.updateTable('points_exchange_orders').set({ assignee }).where('order_no', '=', orderNo).execute()
}
