import type { Db } from '../client.ts'
import type { PicturesTable } from '../schema/pictures.ts'

export type PictureFormat = PicturesTable['format']

/** Repeatable. */
export async function insertPicture(
  db: Db,
  picture: {
    readonly hash: string
    readonly format: PictureFormat
    readonly bytes: Buffer
    readonly operator_id: string
  },
): Promise<void> {
  await db
    .insertInto('pictures')
    .values(picture)
    .onConflict((conflict) => conflict.column('hash').doNothing())
    .execute()
}

export async function findPictureByHash(
  db: Db,
  hash: string,
): Promise<{ format: PictureFormat; bytes: Buffer } | undefined> {
  return db.selectFrom('pictures').select(['format', 'bytes']).where('hash', '=', hash).executeTakeFirst()
}
