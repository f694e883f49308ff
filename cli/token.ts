import { parseArgs } from 'node:util'
import { z } from 'zod'
import { ConfigError, readConfig } from '../config/index.ts'
import { PRINCIPAL_ID, PRINCIPAL_ID_MAX, ROLES } from '../domain/access.ts'
import { signAccessToken } from './lib/access-token.ts'

const USAGE = `usage: npm run --silent token -- --sub alice --role ${ROLES.join('|')} [--level 1]`

const claimsSchema = z.object({
  // The API has the same limits.
  sub: z.string().max(PRINCIPAL_ID_MAX).regex(PRINCIPAL_ID),
  role: z.enum(ROLES),
  level: z
    .string()
    .regex(/^\d{1,3}$/)
    .transform(Number)
    .optional(),
})

try {
  process.stdout.write(`${await tokenFor(process.argv.slice(2).filter((arg) => arg !== '--'))}\n`)
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 1
}

async function tokenFor(args: string[]): Promise<string> {
  const claims = claimsOf(args)
  const { auth } = readConfig()
  if (auth.secret === undefined) {
    throw new ConfigError('AUTH_JWKS_URL is set: tokens are signed elsewhere, none can be made here')
  }
  return signAccessToken({ ...auth, secret: auth.secret }, claims)
}

function claimsOf(args: string[]) {
  try {
    const { values } = parseArgs({
      args,
      options: { sub: { type: 'string' }, role: { type: 'string' }, level: { type: 'string' } },
    })
    const { level, ...rest } = claimsSchema.parse(values)
    return level === undefined ? rest : { ...rest, level }
  } catch (error) {
    const what =
      error instanceof z.ZodError
        ? error.issues.map((issue) => `--${issue.path.join('.')}: ${issue.message}`).join('; ')
        : (error as Error).message
    throw new Error(`${what} (${USAGE})`, { cause: error })
  }
}
