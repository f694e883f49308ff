import { type Selectable, sql } from 'kysely'
import type { Db, Tx } from '../client.ts'
import type { AddressesTable } from '../schema/addresses.ts'

export type AddressRow = Pick<Selectable<AddressesTable>, 'id' | 'sealed' | 'is_default'>

const COLUMNS = ['id', 'sealed', 'is_default'] as const

/** Serializes changes of an owner's addresses, so that exactly one is the default. */
export async function lockAddresses(tx: Tx, ownerId: string): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtextextended(${`addresses/${ownerId}`}, 0))`.execute(tx)
}

/** The default first, then the newest. */
export async function listAddresses(db: Db, ownerId: string): Promise<AddressRow[]> {
  return db
    .selectFrom('addresses')
    .select(COLUMNS)
    .where('owner_id', '=', ownerId)
    .orderBy('is_default', 'desc')
    .orderBy('id', 'desc')
    .execute()
}

export async function findAddress(db: Db, ownerId: string, id: string): Promise<AddressRow | undefined> {
  return db
    .selectFrom('addresses')
    .select(COLUMNS)
    .where('owner_id', '=', ownerId)
    .where('id', '=', id)
    .executeTakeFirst()
}

/** @returns undefined on a repeat of the operation key */
export async function insertAddress(
  tx: Tx,
  ownerId: string,
  sealed: Buffer,
  operationKey: string,
): Promise<string | undefined> {
  const row = await tx
    .insertInto('addresses')
    .values({ owner_id: ownerId, sealed, operation_key: operationKey })
    .onConflict((conflict) => conflict.columns(['owner_id', 'operation_key']).doNothing())
    .returning('id')
    .executeTakeFirst()
  return row?.id
}

export async function updateAddress(tx: Tx, ownerId: string, id: string, sealed: Buffer): Promise<boolean> {
  const result = await tx
    .updateTable('addresses')
    .set({ sealed, updated_at: new Date() })
    .where('owner_id', '=', ownerId)
    .where('id', '=', id)
    .executeTakeFirst()
  return result.numUpdatedRows === 1n
}

/** Requires `lockAddresses`. */
export async function makeDefault(tx: Tx, ownerId: string, id: string): Promise<void> {
  const mine = tx.updateTable('addresses').where('owner_id', '=', ownerId)
  await mine.set({ is_default: false }).where('is_default', '=', true).where('id', '<>', id).execute()
  await mine.set({ is_default: true }).where('id', '=', id).execute()
}

export async function deleteAddress(tx: Tx, ownerId: string, id: string): Promise<void> {
  await tx.deleteFrom('addresses').where('owner_id', '=', ownerId).where('id', '=', id).execute()
}
