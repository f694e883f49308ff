import type { Insertable, Selectable, Updateable } from 'kysely'
import type { Db } from '../client.ts'
import type { PicturesTable } from '../schema/pictures.ts'

export type PictureFormat = PicturesTable['format']

/** Repeatable. */
export async function insertPicture(db: Db, picture: Insertable<PicturesTable>): Promise<void> {
  await db
    .insertInto('pictures')
    .values(picture)
    .onConflict((conflict) => conflict.column('hash').doNothing())
    .execute()
}

export async function findPictureByHash(
  db: Db,
  hash: string,
): Promise<Pick<Selectable<PicturesTable>, 'format' | 'bytes' | 'state'> | undefined> {
  return db
    .selectFrom('pictures')
    .select(['format', 'bytes', 'state'])
    .where('hash', '=', hash)
    .executeTakeFirst()
}

/** Replaces what an earlier version has kept as it came. */
export async function replacePicture(
  db: Db,
  hash: string,
  change: Pick<Updateable<PicturesTable>, 'bytes' | 'state'>,
): Promise<void> {
  await db
    .updateTable('pictures')
    .set(change)
    .where('hash', '=', hash)
    .where('state', '=', 'unchecked')
    .execute()
}
