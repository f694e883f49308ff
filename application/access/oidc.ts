import * as client from 'openid-client'
import type { Encryptor } from '../../db/platform/encryption.ts'
import { PAGE_ROLES } from '../../domain/access.ts'
import type { TokenRefusal } from '../../domain/token-refusal.ts'
import type { Viewer } from '../customers/sessions.ts'
import { type ClaimNames, claimAt, principalOf } from './claims.ts'
import { LEEWAY_SECONDS } from './tokens.ts'

export interface OidcSettings {
  readonly issuer: string
  readonly clientId: string
  /** Undefined: a public client, which PKCE alone protects. */
  readonly clientSecret: string | undefined
  /** Scopes, separated by spaces. */
  readonly scope: string
}

/** Why nobody is signed in: what the provider answered cannot be used, or names nobody who may. */
export type OidcRefusal =
  | TokenRefusal
  | { readonly code: 'other_browser' | 'denied' | 'provider' | 'provider_away' }

export interface OidcSignedIn {
  readonly viewer: Viewer
  /** Of this sign-in, which counts once. */
  readonly id: string
  readonly expiresAt: Date
  /** The page that was wanted. */
  readonly next: string
}

export interface OidcSignIn {
  /** @returns where to send the browser, and what its cookie keeps until it returns */
  start(next: string): Promise<{ readonly url: string; readonly kept: string } | OidcRefusal>
  /** @param query of the redirect back, with its question mark */
  finish(kept: string | undefined, query: string): Promise<OidcSignedIn | OidcRefusal>
}

/** How long somebody may take at the provider. */
export const OIDC_SIGN_IN_SECONDS = 600
const CALL_SECONDS = 5
const CONTEXT = 'oidc sign-in'

interface Kept {
  readonly state: string
  readonly nonce: string
  readonly verifier: string
  readonly next: string
  readonly untilMs: number
}

/**
 * OpenID Connect: authorization code with PKCE, state and nonce (RFC 9700). The ID token's signature is verified.
 * @param redirectUri registered at the provider
 * @param complain of answers that cannot be used; is given no token and no claim
 */
export function createOidcSignIn(
  settings: OidcSettings,
  claims: ClaimNames,
  redirectUri: string,
  sealer: Encryptor,
  complain: (message: string) => void,
): OidcSignIn {
  let metadata: Promise<client.ServerMetadata> | undefined
  const provider = async () => {
    metadata ??= discover(settings)
    return configure(settings, await metadata)
  }
  const refuse = (error: unknown): OidcRefusal => {
    const code = refusalOf(error)
    if (code === 'denied') return { code }
    // The provider may have changed: it is asked anew.
    metadata = undefined
    complain(describe(error))
    return { code }
  }

  return {
    async start(next) {
      try {
        const config = await provider()
        const kept: Kept = {
          state: client.randomState(),
          nonce: client.randomNonce(),
          verifier: client.randomPKCECodeVerifier(),
          next,
          untilMs: Date.now() + OIDC_SIGN_IN_SECONDS * 1000,
        }
        const url = client.buildAuthorizationUrl(config, {
          redirect_uri: redirectUri,
          scope: settings.scope,
          state: kept.state,
          nonce: kept.nonce,
          code_challenge: await client.calculatePKCECodeChallenge(kept.verifier),
          code_challenge_method: 'S256',
        })
        return { url: url.href, kept: sealer.seal(kept, CONTEXT).toString('base64url') }
      } catch (error) {
        return refuse(error)
      }
    },

    async finish(sealed, query) {
      const kept = opened(sealer, sealed)
      const isTheirs = kept !== undefined && new URLSearchParams(query).get('state') === kept.state
      if (!isTheirs || kept.untilMs < Date.now()) return { code: 'other_browser' }
      try {
        const config = await provider()
        const tokens = await client.authorizationCodeGrant(config, new URL(redirectUri + query), {
          expectedState: kept.state,
          expectedNonce: kept.nonce,
          pkceCodeVerifier: kept.verifier,
          idTokenExpected: true,
        })
        const known = await identityOf(config, tokens, claims)
        const principal = principalOf(known, claims, true)
        if ('code' in principal) return principal
        const role = PAGE_ROLES.find((one) => one === principal.role)
        // Partner systems have no pages.
        if (role === undefined) return { code: 'claim', claim: claims.role }
        const id = `oidc:${kept.state}`
        return { viewer: { ...principal, role }, id, expiresAt: new Date(kept.untilMs), next: kept.next }
      } catch (error) {
        return refuse(error)
      }
    },
  }
}

