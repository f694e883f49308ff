import { createCipheriv, createDecipheriv, createHmac, createSign, generateKeyPairSync } from 'node:crypto'

/**
 * Notifications that no provider sent: genuine ones with changed bytes, or signed with half of what it takes,
 * such as the right key and the wrong algorithm. None may be accepted.
 */

export interface Sent {
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
}

export interface Forged extends Sent {
  readonly what: string
}

/** The providers' own keys: a forger who has them can try more. */
export interface ProviderKeys {
  /** PEM. */
  readonly alipay: string
  /** PEM. */
  readonly wechat: string
  readonly apiV3Key: string
  readonly stripe: string
}

export const PROVIDERS = ['alipay', 'wechat', 'stripe'] as const
export type Provider = (typeof PROVIDERS)[number]

type Random = () => number
/** @returns undefined if this one says the same as the genuine one */
type Forge = (real: Sent, other: Sent, random: Random, keys: ProviderKeys) => Sent | undefined

const below = (random: Random, n: number) => Math.floor(random() * n)
const pick = <T>(random: Random, list: readonly T[]): T => list[below(random, list.length)] as T
const with_ = (real: Sent, headers: Record<string, string>, body = real.body): Sent => ({
  headers: { ...real.headers, ...headers },
  body,
})
const without = (real: Sent, name: string): Sent => ({
  ...real,
  headers: Object.fromEntries(Object.entries(real.headers).filter(([known]) => known !== name)),
})
const stranger = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
}).privateKey
const rsa = (text: string | Buffer, key: string, algorithm = 'RSA-SHA256') =>
  createSign(algorithm).update(text).sign(key, 'base64')

/** Forgeries of any provider's notification. */
const ANYONE: Readonly<Record<string, Forge>> = {
  'a bit of the body is flipped': (real, _other, random) => {
    const body = Buffer.from(real.body)
    const at = below(random, body.length)
    body[at] = (body[at] ?? 0) ^ (1 << below(random, 8))
    return { ...real, body }
  },
  'some bytes of the body are others': (real, _other, random) => {
    const body = Buffer.from(real.body)
    for (let n = 1 + below(random, 6); n > 0; n -= 1) body[below(random, body.length)] = below(random, 256)
    return { ...real, body }
  },
  'the body is cut off': (real, _other, random) => ({
    ...real,
    body: real.body.subarray(0, below(random, real.body.length)),
  }),
  'the body goes on': (real, _other, random) => ({
    ...real,
    body: Buffer.concat([real.body, Buffer.from(pick(random, [' ', '&x=1', '\0', '{}', 'ÿ', '\n']))]),
  }),
  'the body comes twice': (real) => ({ ...real, body: Buffer.concat([real.body, real.body]) }),
  'the body is noise': (real, _other, random) => ({
    ...real,
    body: Buffer.from(Array.from({ length: 1 + below(random, 2_000) }, () => below(random, 256))),
  }),
  'the body is long': (real, _other, random) => ({
    ...real,
    body: Buffer.concat([real.body, Buffer.alloc(below(random, 100_000), 0x61)]),
  }),
  'the body asks for a prototype': (real, _other, random) => ({
    ...real,
    body: Buffer.from(
      pick(random, [
        '{"__proto__":{"ok":true},"constructor":{"prototype":{}}}',
        '[]',
        'null',
        '1e999',
        '{"a":'.repeat(9_000),
        '__proto__=1&constructor=2&sign=x&sign_type=RSA2',
        'sign%5B%5D=x&sign%5B%5D=y&sign_type=RSA2',
      ]),
    ),
  }),
}

/** Forgeries of signatures in headers. */
const IN_HEADERS = (names: readonly string[]): Readonly<Record<string, Forge>> => ({
  'a header is missing': (real, _other, random) => without(real, pick(random, names)),
  'a header has another letter': (real, _other, random) => {
    const name = pick(random, names)
    const value = real.headers[name] ?? ''
    const at = below(random, value.length)
    const letter = pick(random, '0123456789abcdefABCDEF+/=,'.split(''))
    if (value[at] === letter) return undefined
    return with_(real, { [name]: value.slice(0, at) + letter + value.slice(at + 1) })
  },
  'a header is empty or long': (real, _other, random) =>
    with_(real, { [pick(random, names)]: pick(random, ['', 'x', 'x'.repeat(5_000), '0', '-1', 'NaN']) }),
  "another notice's headers": (real, other) => ({ headers: other.headers, body: real.body }),
  "another notice's body": (real, other) => ({ headers: real.headers, body: other.body }),
})

