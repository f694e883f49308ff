import { createHash, randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose'

export type IdentityProvider = Awaited<ReturnType<typeof openIdentityProvider>>

interface Granted {
  readonly redirectUri: string
  readonly challenge: string
  readonly nonce: string
  readonly clientId: string
}

export const CLIENT = { clientId: 'points-mall-pages', clientSecret: 'client secret: with a colon' }

/** An OpenID provider on a port of its own: discovery, key set, authorize, token and user info. */
export async function openIdentityProvider() {
  const keys: { readonly jwk: JWK; readonly privateKey: CryptoKey; readonly alg: string }[] = []
  const codes = new Map<string, Granted>()
  const state = {
    /** Claims of the person who signs in, in the ID token and in the user info. */
    idClaims: { sub: 'u-1' } as Record<string, unknown>,
    userClaims: undefined as Record<string, unknown> | undefined,
    /** Claims that a faulty provider writes. */
    faults: {} as Record<string, unknown>,
    denies: false,
    keySetReads: 0,
  }

  async function addKey(alg: string): Promise<void> {
    const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true })
    const kid = randomUUID()
    keys.unshift({ jwk: { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' }, privateKey, alg })
  }

  /** Signs with the newest key of the algorithm. */
  async function sign(claims: Record<string, unknown>, alg = keys[0]?.alg): Promise<string> {
    const key = keys.find((one) => one.alg === alg)
    if (!key) throw new Error(`no key for ${alg}`)
    return new SignJWT(claims)
      .setProtectedHeader({ alg: key.alg, kid: `${key.jwk.kid}`, typ: 'JWT' })
      .sign(key.privateKey)
  }

  const server = createServer((request, response) => {
    const answer = (status: number, body: object) =>
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    const { pathname, searchParams } = new URL(request.url ?? '', url())
    if (pathname === '/.well-known/openid-configuration') return answer(200, discovery())
    if (pathname === '/jwks') {
      state.keySetReads += 1
      return answer(200, { keys: keys.map(({ jwk }) => jwk) })
    }
    if (pathname === '/userinfo') {
      if (request.headers.authorization !== 'Bearer an-access-token') return answer(401, {})
      return answer(200, { ...state.idClaims, ...state.userClaims })
    }
    if (pathname === '/authorize') {
      const back = new URL(searchParams.get('redirect_uri') ?? '')
      back.searchParams.set('state', searchParams.get('state') ?? '')
      back.searchParams.set('iss', url())
      if (state.denies) back.searchParams.set('error', 'access_denied')
      else back.searchParams.set('code', grant(searchParams))
      return response.writeHead(302, { location: back.href }).end()
    }
    if (pathname === '/token') return void exchange(request).then(({ status, body }) => answer(status, body))
    return answer(404, {})
  }).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const url = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`

  const discovery = () => ({
    issuer: url(),
    authorization_endpoint: `${url()}/authorize`,
    token_endpoint: `${url()}/token`,
    jwks_uri: `${url()}/jwks`,
    ...(state.userClaims ? { userinfo_endpoint: `${url()}/userinfo` } : {}),
    response_types_supported: ['code'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: [...new Set(keys.map(({ alg }) => alg))],
    code_challenge_methods_supported: ['S256'],
    authorization_response_iss_parameter_supported: true,
  })

  function grant(asked: URLSearchParams): string {
    if (asked.get('response_type') !== 'code' || asked.get('code_challenge_method') !== 'S256') {
      throw new Error(`not asked for a code with PKCE: ${asked.toString()}`)
    }
    const code = randomUUID()
    codes.set(code, {
      redirectUri: asked.get('redirect_uri') ?? '',
      challenge: asked.get('code_challenge') ?? '',
      nonce: asked.get('nonce') ?? '',
      clientId: asked.get('client_id') ?? '',
    })
    return code
  }

  async function exchange(request: IncomingMessage): Promise<{ status: number; body: object }> {
    const form = new URLSearchParams(await text(request))
    const decoded = (value = '') => new URLSearchParams(`v=${value}`).get('v')
    const basic = /^Basic (.+)$/.exec(request.headers.authorization ?? '')?.[1] ?? ''
    const [id, secret] = Buffer.from(basic, 'base64').toString().split(':')
    if (decoded(id) !== CLIENT.clientId || decoded(secret) !== CLIENT.clientSecret) {
      return { status: 401, body: { error: 'invalid_client' } }
    }
    const code = form.get('code') ?? ''
    const granted = codes.get(code)
    codes.delete(code)
    const challenge = createHash('sha256')
      .update(form.get('code_verifier') ?? '')
      .digest('base64url')
    const fits = granted?.challenge === challenge && granted.redirectUri === form.get('redirect_uri')
    if (!granted || !fits) return { status: 400, body: { error: 'invalid_grant' } }
    const now = Math.floor(Date.now() / 1000)
    const claims = { iss: url(), aud: granted.clientId, iat: now, exp: now + 300, nonce: granted.nonce }
    const idToken = await sign({ ...claims, ...state.idClaims, ...state.faults })
    return {
      status: 200,
      body: { access_token: 'an-access-token', token_type: 'Bearer', expires_in: 300, id_token: idToken },
    }
  }

  await addKey('RS256')
  return {
    url: url(),
    jwksUrl: `${url()}/jwks`,
    state,
    keys,
    addKey,
    sign,
    /** Signs with a new key; the old ones are withdrawn. */
    async rotate(alg = 'RS256'): Promise<void> {
      keys.length = 0
      await addKey(alg)
    },
    close: () => {
      server.closeAllConnections()
      return new Promise((resolve) => server.close(resolve))
    },
  }
}
