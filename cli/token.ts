import { ConfigError, readConfig } from '../config/index.ts'
import { ROLES } from '../domain/access.ts'
import { signAccessToken } from './lib/access-token.ts'
import { principalArguments } from './lib/principal-arguments.ts'

const USAGE = `usage: npm run --silent token -- --sub alice --role ${ROLES.join('|')} [--level 1]`

try {
  const claims = principalArguments(process.argv.slice(2), ROLES, USAGE)
  const { auth } = readConfig()
  if (auth.secret === undefined) {
    throw new ConfigError('AUTH_JWT_SECRET is not set: tokens are signed elsewhere, none can be made here')
  }
  process.stdout.write(`${await signAccessToken({ ...auth, secret: auth.secret }, claims)}\n`)
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 1
}
