import { expect, test } from 'vitest'
import { openTestApp } from '../support/test-app.ts'
import { type Interleavings, type Method, proveInterleavings } from './interleavings.ts'

/**
 * A sample; `npm run prove` plays for minutes, `INTERLEAVINGS_MINUTES=5` so long at each provider, and
 * `INTERLEAVINGS_SEED` plays others.
 */
const minutes = Number(process.env.INTERLEAVINGS_MINUTES ?? 0)
const seed = Number(process.env.INTERLEAVINGS_SEED ?? 20_261_123)
const SAMPLE = 40
/** With so many, every possible end occurs. */
const MANY = 500
const METHODS: readonly Method[] = ['bank_card', 'alipay', 'wechat']
const LIMIT_MS = 900_000

// They mostly wait for deadlines and providers: three malls take little longer than one.
test.concurrent.each(METHODS)(
  '%s keeps exactly the money of active orders, after events in any order',
  { timeout: LIMIT_MS + minutes * 60_000 },
  async (method) => {
    const mall = await openTestApp({ maxCachedWorkflows: 1_000 })
    const length = minutes > 0 ? { until: Date.now() + minutes * 60_000 } : { sequences: SAMPLE }
    let proof: Interleavings
    try {
      proof = await proveInterleavings(mall, { method, seed, ...length })
    } finally {
      await mall.close()
    }
    console.info(JSON.stringify(proof))
    expect(proof.sequences).toBeGreaterThanOrEqual(SAMPLE)
    const ends = Object.keys(proof.ends)
    expect(ends).toEqual(expect.arrayContaining(['order_paid', 'order_canceled']))
    if (proof.sequences < MANY) return
    // Alipay wants the same number again, and refuses none permanently.
    const refused = method === 'alipay' ? [] : ['money failed', 'money done_by_hand']
    expect(ends).toEqual(expect.arrayContaining(['order_paid by wallet', 'money done', ...refused]))
  },
)
