import { randomUUID } from 'node:crypto'
import { SignJWT } from 'jose'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createApp } from '../../api/app.ts'
import { OWN_CLAIMS } from '../../application/access/claims.ts'
import { createOidcSignIn } from '../../application/access/oidc.ts'
import { createTokenVerifier, LEEWAY_SECONDS } from '../../application/access/tokens.ts'
import { createLinkReader } from '../../web/shared/sign-in-link.ts'
import { CLIENT, type IdentityProvider, openIdentityProvider } from '../support/identity-provider.ts'
import { openTestApp, SECRET, type TestApp, TOKEN_SETTINGS } from '../support/test-app.ts'

/** How people get in outside a demo: by a link that the shop signs, or by its identity provider. */

let mall: TestApp
let provider: IdentityProvider
let complaints: string[] = []
let app: ReturnType<typeof createApp>

beforeAll(async () => {
  mall = await openTestApp({ worker: false })
  provider = await openIdentityProvider()
  const roles = new Map([
    ['staff', 'operator'],
    ['partner', 'system'],
  ] as const)
  const oidc = createOidcSignIn(
    { ...CLIENT, issuer: provider.url, scope: 'openid' },
    { ...OWN_CLAIMS, role: 'realm_access.roles', roles, defaultRole: 'customer' },
    `${mall.url}/points-mall/sign-in/oidc/callback`,
    mall.deps.sealer,
    (why) => complaints.push(why),
  )
  app = createApp({ ...mall.deps, demo: false, oidc })
})
afterAll(async () => {
  await provider.close()
  await mall.close()
})
beforeEach(() => {
  complaints = []
  Object.assign(provider.state, {
    idClaims: { sub: 'u-1' },
    userClaims: undefined,
    faults: {},
    denies: false,
  })
})

/** A browser that keeps cookies; it follows nothing by itself. */
function openBrowser() {
  const cookies = new Map<string, string>()
  return {
    cookies,
    async get(url: string, method = 'GET') {
      const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')
      const at = new URL(url, mall.url).href
      const isOurs = at.startsWith(`${mall.url}/`)
      const response = await (isOurs
        ? app.request(at, { method, headers: { cookie, 'accept-language': 'en' } })
        : fetch(at, { redirect: 'manual' }))
      for (const line of isOurs ? response.headers.getSetCookie() : []) {
        const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
        if (value === '' || line.includes('Max-Age=0')) cookies.delete(name)
        else cookies.set(name, value)
      }
      return {
        status: response.status,
        location: response.headers.get('location') ?? '',
        html: await response.text(),
      }
    },
    isSignedIn: () => cookies.has('points_mall_session'),
  }
}
type Browser = ReturnType<typeof openBrowser>

/** From the sign-in page to the provider. @returns the address at the provider */
const startAt = async (browser: Browser, next: string) =>
  (await browser.get(`/points-mall/sign-in/oidc?next=${encodeURIComponent(next)}`)).location

/** The whole way. @returns where the browser is sent at its end */
async function signInAt(browser: Browser, next = '/points-mall'): Promise<string> {
  const { location } = await browser.get(await startAt(browser, next))
  return (await browser.get(location)).location
}

/** Follows a link to the end. @returns where the browser is sent */
const followed = async (browser: Browser, link: string): Promise<string> => (await browser.get(link)).location

