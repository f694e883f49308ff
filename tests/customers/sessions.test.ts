import { randomUUID } from 'node:crypto'
import { setTimeout } from 'node:timers/promises'
import { SignJWT } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { findViewer, signIn, watchSessions } from '../../application/customers/sessions.ts'
import { PATIENCE_MS } from '../support/patience.ts'
import { fieldsOf, openVisitor, type Visitor } from '../support/shopper.ts'
import { openTestApp, SECRET, type TestApp, until } from '../support/test-app.ts'

let mall: TestApp
beforeAll(async () => {
  mall = await openTestApp()
})
afterAll(() => mall.close())

const LINK = '/points-mall/sign-in/link'
const HOME = '/points-mall/products'
const EVERYWHERE = '/points-mall/sign-out/everywhere'

interface Made {
  readonly role?: string
  /** Seconds from now. */
  readonly iat?: number
  readonly exp?: number
}

/** @returns the token of a sign-in link */
function linkOf(sub: string, { role = 'customer', iat = 0, exp = iat + 120 }: Made = {}): Promise<string> {
  const now = Math.floor(Date.now() / 1000)
  return new SignJWT({ role, level: 1, jti: randomUUID() })
    .setProtectedHeader({ alg: 'HS256' })
    .setSubject(sub)
    .setIssuer('points-mall')
    .setAudience('points-mall/sign-in')
    .setIssuedAt(now + iat)
    .setExpirationTime(now + exp)
    .sign(new TextEncoder().encode(SECRET))
}

const at = (token: string) => `${LINK}?token=${token}&next=${HOME}`
const sessionOf = ({ cookies }: Visitor) => cookies.get('points_mall_session') ?? ''
const whoIs = async (visitor: Visitor) => (await findViewer(mall.db, sessionOf(visitor)))?.sub
const sessionsOf = (owner: string) =>
  mall.db.selectFrom('web_sessions').select('role').where('owner_id', '=', owner).execute()

describe('a sign-in link', () => {
  test('is not used up by a look at its headers, and is by one visit', async () => {
    const token = await linkOf('linked')
    for (const _ of [1, 2]) {
      const answer = await fetch(`${mall.url}${at(token)}`, { method: 'HEAD', redirect: 'manual' })
      expect([answer.status, answer.headers.getSetCookie()]).toEqual([200, []])
    }
    const visitor = openVisitor(mall.url)
    expect((await visitor.get(at(token))).location).toBe(HOME)
    expect(await whoIs(visitor)).toBe('linked')
    expect((await openVisitor(mall.url).get(at(token))).location).toContain('why=used')
  })

  test.each([
    ['of now', {}, true],
    ['of a clock that is half a minute ahead', { iat: 30 }, true],
    ['of an hour ahead', { iat: 3600 }, false],
    ['of two minutes ahead', { iat: 120 }, false],
    ['that lives for six minutes', { iat: 0, exp: 360 }, false],
  ])('%s', async (_, made, isGood) => {
    const visitor = openVisitor(mall.url)
    const { location } = await visitor.get(at(await linkOf('clocked', made)))
    expect([location === HOME, await whoIs(visitor)]).toEqual([isGood, isGood ? 'clocked' : undefined])
  })

  test.each([
    ['zh', { sub: 'attacker' }, '以 attacker 登录'],
    ['en', { sub: 'attacker' }, 'Sign in as attacker'],
    ['zh', { sub: 'alice', role: 'operator' }, '以 alice 登录'],
  ] as const)('of another account asks first (%s, %o)', async (lang, { sub, ...made }, says) => {
    const visitor = openVisitor(mall.url, lang)
    await visitor.signIn('alice')
    const before = sessionOf(visitor)
    const token = await linkOf(sub, made)
    const asked = await visitor.get(at(token))
    expect([asked.status, asked.text.includes(says), sessionOf(visitor) === before]).toEqual([
      200,
      true,
      true,
    ])
    const form = fieldsOf(asked.html, LINK)
    // Another site cannot press the button.
    expect((await visitor.post(LINK, form, { origin: 'https://evil.example' })).status).toBe(403)
    expect([await whoIs(visitor), sessionOf(visitor) === before]).toEqual(['alice', true])
    expect((await visitor.post(LINK, form)).location).toBe(HOME)
    expect(await whoIs(visitor)).toBe(sub)
    // The session that it took the place of has ended, and so has the link.
    expect(await findViewer(mall.db, before)).toBeUndefined()
    expect((await visitor.post(LINK, form)).location).toContain('why=used')
  })

  test('of the same account asks nothing', async () => {
    const visitor = openVisitor(mall.url)
    await visitor.get(at(await linkOf('twice')))
    expect((await visitor.get(at(await linkOf('twice')))).location).toBe(HOME)
    expect(await sessionsOf('twice')).toHaveLength(1)
  })
})

