import { z } from 'zod'
import { ROLES, type Role } from '../domain/access.ts'
import { url } from './formats.ts'
import { needsTls } from './strength.ts'

/** Who signs access tokens and sign-in links, and the identity provider at which people sign in. */

const claim = z.string().regex(/^[\x21-\x7e]{1,200}$/, 'the name of a claim, or a path with dots')

/** `theirs=ours,theirs=ours`. */
const roleMap = z.string().transform((value, context) => {
  const pairs = value.split(',').map((pair) => {
    const split = pair.lastIndexOf('=')
    const ours = ROLES.find((role) => role === pair.slice(split + 1).trim())
    return split > 0 && ours ? ([pair.slice(0, split).trim(), ours] as const) : undefined
  })
  const known = pairs.filter((pair) => pair !== undefined)
  if (known.length === pairs.length) return new Map<string, Role>(known)
  context.addIssue(`theirs=ours, separated by commas; ours is one of ${ROLES.join(', ')}`)
  return z.NEVER
})

export const authVariables = {
  AUTH_JWT_SECRET: z.string().min(32, 'at least 32 characters').optional(),
  AUTH_JWT_ISSUER: z.string().default('points-mall'),
  AUTH_JWT_AUDIENCE: z.string().default('points-mall'),
  AUTH_JWKS_URL: url.optional(),
  AUTH_JWKS_ISSUER: z.string().optional(),
  AUTH_JWKS_AUDIENCE: z.string().optional(),
  AUTH_OWNER_CLAIM: claim.default('sub'),
  AUTH_ROLE_CLAIM: claim.default('role'),
  AUTH_LEVEL_CLAIM: claim.default('level'),
  AUTH_ROLE_MAP: roleMap.optional(),
  // Nobody becomes staff because a claim is missing.
  AUTH_DEFAULT_ROLE: z.enum(['customer']).optional(),
  AUTH_OIDC_ISSUER: z.url({ protocol: /^https?$/ }).optional(),
  AUTH_OIDC_CLIENT_ID: z.string().optional(),
  AUTH_OIDC_CLIENT_SECRET: z.string().optional(),
  AUTH_OIDC_SCOPE: z
    .string()
    .refine((value) => value.split(' ').includes('openid'), 'must include openid')
    .default('openid'),
}

type AuthVariables = z.output<z.ZodObject<typeof authVariables>>
type Given = Readonly<Record<string, string | undefined>>

/** @returns a line for each setting that cannot be used */
export function authProblems(given: Given, demo: boolean): string[] {
  const problems: string[] = []
  const { AUTH_OIDC_ISSUER: issuer, AUTH_OIDC_CLIENT_ID: client } = given
  if ((issuer === undefined) !== (client === undefined)) {
    problems.push('AUTH_OIDC_ISSUER, AUTH_OIDC_CLIENT_ID: set both, or none')
  }
  if (given.AUTH_OIDC_CLIENT_SECRET !== undefined && issuer === undefined) {
    problems.push('AUTH_OIDC_CLIENT_SECRET: AUTH_OIDC_ISSUER is not set')
  }
  for (const name of ['AUTH_JWKS_ISSUER', 'AUTH_JWKS_AUDIENCE']) {
    if (given[name] !== undefined && given.AUTH_JWKS_URL === undefined) {
      problems.push(`${name}: AUTH_JWKS_URL is not set`)
    }
  }
  if (demo) return problems
  if (given.AUTH_JWT_SECRET === undefined && given.AUTH_JWKS_URL === undefined && issuer === undefined) {
    problems.push(
      'AUTH_JWT_SECRET, AUTH_JWKS_URL or AUTH_OIDC_ISSUER: must be set when HOST is not loopback or NODE_ENV is production',
    )
  }
  for (const name of ['AUTH_JWKS_URL', 'AUTH_OIDC_ISSUER']) {
    if (needsTls(given[name])) problems.push(`${name}: must be https`)
  }
  return problems
}

/** @param generatedSecret of a demo, which signs its own tokens where nobody else does */
export function authOf(given: AuthVariables, generatedSecret: string | undefined) {
  const issuer = given.AUTH_OIDC_ISSUER
  const clientId = given.AUTH_OIDC_CLIENT_ID
  return {
    secret: given.AUTH_JWT_SECRET ?? (given.AUTH_JWKS_URL ? undefined : generatedSecret),
    issuer: given.AUTH_JWT_ISSUER,
    audience: given.AUTH_JWT_AUDIENCE,
    jwksUrl: given.AUTH_JWKS_URL,
    jwksIssuer: given.AUTH_JWKS_ISSUER ?? given.AUTH_JWT_ISSUER,
    jwksAudience: given.AUTH_JWKS_AUDIENCE ?? given.AUTH_JWT_AUDIENCE,
    claims: {
      owner: given.AUTH_OWNER_CLAIM,
      role: given.AUTH_ROLE_CLAIM,
      level: given.AUTH_LEVEL_CLAIM,
      roles: given.AUTH_ROLE_MAP,
      defaultRole: given.AUTH_DEFAULT_ROLE,
    },
    /** Undefined: nobody signs in at an identity provider. */
    oidc:
      issuer === undefined || clientId === undefined
        ? undefined
        : { issuer, clientId, clientSecret: given.AUTH_OIDC_CLIENT_SECRET, scope: given.AUTH_OIDC_SCOPE },
  }
}
