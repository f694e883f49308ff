import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { readStatement } from '../../application/wallet/statement.ts'
import { freezeAccount } from '../../db/wallet/freezes.ts'
import { openHttpSession } from '../support/http-session.ts'
import { type Call, openTestApp, type TestApp } from '../support/test-app.ts'

const DAY = 86_400_000

let mall: TestApp
beforeAll(async () => {
  mall = await openTestApp()
})
afterAll(() => mall.close())
afterEach(async () => expect(await mall.brokenLaws()).toEqual([]))

const guard = (owner: string, action: string, body: Record<string, unknown> = {}, how: Call = {}) =>
  mall.call('POST', `/api/admin/points-mall/wallets/${owner}/${action}`, {
    as: 'root',
    role: 'admin',
    body: { reason: '风控核查', ...body },
    ...how,
  })
const seen = async (owner: string) =>
  (await mall.call('GET', `/api/admin/points-mall/wallets/${owner}`, { as: 'op', role: 'operator' })).body
    .data
const wallet = async (as: string) => (await mall.call('GET', '/api/points-mall/wallet', { as })).body.data
const entries = async (as: string) =>
  (await mall.call('GET', '/api/points-mall/wallet/transactions?per_page=100', { as })).body.data

describe('a frozen wallet', () => {
  test('spends neither points nor cash until it is unfrozen, but can receive', async () => {
    await Promise.all([mall.points('cold', 500), mall.cash('cold', 5000)])
    const [points, cash] = await Promise.all([
      mall.product({ point: 10 }),
      mall.product({ payment_mode: 'money_only', fen: 100 }),
    ])
    expect((await guard('cold', 'freeze')).body.data).toMatchObject({ frozen: '风控核查', available: 500 })
    expect(await seen('cold')).toMatchObject({ frozen: '风控核查', blocks: [] })

    const refused = await mall.exchange('cold', { product_id: points })
    expect([refused.status, refused.body.code]).toEqual([409, 'INSUFFICIENT_POINTS'])
    expect(refused.body.detail).toContain('可用 0 积分')
    const unpaid = await mall.exchange('cold', { product_id: cash, payment_method: 'wallet' })
    expect([unpaid.status, unpaid.body.code]).toEqual([409, 'INSUFFICIENT_BALANCE'])
    const check = await mall.call('POST', '/api/points-mall/check-exchange', {
      as: 'cold',
      body: { product_id: points, quantity: 1 },
    })
    expect(check.body.data).toMatchObject({ eligible: false, reasons: [{ code: 'INSUFFICIENT_POINTS' }] })

    await mall.points('cold', 50)
    const granted = await guard('cold', 'grant', { points: 7 })
    expect(granted.body.data).toMatchObject({ available: 557 })
    expect(await wallet('cold')).toMatchObject({ available: 557, held: 0 })

    expect((await guard('cold', 'unfreeze')).body.data).toMatchObject({ frozen: null })
    expect((await mall.exchange('cold', { product_id: points })).status).toBe(201)
    expect((await mall.exchange('cold', { product_id: cash, payment_method: 'wallet' })).status).toBe(201)
  })

  test('prevents its owner from placing any order, by any method', async () => {
    await Promise.all([mall.points('still', 500), mall.cash('still', 5000)])
    const [money, mixed, points] = await Promise.all([
      mall.product({ payment_mode: 'money_only', fen: 100 }),
      mall.product({ payment_mode: 'mixed', point: 10, fen: 100 }),
      mall.product({ point: 10 }),
    ])
    const orders: [product_id: string, payment_method: string, status: number, code: string][] = [
      [money, 'bank_card', 403, 'RISK_REJECTED'],
      [money, 'alipay', 403, 'RISK_REJECTED'],
      [money, 'wechat', 403, 'RISK_REJECTED'],
      [money, 'wallet', 409, 'INSUFFICIENT_BALANCE'],
      [mixed, 'bank_card', 409, 'INSUFFICIENT_POINTS'],
      [points, 'wallet', 409, 'INSUFFICIENT_POINTS'],
    ]
    await guard('still', 'freeze')
    for (const [product_id, payment_method, status, code] of orders) {
      const refused = await mall.exchange('still', { product_id, payment_method })
      expect([refused.status, refused.body.code]).toEqual([status, code])
    }
    const check = await mall.call('POST', '/api/points-mall/check-exchange', {
      as: 'still',
      body: { product_id: money, quantity: 1 },
    })
    expect(check.body.data).toMatchObject({ eligible: false, reasons: [{ code: 'RISK_REJECTED' }] })
    const visitor = await openHttpSession(mall, 'still')
    const page = await visitor.get(`/points-mall/products/${money}`)
    expect(page.html).toContain('你的账户暂时不能兑换，请联系客服')

    await guard('still', 'unfreeze')
    for (const [product_id, payment_method] of orders) {
      expect((await mall.exchange('still', { product_id, payment_method })).status).toBe(201)
    }
  })

  test('of cash or of points is enough; a block is not', async () => {
    const product_id = await mall.product({ payment_mode: 'money_only', fen: 100 })
    const byCard = (as: string) => mall.exchange(as, { product_id, payment_method: 'bank_card' })
    const points = await mall.product({ point: 10 })
    for (const currency of ['ZJF', 'CNY'] as const) {
      const owner = `half-${currency}`
      await Promise.all([mall.points(owner, 100), mall.cash(owner, 1000)])
      const set = (frozen: string | null, operationKey: string) =>
        mall.db
          .transaction()
          .execute((tx) =>
            freezeAccount(tx, mall.deps.vault, { ownerId: owner, currency, frozen }, { operationKey }),
          )
      await set('风控核查', `${owner}/freeze`)
      expect((await byCard(owner)).body.code).toBe('RISK_REJECTED')
      for (const id of [points, product_id]) {
        expect((await mall.exchange(owner, { product_id: id })).body.code).toMatch(
          /RISK_REJECTED|INSUFFICIENT/,
        )
      }
      await set(null, `${owner}/unfreeze`)
      expect((await byCard(owner)).status).toBe(201)
    }
    await mall.points('blocked', 100)
    expect((await guard('blocked', 'block', { points: 100 })).status).toBe(200)
    expect((await byCard('blocked')).status).toBe(201)
  })

  test('stops unpaid orders too, from the moment it is frozen', async () => {
    const product_id = await mall.product({ payment_mode: 'money_only', fen: 100, stock: 100 })
    const redeem = () => mall.exchange('sudden', { product_id, payment_method: 'bank_card' })
    const [frozen, ...answers] = await Promise.all([
      guard('sudden', 'freeze'),
      ...Array.from({ length: 20 }, redeem),
    ])
    expect(frozen.status).toBe(200)
    const placed = answers.filter(({ status }) => status === 201).length
    expect(answers.filter(({ body }) => body.code === 'RISK_REJECTED')).toHaveLength(20 - placed)
    expect((await redeem()).body.code).toBe('RISK_REJECTED')
    const { at } = await mall.db
      .selectFrom('wallet_accounts')
      .select((eb) => eb.fn.max('updated_at').as('at'))
      .where('owner_id', '=', 'sudden')
      .executeTakeFirstOrThrow()
    const orders = await mall.db
      .selectFrom('points_exchange_orders')
      .select('exchange_time')
      .where('owner_id', '=', 'sudden')
      .execute()
    expect(orders).toHaveLength(placed)
    expect(orders.filter(({ exchange_time }) => exchange_time > at)).toEqual([])
  })

  test('pays for earlier orders, and receives returns of canceled ones', async () => {
    await mall.points('promised', 300)
    const product_id = await mall.product({ payment_mode: 'mixed', point: 100, fen: 990 })
    const redeem = async () =>
      (await mall.exchange('promised', { product_id, payment_method: 'bank_card' })).body.data
    const [kept, dropped] = [await redeem(), await redeem()]
    await guard('promised', 'freeze')
    await mall.cashier(kept.payment_info.pay_url, 'pay')
    await mall.reach('promised', kept.order_no, 'order_paid')
    await mall.act('promised', dropped.order_no, 'cancel')
    await mall.reach('promised', dropped.order_no, 'order_canceled')
    expect(await seen('promised')).toMatchObject({ available: 200, held: 0, frozen: '风控核查' })
  })

  test('stays frozen when it is frozen again; another reason is booked', async () => {
    await mall.points('twice', 10)
    await Promise.all([guard('twice', 'freeze'), guard('twice', 'freeze'), guard('twice', 'freeze')])
    expect(await entries('twice')).toMatchObject([{ kind: 'freeze', points: 0 }, { kind: 'grant' }])
    await guard('twice', 'freeze', { reason: '司法冻结' })
    expect(await seen('twice')).toMatchObject({ frozen: '司法冻结' })
    await guard('twice', 'unfreeze')
    await guard('twice', 'unfreeze')
    expect(await entries('twice')).toHaveLength(4)
    // The encrypted entry decides, whatever its key looks like.
    const read = (owner: string) =>
      readStatement(
        { db: mall.db, vault: mall.deps.vault, outsideWallet: undefined },
        { ownerId: owner, currency: 'ZJF', kind: 'freeze' },
        { limit: 10, offset: 0, cursor: undefined },
        'en',
      )
    expect((await read('twice')).entries.map(({ freezes }) => freezes)).toEqual([false, true, true])
    await mall.db
      .transaction()
      .execute((tx) =>
        freezeAccount(
          tx,
          mall.deps.vault,
          { ownerId: 'twice', currency: 'ZJF', frozen: '核查' },
          { operationKey: 'twice/unfreeze/ZJF' },
        ),
      )
    expect((await read('twice')).entries[0]?.freezes).toBe(true)
  })

  test('leaves each concurrent order complete or refused', async () => {
    await mall.points('racer', 1000)
    const product_id = await mall.product({ point: 10, stock: 100 })
    const redeem = () => mall.exchange('racer', { product_id })
    const [frozen, ...answers] = await Promise.all([
      guard('racer', 'freeze'),
      ...Array.from({ length: 20 }, redeem),
    ])
    expect(frozen.status).toBe(200)
    const won = answers.filter(({ status }) => status === 201).length
    expect(answers.filter(({ status }) => status === 409)).toHaveLength(20 - won)
    expect((await redeem()).body.code).toBe('INSUFFICIENT_POINTS')
    expect(await wallet('racer')).toMatchObject({ available: 1000 - 10 * won })
  })
})

