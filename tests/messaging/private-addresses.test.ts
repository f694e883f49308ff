import type { LookupAddress } from 'node:dns'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { isPublicAddress, publicLookup, type Resolve } from '../../application/messaging/public-address.ts'
import { send } from '../../application/messaging/sender.ts'
import { startReceiver } from '../support/receiver.ts'
import { openTestApp, type TestApp } from '../support/test-app.ts'

/** Events never reach the private network, unless the shop allows it. */

const NAMES: Readonly<Record<string, readonly string[]>> = {
  'public.example': ['93.184.216.34', '2606:2800:220:1::1'],
  'private.example': ['10.1.2.3'],
  'mixed.example': ['93.184.216.34', '127.0.0.1'],
  'mapped.example': ['::ffff:127.0.0.1'],
}
const found = (addresses: readonly string[]): LookupAddress[] =>
  addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }))
const resolve: Resolve = (name, _, done) => {
  const addresses = NAMES[name]
  if (addresses) done(null, found(addresses))
  else done(Object.assign(new Error('ENOTFOUND'), { code: 'ENOTFOUND' }), [])
}

describe('an address', () => {
  test.each([
    '0.0.0.0',
    '10.0.0.1',
    '100.64.0.1',
    '127.0.0.1',
    '127.255.255.254',
    '169.254.169.254',
    '172.16.0.1',
    '172.31.255.255',
    '192.0.0.192',
    '192.168.1.1',
    '198.18.0.1',
    '224.0.0.1',
    '255.255.255.255',
    '::',
    '::1',
    '::ffff:127.0.0.1',
    '::ffff:10.0.0.1',
    '::127.0.0.1',
    '64:ff9b::7f00:1',
    'fc00::1',
    'fd00:ec2::254',
    'fe80::1',
    'ff02::1',
    '2001::1',
    '2001:db8::1',
    '2002:7f00:1::',
    'localhost',
    '',
  ])('%s is not public', (address) => expect(isPublicAddress(address)).toBe(false))

  test.each(['8.8.8.8', '93.184.216.34', '172.32.0.1', '192.169.0.1', '2606:2800:220:1::1', '2400:3200::1'])(
    '%s is public',
    (address) => expect(isPublicAddress(address)).toBe(true),
  )
})

describe('a registration', () => {
  let mall: TestApp
  beforeAll(async () => {
    mall = await openTestApp({ worker: false, webhooks: { allowPrivate: false, resolve } })
  })
  afterAll(() => mall.close())
  const register = (url: string) =>
    mall.call('POST', '/api/admin/points-mall/webhook-endpoints', {
      as: 'op',
      role: 'operator',
      body: { url, events: ['order.paid'] },
    })

  test.each([
    ['http://public.example/', 'https'],
    ['https://127.0.0.1/', 'public_address'],
    ['https://2130706433/', 'public_address'],
    ['https://0x7f.1/', 'public_address'],
    ['https://[::1]/', 'public_address'],
    ['https://[::ffff:10.0.0.1]/', 'public_address'],
    ['https://169.254.169.254/latest/meta-data', 'public_address'],
    ['https://localhost/', 'public_address'],
    ['https://localhost./', 'public_address'],
    ['https://postgres/', 'public_address'],
    ['https://metadata.google.internal/', 'public_address'],
    ['https://private.example/', 'public_address'],
    ['https://mixed.example/', 'public_address'],
    ['https://mapped.example/', 'public_address'],
    ['https://user:password@public.example/', 'format'],
    ['https://public.example/#part', 'format'],
    ['ftp://public.example/', 'format'],
    ['public.example', 'format'],
  ])('at %s is refused: %s', async (url, code) => {
    const answer = await register(url)
    expect(answer).toMatchObject({ status: 422, body: { errors: [{ field: 'url', code }] } })
    expect(await mall.db.selectFrom('webhook_endpoints').select('id').execute()).toEqual([])
  })

  test('at a public address, or at a name that does not resolve yet, is made', async () => {
    expect((await register('https://public.example/hook')).status).toBe(201)
    expect((await register('https://later.example/hook')).status).toBe(201)
  })

  test('cannot be changed to a private address', async () => {
    const { id } = (await register('https://public.example/hook')).body.data
    const answer = await mall.call('PATCH', `/api/admin/points-mall/webhook-endpoints/${id}`, {
      as: 'op',
      role: 'operator',
      body: { url: 'https://private.example/' },
    })
    expect(answer.status).toBe(422)
  })
})

describe('a connection', () => {
  test.each([true, false])('uses the addresses that were checked, with all: %s', async (all) => {
    const look = (name: string) =>
      new Promise((done) =>
        publicLookup(resolve)(name, { all }, (error, address, family) =>
          done(error?.name ?? [address, family]),
        ),
      )
    const [first, second] = found(NAMES['public.example'] ?? [])
    expect(await look('public.example')).toEqual(
      all ? [[first, second], undefined] : [first?.address, first?.family],
    )
    for (const name of ['private.example', 'mixed.example', 'mapped.example']) {
      expect(await look(name)).toBe('PrivateAddressError')
    }
    expect(await look('unknown.example')).toBe('Error')
  })

  test('goes nowhere when the name has been bound to a private address since', async () => {
    const receiver = await startReceiver()
    let connections = 0
    const url = `https://rebound.example:${receiver.port}/`
    const rebound: Resolve = (_, __, done) => {
      connections += 1
      done(null, found(['127.0.0.1']))
    }
    const to = (target: string, allowPrivate: boolean) =>
      send(target, {}, '{}', { timeoutMs: 10_000, allowPrivate, resolve: rebound })
    expect(await to(url, false)).toEqual({ outcome: 'address_not_allowed', status: null })
    expect(connections).toBe(1)
    expect(await to(`https://127.0.0.1:${receiver.port}/`, false)).toMatchObject({
      outcome: 'address_not_allowed',
    })
    expect(await to(`https://[::ffff:127.0.0.1]:${receiver.port}/`, false)).toMatchObject({
      outcome: 'address_not_allowed',
    })
    expect(await to(`${receiver.url}/`, false)).toMatchObject({ outcome: 'address_not_allowed' })
    expect(receiver.received).toEqual([])
    expect(await to(`${receiver.url}/`, true)).toMatchObject({ outcome: 'delivered', status: 200 })
    expect(receiver.received).toHaveLength(1)
    await receiver.stop()
  })
})
