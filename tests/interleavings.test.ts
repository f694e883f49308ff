import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Method, proveInterleavings } from './interleavings.ts'
import { type Mall, openMall } from './mall.ts'

/** `INTERLEAVINGS_MINUTES=5` plays for so long instead, per provider; `INTERLEAVINGS_SEED` plays others. */
const minutes = Number(process.env.INTERLEAVINGS_MINUTES ?? 0)
const seed = Number(process.env.INTERLEAVINGS_SEED ?? 20_261_123)
const METHODS: readonly Method[] = ['bank_card', 'alipay', 'wechat']
const LIMIT_MS = 900_000

describe.each(METHODS)('%s', (method) => {
  let mall: Mall
  beforeAll(async () => {
    mall = await openMall({ maxCachedWorkflows: 1_000 })
  })
  afterAll(() => mall.close())

  test('at rest the provider keeps the money of live orders and no other, whatever came when', {
    timeout: LIMIT_MS + minutes * 60_000,
  }, async () => {
    const length = minutes > 0 ? { until: Date.now() + minutes * 60_000 } : { sequences: 500 }
    const proof = await proveInterleavings(mall, { method, seed, ...length })
    console.info(JSON.stringify(proof))
    // In a given time it plays what it can, and not every end need come.
    if (minutes > 0) return
    expect(proof.sequences).toBeGreaterThanOrEqual(500)
    // Every way to end has come to pass. Alipay wants the same number again, and refuses none for good.
    const ways = ['order_paid', 'order_paid by wallet', 'order_canceled', 'money done']
    const refused = method === 'alipay' ? [] : ['money failed', 'money done_by_hand']
    expect(Object.keys(proof.ends).toSorted()).toEqual([...ways, ...refused].toSorted())
  })
})
