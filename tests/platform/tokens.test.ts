import { generateKeyPair, importPKCS8, SignJWT } from 'jose'
import { pino } from 'pino'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createApp } from '../../api/app.ts'
import { createAuthenticate } from '../../api/middleware/auth.ts'
import { createTokenVerifier, LEEWAY_SECONDS, type TokenSettings } from '../../application/access/tokens.ts'
import { type IdentityProvider, openIdentityProvider } from '../support/identity-provider.ts'
import { openTestApp, SECRET as SHARED, type TestApp, TOKEN_SETTINGS, until } from '../support/test-app.ts'

/** Which access tokens and sign-in links are accepted, and why the others are not. */

const SECRET = 'another secret of these tests, long enough'
const key = new TextEncoder().encode(SECRET)
const settings: TokenSettings = { ...TOKEN_SETTINGS, secret: SECRET }
const now = () => Math.floor(Date.now() / 1000)
const base = () => ({
  sub: 'alice',
  role: 'customer',
  iss: 'points-mall',
  aud: 'points-mall',
  exp: now() + 60,
})
const sign = (claims: Record<string, unknown>, alg = 'HS256', signer: Parameters<SignJWT['sign']>[0] = key) =>
  new SignJWT(claims).setProtectedHeader({ alg }).sign(signer)

/** The principal that an access token names, or why it is not accepted. */
async function read(token: string, given: TokenSettings = settings) {
  const found = await createTokenVerifier(given)(token, 'access')
  return 'code' in found ? found : found.principal
}

describe('an access token', () => {
  test('that is right names its owner, and level 1 where it has none', async () => {
    expect(await read(await sign(base()))).toEqual({ sub: 'alice', role: 'customer', level: 1 })
    expect(await read(await sign({ ...base(), level: 3 }))).toMatchObject({ level: 3 })
    expect(await read(await sign({ ...base(), level: '3' }))).toMatchObject({ level: 3 })
  })

  test('takes an owner of any script, and of scripts that are written together', async () => {
    const owners = [
      '王芳_A1',
      'たろう太郎x',
      '김철수Kim',
      'Вася',
      'Ωμέγα',
      'محمد',
      'auth0|5f',
      'ève',
      '😀',
      'a b',
    ]
    for (const sub of owners) expect(await read(await sign({ ...base(), sub }))).toMatchObject({ sub })
  })

  test.each<[string, () => Promise<string>, object]>([
    ['never expires', () => sign({ ...base(), exp: undefined }), { code: 'claim', claim: 'exp' }],
    ['has another issuer', () => sign({ ...base(), iss: 'elsewhere' }), { code: 'issuer' }],
    ['has another audience', () => sign({ ...base(), aud: 'elsewhere' }), { code: 'audience' }],
    ['has no owner', () => sign({ ...base(), sub: undefined }), { code: 'claim', claim: 'sub' }],
    ['has an empty owner', () => sign({ ...base(), sub: '' }), { code: 'claim', claim: 'sub' }],
    [
      'has an owner too long',
      () => sign({ ...base(), sub: 'x'.repeat(65) }),
      { code: 'claim', claim: 'sub' },
    ],
    ['has an owner with a control character', () => sign({ ...base(), sub: 'a\nb' }), { claim: 'sub' }],
    ['has an owner in full width', () => sign({ ...base(), sub: 'ａlice' }), { code: 'claim', claim: 'sub' }],
    ['has an owner with a mark of its own', () => sign({ ...base(), sub: 'e\u0301ve' }), { claim: 'sub' }],
    [
      'has an owner with a Cyrillic letter among Latin ones',
      () => sign({ ...base(), sub: '\u0430lice' }),
      { claim: 'sub' },
    ],
    [
      'has an owner of Greek and Cyrillic letters',
      () => sign({ ...base(), sub: '\u03b1\u0431' }),
      { claim: 'sub' },
    ],
    [
      'has an owner with a filler that nobody sees',
      () => sign({ ...base(), sub: 'alice\u3164' }),
      { claim: 'sub' },
    ],
    ['has an owner with a blank at its end', () => sign({ ...base(), sub: 'alice ' }), { claim: 'sub' }],
    ['has an unknown role', () => sign({ ...base(), role: 'root' }), { code: 'claim', claim: 'role' }],
    ['has no role', () => sign({ ...base(), role: undefined }), { code: 'claim', claim: 'role' }],
    ['has a level that is no integer', () => sign({ ...base(), level: 1.5 }), { claim: 'level' }],
    ['has a level in words', () => sign({ ...base(), level: 'three' }), { code: 'claim', claim: 'level' }],
    ['has two levels', () => sign({ ...base(), level: ['1', '3'] }), { code: 'claim', claim: 'level' }],
    [
      'is signed with another secret',
      () => sign(base(), 'HS256', new TextEncoder().encode('x'.repeat(40))),
      { code: 'signature' },
    ],
    ['uses another HMAC', () => sign(base(), 'HS512'), { code: 'algorithm' }],
    [
      'uses a key pair',
      async () => sign(base(), 'ES256', (await generateKeyPair('ES256')).privateKey),
      { code: 'algorithm' },
    ],
    [
      'is not signed',
      async () => {
        const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
        return `${part({ alg: 'none' })}.${part(base())}.`
      },
      { code: 'algorithm' },
    ],
    ['is no token', async () => 'garbage', { code: 'malformed' }],
    ['is far too long', async () => `${await sign(base())}${'A'.repeat(9000)}`, { code: 'malformed' }],
  ])('that %s is refused, and says so', async (_what, make, why) => {
    expect(await read(await make())).toMatchObject(why)
  })

  test('allows clocks to differ by 60 seconds, and no more', async () => {
    const [within, beyond] = [50, 70]
    for (const claim of ['nbf', 'iat']) {
      expect(await read(await sign({ ...base(), [claim]: now() + within }))).toMatchObject({ sub: 'alice' })
      expect(await read(await sign({ ...base(), [claim]: now() + beyond })), claim).toEqual({
        code: 'not_yet_valid',
      })
    }
    expect(await read(await sign({ ...base(), exp: now() - within }))).toMatchObject({ sub: 'alice' })
    expect(await read(await sign({ ...base(), exp: now() - beyond }))).toEqual({ code: 'expired' })
  })

  test('is refused from the moment it is no longer valid, although it was known', async () => {
    const authenticate = createAuthenticate(createTokenVerifier(settings))
    const brief = await sign({ ...base(), exp: now() + 4 - LEEWAY_SECONDS })
    expect(await authenticate(brief)).toMatchObject({ sub: 'alice' })
    await until(
      () => authenticate(brief),
      (who) => 'code' in who && who.code === 'expired',
      'the token expires',
    )
  })
})

