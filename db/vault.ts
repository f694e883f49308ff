import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  hkdfSync,
  randomBytes,
  timingSafeEqual,
} from 'node:crypto'
import type { Key } from './seal.ts'

/** The keys of the ledger at work: what is sealed with which, and the chain that shows every change. */
export interface Vault {
  /** The id of the key that seals from now on. */
  readonly kid: string
  /** @param place binds the result to its row: it opens nowhere else */
  seal(accountId: string, place: string, value: unknown): Buffer
  /** @throws Tampered when the blob was changed, moved, or sealed with a key that is not here */
  open(accountId: string, place: string, kid: string, blob: Buffer): unknown
  /** The next link of an account's chain over `parts`, by the key `kid` (the current one when it is new). */
  link(kid: string, previous: Buffer, parts: readonly (string | null)[]): Buffer
  /** Signs the heads that are kept outside the database. */
  sign(text: string): string
  isSigned(text: string, signature: string): boolean
}

/** A row of the ledger is not what the mall wrote. */
export class Tampered extends Error {
  override name = 'Tampered'
}

const NONCE = 12
const TAG = 16
/** Lengths say little about what is inside. */
const PAD_TO = 128
const CACHED_KEYS = 20_000

/**
 * @param keys LEDGER_KEYS: the first seals, all of them open. Each account has a sealing key of its own
 * (HKDF-SHA256, RFC 5869), so that no key meets its limit of random nonces (NIST SP 800-38D: 2^32).
 */
export function createVault(keys: readonly Key[]): Vault {
  const current = keys[0]
  if (!current) throw new Error('LEDGER_KEYS holds no key')
  const sealing = new Map<string, Buffer>()
  const derive = (kid: string, info: string): Buffer => {
    const master = keys.find((key) => key.id === kid)?.key
    if (!master) throw new Tampered(`LEDGER_KEYS has no key ${kid}`)
    return Buffer.from(hkdfSync('sha256', master, '', `points-mall/ledger/${info}`, 32))
  }
  const cached = (kid: string, info: string): Buffer => {
    const name = `${kid}/${info}`
    const known = sealing.get(name)
    if (known) return known
    if (sealing.size >= CACHED_KEYS) sealing.delete(sealing.keys().next().value ?? '')
    const key = derive(kid, info)
    sealing.set(name, key)
    return key
  }
  const signature = (text: string) =>
    createHmac('sha256', cached(current.id, 'heads')).update(text).digest('base64url')

  return {
    kid: current.id,
    seal(accountId, place, value) {
      const nonce = randomBytes(NONCE)
      const cipher = createCipheriv('aes-256-gcm', cached(current.id, `account/${accountId}`), nonce)
      cipher.setAAD(Buffer.from(`${place}|${current.id}`))
      const text = JSON.stringify(value)
      const padded = text.padEnd(Math.ceil(text.length / PAD_TO) * PAD_TO)
      const body = Buffer.concat([cipher.update(padded, 'utf8'), cipher.final()])
      return Buffer.concat([nonce, cipher.getAuthTag(), body])
    },
    open(accountId, place, kid, blob) {
      const key = cached(kid, `account/${accountId}`)
      try {
        const decipher = createDecipheriv('aes-256-gcm', key, blob.subarray(0, NONCE))
        decipher.setAAD(Buffer.from(`${place}|${kid}`)).setAuthTag(blob.subarray(NONCE, NONCE + TAG))
        const text = decipher.update(blob.subarray(NONCE + TAG), undefined, 'utf8') + decipher.final('utf8')
        return JSON.parse(text)
      } catch (error) {
        throw new Tampered('the sealed part does not open', { cause: error })
      }
    },
    link(kid, previous, parts) {
      // JSON keeps the parts apart: no two lists read the same.
      return createHmac('sha256', cached(kid, 'chain'))
        .update(previous)
        .update(JSON.stringify(parts))
        .digest()
    },
    sign: signature,
    isSigned(text, given) {
      const [wanted, got] = [Buffer.from(signature(text)), Buffer.from(given)]
      return wanted.length === got.length && timingSafeEqual(wanted, got)
    },
  }
}
