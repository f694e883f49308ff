import type { Variables } from './env.ts'
import { ConfigError } from './error.ts'

/** Systems of the shop that the mall asks: the prefix of their variables. */
const PREFIXES = { orders: 'POINTS_MALL_ORDER_SERVICE', products: 'POINTS_MALL_PRODUCT_SERVICE' } as const

/**
 * TLS is required outside a demo, because a forged answer would be believed.
 * @returns undefined when the shop has no such system @throws ConfigError when its settings are incomplete
 */
export function partnerOf(variables: Variables, which: keyof typeof PREFIXES, demo: boolean) {
  const prefix = PREFIXES[which]
  const baseUrl = variables[`${prefix}_URL`]
  const keyId = variables[`${prefix}_KEY_ID`]
  const secret = variables[`${prefix}_SECRET`]
  if (!baseUrl && !keyId && !secret) return undefined
  if (!baseUrl || !keyId || !secret) {
    throw new ConfigError(`${prefix}_URL, ${prefix}_KEY_ID, ${prefix}_SECRET: set all of them, or none`)
  }
  if (!demo && !baseUrl.startsWith('https:')) throw new ConfigError(`${prefix}_URL: must be https`)
  return { baseUrl, keyId, secret }
}
