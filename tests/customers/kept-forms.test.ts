import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { keepForm } from '../../application/customers/kept-forms.ts'
import { createWeb } from '../../web/app.ts'
import { keptActionText } from '../../web/texts/common/kept-forms.ts'
import { readTables } from '../support/db-snapshot.ts'
import { fieldsOf, openVisitor, type Visitor } from '../support/shopper.ts'
import { openTestApp, type TestApp } from '../support/test-app.ts'

let mall: TestApp
beforeAll(async () => {
  mall = await openTestApp({ worker: false })
})
afterAll(() => mall.close())
afterEach(() => forgetAll())

const CONTINUE = '/points-mall/continue'
const BOOK = '/points-mall/addresses/new'
const ADDRESS = {
  name: '王小波',
  phone: '13800138000',
  province: '浙江省',
  city: '杭州市',
  district: '西湖区',
  detail: '文三路 90 号',
}
/** Values that any of the forms accepts. */
const FIELDS = {
  ...ADDRESS,
  title: 'PWNED',
  labels: '材质：陶瓷\n颜色：“白” & <b>',
  payment_mode: 'points_only',
  product_type: 'physical',
  shipping_type: 'none',
  point: '1',
  sort: '7',
  points: '1',
  level: '9',
  source: 'order',
  external_id: 'PWNED-1',
  day: '2026-01-01',
  method: 'wallet',
  reason: '代为提交',
  odd_field: '没有名字的字段',
}

/** Everything except sessions and kept forms. */
async function readState(): Promise<Record<string, string[]>> {
  const { kept_forms: _forms, web_sessions: _sessions, ...others } = await readTables(mall.db)
  return others
}
const keptRows = () => mall.db.selectFrom('kept_forms').selectAll().execute()
const forgetAll = () => mall.db.deleteFrom('kept_forms').execute()
const endSessions = (owner: string) =>
  mall.db
    .updateTable('web_sessions')
    .set({ expires_at: new Date(Date.now() - 1000) })
    .where('owner_id', '=', owner)
    .execute()

async function signedIn(user: string): Promise<Visitor> {
  const visitor = openVisitor(mall.url)
  await visitor.signIn(user)
  return visitor
}

/** Sends a form after the session has expired. */
async function sendTooLate(user: string, path: string, fields: Record<string, string>) {
  const visitor = await signedIn(user)
  await endSessions(user)
  const late = await visitor.post(path, fields)
  return { visitor, late }
}

describe('each form of the pages', () => {
  /** Needs no session, so nothing of it is kept; or takes a file. */
  const NOT_KEPT = [
    '/points-mall/sign-in',
    '/points-mall/sign-in/link',
    '/points-mall/sign-out',
    '/admin/demo/crash-worker',
  ]
  const TAKE_FILES = [
    '/admin/products/:id{[1-9]\\d{0,17}}/picture',
    '/admin/products/:id{[1-9]\\d{0,17}}/skus/picture',
    '/admin/products/:id{[1-9]\\d{0,17}}/gallery',
    '/admin/products/:id{[1-9]\\d{0,17}}/codes',
    '/points-mall/after-sales/:id{[1-9]\\d{0,17}}/picture',
  ]
  const WALLET_ACTIONS = ['grant', 'adjust', 'cash', 'block', 'unblock', 'freeze', 'unfreeze', 'level']

  const routes = () => {
    const { routes: all } = createWeb({ ...mall.deps, clientIp: () => undefined })
    return [...new Set(all.filter(({ method }) => method === 'POST').map(({ path }) => path))]
  }

  /** Addresses of existing things. */
  async function addressesOf(route: string): Promise<string[]> {
    const product = await mall.product({ title: '手工香皂', point: 9_800 })
    const { id: category } = await mall.db
      .insertInto('categories')
      .values({ name: `分类 ${product}`, sort: 1 })
      .returning('id')
      .executeTakeFirstOrThrow()
    const id = route.startsWith('/admin/categories') ? category : product
    const path = route
      .split('/')
      .map((part) => (part.startsWith(':owner') ? 'alice' : /^:(?!action)/.test(part) ? id : part))
      .join('/')
    return path.endsWith('/:action') ? WALLET_ACTIONS.map((name) => path.replace(':action', name)) : [path]
  }

  test('has a text that says what it does, or is never kept', () => {
    const found = routes()
    expect(found.length).toBeGreaterThan(25)
    const silent = found.filter((path) => keptActionText(path.replace(':action', 'grant')) === undefined)
    expect(silent.toSorted()).toEqual([...NOT_KEPT, ...TAKE_FILES].toSorted())
  })

  test('of an anonymous visitor cannot be continued by anybody else, and changes nothing', async () => {
    for (const route of routes().filter((path) => !NOT_KEPT.includes(path))) {
      for (const path of await addressesOf(route)) {
        await forgetAll()
        const victim = await signedIn('admin')
        const before = await readState()
        const stranger = openVisitor(mall.url)
        const sent = await stranger.post(path, FIELDS)
        expect([path, sent.status, sent.location.split('&')[0]]).toEqual([
          path,
          303,
          TAKE_FILES.includes(route) ? '/points-mall/sign-in?why=lost' : '/points-mall/sign-in?why=ended',
        ])
        const secret = stranger.cookies.get('points_mall_kept') ?? ''
        for (const address of [CONTINUE, `${CONTINUE}?form=${secret}`, `${CONTINUE}?kept_form=${secret}`]) {
          expect((await victim.get(address)).html, path).not.toContain('PWNED')
          expect((await victim.post(address, { kept: '1', form: secret })).status, path).toBe(405)
        }
        expect(await victim.signIn('admin'), path).not.toContain(CONTINUE)
        expect(await readState(), path).toEqual(before)
      }
    }
  })

  test('is shown in full to its own browser before anything is done', async () => {
    for (const route of routes().filter((path) => !NOT_KEPT.includes(path) && !TAKE_FILES.includes(path))) {
      for (const path of await addressesOf(route)) {
        await forgetAll()
        const { visitor, late } = await sendTooLate('admin', path, {
          ...FIELDS,
          confirmed: 'yes',
          once: 'old-key-1',
        })
        expect(late.location, path).toBe('/points-mall/sign-in?why=ended')
        const before = await readState()
        expect(await visitor.signIn('admin'), path).toBe(CONTINUE)
        const shown = await visitor.get(CONTINUE)
        expect(shown.text, path).toContain(keptActionText(path)?.zh)
        expect(shown.text, path).toContain(path)
        for (const value of Object.values(FIELDS)) {
          expect(shown.text, path).toContain(value.replaceAll('\n', ' '))
        }
        const { once, kept_form: id, form_for: _mark, ...fields } = fieldsOf(shown.html, path)
        expect(fields, path).toEqual(FIELDS)
        expect([id, once === 'old-key-1'], path).toEqual([(await keptRows())[0]?.id, false])
        // One key, however often it is shown, so that it acts once; another session gets another.
        expect(fieldsOf((await visitor.get(CONTINUE)).html, path).once).toBe(once)
        await visitor.signIn('admin')
        expect(fieldsOf((await visitor.get(CONTINUE)).html, path).once).not.toBe(once)
        expect(await readState(), path).toEqual(before)
      }
    }
  })
})

