import { createHash } from 'node:crypto'
import { findPictureByHash, insertPicture, type PictureFormat } from '../../db/catalogue/pictures.ts'
import type { Db } from '../../db/client.ts'
import { DomainError, InvalidInputError } from '../../domain/errors.ts'

/** The table has the same CHECK. */
export const PICTURE_MAX_BYTES = 2 * 1024 * 1024

const EXTENSIONS = { png: 'png', jpeg: 'jpg', webp: 'webp' } as const satisfies Record<PictureFormat, string>
const TYPES = { png: 'image/png', jpeg: 'image/jpeg', webp: 'image/webp' } as const
const ADDRESS = /^([0-9a-f]{64})\.(png|jpg|webp)$/

/** @returns an immutable URL path, derived from the content @throws InvalidInputError on `picture` */
export async function keepPicture(db: Db, bytes: Buffer, operatorId: string): Promise<string> {
  if (bytes.length === 0) throw new InvalidInputError({ field: 'picture', rule: 'required' })
  if (bytes.length > PICTURE_MAX_BYTES)
    throw new InvalidInputError({ field: 'picture', rule: 'max', bound: '2 MiB' })
  const format = formatOf(bytes)
  if (!format) throw new InvalidInputError({ field: 'picture', rule: 'format' })
  const hash = createHash('sha256').update(bytes).digest('hex')
  await insertPicture(db, { hash, format, bytes, operator_id: operatorId })
  return `/assets/pictures/${hash}.${EXTENSIONS[format]}`
}

/** @param name last segment of the picture's path @throws DomainError NOT_FOUND */
export async function readPicture(db: Db, name: string): Promise<{ type: string; bytes: Buffer }> {
  const [, hash, extension] = ADDRESS.exec(name) ?? []
  const found = hash === undefined ? undefined : await findPictureByHash(db, hash)
  if (!found || EXTENSIONS[found.format] !== extension) throw new DomainError({ code: 'NOT_FOUND' })
  return { type: TYPES[found.format], bytes: found.bytes }
}

/** By magic bytes (WHATWG MIME Sniffing, 6.1). No SVG: it can contain scripts. */
function formatOf(bytes: Buffer): PictureFormat | undefined {
  const begins = (text: string, at = 0) =>
    bytes.subarray(at, at + text.length).equals(Buffer.from(text, 'latin1'))
  if (begins('\x89PNG\r\n\x1a\n')) return 'png'
  if (begins('\xff\xd8\xff')) return 'jpeg'
  if (begins('RIFF') && begins('WEBPVP', 8)) return 'webp'
  return undefined
}