/** The configuration allows plain HTTP in a demo only. */
const transportOf = ({ issuer }: OidcSettings) =>
  issuer.startsWith('http:') ? [client.allowInsecureRequests] : []

async function discover(settings: OidcSettings): Promise<client.ServerMetadata> {
  const options = { execute: transportOf(settings), timeout: CALL_SECONDS }
  const found = await client.discovery(
    new URL(settings.issuer),
    settings.clientId,
    undefined,
    client.None(),
    options,
  )
  return found.serverMetadata()
}

/** Made for each sign-in: the library keeps the key set with it, and would not see a new key for a minute. */
function configure(settings: OidcSettings, metadata: client.ServerMetadata): client.Configuration {
  const { clientId, clientSecret } = settings
  const config = new client.Configuration(
    structuredClone(metadata),
    clientId,
    { [client.clockTolerance]: LEEWAY_SECONDS },
    authentication(metadata, clientSecret),
  )
  config.timeout = CALL_SECONDS
  client.enableNonRepudiationChecks(config)
  for (const apply of transportOf(settings)) apply(config)
  return config
}

/** `client_secret_basic` is the default of OpenID Connect Discovery. */
function authentication(
  { token_endpoint_auth_methods_supported: methods = ['client_secret_basic'] }: client.ServerMetadata,
  secret: string | undefined,
): client.ClientAuth {
  if (secret === undefined) return client.None()
  return methods.includes('client_secret_basic')
    ? client.ClientSecretBasic(secret)
    : client.ClientSecretPost(secret)
}

/** The claims of the ID token, and where it does not name the role, those of the user info. */
async function identityOf(
  config: client.Configuration,
  tokens: Awaited<ReturnType<typeof client.authorizationCodeGrant>>,
  names: ClaimNames,
): Promise<client.IDToken> {
  const identity = tokens.claims()
  if (!identity) throw new Error('no ID token')
  const { userinfo_endpoint } = config.serverMetadata()
  if (claimAt(identity, names.role) !== undefined || userinfo_endpoint === undefined) return identity
  return { ...(await client.fetchUserInfo(config, tokens.access_token, identity.sub)), ...identity }
}

function opened(sealer: Encryptor, sealed: string | undefined): Kept | undefined {
  if (sealed === undefined) return undefined
  try {
    return sealer.open(Buffer.from(sealed, 'base64url'), CONTEXT) as Kept
  } catch {
    return undefined
  }
}

function refusalOf(error: unknown): 'denied' | 'provider' | 'provider_away' {
  if (error instanceof client.AuthorizationResponseError) return 'denied'
  const isAnswer = error instanceof client.ClientError || error instanceof client.ResponseBodyError
  if (!isAnswer) return 'provider_away'
  return error.code === 'OAUTH_TIMEOUT' || error.code === 'OAUTH_ABORT' ? 'provider_away' : 'provider'
}

/** Causes hold tokens and claims: only messages and codes are told. */
function describe(error: unknown): string {
  if (error instanceof client.ResponseBodyError) return `the provider answered ${error.status} ${error.error}`
  if (!(error instanceof Error)) return 'unknown error'
  const code = 'code' in error ? ` (${String(error.code)})` : ''
  return error.message + code
}