describe('a block', () => {
  test('sets points aside until it is removed, and returns them with their dates', async () => {
    const sooner = new Date(Date.now() + 5 * DAY)
    await mall.points('held', 60, sooner)
    await mall.points('held', 60)
    const before = (await wallet('held')).expiring
    const blocked = await guard('held', 'block', { points: 100 })
    expect(blocked.status).toBe(200)
    const { block_id } = blocked.body.data
    expect(await seen('held')).toMatchObject({
      available: 20,
      held: 100,
      frozen: null,
      blocks: [{ block_id, points: 100, reason: '风控核查', operator_id: 'root' }],
    })
    const product_id = await mall.product({ point: 21 })
    expect((await mall.exchange('held', { product_id })).body.code).toBe('INSUFFICIENT_POINTS')

    const free = await Promise.all([1, 2, 3].map(() => guard('held', 'unblock', { block_id })))
    expect(free.map(({ status }) => status)).toEqual([200, 200, 200])
    expect(await seen('held')).toMatchObject({ available: 120, held: 0, blocks: [], expiring: before })
    expect((await mall.exchange('held', { product_id })).status).toBe(201)
  })

  test('is one per Idempotency-Key; several can exist', async () => {
    await mall.points('keyed', 100)
    const once = await Promise.all(
      [1, 2, 3].map(() => guard('keyed', 'block', { points: 30 }, { key: 'block-1' })),
    )
    expect(new Set(once.map(({ body }) => body.data.block_id)).size).toBe(1)
    await guard('keyed', 'block', { points: 20 }, { key: 'block-2' })
    const { blocks, available } = await seen('keyed')
    expect([available, blocks.map(({ points }: { points: number }) => points)]).toEqual([50, [30, 20]])
    await guard('keyed', 'unblock', { block_id: blocks[0].block_id })
    expect(await seen('keyed')).toMatchObject({ available: 80, blocks: [{ points: 20 }] })
  })

  test('cannot exceed the available points, but can be placed on a frozen wallet', async () => {
    await mall.points('poor', 10)
    const refused = await guard('poor', 'block', { points: 11 })
    expect([refused.status, refused.body.code]).toEqual([409, 'INSUFFICIENT_POINTS'])
    await guard('poor', 'freeze')
    expect((await guard('poor', 'block', { points: 10 })).body.data).toMatchObject({
      available: 0,
      held: 10,
      frozen: '风控核查',
    })
  })

  test('can only be removed from its own owner', async () => {
    await Promise.all([mall.points('mine', 10), mall.points('yours', 10)])
    const { block_id } = (await guard('mine', 'block', { points: 10 })).body.data
    for (const [owner, id] of [
      ['yours', block_id],
      ['mine', 'unknown'],
    ]) {
      const { status, body } = await guard(owner, 'unblock', { block_id: id })
      expect([status, body.code]).toEqual([404, 'NOT_FOUND'])
    }
    expect(await seen('mine')).toMatchObject({ available: 0, held: 10 })
  })
})

test('only an admin can freeze and block, and always with a reason', async () => {
  await mall.points('guarded', 10)
  const actions = [
    ['freeze', {}],
    ['unfreeze', {}],
    ['block', { points: 1 }],
    ['unblock', { block_id: 'x' }],
  ] as const
  for (const [action, body] of actions) {
    const denied = await guard('guarded', action, body, { as: 'op', role: 'operator' })
    expect([denied.status, denied.body.code]).toEqual([403, 'FORBIDDEN'])
    const mute = await guard('guarded', action, { ...body, reason: ' ' })
    expect([mute.status, mute.body.errors[0].field]).toEqual([422, 'reason'])
  }
  expect(await entries('guarded')).toHaveLength(1)
})
