import { createHash, randomBytes, randomUUID } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { abandonKey, claimKey, finishKey } from '../../application/platform/idempotency.ts'
import { grantPoints } from '../../application/wallet/wallets.ts'
import { purgeIdempotencyKeys } from '../../db/platform/idempotency.ts'
import { slowestOf } from '../support/patience.ts'
import { openTestApp, type TestApp, token, until } from '../support/test-app.ts'

let mall: TestApp
beforeAll(async () => {
  mall = await openTestApp({ worker: false })
})
afterAll(() => mall.close())

const admin = { as: 'root', role: 'admin' } as const
const path = (owner: string, action = 'grant') => `/api/admin/points-mall/wallets/${owner}/${action}`
const owner = () => `o${randomBytes(6).toString('hex')}`
const grant = (to: string, key: string, body: unknown = { points: 5, reason: 'r' }) =>
  mall.call('POST', path(to), { ...admin, key, body })
const available = async (of: string) =>
  (await mall.call('GET', `${path(of, '').slice(0, -1)}`, admin)).body.data.available
const rows = async (key: string) =>
  mall.db.selectFrom('idempotency_keys').selectAll().where('key', '=', key).execute()

/** The scope and body hash of a grant, as the API computes them. */
function scopeOf(to: string, key: string) {
  return { ownerId: 'root', method: 'POST', path: path(to), key }
}
async function hashOf(key: string): Promise<Buffer> {
  const [row] = await rows(key)
  if (!row) throw new Error('no such key')
  return row.body_hash
}
/** Expires the lease of the key. */
async function lapse(key: string): Promise<void> {
  await sql`update idempotency_keys set lease_until = date_trunc('milliseconds', now() - interval '1 second')
    where key = ${key}`.execute(mall.db)
}
/** The hash that the API computes, taken from a request under another key. */
async function hashOfGrant(): Promise<Buffer> {
  const key = randomUUID()
  await grant(owner(), key)
  return hashOf(key)
}