test('a session that is watched goes on, also after another one was left before it was looked at', async () => {
  const failures: unknown[] = []
  const watch = watchSessions(mall.db, 20, (error) => failures.push(error))
  watch(await signIn(mall.db, { sub: 'dave', role: 'customer', level: 1 })).stop()
  await setTimeout(100)
  const token = await signIn(mall.db, { sub: 'dave', role: 'customer', level: 1 })
  const watched = watch(token)
  const gone = watch('no such session')
  await until(
    async () => gone.ended.aborted,
    (isAborted) => isAborted,
    'an unknown session ends',
  )
  expect([watched.ended.aborted, failures]).toEqual([false, []])
  watched.stop()
})

describe('signing out', () => {
  test('everywhere ends every session of the account, and no other', async () => {
    const [one, other, stranger] = ['one', 'other', 'stranger'].map(() => openVisitor(mall.url))
    if (!one || !other || !stranger) throw new Error('no visitors')
    await Promise.all([one.signIn('carol'), other.signIn('carol'), stranger.signIn('bob')])
    const page = await one.get('/points-mall/sign-out')
    expect(page.text).toContain('你一共登录了 2 处')
    // A form of another account does nothing.
    const foreign = {
      form_for: fieldsOf((await stranger.get('/points-mall/sign-out')).html, EVERYWHERE).form_for ?? '',
    }
    expect((await one.post(EVERYWHERE, foreign)).status).toBe(409)
    expect(await sessionsOf('carol')).toHaveLength(2)
    expect((await one.post(EVERYWHERE, fieldsOf(page.html, EVERYWHERE))).location).toBe(HOME)
    expect([await sessionsOf('carol'), await whoIs(stranger)]).toEqual([[], 'bob'])
    expect((await other.get('/points-mall/orders')).location).toContain('/sign-in')
  })

  test.each(['here', 'everywhere', 'by the clock'])('%s ends the open stream of an order', async (how) => {
    const visitor = openVisitor(mall.url)
    await visitor.signIn('alice')
    await mall.points('alice', 10)
    const { order_no } = (await mall.exchange('alice', { product_id: await mall.product({ point: 10 }) }))
      .body.data
    const open = (cookie: string) =>
      fetch(`${mall.url}/points-mall/orders/${order_no}/live`, {
        headers: { cookie: `points_mall_session=${cookie}` },
        signal: AbortSignal.timeout(PATIENCE_MS),
      })
    const stays = await open(await signIn(mall.db, { sub: 'alice', role: 'customer', level: 1 }))
    const live = await open(sessionOf(visitor))
    expect([live.status, stays.status]).toEqual([200, 200])
    const reader = live.body?.getReader()
    const first = await reader?.read()
    expect(new TextDecoder().decode(first?.value)).toContain(order_no)
    if (how === 'here') await visitor.post('/points-mall/sign-out', {})
    else if (how === 'everywhere') await visitor.post(EVERYWHERE, {})
    else {
      await mall.db
        .updateTable('web_sessions')
        .set({ expires_at: new Date(Date.now() - 1000) })
        .where('owner_id', '=', 'alice')
        .execute()
    }
    for (let read = await reader?.read(); read && !read.done; read = await reader?.read());
    // That of another session goes on where only this one has ended.
    if (how === 'here') {
      const others = stays.body?.getReader()
      await others?.read()
      await mall.operate(order_no, 'accept')
      expect(new TextDecoder().decode((await others?.read())?.value)).not.toBe('')
      await others?.cancel()
    } else await stays.body?.cancel()
  })
})