describe('a kept form', () => {
  test('is submitted by its own page, once, and then deleted', async () => {
    const id = await mall.product({ title: '手工香皂', point: 9_800 })
    const path = `/admin/products/${id}/unpublish`
    const { visitor } = await sendTooLate('admin', path, { version: '1' })
    await visitor.signIn('admin')
    const form = fieldsOf((await visitor.get(CONTINUE)).html, path)
    expect((await visitor.post(path, form)).status).toBe(303)
    const product = mall.db.selectFrom('points_products').select('status').where('id', '=', id)
    expect((await product.executeTakeFirstOrThrow()).status).toBe('off_sale')
    expect(await keptRows()).toEqual([])
    expect((await visitor.get(CONTINUE)).text).toContain('没有等待提交的内容')
  })

  test('stays kept if the page refuses it', async () => {
    const { visitor } = await sendTooLate('alice', BOOK, { ...ADDRESS, phone: '12' })
    expect(await visitor.signIn('alice')).toBe(CONTINUE)
    const answer = await visitor.post(BOOK, fieldsOf((await visitor.get(CONTINUE)).html, BOOK))
    expect([answer.status, (await keptRows()).length]).toEqual([422, 1])
  })

  test('with a large effect asks again, whatever was confirmed before', async () => {
    const path = '/admin/users/carol/grant'
    const fields = { points: '5000000', reason: '补发' }
    const { visitor } = await sendTooLate('admin', path, { ...fields, confirmed: 'yes' })
    await visitor.signIn('admin')
    const before = await readState()
    const asked = await visitor.post(path, fieldsOf((await visitor.get(CONTINUE)).html, path))
    expect(asked.status).toBe(200)
    expect(await readState()).toEqual(before)
    const done = await visitor.post(path, { ...fieldsOf(asked.html, path), confirmed: 'yes' })
    expect([done.status, await keptRows()]).toEqual([303, []])
  })

  test('is not shown in another browser of its owner, nor to another owner in its browser', async () => {
    const { visitor } = await sendTooLate('alice', BOOK, ADDRESS)
    const elsewhere = await signedIn('alice')
    expect((await elsewhere.get(CONTINUE)).text).not.toContain(ADDRESS.name)
    expect(await visitor.signIn('bob')).not.toBe(CONTINUE)
    expect((await visitor.get(CONTINUE)).text).not.toContain(ADDRESS.name)
    expect(await visitor.signIn('alice')).toBe(CONTINUE)
    expect((await visitor.get(CONTINUE)).text).toContain(ADDRESS.name)
  })

  test('of an anonymous visitor belongs to the next one who signs in at that browser, and to nobody after', async () => {
    const visitor = openVisitor(mall.url)
    await visitor.post(BOOK, ADDRESS)
    expect(await visitor.signIn('alice')).toBe(CONTINUE)
    expect(await visitor.signIn('bob')).not.toBe(CONTINUE)
    expect((await visitor.get(CONTINUE)).text).not.toContain(ADDRESS.name)
  })

  test('is deleted when its owner signs out', async () => {
    const { visitor } = await sendTooLate('alice', BOOK, ADDRESS)
    await visitor.signIn('alice')
    await visitor.post('/points-mall/sign-out', {})
    expect([await keptRows(), visitor.cookies.has('points_mall_kept')]).toEqual([[], false])
  })

  test.each([
    ['a foreign origin', { origin: 'https://evil.example' }],
    ['no origin', {}],
    ['an origin that is hidden', { origin: 'null' }],
    [
      'a foreign origin that says it is ours',
      { origin: 'https://evil.example', 'sec-fetch-site': 'same-origin' },
    ],
    ['our origin by another site', { origin: 'ours', 'sec-fetch-site': 'cross-site' }],
  ])('is never accepted from %s, of any type', async (_, { origin, ...headers }: Record<string, string>) => {
    for (const type of ['application/x-www-form-urlencoded', 'application/json', 'text/plain']) {
      const answer = await fetch(`${mall.url}/admin/products/1/unpublish`, {
        method: 'POST',
        redirect: 'manual',
        headers: {
          ...headers,
          'content-type': type,
          ...(origin && { origin: origin === 'ours' ? mall.url : origin }),
        },
        body: 'version=1',
      })
      expect([type, answer.status, answer.headers.getSetCookie()]).toEqual([type, 403, []])
    }
    expect(await keptRows()).toEqual([])
  })

  test('cannot contain a file, and says so', async () => {
    const visitor = openVisitor(mall.url)
    const body = new FormData()
    body.set('picture', new Blob(['x']), 'x.png')
    const answer = await fetch(`${mall.url}/admin/products/1/picture`, {
      method: 'POST',
      redirect: 'manual',
      headers: { origin: mall.url },
      body,
    })
    const location = answer.headers.get('location') ?? ''
    expect(location).toContain('why=lost')
    expect((await visitor.get(location)).text).toContain('没能保留')
    expect(await keptRows()).toEqual([])
  })
})

