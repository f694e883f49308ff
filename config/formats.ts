import { X509Certificate } from 'node:crypto'
import { z } from 'zod'
import { readRsaKey } from './rsa.ts'

/** The formats of values: each parses the text of one variable. */

export const port = z.coerce.number().int().min(1).max(65535)

export const flag = z
  .enum(['true', 'false', '1', '0'])
  .transform((value) => value === 'true' || value === '1')

/** Fractions are allowed. */
export const days = z.coerce.number().min(0).max(36_500)

/** A base URL, without slashes at its end. */
export const url = z.url({ protocol: /^https?$/ }).transform((value) => {
  let end = value.length
  while (value[end - 1] === '/') end--
  return value.slice(0, end)
})

/** Host names without port, separated by commas; as a URL writes them. */
export const hostNames = z.string().transform((value, context) => {
  const names = value.split(',').map((name) => name.trim())
  const hosts = names.map((name) => (/[/@?#]/.test(name) ? undefined : URL.parse(`http://${name}`)))
  if (hosts.every((host) => host?.port === '')) return hosts.map((host) => host?.hostname ?? '')
  context.addIssue('host names without a port, separated by commas')
  return z.NEVER
})

/** Texts separated by commas, without empty ones. */
export const list = z.string().transform((value) =>
  value
    .split(',')
    .map((part) => part.trim())
    .filter(Boolean),
)

/** Pauses in seconds, separated by commas; fractions are allowed. */
export const pauses = list.pipe(
  z.array(z.string().transform(Number).pipe(z.number().min(0).max(604_800))).nonempty(),
)

/** Host names, each with its port if that is not 443, separated by commas. */
export const hosts = list
  .transform((names) => names.map((name) => name.toLowerCase()))
  .pipe(z.array(z.string().regex(/^[a-z0-9.-]+(:\d{1,5})?$/, 'host names, such as images.example.com')))

/** Origins such as `https://shop.example`, separated by commas. `*` is none. */
export const origins = list.pipe(
  z.array(
    z.string().refine((text) => {
      const { protocol = '', origin } = URL.parse(text) ?? {}
      return /^https?:$/.test(protocol) && origin === text && !text.includes('*')
    }, 'an origin such as https://shop.example, without a path'),
  ),
)

/** An exact decimal as an integer count of millionths: no rate is ever a floating point number. */
export const rateMillionths = z
  .string()
  .regex(/^\d{1,6}(\.\d{1,6})?$/, 'a decimal with at most 6 places')
  .transform((value) => {
    const [whole = '0', fraction = ''] = value.split('.')
    return BigInt(whole) * 1_000_000n + BigInt(fraction.padEnd(6, '0'))
  })

/** `id1:base64key,id2:base64key`; the first key is the current one. */
export const keys = z
  .string()
  .transform((value) =>
    value.split(',').map((pair) => {
      const [id = '', key = ''] = pair.trim().split(':')
      return { id, key: Buffer.from(key, 'base64') }
    }),
  )
  .refine(
    (list) => list.every(({ id, key }) => /^[A-Za-z0-9_-]{1,32}$/.test(id) && key.length === 32),
    'key id and 32 bytes in base64, such as k1:AAAA…=, separated by commas',
  )

/** An RSA key, as PEM. */
export const rsaKey = (kind: 'private' | 'public') =>
  z.string().transform((given, context) => {
    const key = readRsaKey(kind, given)
    if (key) return key
    context.addIssue(`an RSA ${kind} key of 2048 bits or more, as PEM or as base64 of its DER`)
    return z.NEVER
  })

/** Certificates as pairs of serial number and public key. */
export const certificates = z.string().transform((given, context) => {
  try {
    const found = given
      .replaceAll('\\n', '\n')
      .match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g)
    if (!found) throw new Error('none')
    return found.map((pem) => {
      const { serialNumber, publicKey } = new X509Certificate(pem)
      return [serialNumber, publicKey.export({ type: 'spki', format: 'pem' }).toString()] as const
    })
  } catch {
    context.addIssue('one or more certificates as PEM')
    return z.NEVER
  }
})