describe('the identity provider', () => {
  test('signs customers in to the shop, and staff in to the console, by the sign-in page', async () => {
    const browser = openBrowser()
    const asked = await browser.get('/points-mall/orders')
    expect(asked.location).toBe('/points-mall/sign-in?next=%2Fpoints-mall%2Forders')
    const page = await browser.get(asked.location)
    expect(page.html).toContain('href="/points-mall/sign-in/oidc?next=%2Fpoints-mall%2Forders"')
    expect(await signInAt(browser, '/points-mall/orders')).toBe('/points-mall/orders')
    expect((await browser.get('/points-mall/orders')).html).toContain('u-1')
    expect((await browser.get('/admin')).status).toBe(403)

    provider.state.idClaims = { sub: 'op-1', realm_access: { roles: ['offline_access', 'staff'] } }
    const staff = openBrowser()
    expect((await staff.get('/admin/orders')).location).toBe('/points-mall/sign-in?next=%2Fadmin%2Forders')
    expect(await signInAt(staff, '/admin/orders')).toBe('/admin/orders')
    expect((await staff.get('/admin/orders')).status).toBe(200)
    expect(await signInAt(openBrowser())).toBe('/admin')
  })

  test('may name the role in the user info only', async () => {
    provider.state.userClaims = { realm_access: { roles: ['staff'] } }
    // The provider is asked anew after an answer that could not be used.
    provider.state.faults = { nonce: 'other' }
    await signInAt(openBrowser())
    provider.state.faults = {}
    const browser = openBrowser()
    await signInAt(browser, '/admin')
    expect((await browser.get('/admin')).status).toBe(200)
  })

  test('never lets a partner system in', async () => {
    provider.state.idClaims = { sub: 'crm', realm_access: { roles: ['partner'] } }
    const browser = openBrowser()
    expect(await signInAt(browser)).toBe('/points-mall/sign-in?why=claim&claim=realm_access.roles')
    expect(browser.isSignedIn()).toBe(false)
  })

  test('is answered in the browser that started, once, and only for the state it was given', async () => {
    const [browser, other] = [openBrowser(), openBrowser()]
    const { location: back } = await browser.get(await startAt(browser, '/points-mall'))
    const wrong = '/points-mall/sign-in?why=other_browser'
    // Somebody else's answer, sent to a victim who has started nothing, or something else.
    expect((await other.get(back)).location).toBe(wrong)
    await startAt(other, '/points-mall')
    expect((await other.get(back)).location).toBe(wrong)
    expect(other.isSignedIn()).toBe(false)
    // A preview of the address uses nothing up.
    expect((await browser.get(back, 'HEAD')).status).toBe(204)
    const kept = browser.cookies.get('points_mall_oidc') ?? ''
    expect((await browser.get(back)).location).toBe('/points-mall')
    expect(browser.isSignedIn()).toBe(true)
    const again = openBrowser()
    again.cookies.set('points_mall_oidc', kept)
    expect((await again.get(back)).location).toMatch(/why=(provider|other_browser)$/)
    expect(again.isSignedIn()).toBe(false)
  })

  test('is not believed with a code of another sign-in: PKCE', async () => {
    const [browser, attacker] = [openBrowser(), openBrowser()]
    const stolen = new URL((await attacker.get(await startAt(attacker, '/'))).location).searchParams.get(
      'code',
    )
    const back = new URL((await browser.get(await startAt(browser, '/'))).location)
    back.searchParams.set('code', stolen ?? '')
    expect((await browser.get(back.href)).location).toBe('/points-mall/sign-in?why=provider')
    expect(browser.isSignedIn()).toBe(false)
    expect(complaints.join()).toContain('invalid_grant')
  })

  test.each<[string, Record<string, unknown>]>([
    ['another nonce', { nonce: 'of-another-sign-in' }],
    ['another audience', { aud: 'another-client' }],
    ['another issuer', { iss: 'https://elsewhere.example' }],
    ['an end in the past', { exp: Math.floor(Date.now() / 1000) - LEEWAY_SECONDS - 10 }],
  ])('is not believed with an ID token that has %s', async (_what, faults) => {
    provider.state.faults = faults
    const browser = openBrowser()
    expect(await signInAt(browser)).toBe('/points-mall/sign-in?why=provider')
    expect(browser.isSignedIn()).toBe(false)
    expect(complaints).toHaveLength(1)
    expect(complaints.join()).not.toMatch(/eyJ|an-access-token/)
  })

  test('may change its key; another key is not believed', async () => {
    expect(await signInAt(openBrowser())).toBe('/points-mall')
    await provider.rotate('RS256')
    expect(await signInAt(openBrowser())).toBe('/points-mall')
    const [known] = provider.keys
    await provider.rotate('RS256')
    const [signing] = provider.keys
    if (!known || !signing) throw new Error('no key')
    // Signs with a key that the key set shows under the name of another.
    provider.keys[0] = { ...signing, jwk: { ...known.jwk, kid: `${signing.jwk.kid}` } }
    expect(await signInAt(openBrowser())).toBe('/points-mall/sign-in?why=provider')
    provider.keys[0] = signing
  })

  test('that refuses is told apart from one that is away', async () => {
    provider.state.denies = true
    const browser = openBrowser()
    const refused = await signInAt(browser)
    expect(refused).toBe('/points-mall/sign-in?why=denied')
    expect((await browser.get(refused)).html).toContain('did not allow the sign-in')
    const gone = createOidcSignIn(
      { ...CLIENT, issuer: 'http://127.0.0.1:9', scope: 'openid' },
      OWN_CLAIMS,
      `${mall.url}/points-mall/sign-in/oidc/callback`,
      mall.deps.sealer,
      (why) => complaints.push(why),
    )
    expect(await gone.start('/points-mall')).toEqual({ code: 'provider_away' })
  })

  test('is not offered, and has no routes, where none is set up', async () => {
    const plain = createApp({ ...mall.deps, demo: false })
    const page = await plain.request(`${mall.url}/points-mall/sign-in?next=/admin`)
    expect(await page.text()).not.toContain('sign-in/oidc')
    expect((await plain.request(`${mall.url}/points-mall/sign-in/oidc`)).status).toBe(404)
  })
})