describe('the limit of kept forms', () => {
  const FORM = { path: BOOK, fields: ADDRESS }
  const from = (networkAddress: string | undefined, browser?: string) =>
    keepForm(mall.deps, FORM, { browser, session: undefined, networkAddress })

  test('is three for a browser, and exceeding it shows a message', async () => {
    const visitor = openVisitor(mall.url)
    for (let n = 0; n < 3; n++) expect((await visitor.post(BOOK, ADDRESS)).location).toContain('why=ended')
    const fourth = await visitor.post(BOOK, ADDRESS)
    expect(fourth.location).toContain('why=lost')
    expect((await visitor.get(fourth.location)).text).toContain('没能保留')
    expect(await keptRows()).toHaveLength(3)
  })

  test('is ten for an owner, over all browsers', async () => {
    const session = (await signedIn('carol')).cookies.get('points_mall_session')
    await endSessions('carol')
    const sender = { browser: undefined, session, networkAddress: undefined }
    const kept = await Promise.all(Array.from({ length: 14 }, () => keepForm(mall.deps, FORM, sender)))
    expect(kept.filter(Boolean)).toHaveLength(10)
    const { visitor } = await sendTooLate('alice', BOOK, ADDRESS)
    expect(await visitor.signIn('alice')).toBe(CONTINUE)
  })

  test('is twenty for an anonymous visitor, and keeps nobody else out', async () => {
    const kept = await Promise.all(Array.from({ length: 30 }, () => from('203.0.113.7')))
    expect(kept.filter(Boolean)).toHaveLength(20)
    // A household owns the second half of an IPv6 address, in any notation.
    const six = await Promise.all(
      Array.from({ length: 30 }, (_, n) =>
        from(n % 2 === 0 ? `2001:db8::${n + 1}` : `2001:0db8:0:0:0:0:1:${n}`),
      ),
    )
    expect(six.filter(Boolean)).toHaveLength(20)
    expect(await from('2001:db8:1::1')).toBeDefined()
    expect(await from('198.51.100.1')).toBeDefined()
    const { visitor } = await sendTooLate('alice', BOOK, ADDRESS)
    expect(await visitor.signIn('alice')).toBe(CONTINUE)
  })

  test('is 2,000 for all anonymous visitors, and keeps no owner out', async () => {
    await mall.db
      .insertInto('kept_forms')
      .values(
        Array.from({ length: 2000 }, (_, n) => ({
          browser_hash: Buffer.alloc(32, `${n}`.padStart(32, '0')),
          owner_id: null,
          source: n,
          sealed: Buffer.from('x'),
          expires_at: new Date(Date.now() + 60_000),
        })),
      )
      .execute()
    expect(await from('198.51.100.2')).toBeUndefined()
    const { visitor } = await sendTooLate('alice', BOOK, ADDRESS)
    expect(await visitor.signIn('alice')).toBe(CONTINUE)
  })
})
