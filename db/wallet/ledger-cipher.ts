import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  createSecretKey,
  hkdfSync,
  type KeyObject,
  randomBytes,
  timingSafeEqual,
} from 'node:crypto'
import type { Key } from '../platform/encryption.ts'

export interface LedgerCipher {
  readonly kid: string
  /** @param place binds the result to its row */
  seal(accountId: string, place: string, value: unknown): Buffer
  /** @throws UnknownKeyError @throws TamperedError when it was changed or moved */
  open(accountId: string, place: string, kid: string, blob: Buffer): unknown
  /** The next link of an account's chain. @param kid the current key for a new link */
  link(kid: string, previous: Buffer, parts: readonly (string | null)[]): Buffer
  /** For data outside the database. The text must state its purpose. */
  sign(text: string): string
  /** Accepts any of the keys: a rotation does not re-sign. */
  isSigned(text: string, signature: string): boolean
}

export class TamperedError extends Error {
  override name = 'TamperedError'
}

/** LEDGER_KEYS lacks the key; docs/ledger.md describes key rotation. */
export class UnknownKeyError extends TamperedError {
  override name = 'UnknownKeyError'
  readonly kid: string

  constructor(kid: string) {
    super(`LEDGER_KEYS has no key ${kid}`)
    this.kid = kid
  }
}

const CIPHER = 'aes-256-gcm'
const NONCE = 12
const TAG = 16
/** Bytes; hides the length of the content. */
const PAD_TO = 128
const CACHED_KEYS = 20_000

/** Key objects: raw bytes make every call five times slower. */
interface Derived {
  readonly chain: KeyObject
  readonly heads: KeyObject
  readonly account: (accountId: string) => KeyObject
}

/**
 * The first key encrypts, all decrypt. Each account has a derived key (HKDF-SHA256), so that none reaches the
 * limit of 2^32 random nonces (NIST SP 800-38D).
 */
export function createLedgerCipher(keys: readonly Key[]): LedgerCipher {
  const current = keys[0]
  if (!current) throw new Error('LEDGER_KEYS holds no key')
  const byId = new Map(keys.map(({ id, key }) => [id, deriveFrom(key)]))
  if (byId.size < keys.length) throw new Error('LEDGER_KEYS has two keys of one id')
  const derived = (kid: string): Derived => {
    const found = byId.get(kid)
    if (!found) throw new UnknownKeyError(kid)
    return found
  }
  const mac = (kid: string, text: string) =>
    createHmac('sha256', derived(kid).heads).update(text).digest('base64url')

  return {
    kid: current.id,
    seal(accountId, place, value) {
      const nonce = randomBytes(NONCE)
      const cipher = createCipheriv(CIPHER, derived(current.id).account(accountId), nonce)
      cipher.setAAD(Buffer.from(`${place}|${current.id}`))
      const text = Buffer.from(JSON.stringify(value))
      const padding = Buffer.alloc((PAD_TO - (text.length % PAD_TO)) % PAD_TO, ' ')
      const body = [cipher.update(text), cipher.update(padding), cipher.final()]
      return Buffer.concat([nonce, cipher.getAuthTag(), ...body])
    },
    open(accountId, place, kid, blob) {
      const key = derived(kid).account(accountId)
      try {
        const decipher = createDecipheriv(CIPHER, key, blob.subarray(0, NONCE), { authTagLength: TAG })
        decipher.setAAD(Buffer.from(`${place}|${kid}`))
        decipher.setAuthTag(blob.subarray(NONCE, NONCE + TAG))
        const text = decipher.update(blob.subarray(NONCE + TAG))
        decipher.final()
        return JSON.parse(text.toString('utf8'))
      } catch (error) {
        throw new TamperedError('the encrypted part cannot be decrypted', { cause: error })
      }
    },
    link(kid, previous, parts) {
      // JSON separates the parts unambiguously.
      return createHmac('sha256', derived(kid).chain).update(previous).update(JSON.stringify(parts)).digest()
    },
    sign: (text) => `${current.id}:${mac(current.id, text)}`,
    isSigned(text, signature) {
      const [kid = '', given = ''] = signature.split(':')
      if (!byId.has(kid)) return false
      const [wanted, got] = [Buffer.from(mac(kid, text)), Buffer.from(given)]
      return wanted.length === got.length && timingSafeEqual(wanted, got)
    },
  }
}

function deriveFrom(master: Buffer): Derived {
  const derive = (info: string) =>
    createSecretKey(Buffer.from(hkdfSync('sha256', master, '', `points-mall/ledger/${info}`, 32)))
  const accounts = new Map<string, KeyObject>()
  return {
    chain: derive('chain'),
    heads: derive('heads'),
    account(accountId) {
      const known = accounts.get(accountId)
      if (known) return known
      if (accounts.size >= CACHED_KEYS) accounts.delete(accounts.keys().next().value ?? '')
      const key = derive(`account/${accountId}`)
      accounts.set(accountId, key)
      return key
    },
  }
}
