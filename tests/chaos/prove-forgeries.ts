import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { PROVIDERS, type Provider, type Sent } from '../payments/forgeries.ts'
import { type ForgeryRun, sendForgeries } from '../payments/forgery-run.ts'
import { connectPatiently } from '../support/database.ts'
import type { Installation } from '../support/installation.ts'
import { until } from '../support/test-app.ts'
import { CASHIERS, openLoad, type Promised } from './load.ts'

/** A notification as the sandbox's control API shows it. */
export interface Shown {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body_base64: string
}

/** @returns what this provider sent, header names in lower case */
export function realsOf(provider: Provider, sends: readonly Shown[]): Sent[] {
  return sends
    .filter(({ url }) => url.endsWith(`/${provider}`))
    .map(({ headers, body_base64 }) => ({
      headers: Object.fromEntries(
        Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]),
      ),
      body: Buffer.from(body_base64, 'base64'),
    }))
}

/**
 * Sends forged notifications to a whole installation.
 * @param each how many of each provider, unless the time ends first
 */
export async function proveForgeries(
  mall: Installation,
  options: { readonly minutes: number; readonly seed: number; readonly each: number },
): Promise<ForgeryRun & { readonly promised: readonly Promised[] }> {
  const load = await openLoad(mall)
  const promised: Promised[] = []
  for (const cashier of [...CASHIERS, ...CASHIERS]) promised.push(await load.go('card', cashier))
  const { databaseUrl, sandboxUrl } = mall.running()
  const readSends = async () => (await (await fetch(`${sandboxUrl}/control/notifications`)).json()) as Shown[]
  const sends = await until(
    readSends,
    (shown) => PROVIDERS.every((name) => realsOf(name, shown).length >= 2),
    'two notifications of each provider are sent',
  )
  const secrets = JSON.parse(readFileSync(join(mall.dataDir, 'secrets.json'), 'utf8')) as Record<
    string,
    string
  >
  const db = connectPatiently(databaseUrl, 2)
  try {
    const run = await sendForgeries(
      {
        url: mall.url,
        keys: {
          alipay: secrets.alipaySandboxKey ?? '',
          wechat: secrets.wechatSandboxKey ?? '',
          apiV3Key: secrets.wechatApiV3Key ?? '',
          stripe: secrets.stripeWebhookSecret ?? '',
        },
        reals: Object.fromEntries(PROVIDERS.map((name) => [name, realsOf(name, sends)])) as Record<
          Provider,
          Sent[]
        >,
        countKept: async () =>
          Number(
            (
              await db
                .selectFrom('webhook_inbox')
                .select((eb) => eb.fn.countAll().as('count'))
                .executeTakeFirstOrThrow()
            ).count,
          ),
      },
      { each: options.each, seed: options.seed, until: Date.now() + options.minutes * 60_000 },
    )
    return { ...run, promised }
  } finally {
    await db.destroy()
  }
}
