import type { Variables } from './env.ts'
import { ConfigError } from './error.ts'

/** The key of a demo at its sandbox supplier. */
const DEMO_KEY_ID = 'demo'

/**
 * The supplier that charges accounts. In a demo, the sandbox takes the place of one that is not set up. TLS is required
 * outside a demo, because the account is on the way and a forged answer would be believed.
 * @param sandbox undefined outside a demo, or where no sandbox is known
 * @returns undefined when there is none
 * @throws ConfigError when the settings are incomplete
 */
export function supplierOf(
  variables: Variables,
  demo: boolean,
  sandbox: { readonly url: string; readonly secret: string } | undefined,
) {
  const {
    POINTS_MALL_SUPPLIER_URL: baseUrl,
    POINTS_MALL_SUPPLIER_KEY_ID: keyId,
    POINTS_MALL_SUPPLIER_SECRET: secret,
  } = variables
  if (!baseUrl && !keyId && !secret) {
    return sandbox && { baseUrl: `${sandbox.url}/supplier`, keyId: DEMO_KEY_ID, secret: sandbox.secret }
  }
  if (!baseUrl || !keyId || !secret) {
    throw new ConfigError(
      'POINTS_MALL_SUPPLIER_URL, POINTS_MALL_SUPPLIER_KEY_ID, POINTS_MALL_SUPPLIER_SECRET: set all of them, or none',
    )
  }
  if (!demo && !baseUrl.startsWith('https:')) throw new ConfigError('POINTS_MALL_SUPPLIER_URL: must be https')
  return { baseUrl, keyId, secret }
}

/** @returns the key that the sandbox supplier of a demo accepts */
export const sandboxSupplier = (secret: string) => ({ keyId: DEMO_KEY_ID, secret })