const fieldsOf = (body: Buffer) => [...new URLSearchParams(body.toString('latin1'))]
const formOf = (fields: readonly (readonly [string, string])[]) =>
  Buffer.from(new URLSearchParams(fields as [string, string][]).toString())
/** The text of the form that Alipay signs. */
function alipayText(fields: readonly (readonly [string, string])[]): string {
  return fields
    .filter(([name, value]) => name !== 'sign' && name !== 'sign_type' && value !== '')
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`)
    .join('&')
}
const decoded = (body: Buffer) => [...new URLSearchParams(body.toString())]
/** Changes fields and signs them as the provider would, unless told otherwise. */
function alipay(
  real: Sent,
  changes: Readonly<Record<string, string>>,
  key: string,
  algorithm = 'RSA-SHA256',
): Sent {
  const fields = decoded(real.body).map(([name, value]) => [name, changes[name] ?? value] as const)
  const signed = fields.map(([name, value]) =>
    name === 'sign' ? ([name, rsa(alipayText(fields), key, algorithm)] as const) : ([name, value] as const),
  )
  return { ...real, body: formOf(signed) }
}

const ALIPAY: Readonly<Record<string, Forge>> = {
  'a field has another value': (real, _other, random) => {
    const fields = decoded(real.body)
    const at = below(random, fields.length)
    const value = pick(random, ['', '1', '0.01', 'TRADE_SUCCESS', '99999.00', 'null', '金'])
    if (fields[at]?.[1] === value) return undefined
    return { ...real, body: formOf(fields.map(([name, was], n) => [name, n === at ? value : was])) }
  },
  'a field is gone': (real, _other, random) => {
    const fields = decoded(real.body)
    const at = below(random, fields.length)
    // An empty field is not signed, so adding or removing it changes nothing.
    if (fields[at]?.[1] === '') return undefined
    return { ...real, body: formOf(fields.filter((_field, n) => n !== at)) }
  },
  'a field comes twice': (real, _other, random) => {
    const fields = decoded(real.body)
    return { ...real, body: formOf([...fields, pick(random, fields)]) }
  },
  'a field is added': (real, _other, random) => ({
    ...real,
    body: formOf([...decoded(real.body), [pick(random, ['x', 'refund_fee', 'sign[]', '__proto__']), '1']]),
  }),
  "another order's signature": (real, other) => {
    const theirs = decoded(other.body).find(([name]) => name === 'sign')?.[1] ?? ''
    return {
      ...real,
      body: formOf(decoded(real.body).map(([name, value]) => [name, name === 'sign' ? theirs : value])),
    }
  },
  'SHA-1 in place of SHA-256': (real, _other, _random, keys) =>
    alipay(real, { sign_type: 'RSA' }, keys.alipay, 'RSA-SHA1'),
  'SHA-1 under the name of SHA-256': (real, _other, _random, keys) =>
    alipay(real, {}, keys.alipay, 'RSA-SHA1'),
  'an unknown way to sign': (real, _other, random, keys) =>
    alipay(real, { sign_type: pick(random, ['MD5', 'DSA', 'rsa2', 'toString', 'RSA2 ']) }, keys.alipay),
  "another one's key": (real) => alipay(real, { total_amount: '0.01' }, stranger),
  'another application': (real, _other, _random, keys) =>
    alipay(real, { app_id: '2021009999999999' }, keys.alipay),
  'another merchant': (real, _other, _random, keys) =>
    alipay(real, { seller_id: '2088999999999999' }, keys.alipay),
}

const WECHAT_HEADERS = [
  'wechatpay-timestamp',
  'wechatpay-nonce',
  'wechatpay-signature',
  'wechatpay-serial',
] as const

/** Signs the body as WeChat Pay would, unless told otherwise. */
function wechat(
  real: Sent,
  body: Buffer,
  key: string,
  how: { readonly algorithm?: string; readonly ageSeconds?: number } = {},
): Sent {
  const timestamp = `${Math.floor(Date.now() / 1000) - (how.ageSeconds ?? 0)}`
  const nonce = real.headers['wechatpay-nonce'] ?? ''
  const text = Buffer.concat([Buffer.from(`${timestamp}\n${nonce}\n`), body, Buffer.from('\n')])
  return with_(
    real,
    { 'wechatpay-timestamp': timestamp, 'wechatpay-signature': rsa(text, key, how.algorithm) },
    body,
  )
}

interface Resource {
  algorithm: string
  ciphertext: string
  associated_data?: string
  nonce: string
}

/** Changes the encrypted part and signs the whole correctly: only decryption can tell. */
function resealed(real: Sent, keys: ProviderKeys, change: (resource: Resource) => void): Sent {
  const body = JSON.parse(real.body.toString()) as { resource: Resource }
  change(body.resource)
  return wechat(real, Buffer.from(JSON.stringify(body)), keys.wechat)
}

/** Decrypts, changes and encrypts the content again: only its meaning can tell. */
function rewritten(real: Sent, keys: ProviderKeys, change: (plain: Record<string, unknown>) => void): Sent {
  return resealed(real, keys, (resource) => {
    const sealed = Buffer.from(resource.ciphertext, 'base64')
    const aad = Buffer.from(resource.associated_data ?? '')
    const open = createDecipheriv('aes-256-gcm', keys.apiV3Key, resource.nonce)
      .setAAD(aad)
      .setAuthTag(sealed.subarray(-16))
    const text = Buffer.concat([open.update(sealed.subarray(0, -16)), open.final()]).toString()
    const plain = JSON.parse(text) as Record<string, unknown>
    change(plain)
    const seal = createCipheriv('aes-256-gcm', keys.apiV3Key, resource.nonce).setAAD(aad)
    const again = Buffer.concat([seal.update(JSON.stringify(plain)), seal.final()])
    resource.ciphertext = Buffer.concat([again, seal.getAuthTag()]).toString('base64')
  })
}

const WECHAT: Readonly<Record<string, Forge>> = {
  ...IN_HEADERS(WECHAT_HEADERS),
  'another ciphertext under the old tag': (real, _other, random, keys) =>
    resealed(real, keys, (resource) => {
      const sealed = Buffer.from(resource.ciphertext, 'base64')
      const at = below(random, sealed.length - 16)
      sealed[at] = (sealed[at] ?? 0) ^ (1 + below(random, 255))
      resource.ciphertext = sealed.toString('base64')
    }),
  'another tag, or half of one': (real, _other, random, keys) =>
    resealed(real, keys, (resource) => {
      const sealed = Buffer.from(resource.ciphertext, 'base64')
      const cut = sealed.subarray(0, sealed.length - 1 - below(random, 16))
      resource.ciphertext = cut.toString('base64')
    }),
  'other associated data': (real, _other, random, keys) =>
    resealed(real, keys, (resource) => {
      resource.associated_data = pick(random, ['', 'refund', 'transaction ', 'x'])
    }),
  'another nonce': (real, _other, random, keys) =>
    resealed(real, keys, (resource) => {
      resource.nonce = pick(random, ['', 'x', '000000000000', 'a'.repeat(500)])
    }),
  'another algorithm': (real, _other, random, keys) =>
    resealed(real, keys, (resource) => {
      resource.algorithm = pick(random, ['', 'AES-256-ECB', 'AEAD_AES_256_GCM_SIV', 'none'])
    }),
  "another one's seal": (real, other, _random, keys) =>
    resealed(real, keys, (resource) => {
      const { resource: theirs } = JSON.parse(other.body.toString()) as { resource: Resource }
      resource.ciphertext = theirs.ciphertext
    }),
  'another merchant': (real, _other, _random, keys) =>
    rewritten(real, keys, (plain) => {
      plain.mchid = '1900009999'
    }),
  'another application': (real, _other, _random, keys) =>
    rewritten(real, keys, (plain) => {
      plain.appid = 'wx9999999999999999'
    }),
  'too old, or of the future': (real, _other, random, keys) =>
    wechat(real, real.body, keys.wechat, {
      ageSeconds: (310 + below(random, 90_000)) * pick(random, [1, -1]),
    }),
  'SHA-1 in place of SHA-256': (real, _other, _random, keys) =>
    wechat(real, real.body, keys.wechat, { algorithm: 'RSA-SHA1' }),
  "another one's key": (real) => wechat(real, real.body, stranger),
  'a probe': (real) =>
    with_(real, { 'wechatpay-signature': `WECHATPAY/SIGNTEST/${real.headers['wechatpay-signature']}` }),
  'an unknown serial': (real, _other, random) =>
    with_(real, { 'wechatpay-serial': pick(random, ['PUB_KEY_ID_9', '__proto__', 'constructor', '../x']) }),
}

/** Signs the body as Stripe would, unless told otherwise. */
function stripe(
  real: Sent,
  secret: string,
  how: { readonly algorithm?: string; readonly ageSeconds?: number; readonly scheme?: string } = {},
): Sent {
  const t = Math.floor(Date.now() / 1000) - (how.ageSeconds ?? 0)
  const hmac = createHmac(how.algorithm ?? 'sha256', secret)
    .update(`${t}.`)
    .update(real.body)
    .digest('hex')
  return with_(real, { 'stripe-signature': `t=${t},${how.scheme ?? 'v1'}=${hmac}` })
}

const STRIPE: Readonly<Record<string, Forge>> = {
  ...IN_HEADERS(['stripe-signature']),
  "another one's secret": (real, _other, random, keys) =>
    stripe(real, pick(random, ['', 'whsec_', `${keys.stripe} `, keys.stripe.slice(6), 'undefined'])),
  'another hash': (real, _other, random, keys) =>
    stripe(real, keys.stripe, { algorithm: pick(random, ['sha1', 'md5', 'sha512']) }),
  'another scheme': (real, _other, random, keys) =>
    stripe(real, keys.stripe, { scheme: pick(random, ['v0', 'v2', 'V1', 'v1 ', '']) }),
  'too old, or of the future': (real, _other, random, keys) =>
    stripe(real, keys.stripe, { ageSeconds: (310 + below(random, 90_000)) * pick(random, [1, -1]) }),
  'two times of signing': (real, _other, _random, keys) => {
    const right = stripe(real, keys.stripe).headers['stripe-signature'] ?? ''
    return with_(real, { 'stripe-signature': `t=1,${right}` })
  },
}

const ALL: Readonly<Record<Provider, Readonly<Record<string, Forge>>>> = {
  alipay: { ...ANYONE, ...ALIPAY },
  wechat: { ...ANYONE, ...WECHAT },
  stripe: { ...ANYONE, ...STRIPE },
}

/** The names of all ways to forge a provider's notification. */
export const waysOf = (provider: Provider) => Object.keys(ALL[provider])

/**
 * The n-th forgery: the ways alternate.
 * @param reals genuine notifications of at least two orders
 */
export function forge(
  provider: Provider,
  n: number,
  reals: readonly Sent[],
  random: Random,
  keys: ProviderKeys,
): Forged {
  const ways = Object.entries(ALL[provider])
  const [what, how] = ways[n % ways.length] as [string, Forge]
  for (;;) {
    const real = pick(random, reals)
    const other = pick(
      random,
      reals.filter((one) => !one.body.equals(real.body)),
    )
    const forged = how(real, other, random, keys)
    if (forged && !saysTheSame(provider, real, forged)) return { what, ...forged }
  }
}

/** A form may encode the same text in several ways; then it is still the provider's own. */
function saysTheSame(provider: Provider, real: Sent, forged: Sent): boolean {
  if (provider === 'alipay') {
    const said = (body: Buffer) =>
      fieldsOf(body)
        .map((field) => JSON.stringify(field))
        .sort((a, b) => (a < b ? -1 : 1))
        .join()
    return said(real.body) === said(forged.body)
  }
  const same = Object.keys({ ...real.headers, ...forged.headers }).every(
    (name) => real.headers[name]?.trim() === forged.headers[name]?.trim(),
  )
  return same && real.body.equals(forged.body)
}