describe('a sign-in link', () => {
  const now = () => Math.floor(Date.now() / 1000)
  const right = () => ({
    iss: 'points-mall',
    aud: 'points-mall/sign-in',
    sub: 'member-1',
    jti: randomUUID(),
    iat: now(),
    exp: now() + 300,
  })
  const linkOf = async (claims: Record<string, unknown>, secret = SECRET) => {
    const token = await new SignJWT(claims)
      .setProtectedHeader({ alg: 'HS256' })
      .sign(new TextEncoder().encode(secret))
    return `/points-mall/sign-in/link?token=${token}&next=/points-mall/wallet`
  }

  test('signs in with the claims that README names, and once', async () => {
    const link = await linkOf(right())
    expect(await followed(openBrowser(), link)).toBe('/points-mall/wallet')
    const refused = await followed(openBrowser(), link)
    expect(refused).toBe('/points-mall/sign-in?why=used')
    expect((await openBrowser().get(refused)).html).toContain('was already used')
  })

  test.each<[string, Record<string, unknown>, string, string]>([
    ['has expired', { iat: now() - 400, exp: now() - 100 }, 'expired', 'has expired'],
    ['is not valid yet', { iat: now() + 100, exp: now() + 200 }, 'not_yet_valid', 'clocks'],
    ['has no issuer', { iss: undefined }, 'claim&claim=iss', 'claim iss'],
    ['has another issuer', { iss: 'https://shop.example' }, 'issuer', '(iss)'],
    ['is an access token', { aud: 'points-mall' }, 'audience', '(aud)'],
    ['has no time of issue', { iat: undefined }, 'claim&claim=iat', 'claim iat'],
    ['has no id', { jti: undefined }, 'claim&claim=jti', 'claim jti'],
    ['has an id that cannot be stored', { jti: 'abcdefgh\u0000' }, 'claim&claim=jti', 'claim jti'],
    ['lives too long', { exp: now() + 3600 }, 'claim&claim=exp', 'claim exp'],
    ['names an owner that cannot be', { sub: 'a\nb' }, 'claim&claim=sub', 'claim sub'],
    ['names an unknown role', { role: 'root' }, 'claim&claim=role', 'claim role'],
  ])('that %s is refused, and the page names the cause', async (_what, change, why, text) => {
    const browser = openBrowser()
    const refused = await followed(browser, await linkOf({ ...right(), ...change }))
    expect(refused).toBe(`/points-mall/sign-in?why=${why}`)
    expect(browser.isSignedIn()).toBe(false)
    expect((await browser.get(refused)).html).toContain(text)
  })

  test('of another secret is refused for its signature', async () => {
    const refused = await followed(openBrowser(), await linkOf(right(), 'x'.repeat(40)))
    expect(refused).toBe('/points-mall/sign-in?why=signature')
  })

  test('stays used for as long as clocks may differ', async () => {
    const link = await linkOf({ ...right(), iat: now() - 300, exp: now() - 20 })
    expect(await followed(openBrowser(), link)).toBe('/points-mall/wallet')
    // A sign-in deletes what is no longer needed.
    expect(await followed(openBrowser(), await linkOf(right()))).toBe('/points-mall/wallet')
    expect(await followed(openBrowser(), link)).toBe('/points-mall/sign-in?why=used')
  })

  test('may be signed with the key set, by the same rules', async () => {
    const verify = createTokenVerifier({ ...TOKEN_SETTINGS, secret: undefined, jwksUrl: provider.jwksUrl })
    const read = createLinkReader(verify)
    expect(await read(await provider.sign(right()))).toMatchObject({
      viewer: { sub: 'member-1', role: 'customer', level: 1 },
    })
    const shared = new URL(await linkOf(right()), mall.url).searchParams.get('token') ?? ''
    expect(await read(shared)).toEqual({ code: 'algorithm' })
  })
})

test('the page that refuses shows no words of the address', async () => {
  const page = await openBrowser().get('/points-mall/sign-in?why=claim&claim=call%20this%20number')
  expect(page.html).not.toContain('call this number')
})
