import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createRelay } from '../../application/messaging/relay.ts'
import { keepOrderEvents } from '../../db/messaging/outbox.ts'
import { EVENT_TYPES } from '../../domain/messaging/events.ts'
import { eventField } from '../../web/texts/console/webhooks.ts'
import { headingOf, onceIn, openHttpSession, type Visitor } from '../support/http-session.ts'
import { type Receiver, startReceiver } from '../support/receiver.ts'
import { openTestApp, type TestApp, until } from '../support/test-app.ts'

/** Endpoints of other systems in the console, without JavaScript. */

const HOME = '/admin/webhooks'
let mall: TestApp
let operator: Visitor
let english: Visitor
let receiver: Receiver
let status = 200
let relay: ReturnType<typeof createRelay>
beforeAll(async () => {
  mall = await openTestApp({ worker: false })
  operator = await openHttpSession(mall, 'olga', 'zh', 'operator')
  english = await openHttpSession(mall, 'olga', 'en', 'operator')
  receiver = await startReceiver(() => ({ status }))
  relay = createRelay({
    db: mall.deps.db,
    sealer: mall.deps.sealer,
    settings: { retryMs: [], timeoutMs: 5_000, disableAfterMs: 1e9, retentionMs: 1e9, allowPrivate: true },
    isOff: () => false,
    log: { warn: () => {} },
  })
})
afterAll(async () => {
  await relay.stop()
  await receiver.stop()
  await mall.close()
})

const events = Object.fromEntries(EVENT_TYPES.map((type) => [eventField(type), '1']))
const secretIn = (html: string) => /whsec_[A-Za-z0-9+/=]+/.exec(html)?.[0]

async function register(fields: Record<string, string> = {}): Promise<string> {
  const once = onceIn(await operator.get(HOME), HOME)
  const made = await operator.post(HOME, { once, url: `${receiver.url}/erp`, ...events, ...fields })
  expect([made.status, headingOf(made)]).toEqual([200, '请保存密钥'])
  return /\/admin\/webhooks\/(\d+)/.exec(made.html.slice(made.html.indexOf('已保存') - 200))?.[1] ?? ''
}

/** Lets the relay send until the page of the endpoint shows it. */
const shows = (id: string, text: string) =>
  until(
    async () => {
      await relay.round()
      return (await operator.get(`${HOME}/${id}`)).html
    },
    (html) => html.includes(text),
    `the page shows ${text}`,
  )

