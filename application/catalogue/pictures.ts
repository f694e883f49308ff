import { createHash } from 'node:crypto'
import {
  findPictureByHash,
  insertPicture,
  type PictureFormat,
  replacePicture,
} from '../../db/catalogue/pictures.ts'
import type { Db } from '../../db/client.ts'
import { imageAddress } from '../../domain/catalogue/image.ts'
import { PRODUCT_MAX } from '../../domain/catalogue/product.ts'
import { DomainError, InvalidInputError } from '../../domain/errors.ts'
import { encodePicture } from './picture-encoding.ts'

const EXTENSIONS = { png: 'png', jpeg: 'jpg', webp: 'webp' } as const satisfies Record<PictureFormat, string>
const TYPES = { png: 'image/png', jpeg: 'image/jpeg', webp: 'image/webp' } as const
const ADDRESS = /^([0-9a-f]{64})\.(png|jpg|webp)$/

/**
 * @returns an immutable URL path, derived from the encoded content
 * @throws InvalidInputError on `picture`; OverloadedError
 */
export async function keepPicture(db: Db, given: Buffer, operatorId: string): Promise<string> {
  const { format, bytes } = await encodePicture(given)
  const hash = createHash('sha256').update(bytes).digest('hex')
  await insertPicture(db, { hash, format, bytes, operator_id: operatorId, state: 'encoded' })
  return `/assets/pictures/${hash}.${EXTENSIONS[format]}`
}

/**
 * A picture of an earlier version is encoded when it is first read.
 * @param name last segment of the picture's path
 * @throws DomainError NOT_FOUND, also for an earlier one that cannot be decoded; OverloadedError
 */
export async function readPicture(
  { db, publicDb }: { readonly db: Db; readonly publicDb: Db },
  name: string,
): Promise<{ type: string; bytes: Buffer }> {
  const [, hash, extension] = ADDRESS.exec(name) ?? []
  if (hash === undefined) throw missing()
  // A replica may not have a new one yet.
  const found = (await findPictureByHash(publicDb, hash)) ?? (await findPictureByHash(db, hash))
  if (!found || EXTENSIONS[found.format] !== extension) throw missing()
  const type = TYPES[found.format]
  if (found.state === 'encoded') return { type, bytes: found.bytes }
  if (found.state === 'refused') throw missing()
  try {
    const { bytes } = await encodePicture(found.bytes)
    await replacePicture(db, hash, { bytes, state: 'encoded' })
    return { type, bytes }
  } catch (error) {
    if (!(error instanceof InvalidInputError)) throw error
    await replacePicture(db, hash, { state: 'refused' })
    throw missing()
  }
}

const missing = () => new DomainError({ code: 'NOT_FOUND' })

/**
 * @param hosts those whose pictures the pages show @param field that has it
 * @returns the address as it is stored @throws InvalidInputError on the field
 */
export function checkedImage(given: string, hosts: readonly string[], field = 'image'): string {
  const image = imageAddress(given, hosts)
  if (!image) throw new InvalidInputError({ field, rule: 'image', bound: hosts.join(', ') })
  if (image.length > PRODUCT_MAX.image) {
    throw new InvalidInputError({ field, rule: 'max_length', bound: `${PRODUCT_MAX.image}` })
  }
  return image
}
