import { randomUUID } from 'node:crypto'
import { SignJWT } from 'jose'
import { ConfigError, readConfig } from '../config/index.ts'
import { PAGE_ROLES } from '../domain/access.ts'
import { principalArguments } from './lib/principal-arguments.ts'

/** Prints a link that signs one person in, once, within five minutes: as a shop makes it for its members. */

const ROLES = PAGE_ROLES.join('|')
const USAGE = `usage: npm run --silent sign-in-link -- --sub alice [--role ${ROLES}] [--level 1] [--next /admin]`

try {
  const given = principalArguments(process.argv.slice(2), PAGE_ROLES, USAGE, 'customer')
  const { auth, http } = readConfig()
  if (auth.secret === undefined) {
    throw new ConfigError('AUTH_JWT_SECRET is not set: links are signed elsewhere, none can be made here')
  }
  const token = await new SignJWT({ role: given.role, level: given.level ?? 1 })
    .setProtectedHeader({ alg: 'HS256' })
    .setSubject(given.sub)
    .setIssuer(auth.issuer)
    .setAudience(`${auth.audience}/sign-in`)
    .setJti(randomUUID())
    .setIssuedAt()
    .setExpirationTime('5m')
    .sign(new TextEncoder().encode(auth.secret))
  const next = given.next ?? (given.role === 'customer' ? '/points-mall/products' : '/admin')
  const query = new URLSearchParams({ token, next })
  process.stdout.write(`${http.publicUrl}/points-mall/sign-in/link?${query.toString()}\n`)
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 1
}
