import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { paymentSecrets } from './payments/index.ts'

/** Everything that a demo generates for itself, and how. */
const MAKE = {
  authJwtSecret: () => randomBytes(32).toString('base64url'),
  ledgerKeys: () => `l1:${randomBytes(32).toString('base64')}`,
  payloadKeys: () => `p1:${randomBytes(32).toString('base64')}`,
  supplierSecret: () => randomBytes(32).toString('base64url'),
  ordersWebhookSecret: () => `whsec_${randomBytes(24).toString('base64')}`,
  kuaidi100Key: () => randomBytes(12).toString('base64url'),
  kuaidi100Salt: () => randomBytes(18).toString('base64url'),
  kdniaoApiKey: () => randomBytes(18).toString('base64url'),
  ...paymentSecrets,
}

type Secrets = { readonly [Name in keyof typeof MAKE]: string }

/**
 * Reads the generated secrets. Generates those that are missing: all of them on the first start, later those that a new
 * version has added. Two processes may do it concurrently; the first file wins.
 * @param dataDir created when it does not exist
 */
export function generatedSecrets(dataDir: string): Secrets {
  const file = join(dataDir, 'secrets.json')
  const read = () => JSON.parse(readFileSync(file, 'utf8')) as Partial<Secrets>
  const kept = existsSync(file) ? read() : undefined
  const missing = Object.entries(MAKE).filter(([name]) => !Object.hasOwn(kept ?? {}, name))
  if (missing.length === 0) return kept as Secrets
  const whole = { ...Object.fromEntries(missing.map(([name, make]) => [name, make()])), ...kept } as Secrets
  const text = `${JSON.stringify(whole, null, 2)}\n`
  mkdirSync(dataDir, { recursive: true, mode: 0o700 })
  if (kept) {
    const fresh = `${file}.${process.pid}`
    writeFileSync(fresh, text, { mode: 0o600 })
    renameSync(fresh, file)
    return whole
  }
  try {
    writeFileSync(file, text, { mode: 0o600, flag: 'wx' })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
  return read() as Secrets
}