describe('an endpoint', () => {
  test('is registered once, and shows its secret in that answer alone', async () => {
    const once = onceIn(await operator.get(HOME), HOME)
    const fields = { once, url: `${receiver.url}/once`, description: '仓库', ...events }
    const answers = await Promise.all([operator.post(HOME, fields), operator.post(HOME, fields)])
    const [secret, again] = answers.map(({ html }) => secretIn(html))
    expect(secret).toBeDefined()
    expect(again).toBe(secret)
    const list = await operator.get(HOME)
    expect(list.html.match(/\/once</g)).toHaveLength(1)
    const id = /\/admin\/webhooks\/(\d+)"[^>]*>仓库/.exec(list.html)?.[1] ?? ''
    const page = await operator.get(`${HOME}/${id}`)
    expect(headingOf(page)).toBe('仓库')
    expect(secretIn(list.html + page.html)).toBeUndefined()
    expect(page.html).toContain('whpk_')
    expect((await english.get(`${HOME}/${id}`)).html).toContain('Send a test event')
    expect((await operator.post(`${HOME}/${id}/delete`, {})).location).toBe(`${HOME}?done=deleted`)
    expect((await operator.get(`${HOME}/${id}`)).status).toBe(404)
  })

  test('with a wrong address or without events is refused next to the field; the input stays', async () => {
    for (const [fields, error] of [
      [{ url: 'not a url', ...events }, 'field-url-error'],
      [{ url: '', ...events }, 'field-url-error'],
      [{ url: 'https://user:pw@erp.example.com/', ...events }, 'field-url-error'],
      [{ url: 'https://erp.example.com/kept' }, 'field-events-error'],
    ] as const) {
      const refused = await operator.post(HOME, fields)
      expect([refused.status, refused.html.includes(`id="${error}"`)]).toEqual([422, true])
      expect(refused.html).toContain(`value="${fields.url}"`)
    }
    expect(
      await mall.db.selectFrom('webhook_endpoints').select('id').where('deleted_at', 'is', null).execute(),
    ).toEqual([])
  })

  test('its log shows tests, failures and what is sent again', async () => {
    const id = await register()
    const page = `${HOME}/${id}`
    expect((await operator.post(`${page}/test`, {})).location).toBe(`${page}?done=tested`)
    await shows(id, '已送达')
    status = 503
    await mall.db.transaction().execute((tx) => keepOrderEvents(tx, 'PMCONSOLE1', ['order_paid']))
    const failed = await shows(id, '503')
    expect(failed).toContain('接收方未接受')
    expect(failed).toContain('/admin/orders/PMCONSOLE1')
    expect((await operator.get(`${page}?state=given_up`)).html).not.toContain('badge good">已送达')
    status = 200
    const resend = /action="([^"]+\/resend)"/.exec(failed)?.[1] ?? ''
    expect((await operator.post(resend, {})).location).toBe(`${page}?done=resent`)
    await until(
      async () => {
        await relay.round()
        return (await operator.get(`${page}?state=given_up`)).html
      },
      (html) => html.includes('没有推送记录'),
      'nothing is given up any more',
    )
    status = 503
    await mall.db.transaction().execute((tx) => keepOrderEvents(tx, 'PMCONSOLE2', ['order_paid']))
    await until(
      async () => {
        await relay.round()
        return (await operator.get(`${page}?state=given_up`)).html
      },
      (html) => html.includes('PMCONSOLE2') && html.includes('重新推送已放弃的事件'),
      'it is given up',
    )
    status = 200
    const all = await operator.post(`${page}/resend-failed`, { hours: '168' })
    expect(all.location).toBe(`${page}?done=resent_failed`)
    await until(
      async () => {
        await relay.round()
        return (await operator.get(`${page}?state=given_up`)).html
      },
      (html) => html.includes('没有推送记录') && !html.includes('resend-failed'),
      'nothing is given up any more',
    )
    const elsewhere = resend.replace(`/webhooks/${id}/`, '/webhooks/999/')
    expect((await operator.post(elsewhere, {})).status).toBe(404)
  })

  test('is switched off and on, edited, and gets a new secret', async () => {
    const id = await register()
    const page = `${HOME}/${id}`
    expect((await operator.post(`${page}/disable`, {})).location).toBe(`${page}?done=disabled`)
    expect((await operator.post(`${page}/test`, {})).status).toBe(409)
    expect((await operator.post(`${page}/enable`, {})).location).toBe(`${page}?done=enabled`)
    const fields = {
      url: `${receiver.url}/new`,
      description: 'ERP',
      latest_state: '1',
      [eventField('order.paid')]: '1',
    }
    expect((await operator.post(page, fields)).location).toBe(`${page}?done=changed`)
    const { body } = await mall.call('GET', `/api/admin/points-mall/webhook-endpoints/${id}`, {
      as: 'op',
      role: 'operator',
    })
    expect(body.data).toMatchObject({
      url: `${receiver.url}/new`,
      description: 'ERP',
      latest_state: true,
      events: ['order.paid'],
    })
    const rotated = await operator.post(`${page}/rotate`, { overlap: '24' })
    expect(secretIn(rotated.html)).toBeDefined()
    expect((await operator.get(page)).html).toContain('旧密钥有效期至')
  })

  test('that was switched off by itself is told on the first page, and on its own', async () => {
    const id = await register()
    expect((await operator.get('/admin')).html).not.toContain('自动停止推送')
    status = 410
    await operator.post(`${HOME}/${id}/test`, {})
    await shows(id, '接收方答复 410')
    status = 200
    const board = await operator.get('/admin')
    expect(board.html).toContain('自动停止推送')
    expect(board.html).toContain(`${HOME}/${id}`)
    await operator.post(`${HOME}/${id}/disable`, {})
    expect((await operator.get('/admin')).html).not.toContain('自动停止推送')
  })
})