describe('a repeated request', () => {
  test('gets the same answer, byte for byte, and has no effect', async () => {
    const to = owner()
    const ask = async () => {
      const response = await fetch(`${mall.url}${path(to)}`, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${await token('root', 'admin', 1)}`,
          'content-type': 'application/json',
          'idempotency-key': `same-${to}`,
        },
        body: JSON.stringify({ points: 5, reason: 'r' }),
      })
      return {
        status: response.status,
        type: response.headers.get('content-type'),
        replayed: response.headers.get('idempotency-replayed'),
        bytes: Buffer.from(await response.arrayBuffer()).toString('hex'),
      }
    }
    const first = await ask()
    await grant(to, randomUUID(), { points: 1, reason: 'meanwhile' })
    const second = await ask()
    expect(first).toMatchObject({ status: 200, replayed: null })
    expect(second).toEqual({ ...first, replayed: 'true' })
    expect(await available(to)).toBe(6)
  })

  test('is recognized by a quoted or bare key, and by fields in any order', async () => {
    const to = owner()
    await grant(to, 'bare')
    const quoted = await grant(to, '"bare"', '{ "reason":"r",\n "points":5 }')
    expect([quoted.status, quoted.headers.get('idempotency-replayed')]).toEqual([200, 'true'])
    expect(await available(to)).toBe(5)
  })

  test('is refused with another body, and has no effect', async () => {
    const to = owner()
    await grant(to, 'reused')
    const other = await grant(to, 'reused', { points: 6, reason: 'r' })
    expect([other.status, other.body.code]).toEqual([422, 'IDEMPOTENCY_KEY_REUSED'])
    expect(await available(to)).toBe(5)
  })

  test('has one effect and one answer when sent 20 times concurrently', async () => {
    const to = owner()
    const answers = await Promise.all(Array.from({ length: 20 }, () => grant(to, 'at-once')))
    expect(new Set(answers.map(({ status, body }) => `${status} ${JSON.stringify(body)}`)).size).toBe(1)
    expect(answers[0]?.status).toBe(200)
    expect(await available(to)).toBe(5)
  })

  test('makes one product, not two', async () => {
    const body = { title: '一次', payment_mode: 'points_only', point: 10, stock_quantity: 3 }
    const make = () =>
      mall.call('POST', '/api/admin/points-mall/products', { as: 'op', role: 'operator', key: 'one', body })
    const answers = await Promise.all([make(), make(), make()])
    expect(answers.map(({ status }) => status)).toEqual([201, 201, 201])
    expect(new Set(answers.map((answer) => answer.body.data.id)).size).toBe(1)
  })
})

describe('an Idempotency-Key', () => {
  test('belongs to its owner and its path', async () => {
    const [a, b] = [owner(), owner()]
    await grant(a, 'scope')
    expect((await grant(b, 'scope')).headers.get('idempotency-replayed')).toBeNull()
    const other = await mall.call('POST', path(a), {
      as: 'root2',
      role: 'admin',
      key: 'scope',
      body: { points: 5, reason: 'r' },
    })
    expect(other.headers.get('idempotency-replayed')).toBeNull()
    expect([await available(a), await available(b)]).toEqual([10, 5])
  })

  test.each([
    ['empty', '""'],
    ['too long', 'x'.repeat(256)],
    ['with a space', 'a b'],
    ['not ASCII', 'é'],
  ])('that is %s is refused', async (_what, key) => {
    const to = owner()
    const { status, body } = await grant(to, key)
    expect([status, body.code, body.errors[0].field]).toEqual([422, 'VALIDATION_FAILED', 'Idempotency-Key'])
    expect(await available(to)).toBe(0)
  })

  test('of 255 characters is accepted', async () => {
    expect((await grant(owner(), 'x'.repeat(255))).status).toBe(200)
  })

  test('is free again after a refusal: a repeat tries again', async () => {
    const to = owner()
    const take = () =>
      mall.call('POST', path(to, 'adjust'), { ...admin, key: 'again', body: { points: -5, reason: 'r' } })
    expect((await take()).status).toBe(409)
    expect(await rows('again')).toEqual([])
    await grant(to, randomUUID())
    const second = await take()
    expect([second.status, second.headers.get('idempotency-replayed')]).toEqual([200, null])
    expect((await take()).headers.get('idempotency-replayed')).toBe('true')
    expect(await available(to)).toBe(0)
  })

  test('is kept for at least 7 days, and no longer than configured', async () => {
    const [young, old] = [randomUUID(), randomUUID()]
    const to = owner()
    await grant(to, young)
    await grant(to, old)
    await sql`update idempotency_keys set created_at = now() - interval '8 days' where key = ${old}`.execute(
      mall.db,
    )
    await sql`update idempotency_keys set created_at = now() - interval '6 days' where key = ${young}`.execute(
      mall.db,
    )
    await expect(purgeIdempotencyKeys(mall.db, 6)).rejects.toThrow(RangeError)
    expect(await purgeIdempotencyKeys(mall.db, 7)).toBe(1)
    expect([(await rows(young)).length, (await rows(old)).length]).toEqual([1, 0])
  })

  test('keeps its answer encrypted', async () => {
    const key = randomUUID()
    const to = owner()
    await mall.call('POST', path(to), { ...admin, key, body: { points: 5, reason: 'r' } })
    const [row] = await rows(key)
    expect(row?.response?.length).toBeGreaterThan(50)
    expect(row?.response?.toString('latin1')).not.toContain('available')
    expect(row?.body_hash).toHaveLength(createHash('sha256').digest().length)
  })
})

describe('a request that died', () => {
  test('is taken over when its lease expires, and has its effect once', async () => {
    const to = owner()
    const key = randomUUID()
    const hash = await hashOfGrant()
    const claim = await claimKey(mall.db, mall.deps.sealer, scopeOf(to, key), hash, Date.now())
    if (claim.kind !== 'run') throw new Error(claim.kind)
    // The effect is booked; then the process dies before it can answer.
    const cause = { operationKey: claim.operationKey, operatorId: 'root', reason: 'r' }
    await grantPoints(mall.deps, to, 5, null, cause)
    await lapse(key)
    const answer = await grant(to, key)
    expect([answer.status, answer.body.data.available]).toEqual([200, 5])
    expect(await available(to)).toBe(5)
  })

  test('makes a repeat wait, and then answer 503 with Retry-After, until its lease expires', async () => {
    const to = owner()
    const key = randomUUID()
    const claim = await claimKey(mall.db, mall.deps.sealer, scopeOf(to, key), await hashOfGrant(), Date.now())
    expect(claim.kind).toBe('run')
    const began = Date.now()
    const asking = grant(to, key).then((answer) => ({ ...answer, ms: Date.now() - began }))
    const slowest = await slowestOf(() => available(to), asking)
    const answer = await asking
    expect([answer.status, answer.body.code]).toEqual([503, 'UNAVAILABLE'])
    expect(answer.headers.get('retry-after')).toBe('1')
    expect(answer.ms).toBeGreaterThan(4_000)
    expect(answer.ms).toBeLessThan(6_000 + slowest)
    expect(await available(to)).toBe(0)
  })

  test('gives its answer to the repeat if it was only slow', async () => {
    const to = owner()
    const key = randomUUID()
    const scope = scopeOf(to, key)
    const claim = await claimKey(mall.db, mall.deps.sealer, scope, await hashOfGrant(), Date.now())
    expect(claim.kind).toBe('run')
    const body = { points: 5, reason: 'r' }
    const repeat = mall.call('POST', path(to), { ...admin, key, body, undocumented: true })
    await pause(150)
    const kept = { status: 200, headers: { 'content-type': 'application/json' }, body: '{"slow":true}' }
    await finishKey(mall.db, mall.deps.sealer, scope, kept)
    expect((await repeat).body).toEqual({ slow: true })
    expect(await available(to)).toBe(0)
  })

  test('cannot free the key of the request that took over', async () => {
    const to = owner()
    const key = randomUUID()
    const scope = scopeOf(to, key)
    const hash = await hashOfGrant()
    const first = await claimKey(mall.db, mall.deps.sealer, scope, hash, Date.now())
    await lapse(key)
    const second = await claimKey(mall.db, mall.deps.sealer, scope, hash, Date.now())
    if (first.kind !== 'run' || second.kind !== 'run') throw new Error('both should run')
    expect(second.operationKey).toBe(first.operationKey)
    await abandonKey(mall.db, scope, first.lease)
    expect(await rows(key)).toHaveLength(1)
    await abandonKey(mall.db, scope, second.lease)
    expect(await rows(key)).toHaveLength(0)
  })

  test('is taken over by one of many repeats', async () => {
    const to = owner()
    const key = randomUUID()
    const scope = scopeOf(to, key)
    const hash = await hashOfGrant()
    await claimKey(mall.db, mall.deps.sealer, scope, hash, Date.now())
    await lapse(key)
    const claims = await Promise.all(
      Array.from({ length: 10 }, () => claimKey(mall.db, mall.deps.sealer, scope, hash, Date.now())),
    )
    expect(claims.filter(({ kind }) => kind === 'run')).toHaveLength(1)
  })
})

describe('POST exchange while no worker runs', () => {
  test('answers repeats immediately with 202 and one order number', async () => {
    const product = await mall.product()
    await mall.points('erin', 500)
    const body = { product_id: product }
    const answers = await Promise.all(
      Array.from({ length: 3 }, () => mall.exchange('erin', body, { key: 'patient' })),
    )
    expect(answers.map(({ status }) => status)).toEqual([202, 202, 202])
    expect(new Set(answers.map((answer) => answer.body.data.order_no)).size).toBe(1)
    await mall.startWorker()
    const orderNo = answers[0]?.body.data.order_no
    await mall.reach('erin', orderNo, 'order_paid')
    const late = await until(
      () => mall.exchange('erin', body, { key: 'patient' }),
      ({ status }) => status === 201,
      'the repeat finds the order',
    )
    expect(late.body.data.order_no).toBe(orderNo)
    expect(await mall.brokenLaws()).toEqual([])
  })
})
