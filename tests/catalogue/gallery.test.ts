import sharp from 'sharp'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { openHttpSession, type Visitor } from '../support/http-session.ts'
import { formMarkIn } from '../support/shopper.ts'
import { openTestApp, type TestApp } from '../support/test-app.ts'

/** Several pictures of a product, in an order, each with its text. */

let mall: TestApp
let operator: Visitor
let mark = ''
beforeAll(async () => {
  mall = await openTestApp()
  operator = await openHttpSession(mall, 'olga', 'zh', 'operator')
  mark = formMarkIn((await operator.get('/points-mall/addresses/new')).html) ?? ''
})
afterAll(() => mall.close())
afterEach(async () => expect(await mall.brokenLaws()).toEqual([]))

const STAFF = { as: 'op', role: 'operator' } as const
const PATH = '/api/admin/points-mall/products'
const change = (id: string, images: unknown) =>
  mall.call('PATCH', `${PATH}/${id}`, { ...STAFF, body: { images } })
const imagesOf = async (id: string): Promise<{ image: string; alt: string }[]> =>
  (await mall.call('GET', `/api/points-mall/products/${id}`)).body.data.images
const at = (name: string) => `/assets/pictures/${name}.png`

async function upload(id: string, fill: string, fields: Record<string, string>) {
  const { r, g, b } = { r: fill.charCodeAt(0), g: 90, b: 120 }
  const png = await sharp({ create: { width: 8, height: 8, channels: 3, background: { r, g, b } } })
    .png()
    .toBuffer()
  const body = new FormData()
  for (const [name, value] of Object.entries({ form_for: mark, ...fields })) body.set(name, value)
  body.set('picture', new File([new Uint8Array(png)], 'a.png', { type: 'image/png' }))
  const headers = { cookie: operator.cookie, origin: mall.url }
  const response = await fetch(`${mall.url}/admin/products/${id}/gallery`, {
    method: 'POST',
    body,
    headers,
    redirect: 'manual',
  })
  return response.headers.get('location') ?? `${response.status}`
}
const versionOf = async (id: string): Promise<string> =>
  (await mall.call('GET', `${PATH}/${id}`, STAFF)).body.data.version

test('the API sets all further pictures in their order, and refuses others', async () => {
  const id = await mall.product()
  expect(await imagesOf(id)).toEqual([])
  const images = [{ image: at('b'), alt: '侧面' }, { image: at('a') }]
  const answer = await change(id, images)
  expect(answer.status, JSON.stringify(answer.body)).toBe(200)
  const kept = [
    { image: at('b'), alt: '侧面' },
    { image: at('a'), alt: '' },
  ]
  expect(await imagesOf(id)).toEqual(kept)
  const refused = await change(id, [{ image: at('c') }, { image: 'https://evil.example/a.png' }])
  expect([refused.status, refused.body.errors[0].field]).toEqual([422, 'images.1.image'])
  for (const wrong of [
    Array.from({ length: 10 }, () => ({ image: at('a') })),
    [{ alt: 'x' }],
    [{ image: at('a'), size: 1 }],
    null,
  ]) {
    expect((await change(id, wrong)).status).toBe(422)
  }
  expect(await imagesOf(id)).toEqual(kept)
  const copied = await mall.call('POST', `${PATH}/${id}/copy`, { ...STAFF, body: {} })
  expect(copied.body.data.images).toEqual(kept)
})

test('the page adds, tells, moves and removes pictures, each form once', async () => {
  const id = await mall.product({ title: '保温杯' })
  const first = { version: await versionOf(id), once: 'gallery-upload-1', alt: '正面' }
  expect(await upload(id, 'a', first)).toBe(`/admin/products/${id}?done=gallery`)
  expect(await upload(id, 'a', first)).toBe(`/admin/products/${id}?done=gallery`)
  expect(await upload(id, 'b', { version: await versionOf(id), once: 'gallery-upload-2' })).toContain(
    'done=gallery',
  )
  const [one, two] = await imagesOf(id)
  expect([one?.alt, two?.alt, (await imagesOf(id)).length]).toEqual(['正面', '', 2])
  // A form of before somebody else's change changes nothing.
  const late = { version: first.version, once: 'gallery-upload-3' }
  expect(await upload(id, 'c', late)).toBe(`/admin/products/${id}?gallery=stale`)
  const edit = async (fields: Record<string, string>) =>
    (await operator.post(`/admin/products/${id}/gallery/edit`, { version: await versionOf(id), ...fields }))
      .location
  expect(await edit({ act: 'up,2', alt_1: '前面', alt_2: '背面' })).toContain('done=gallery')
  expect(await imagesOf(id)).toEqual([
    { image: two?.image, alt: '背面' },
    { image: one?.image, alt: '前面' },
  ])
  expect(await edit({ act: 'remove,1' })).toContain('done=gallery')
  expect(await imagesOf(id)).toEqual([{ image: one?.image, alt: '前面' }])
  expect((await operator.get(`/admin/products/${id}`)).html).toContain('value="前面"')
})

test('the shop shows them with the first one, by their texts; one alone is no strip', async () => {
  const id = await mall.product({ title: '保温杯' })
  await mall.call('PATCH', `${PATH}/${id}`, { ...STAFF, body: { image: at('main') } })
  const guest = await openHttpSession(mall, undefined)
  expect((await guest.get(`/points-mall/products/${id}`)).html).not.toContain('class="strip"')
  await change(id, [{ image: at('b'), alt: '侧面 "左"' }])
  const { html } = await guest.get(`/points-mall/products/${id}`)
  expect(html).toContain('<div class="strip" role="region" aria-label="商品图片" tabindex="0">')
  expect(html).toContain('alt="保温杯"')
  expect(html).toContain('alt="侧面 &quot;左&quot;"')
  expect(html).toContain('<a href="#picture-2" aria-label="第 2 张，共 2 张">')
})
