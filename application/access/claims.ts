import { createHash } from 'node:crypto'
import type { JWTPayload } from 'jose'
import type { Principal, Role } from '../../domain/access.ts'
import { isPlainId, isPrincipalId } from '../../domain/principal-id.ts'
import type { TokenRefusal } from '../../domain/token-refusal.ts'

/** Which claims of an identity provider say who somebody is. */
export interface ClaimNames {
  /** A name, or a path such as `realm_access.roles`. */
  readonly owner: string
  readonly role: string
  readonly level: string
  /** The provider's role names and ours; undefined: they have the same names. */
  readonly roles: ReadonlyMap<string, Role> | undefined
  /** For who has none of the roles; undefined: is refused. */
  readonly defaultRole: Role | undefined
}

/** The claims of the mall's own tokens. */
export const OWN_CLAIMS: ClaimNames = {
  owner: 'sub',
  role: 'role',
  level: 'level',
  roles: undefined,
  defaultRole: undefined,
}

const LEVEL_MAX = 1000
/** Of several roles the first counts. */
const STRONGEST_FIRST: readonly Role[] = ['admin', 'operator', 'system', 'customer']
const HASHED = 'sha256:'

/**
 * @param hashesLongIds for identity providers, whose ids may be longer than the columns; the shop's own are refused
 * @returns the principal that the verified claims name
 */
export function principalOf(
  payload: JWTPayload,
  names: ClaimNames,
  hashesLongIds: boolean,
): Principal | TokenRefusal {
  const sub = ownerOf(claimAt(payload, names.owner), hashesLongIds)
  if (sub === undefined) return { code: 'claim', claim: names.owner }
  const role = roleOf(claimAt(payload, names.role), names)
  if (role === undefined) return { code: 'claim', claim: names.role }
  const level = levelOf(claimAt(payload, names.level))
  if (level === undefined) return { code: 'claim', claim: names.level }
  return { sub, role, level }
}

/**
 * Dots separate the parts of a path, but are also part of names such as `https://shop.example/roles`: the longest name
 * that exists wins.
 */
export function claimAt(claims: unknown, path: string): unknown {
  if (typeof claims !== 'object' || claims === null) return undefined
  if (Object.hasOwn(claims, path)) return (claims as Record<string, unknown>)[path]
  for (let dot = path.lastIndexOf('.'); dot > 0; dot = path.lastIndexOf('.', dot - 1)) {
    const name = path.slice(0, dot)
    if (!Object.hasOwn(claims, name)) continue
    const found = claimAt((claims as Record<string, unknown>)[name], path.slice(dot + 1))
    if (found !== undefined) return found
  }
  return undefined
}

/** Nobody else can have an id of the form that hashes have. */
function ownerOf(value: unknown, hashesLongIds: boolean): string | undefined {
  const id = typeof value === 'number' && Number.isSafeInteger(value) ? String(value) : value
  if (typeof id !== 'string' || !isPlainId(id) || id.startsWith(HASHED)) return undefined
  if (isPrincipalId(id)) return id
  if (!hashesLongIds) return undefined
  return HASHED + createHash('sha256').update(id).digest('base64url')
}

function roleOf(value: unknown, { roles, defaultRole }: ClaimNames): Role | undefined {
  const given: unknown[] = Array.isArray(value) ? value : [value]
  const ours = new Set(
    given.map((name) => (typeof name !== 'string' ? undefined : roles ? roles.get(name) : name)),
  )
  return STRONGEST_FIRST.find((role) => ours.has(role)) ?? defaultRole
}

/** Identity providers write numbers as text, and single values as lists. Absent is level 1. */
function levelOf(value: unknown): number | undefined {
  const [only, ...more] = Array.isArray(value) ? value : [value]
  if (only === undefined || only === null) return more.length === 0 ? 1 : undefined
  const level = typeof only === 'string' && /^\d{1,4}$/.test(only) ? Number(only) : only
  const isLevel = typeof level === 'number' && Number.isInteger(level) && level >= 0 && level <= LEVEL_MAX
  return isLevel && more.length === 0 ? level : undefined
}
