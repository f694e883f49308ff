import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  createSecretKey,
  hkdfSync,
  randomBytes,
} from 'node:crypto'

export interface Key {
  readonly id: string
  readonly key: Buffer
}

export interface Encryptor {
  /** @param context must be the same for `open`, so that a blob moved to another row does not decrypt */
  seal(value: unknown, context: string): Buffer
  /** @throws when the blob was changed, has another context, or its key is missing */
  open(blob: Buffer, context: string): unknown
  /** By which an encrypted text is found: a keyed hash, under the current key. */
  searchHash(text: string, context: string): Buffer
  /** The hashes that `searchHash` gives under each key, so that a rotation loses nothing. */
  searchHashes(text: string, context: string): Buffer[]
}

const NONCE = 12
const TAG = 16
const SEARCH_HASH = 16

/**
 * AES-256-GCM; a blob is `id length, id, nonce, tag, ciphertext`. @param keys the first encrypts, all decrypt
 */
export function createEncryptor(keys: readonly Key[]): Encryptor {
  // Reusing key objects costs a third of creating them per call.
  const made = keys.map(({ id, key }) => ({
    id,
    key: createSecretKey(key),
    search: createSecretKey(Buffer.from(hkdfSync('sha256', key, '', 'points-mall/search', 32))),
  }))
  const current = made[0]
  if (!current) throw new Error('PAYLOAD_KEYS holds no key')
  const hash = ({ search }: typeof current, text: string, context: string) =>
    createHmac('sha256', search)
      .update(JSON.stringify([context, text]))
      .digest()
      .subarray(0, SEARCH_HASH)
  return {
    seal(value, context) {
      const nonce = randomBytes(NONCE)
      const cipher = createCipheriv('aes-256-gcm', current.key, nonce).setAAD(Buffer.from(context))
      const body = Buffer.concat([cipher.update(JSON.stringify(value), 'utf8'), cipher.final()])
      const id = Buffer.from(current.id)
      return Buffer.concat([Buffer.from([id.length]), id, nonce, cipher.getAuthTag(), body])
    },
    open(blob, context) {
      const idEnd = 1 + (blob[0] ?? 0)
      const id = blob.subarray(1, idEnd).toString()
      const key = made.find((candidate) => candidate.id === id)?.key
      if (!key) throw new Error(`PAYLOAD_KEYS has no key ${id}`)
      const nonce = blob.subarray(idEnd, idEnd + NONCE)
      const tag = blob.subarray(idEnd + NONCE, idEnd + NONCE + TAG)
      const decipher = createDecipheriv('aes-256-gcm', key, nonce)
        .setAAD(Buffer.from(context))
        .setAuthTag(tag)
      const body = Buffer.concat([decipher.update(blob.subarray(idEnd + NONCE + TAG)), decipher.final()])
      return JSON.parse(body.toString('utf8'))
    },
    searchHash: (text, context) => hash(current, text, context),
    searchHashes: (text, context) => made.map((key) => hash(key, text, context)),
  }
}
