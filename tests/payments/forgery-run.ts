import { createRandom } from '../support/random.ts'
import { forge, PROVIDERS, type Provider, type ProviderKeys, type Sent, waysOf } from './forgeries.ts'

/** Where notifications are sent, and how to see whether one was accepted. */
export interface Target {
  readonly url: string
  readonly keys: ProviderKeys
  /** Genuine notifications of at least two orders per provider. */
  readonly reals: Readonly<Record<Provider, readonly Sent[]>>
  /** How many notifications are stored. */
  readonly countKept: () => Promise<number>
}

export interface ForgeryRun {
  readonly sent: Record<Provider, number>
  /** How often each way of forging was tried. */
  readonly ways: Record<string, number>
  /** What was accepted or answered with a 5xx; empty if all is well. */
  readonly wrong: readonly string[]
}

const CLIENTS = 16

/**
 * Sends the same number of forged notifications of each provider, and checks the answers.
 * @param until the time (ms since 1970) after which no more are sent
 */
export async function sendForgeries(
  target: Target,
  options: { readonly each: number; readonly seed: number; readonly until?: number },
): Promise<ForgeryRun> {
  const random = createRandom(options.seed)
  const sent = { alipay: 0, wechat: 0, stripe: 0 }
  const ways: Record<string, number> = {}
  const wrong: string[] = []
  const before = await target.countKept()
  let next = 0
  const client = async () => {
    for (;;) {
      const provider = PROVIDERS[next % PROVIDERS.length] as Provider
      const n = Math.floor(next / PROVIDERS.length)
      next += 1
      if (n >= options.each || Date.now() > (options.until ?? Number.POSITIVE_INFINITY)) return
      const forged = forge(provider, n, target.reals[provider], random, target.keys)
      const name = `${provider}: ${forged.what}`
      const status = await send(`${target.url}/api/webhooks/payments/${provider}`, forged)
      sent[provider] += 1
      ways[name] = (ways[name] ?? 0) + 1
      if (status === undefined) continue
      if (status < 400 || status >= 500) {
        wrong.push(`${name}: ${status}, ${JSON.stringify(forged.headers)} ${forged.body.toString('base64')}`)
      }
    }
  }
  await Promise.all(Array.from({ length: CLIENTS }, client))
  const kept = (await target.countKept()) - before
  if (kept > 0) wrong.push(`${kept} forged notifications were kept`)
  return { sent, ways, wrong }
}

/** Every way of forging. */
export const allWays = () => PROVIDERS.flatMap((name) => waysOf(name).map((way) => `${name}: ${way}`))

/** @returns the status, or undefined if HTTP cannot carry the request */
async function send(url: string, { headers, body }: Sent): Promise<number | undefined> {
  const known = Object.entries(headers).filter(([name]) => name !== 'content-length' && name !== 'host')
  let request: Request
  try {
    request = new Request(url, { method: 'POST', headers: known, body: new Uint8Array(body) })
  } catch (error) {
    if (error instanceof TypeError) return undefined
    throw error
  }
  const response = await fetch(request)
  await response.arrayBuffer()
  return response.status
}
