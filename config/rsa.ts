import { createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto'

/** @returns a new private RSA key, as PEM */
export function newRsaKey(): string {
  return generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  }).privateKey
}

/** @returns the public half of a private key, as PEM */
export function publicKeyOf(privateKey: string): string {
  return createPublicKey(privateKey).export({ type: 'spki', format: 'pem' }).toString()
}

/**
 * Reads a key as the consoles of the providers show it: PEM, or the bare base64 of PKCS#8, PKCS#1 or SPKI. Line
 * breaks may be written `\n`.
 * @returns PEM, or undefined when it is not an RSA key of 2048 bits or more
 */
export function readRsaKey(kind: 'private' | 'public', given: string): string | undefined {
  const text = given.replaceAll('\\n', '\n').trim()
  const isPem = text.startsWith('-----BEGIN')
  const der = Buffer.from(text.replace(/\s+/g, ''), 'base64')
  const forms = kind === 'private' ? (['pkcs8', 'pkcs1'] as const) : (['spki', 'pkcs1'] as const)
  for (const type of forms) {
    try {
      const key =
        kind === 'private'
          ? createPrivateKey(isPem ? text : { key: der, format: 'der', type: type as 'pkcs8' | 'pkcs1' })
          : createPublicKey(isPem ? text : { key: der, format: 'der', type: type as 'spki' | 'pkcs1' })
      const bits = key.asymmetricKeyDetails?.modulusLength ?? 0
      if (key.asymmetricKeyType !== 'rsa' || bits < 2048) return undefined
      return key
        .export(kind === 'private' ? { type: 'pkcs8', format: 'pem' } : { type: 'spki', format: 'pem' })
        .toString()
    } catch {
      // Another encoding, or not a key.
    }
  }
  return undefined
}
