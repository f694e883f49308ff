import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { newRsaKey } from './rsa.ts'

/** The keys of a demo, both its own and those of its sandbox provider, which signs as the real providers do. */
export interface PaymentSecrets {
  readonly stripeSecretKey: string
  readonly stripeWebhookSecret: string
  readonly alipayPrivateKey: string
  readonly alipaySandboxKey: string
  readonly wechatPrivateKey: string
  readonly wechatSandboxKey: string
  readonly wechatApiV3Key: string
}

/** Everything that a demo generates for itself. */
interface Secrets extends PaymentSecrets {
  readonly authJwtSecret: string
  readonly ledgerKeys: string
  readonly payloadKeys: string
  readonly ordersWebhookSecret: string
}

/**
 * Reads the generated secrets. Generates those that are missing: all of them on the first start, later those that a new
 * version has added. Two processes may do it concurrently; the first file wins.
 * @param dataDir created when it does not exist
 */
export function generatedSecrets(dataDir: string): Secrets {
  const file = join(dataDir, 'secrets.json')
  const read = () => JSON.parse(readFileSync(file, 'utf8')) as Partial<Secrets>
  const isWhole = (secrets: Partial<Secrets>): secrets is Secrets => 'wechatApiV3Key' in secrets
  const kept = existsSync(file) ? read() : undefined
  if (kept && isWhole(kept)) return kept
  const whole: Secrets = {
    authJwtSecret: randomBytes(32).toString('base64url'),
    ledgerKeys: `l1:${randomBytes(32).toString('base64')}`,
    payloadKeys: `p1:${randomBytes(32).toString('base64')}`,
    ordersWebhookSecret: `whsec_${randomBytes(24).toString('base64')}`,
    ...newPaymentSecrets(),
    ...kept,
  }
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

function newPaymentSecrets(): PaymentSecrets {
  return {
    stripeSecretKey: `sk_test_${randomBytes(18).toString('base64url')}`,
    stripeWebhookSecret: `whsec_${randomBytes(24).toString('base64')}`,
    alipayPrivateKey: newRsaKey(),
    alipaySandboxKey: newRsaKey(),
    wechatPrivateKey: newRsaKey(),
    wechatSandboxKey: newRsaKey(),
    wechatApiV3Key: randomBytes(16).toString('hex'),
  }
}