describe('with a key set', () => {
  let provider: IdentityProvider
  beforeAll(async () => {
    provider = await openIdentityProvider()
    await Promise.all(['PS256', 'ES256', 'ES384', 'ES512', 'EdDSA'].map((alg) => provider.addKey(alg)))
  })
  afterAll(() => provider.close())
  const ofSet = (more: Partial<TokenSettings> = {}): TokenSettings => ({
    ...settings,
    secret: undefined,
    jwksUrl: provider.jwksUrl,
    ...more,
  })

  test('tokens are accepted in every asymmetric algorithm, and in no other', async () => {
    for (const alg of ['RS256', 'PS256', 'ES256', 'ES384', 'ES512', 'EdDSA']) {
      expect(await read(await provider.sign(base(), alg), ofSet()), alg).toMatchObject({ sub: 'alice' })
    }
    // One RSA key without `alg` serves all six.
    const open = await openIdentityProvider()
    for (const { jwk } of open.keys) delete jwk.alg
    for (const alg of ['RS384', 'RS512', 'PS384', 'PS512']) {
      const { jwk, privateKey } = open.keys[0] ?? {}
      const raw = await crypto.subtle.exportKey('pkcs8', privateKey as NonNullable<typeof privateKey>)
      const pem = `-----BEGIN PRIVATE KEY-----\n${Buffer.from(raw).toString('base64')}\n-----END PRIVATE KEY-----`
      const signed = await new SignJWT(base())
        .setProtectedHeader({ alg, kid: `${jwk?.kid}` })
        .sign(await importPKCS8(pem, alg))
      expect(await read(signed, ofSet({ jwksUrl: open.jwksUrl })), alg).toMatchObject({ sub: 'alice' })
    }
    await open.close()
    expect(await read(await sign(base()), ofSet())).toEqual({ code: 'algorithm' })
    // The classic confusion: the public key taken for an HMAC secret.
    const confused = new TextEncoder().encode(JSON.stringify(provider.keys[0]?.jwk))
    expect(await read(await sign(base(), 'HS256', confused), ofSet())).toEqual({ code: 'algorithm' })
  })

  test('only the set names keys: a key in the token, and a signature of another key are refused', async () => {
    const stranger = await generateKeyPair('ES256', { extractable: true })
    const kid = provider.keys.find(({ alg }) => alg === 'ES256')?.jwk.kid ?? ''
    const forged = (header: object) =>
      new SignJWT(base()).setProtectedHeader({ alg: 'ES256', ...header }).sign(stranger.privateKey)
    expect(await read(await forged({ kid }), ofSet())).toEqual({ code: 'signature' })
    expect(await read(await forged({ kid: 'unknown' }), ofSet())).toEqual({ code: 'key' })
    const jku = 'http://127.0.0.1:9/jwks'
    expect(await read(await forged({ kid: 'unknown', jku, jwk: { kty: 'EC' } }), ofSet())).toEqual({
      code: 'key',
    })
  })

  test('a new key is found when a token names it, and a withdrawn one is refused then', async () => {
    const own = await openIdentityProvider()
    const verify = createTokenVerifier(ofSet({ jwksUrl: own.jwksUrl }))
    const old = await own.sign(base())
    expect(await verify(old, 'access')).toMatchObject({ principal: { sub: 'alice' } })
    await own.rotate('ES384')
    const fresh = await own.sign(base())
    await until(
      () => verify(fresh, 'access'),
      (found) => 'principal' in found,
      'the new key is read',
    )
    expect(await verify(old, 'access')).toEqual({ code: 'key' })
    await own.close()
  })

  test('and a secret, each verifies its own algorithms, with its own issuer and audience', async () => {
    const both = ofSet({ secret: SECRET, jwksIssuer: 'https://idp.example', jwksAudience: 'mall-api' })
    expect(await read(await sign(base()), both)).toMatchObject({ sub: 'alice' })
    const theirs = { ...base(), iss: 'https://idp.example', aud: 'mall-api' }
    expect(await read(await provider.sign(theirs), both)).toMatchObject({ sub: 'alice' })
    expect(await read(await provider.sign(base()), both)).toEqual({ code: 'issuer' })
    expect(await read(await sign(theirs), both)).toEqual({ code: 'issuer' })
  })

  test('that cannot be read, no token is judged', async () => {
    const gone = await openIdentityProvider()
    const signed = await gone.sign(base())
    await gone.close()
    await expect(read(signed, ofSet({ jwksUrl: gone.jwksUrl }))).rejects.toMatchObject({
      code: 'UNAVAILABLE',
    })
  })

  const claims = (more: Partial<TokenSettings['claims']>) =>
    ofSet({ claims: { ...settings.claims, defaultRole: 'customer', ...more } })

  test('tokens as Keycloak issues them are read by path and mapping', async () => {
    const keycloak = (roles: string[], more: object = {}) => ({
      ...base(),
      role: undefined,
      sub: 'f6ac1ae0-7c4f-4b8c-a3f2-0cbb7a8d1d3e',
      aud: ['points-mall', 'account'],
      typ: 'Bearer',
      azp: 'shop',
      realm_access: { roles: ['offline_access', 'default-roles-shop', ...roles] },
      resource_access: { 'points.mall': { roles: ['mall-admin'] }, account: { roles: ['view-profile'] } },
      level: ['3'],
      ...more,
    })
    const roles = new Map([
      ['mall-admin', 'admin'],
      ['mall-operator', 'operator'],
    ] as const)
    const given = claims({ role: 'realm_access.roles', roles })
    const roleOf = async (payload: Record<string, unknown>, used = given) =>
      read(await provider.sign(payload), used)
    expect(await roleOf(keycloak([]))).toMatchObject({ role: 'customer', level: 3 })
    expect(await roleOf(keycloak(['mall-operator']))).toMatchObject({ role: 'operator' })
    expect(await roleOf(keycloak(['mall-operator', 'mall-admin']))).toMatchObject({ role: 'admin' })
    // With a mapping only mapped names count.
    expect(await roleOf(keycloak(['admin']))).toMatchObject({ role: 'customer' })
    const ofClient = claims({ role: 'resource_access.points.mall.roles', roles })
    expect(await roleOf(keycloak([]), ofClient)).toMatchObject({ role: 'admin' })
    const strict = claims({ role: 'realm_access.roles', roles, defaultRole: undefined })
    expect(await roleOf(keycloak([]), strict)).toEqual({ code: 'claim', claim: 'realm_access.roles' })
  })

  test('tokens as Auth0 issues them are read by namespaced claims, and long ids are hashed', async () => {
    const namespace = 'https://shop.example'
    const auth0 = (more: object = {}) => ({
      ...base(),
      role: undefined,
      sub: 'auth0|5f7c8ec7c33c6c004bbafe82',
      aud: ['points-mall', 'https://shop.eu.auth0.com/userinfo'],
      [`${namespace}/roles`]: ['operator'],
      [`${namespace}/level`]: '2',
      ...more,
    })
    const given = claims({ role: `${namespace}/roles`, level: `${namespace}/level` })
    const found = async (payload: Record<string, unknown>) => read(await provider.sign(payload), given)
    expect(await found(auth0())).toEqual({
      sub: 'auth0|5f7c8ec7c33c6c004bbafe82',
      role: 'operator',
      level: 2,
    })
    const long = `samlp|company|${'somebody.with.a.long.name'.repeat(3)}@company.example`
    const hashed = await found(auth0({ sub: long }))
    expect(hashed).toMatchObject({ sub: expect.stringMatching(/^sha256:[\w-]{43}$/) })
    expect(await found(auth0({ sub: long }))).toEqual(hashed)
    // Nobody takes that id by having it.
    const taken = 'sub' in hashed ? hashed.sub : ''
    expect(await found(auth0({ sub: taken }))).toEqual({ code: 'claim', claim: 'sub' })
    const byOwner = claims({ owner: 'member_no', role: `${namespace}/roles` })
    expect(await read(await provider.sign(auth0({ member_no: 4711 })), byOwner)).toMatchObject({
      sub: '4711',
    })
  })
})

