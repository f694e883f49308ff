import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { expect, test } from 'vitest'
import { createProviders } from '../../payments/providers.ts'
import { startSandbox } from '../../sandbox/sandbox.ts'
import { ACCOUNTS, mallSides, sandboxSides } from '../support/accounts.ts'
import { startReceiver } from '../support/receiver.ts'
import { until } from '../support/test-app.ts'

/** How often each provider sends a notification that nobody accepts: once, and its repeats. */
const SENDS = { alipay: 8, wechat: 16, bank_card: 18 } as const

test('each provider repeats by its own table, scaled by the clock, and then gives up', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'points-mall-repeats-'))
  const mall = await startReceiver(() => ({ status: 500 }))
  const sandbox = await startSandbox({
    host: '127.0.0.1',
    port: 0,
    dataDir,
    mallUrl: mall.url,
    accounts: sandboxSides(ACCOUNTS),
    control: true,
    // The tables last more than a day.
    clockScale: 10_000_000,
    log: pino({ level: 'silent' }),
  })
  try {
    for (const provider of createProviders(mallSides(ACCOUNTS, sandbox.url, mall.url))) {
      const before = mall.received.length
      const { payUrl } = await provider.create({
        outTradeNo: `PM20261123000000ABCDEFGHJKM${provider.name === 'wechat' ? 'W' : 'A'}-1`,
        amountFen: 990n,
        subject: '保温杯',
        expiresAt: new Date(Date.now() + 1_800_000),
        returnUrl: 'http://127.0.0.1:3000/points-mall/orders',
        client: 'h5',
        clientIp: '127.0.0.1',
      })
      await fetch(payUrl ?? '', { method: 'POST', body: new URLSearchParams({ action: 'pay' }) })
      const sends = SENDS[provider.method as keyof typeof SENDS]
      await until(
        () => mall.received.length - before,
        (count) => count >= sends,
        `${provider.name} sends ${sends} times`,
      )
      const bodies = new Set(mall.received.slice(before).map(({ body }) => body.toString('base64')))
      expect([provider.name, mall.received.length - before]).toEqual([provider.name, sends])
      // Every repeat has the same body.
      expect(bodies.size).toBe(1)
    }
  } finally {
    await sandbox.stop()
    await mall.stop()
    rmSync(dataDir, { recursive: true })
  }
})
