import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ConfigError, readConfig } from '../../config/index.ts'

/** What an installation accepts from its environment, and what it says of the rest. */

let dataDir = ''
beforeAll(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'config-'))
})
afterAll(() => rmSync(dataDir, { recursive: true }))

const keyOf = (bytes: Buffer, id = 'k1') => `${id}:${bytes.toString('base64')}`

/** An installation for customers; `undefined` takes a variable away. */
function live(given: Record<string, string | undefined> = {}) {
  return readConfig({
    DATA_DIR: dataDir,
    NODE_ENV: 'production',
    HOST: '0.0.0.0',
    PUBLIC_URL: 'https://shop.example',
    AUTH_JWT_SECRET: randomBytes(24).toString('hex'),
    LEDGER_KEYS: keyOf(randomBytes(32)),
    PAYLOAD_KEYS: keyOf(randomBytes(32)),
    ...given,
  })
}

const demo = (given: Record<string, string | undefined> = {}) => readConfig({ DATA_DIR: dataDir, ...given })

/** Each thing that is said to be wrong. */
function said(
  given: Record<string, string | undefined>,
  read: (given: Record<string, string | undefined>) => unknown = live,
): string[] {
  try {
    read(given)
    return []
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return error.message.split('\n')
  }
}

describe('an installation for customers', () => {
  test('accepts random secrets by HTTPS', () => {
    expect(live().http.publicUrl).toBe('https://shop.example')
    // To this machine nothing is sent that anybody could read.
    expect(said({ PUBLIC_URL: 'http://127.0.0.1:3000' })).toEqual([])
    expect(said({ PUBLIC_URL: undefined, HOST: '127.0.0.1' })).toEqual([])
  })

  const same = randomBytes(32)
  test.each<[string, Record<string, string | undefined>, string]>([
    ['a public address without TLS', { PUBLIC_URL: 'http://shop.example' }, 'PUBLIC_URL: must be https'],
    [
      'no public address',
      { PUBLIC_URL: undefined },
      'PUBLIC_URL: must be set, with https, when HOST is not loopback',
    ],
    ['a key set without TLS', { AUTH_JWKS_URL: 'http://idp.example/jwks' }, 'AUTH_JWKS_URL: must be https'],
    [
      'an identity provider without TLS',
      { AUTH_OIDC_ISSUER: 'http://idp.example', AUTH_OIDC_CLIENT_ID: 'mall' },
      'AUTH_OIDC_ISSUER: must be https',
    ],
    ['a key of zeros', { LEDGER_KEYS: keyOf(Buffer.alloc(32)) }, 'LEDGER_KEYS: the key is not random'],
    [
      'a key that repeats itself',
      { PAYLOAD_KEYS: keyOf(Buffer.alloc(32, 'abcdefghijklmnop')) },
      'PAYLOAD_KEYS: the key is not random',
    ],
    [
      'a key that counts',
      { LEDGER_KEYS: keyOf(Buffer.from(Array.from({ length: 32 }, (_, n) => n + 7))) },
      'LEDGER_KEYS: the key is not random',
    ],
    [
      'one key for both',
      { LEDGER_KEYS: keyOf(same, 'l1'), PAYLOAD_KEYS: keyOf(same, 'p1') },
      'LEDGER_KEYS, PAYLOAD_KEYS: must be different keys',
    ],
    ['a secret of one character', { AUTH_JWT_SECRET: 'a'.repeat(32) }, 'AUTH_JWT_SECRET: is not random'],
    [
      'a secret of a repeated word',
      { AUTH_JWT_SECRET: 'secret-word'.repeat(4) },
      'AUTH_JWT_SECRET: is not random',
    ],
    [
      'one secret for two purposes',
      { AUTH_JWT_SECRET: same.toString('hex'), METRICS_TOKEN: same.toString('hex') },
      'AUTH_JWT_SECRET, METRICS_TOKEN: must be different',
    ],
    ...(['ORDER', 'PRODUCT'] as const).map((which): [string, Record<string, string>, string] => {
      const name = `POINTS_MALL_${which}_SERVICE`
      const access = { [`${name}_URL`]: 'https://shop.example/api', [`${name}_KEY_ID`]: 'mall' }
      return [
        `a guessable ${name}_SECRET`,
        { ...access, [`${name}_SECRET`]: 'a'.repeat(32) },
        `${name}_SECRET: is not random`,
      ]
    }),
  ])('refuses %s by name', (_what, given, line) => {
    expect(said(given)).toEqual([line])
    expect(said(given).join()).not.toContain(same.toString('hex'))
  })

  test('can leave a weak key behind: it may still open what it has sealed', () => {
    const rotated = `${keyOf(randomBytes(32), 'l2')},${keyOf(Buffer.alloc(32), 'l1')}`
    expect(said({ LEDGER_KEYS: rotated })).toEqual([])
  })

  test('names everything at once', () => {
    const weak = {
      PUBLIC_URL: 'http://shop.example',
      AUTH_JWT_SECRET: 'a'.repeat(32),
      AUTH_ROLE_MAP: 'x=root',
    }
    expect(said(weak)).toHaveLength(3)
  })

  test('says who signs people in: the secret, the key set, the identity provider, or several', () => {
    const key = { AUTH_JWKS_URL: 'https://idp.example/jwks' }
    const provider = { AUTH_OIDC_ISSUER: 'https://idp.example/', AUTH_OIDC_CLIENT_ID: 'mall' }
    expect(live(key).auth).toMatchObject({ jwksUrl: 'https://idp.example/jwks', secret: expect.any(String) })
    expect(live({ ...key, AUTH_JWT_SECRET: undefined }).auth.secret).toBeUndefined()
    const file = join(dataDir, 'client-secret')
    writeFileSync(file, 'from a file\n')
    expect(live({ ...provider, AUTH_OIDC_CLIENT_SECRET_FILE: file }).auth.oidc).toEqual({
      issuer: 'https://idp.example/',
      clientId: 'mall',
      clientSecret: 'from a file',
      scope: 'openid',
    })
    expect(said({ AUTH_JWT_SECRET: undefined }).join()).toContain('AUTH_OIDC_ISSUER: must be set')
    expect(said({ AUTH_OIDC_ISSUER: 'https://idp.example' })).toEqual([
      'AUTH_OIDC_ISSUER, AUTH_OIDC_CLIENT_ID: set both, or none',
    ])
    expect(said({ AUTH_JWKS_ISSUER: 'https://idp.example' })).toEqual([
      'AUTH_JWKS_ISSUER: AUTH_JWKS_URL is not set',
    ])
  })

  test('maps the roles of others to ours, and to ours only', () => {
    expect(live({ AUTH_ROLE_MAP: 'https://idp/r=x=operator, mall-admin = admin' }).auth.claims.roles).toEqual(
      new Map([
        ['https://idp/r=x', 'operator'],
        ['mall-admin', 'admin'],
      ]),
    )
    expect(said({ AUTH_ROLE_MAP: 'boss=root' }).join()).toContain('AUTH_ROLE_MAP: theirs=ours')
    expect(said({ AUTH_DEFAULT_ROLE: 'operator' }).join()).toContain('AUTH_DEFAULT_ROLE')
  })
})

test('a demo accepts what only it may have', () => {
  const weak = { LEDGER_KEYS: keyOf(Buffer.alloc(32)), PUBLIC_URL: 'http://shop.example' }
  expect(said(weak, demo)).toEqual([])
})