describe('a refused token', () => {
  let mall: TestApp
  beforeAll(async () => {
    mall = await openTestApp({ worker: false })
  })
  afterAll(() => mall.close())

  test('is asked for with WWW-Authenticate', async () => {
    const none = await mall.call('GET', '/api/points-mall/wallet')
    expect([none.status, none.headers.get('www-authenticate')]).toEqual([401, 'Bearer realm="points-mall"'])
    const bad = await mall.call('GET', '/api/points-mall/wallet', {
      headers: { authorization: 'Bearer x.y.z' },
    })
    expect([bad.status, bad.headers.get('www-authenticate')]).toEqual([
      401,
      'Bearer realm="points-mall", error="invalid_token", error_description="not a JWT"',
    ])
    const basic = await mall.call('GET', '/api/points-mall/wallet', {
      headers: { authorization: 'Basic eDp5' },
    })
    expect(basic.status).toBe(401)
  })

  test('says why in WWW-Authenticate and in the log, without the token', async () => {
    const lines: string[] = []
    const logger = pino({}, { write: (line: string) => lines.push(line) })
    const app = createApp({ ...mall.deps, logger })
    const expired = await sign({ ...base(), exp: now() - 3600 }, 'HS256', new TextEncoder().encode(SHARED))
    const response = await app.request('/api/points-mall/wallet', {
      headers: { authorization: `Bearer ${expired}` },
    })
    expect(response.status).toBe(401)
    expect(response.headers.get('www-authenticate')).toBe(
      'Bearer realm="points-mall", error="invalid_token", error_description="expired"',
    )
    expect(JSON.parse(lines.at(-1) ?? '')).toMatchObject({ status: 401, token: 'expired' })
    expect(lines.join('')).not.toContain(expired.slice(0, 40))
  })
})
