import type { Variables } from './env.ts'
import { ConfigError } from './error.ts'

/**
 * The accounts at the services that follow parcels; undefined for one without. TLS is required outside a demo.
 * @throws ConfigError when an account is incomplete
 */
export function trackingOf(variables: Variables, demo: boolean) {
  const {
    KUAIDI100_CUSTOMER: customer,
    KUAIDI100_KEY: key,
    KUAIDI100_SALT: salt,
    KUAIDI100_URL: kuaidi100Url,
    KDNIAO_BUSINESS_ID: businessId,
    KDNIAO_API_KEY: apiKey,
    KDNIAO_URL: kdniaoUrl,
  } = variables
  for (const [name, url] of [['KUAIDI100_URL', kuaidi100Url] as const, ['KDNIAO_URL', kdniaoUrl] as const]) {
    if (!demo && !url.startsWith('https:')) throw new ConfigError(`${name}: must be https`)
  }
  if ([customer, key, salt].some(Boolean) && !(customer && key && salt)) {
    throw new ConfigError('KUAIDI100_CUSTOMER, KUAIDI100_KEY, KUAIDI100_SALT: set all of them, or none')
  }
  if (Boolean(businessId) !== Boolean(apiKey)) {
    throw new ConfigError('KDNIAO_BUSINESS_ID, KDNIAO_API_KEY: set both of them, or none')
  }
  return {
    kuaidi100: customer && key && salt ? { baseUrl: kuaidi100Url, customer, key, salt } : undefined,
    kdniao: businessId && apiKey ? { baseUrl: kdniaoUrl, businessId, apiKey } : undefined,
  }
}
