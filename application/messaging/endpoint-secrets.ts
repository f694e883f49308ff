import { createPrivateKey, createPublicKey, generateKeyPairSync, randomBytes, sign } from 'node:crypto'
import { Webhook } from 'standardwebhooks'
import type { Encryptor } from '../../db/platform/encryption.ts'

/** Secrets of an endpoint, by Standard Webhooks 1.0: `v1` is an HMAC, `v1a` an ed25519 signature. */
export interface EndpointSecret {
  /** `whsec_` and 32 random bytes in base64: the receiver verifies `v1` with it. */
  readonly secret: string
  /** PKCS #8 in base64, from which the receiver's public key follows. */
  readonly privateKey: string
  /** ISO time; undefined: the current one. */
  readonly validUntil?: string
}

const SECRET_BYTES = 32
/** An ed25519 public key is the end of its DER. */
const PUBLIC_KEY_BYTES = 32

export function makeSecret(): EndpointSecret {
  const { privateKey } = generateKeyPairSync('ed25519')
  return {
    secret: `whsec_${randomBytes(SECRET_BYTES).toString('base64')}`,
    privateKey: privateKey.export({ type: 'pkcs8', format: 'der' }).toString('base64'),
  }
}

const readPrivateKey = (base64: string) =>
  createPrivateKey({ key: Buffer.from(base64, 'base64'), format: 'der', type: 'pkcs8' })

/** `whpk_` and the key in base64: the receiver verifies `v1a` with it. */
export function publicKeyOf({ privateKey }: EndpointSecret): string {
  const der = createPublicKey(readPrivateKey(privateKey)).export({ type: 'spki', format: 'der' })
  return `whpk_${der.subarray(-PUBLIC_KEY_BYTES).toString('base64')}`
}

const contextOf = (endpointId: string) => `webhook-endpoint/${endpointId}`

export function sealSecrets(
  sealer: Encryptor,
  endpointId: string,
  secrets: readonly EndpointSecret[],
): Buffer {
  return sealer.seal(secrets, contextOf(endpointId))
}

/** @param now ms @returns the valid ones, the current one first */
export function openSecrets(
  sealer: Encryptor,
  endpointId: string,
  sealed: Buffer,
  now: number,
): EndpointSecret[] {
  const all = sealer.open(sealed, contextOf(endpointId)) as EndpointSecret[]
  return all.filter(({ validUntil }) => validUntil === undefined || Date.parse(validUntil) > now)
}

/** Besides the current one. */
const EARLIER_MAX = 2

/** @param overlapMs how long the current secret stays valid; 0: it and all earlier ones end now */
export function rotateSecrets(
  secrets: readonly EndpointSecret[],
  now: number,
  overlapMs: number,
): EndpointSecret[] {
  const end = now + overlapMs
  const earlier = overlapMs === 0 ? [] : secrets.slice(0, EARLIER_MAX)
  return [
    makeSecret(),
    ...earlier.map(({ validUntil, ...secret }) => ({
      ...secret,
      validUntil: new Date(Math.min(end, validUntil ? Date.parse(validUntil) : end)).toISOString(),
    })),
  ]
}

/** The three headers. One signature of each kind per valid secret. */
export function signedHeaders(
  id: string,
  body: string,
  secrets: readonly EndpointSecret[],
  now: Date,
): Readonly<Record<string, string>> {
  const seconds = Math.floor(now.getTime() / 1000)
  const signatures = secrets.flatMap(({ secret, privateKey }) => {
    const signed = sign(null, Buffer.from(`${id}.${seconds}.${body}`), readPrivateKey(privateKey))
    return [new Webhook(secret).sign(id, now, body), `v1a,${signed.toString('base64')}`]
  })
  return {
    'webhook-id': id,
    'webhook-timestamp': `${seconds}`,
    'webhook-signature': signatures.join(' '),
  }
}
