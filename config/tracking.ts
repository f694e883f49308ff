import type { Variables } from './env.ts'
import { ConfigError } from './error.ts'
import type { generatedSecrets } from './secrets.ts'
import { needsTls } from './strength.ts'

const KUAIDI100 = 'https://poll.kuaidi100.com'
const KDNIAO = 'https://api.kdniao.com'

/**
 * The accounts at the services that follow parcels; undefined for one without. In a demo, the sandbox takes the place of an
 * account that is not set up. TLS is required outside a demo.
 * @param publicUrl the base URL at which the services reach the API
 * @throws ConfigError when an account is incomplete
 */
export function trackingOf(
  variables: Variables,
  publicUrl: string,
  demo:
    | { readonly secrets: ReturnType<typeof generatedSecrets>; readonly sandboxUrl: string | undefined }
    | undefined,
) {
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
    if (!demo && needsTls(url)) throw new ConfigError(`${name}: must be https`)
  }
  if ([customer, key, salt].some(Boolean) && !(customer && key && salt)) {
    throw new ConfigError('KUAIDI100_CUSTOMER, KUAIDI100_KEY, KUAIDI100_SALT: set all of them, or none')
  }
  if (Boolean(businessId) !== Boolean(apiKey)) {
    throw new ConfigError('KDNIAO_BUSINESS_ID, KDNIAO_API_KEY: set both of them, or none')
  }
  const callbackUrl = `${publicUrl}/api/webhooks/tracking/kuaidi100`
  const { secrets, sandboxUrl } = demo ?? {}
  const ownKuaidi100 =
    customer && key && salt
      ? { baseUrl: kuaidi100Url ?? KUAIDI100, customer, key, salt, callbackUrl }
      : undefined
  const ownKdniao = businessId && apiKey ? { baseUrl: kdniaoUrl ?? KDNIAO, businessId, apiKey } : undefined
  const demoKuaidi100 = kuaidi100Url ?? sandboxUrl
  const demoKdniao = kdniaoUrl ?? sandboxUrl
  return {
    kuaidi100:
      ownKuaidi100 ??
      (secrets && demoKuaidi100
        ? {
            baseUrl: demoKuaidi100,
            customer: 'SANDBOX',
            key: secrets.kuaidi100Key,
            salt: secrets.kuaidi100Salt,
            callbackUrl,
          }
        : undefined),
    kdniao:
      ownKdniao ??
      (secrets && demoKdniao
        ? { baseUrl: demoKdniao, businessId: '1000001', apiKey: secrets.kdniaoApiKey }
        : undefined),
  }
}
