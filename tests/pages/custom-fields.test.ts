import sharp from 'sharp'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { readTables } from '../support/db-snapshot.ts'
import { openHttpSession, type Visitor } from '../support/http-session.ts'
import { formMarkIn } from '../support/shopper.ts'
import { openTestApp, type TestApp } from '../support/test-app.ts'

let mall: TestApp
let operator: Visitor
beforeAll(async () => {
  mall = await openTestApp()
  operator = await openHttpSession(mall, 'op', 'zh', 'operator')
})
afterAll(() => mall.close())
afterEach(async () => expect(await mall.brokenLaws()).toEqual([]))

/** Rows as the editor sends them. */
const ROWS = {
  label_0: '刻字内容',
  label_en_0: 'Engraving',
  kind_0: 'text',
  mandatory_0: '1',
  least_0: '2',
  most_0: '12',
  position_0: '2',
  label_1: '字体',
  kind_1: 'choice',
  mandatory_1: '1',
  choices_1: '楷书\n行书',
  position_1: '1',
  key_1: 'font',
  label_2: '行数',
  kind_2: 'integer',
  least_2: '1',
  most_2: '3',
  key_2: 'lines',
  label_3: '图案',
  kind_3: 'picture',
  key_3: 'picture',
}
const editorOf = (id: string) => `/admin/products/${id}/custom-fields`
const schemaOf = async (id: string) =>
  (await mall.call('GET', `/api/points-mall/products/${id}`)).body.data.custom_fields

async function flask(): Promise<string> {
  const id = await mall.product({ product_type: 'customized', point: 10 })
  const saved = await operator.post(editorOf(id), ROWS)
  expect([saved.status, saved.location]).toEqual([303, `${editorOf(id)}?done=saved`])
  return id
}

test('the editor saves rows as a schema in their order, shows them again, and removes them', async () => {
  const id = await flask()
  expect(await schemaOf(id)).toEqual({
    type: 'object',
    properties: {
      font: { type: 'string', title: '字体', enum: ['楷书', '行书'] },
      field_1: { type: 'string', title: '刻字内容', 'x-title-en': 'Engraving', minLength: 2, maxLength: 12 },
      lines: { type: 'integer', title: '行数', minimum: 1, maximum: 3 },
      picture: { type: 'string', title: '图案', format: 'uri', maxLength: 500 },
    },
    required: ['font', 'field_1'],
    additionalProperties: false,
    'x-order': ['font', 'field_1', 'lines', 'picture'],
  })
  const { html } = await operator.get(editorOf(id))
  for (const value of ['value="刻字内容"', 'value="field_1"', '楷书\n行书</textarea>'])
    expect(html).toContain(value)
  // What the page shows can be sent again, and says the same.
  const first = await schemaOf(id)
  const sent = [...html.matchAll(/<input[^>]* name="(\w+_\d)"[^>]*>/g)].flatMap(([tag, name = '']) => {
    if (/type="checkbox"/.test(tag) && !/ checked/.test(tag)) return []
    return [[name, /value="([^"]*)"/.exec(tag)?.[1] ?? ''] as const]
  })
  const kinds = { kind_0: 'choice', kind_1: 'text', kind_2: 'integer', kind_3: 'picture' }
  const again = { ...Object.fromEntries(sent), ...kinds, choices_0: '楷书\n行书' }
  expect((await operator.post(editorOf(id), again)).status).toBe(303)
  expect(await schemaOf(id)).toEqual(first)
  expect((await operator.post(editorOf(id), { ...ROWS, ...removal(4) })).status).toBe(303)
  expect(await schemaOf(id)).toBeNull()
})

const removal = (count: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, n) => [`remove_${n}`, '1']))

test('the editor says what is wrong at the field, keeps what was typed, and stores nothing', async () => {
  const id = await mall.product({ product_type: 'customized', point: 10 })
  const cases: [Record<string, string>, string][] = [
    [{ label_0: '', key_0: 'a' }, 'label_0'],
    [{ label_0: '字', kind_0: 'choice' }, 'choices_0'],
    [{ label_0: '字', choices_0: '甲' }, 'choices_0'],
    [{ label_0: '字', kind_0: 'choice', choices_0: '甲\n甲' }, 'choices_0'],
    [{ label_0: '字', kind_0: 'picture', least_0: '3' }, 'least_0'],
    [{ label_0: '字', most_0: '501' }, 'most_0'],
    [{ label_0: '字', most_0: '很多' }, 'most_0'],
    [{ label_0: '字', kind_0: 'number', least_0: '5', most_0: '4' }, 'most_0'],
    [{ label_0: '字', key_0: '1a' }, 'key_0'],
    [{ label_0: '字', key_0: 'a', label_1: '画', key_1: 'a' }, 'key_1'],
    [{ label_0: '字'.repeat(31) }, 'label_0'],
  ]
  const before = await readTables(mall.db)
  for (const [fields, name] of cases) {
    const answer = await operator.post(editorOf(id), { kind_0: 'text', kind_1: 'text', ...fields })
    expect([answer.status, answer.html.includes(`href="#field-${name}"`)], JSON.stringify(fields)).toEqual([
      422,
      true,
    ])
    expect(answer.html).toContain(`id="field-${name}-error"`)
  }
  expect(await readTables(mall.db)).toEqual(before)
  const stale = await operator.post(editorOf(id), { ...ROWS, version: '999' })
  expect([stale.status, stale.html.includes('value="刻字内容"')]).toEqual([422, true])
  expect(await schemaOf(id)).toBeNull()
})

test('the shop asks for the fields, keeps what was typed on an error, and stores what the API would', async () => {
  const id = await flask()
  await mall.points('alice', 1_000)
  const alice = await openHttpSession(mall, 'alice')
  const path = `/points-mall/products/${id}/redeem`
  const shown = await alice.get(path)
  for (const part of [
    /<input type="radio" name="custom_font" value="楷书" required/,
    /<input id="field-custom_field_1" name="custom_field_1" required\s+maxlength="24"/,
    /name="custom_lines"[^>]*type="number"[^>]*min="1" max="3"/,
    /name="custom_picture"[^>]*type="url"/,
    '2 到 12 个字',
    '选填，整数，1 到 3',
  ]) {
    expect(shown.html).toMatch(part)
  }
  expect(shown.html).not.toContain('name="customized"')
  expect((await (await openHttpSession(mall, 'alice', 'en')).get(path)).html).toContain('>Engraving</label>')
  const sheet = { quantity: '1', points: '10', cash: '0.00' }
  const bad = { custom_field_1: '<i>', custom_lines: '4', custom_picture: 'http://a.example/a.png' }
  const before = await readTables(mall.db)
  const refused = await alice.post(path, { ...sheet, ...bad, custom_field_1: '林' })
  expect(refused.status).toBe(422)
  for (const name of ['font', 'field_1', 'lines', 'picture']) {
    expect(refused.html).toContain(`href="#field-custom_${name}"`)
    expect(refused.html).toContain(`id="field-custom_${name}-error"`)
  }
  expect(refused.html).toContain('value="http://a.example/a.png"')
  expect((await alice.post(path, { ...sheet, custom_lines: '两行' })).html).toContain('行数：请填写数字')
  expect(await readTables(mall.db)).toEqual(before)

  const good = {
    custom_font: '行书',
    custom_field_1: '赠<b>林可',
    custom_lines: '２',
    custom_picture: 'https://a.example/b.png',
  }
  const placed = await alice.post(path, { ...sheet, ...good })
  expect(placed.status).toBe(303)
  const orderNo = /orders\/(PM\w+)/.exec(placed.location)?.[1] ?? ''
  expect((await mall.order('alice', orderNo)).customer_notes.custom).toEqual([
    { field: 'font', title: '字体', value: '行书' },
    { field: 'field_1', title: '刻字内容', value: '赠<b>林可' },
    { field: 'lines', title: '行数', value: 2 },
    { field: 'picture', title: '图案', value: 'https://a.example/b.png' },
  ])
  const page = (await alice.get(`/points-mall/orders/${orderNo}`)).html
  expect(page).toContain('赠&lt;b&gt;林可')
  expect(page).toMatch(
    /<a class="answer" href="https:\/\/a\.example\/b\.png" rel="noopener noreferrer nofollow"/,
  )
  expect(page).not.toContain('src="https://a.example')
})

test('the console shows titles always, values from acceptance to delivery; the packing slip has them', async () => {
  const id = await flask()
  await mall.db
    .updateTable('points_products')
    .set({ shipping_type: 'logistics' })
    .where('id', '=', id)
    .execute()
  await mall.points('bob', 1_000)
  const custom = { font: '楷书', field_1: '林可专属', picture: 'https://a.example/c.png' }
  const address = { name: '李雷', phone: '13800000000', detail: '杭州市西湖区' }
  const { order_no } = (await mall.exchange('bob', { product_id: id, custom, address })).body.data
  const at = `/admin/orders/${order_no}`
  const seen = async () => {
    const { html } = await operator.get(at)
    expect(html).toContain('刻字内容')
    expect(html).not.toContain('src="https://a.example')
    return ['林可专属', 'https://a.example/c.png'].map((value) => html.includes(value))
  }
  expect(await seen()).toEqual([false, false])
  await mall.operate(order_no, 'accept')
  expect(await seen()).toEqual([true, true])
  const slip = await operator.get(`/admin/orders/packing-slips?orders=${order_no}`)
  for (const told of ['刻字内容', '林可专属', 'https://a.example/c.png']) expect(slip.html).toContain(told)
  await mall.operate(order_no, 'ship', { carrier: '顺丰', tracking_no: 'SF1234567890123' })
  expect(await seen()).toEqual([false, false])
})

test('a picture of an SKU is uploaded and shown where the SKU is chosen; of another product it is not', async () => {
  const fields = {
    title: 'T 恤',
    payment_mode: 'points_only',
    shipping_type: 'none',
    skus: [
      { specs: { 颜色: '白' }, point: 10, stock_quantity: 5 },
      { specs: { 颜色: '蓝' }, point: 12, stock_quantity: 5 },
    ],
  }
  const operate = (path: string, body?: unknown) =>
    mall.call('POST', `/api/admin/points-mall${path}`, { as: 'op', role: 'operator', body })
  const made = (await operate('/products', fields)).body.data
  await operate(`/products/${made.id}/publish`)
  const [white, blue] = made.skus.map((sku: { id: string }) => sku.id)
  const page = `/admin/products/${made.id}/skus`
  const mark = formMarkIn((await operator.get(page)).html) ?? ''
  const bytes = await sharp({ create: { width: 40, height: 40, channels: 3, background: '#00f' } })
    .png()
    .toBuffer()
  const upload = (sku: string, content: Buffer, more: Record<string, string> = {}) => {
    const body = new FormData()
    for (const [name, value] of Object.entries({ form_for: mark, sku_id: sku, ...more }))
      body.set(name, value)
    body.set('picture', new File([new Uint8Array(content)], 'a.png', { type: 'image/png' }))
    const headers = { cookie: operator.cookie, origin: mall.url }
    return fetch(`${mall.url}${page}/picture`, { method: 'POST', redirect: 'manual', headers, body })
  }
  const skus = async () => (await mall.call('GET', `/api/points-mall/products/${made.id}`)).body.data.skus
  const before = await skus()
  for (const [answer, why] of [
    [await upload(blue, Buffer.from('no picture')), 'format'],
    [await upload(blue, bytes, { version: '999' }), 'stale'],
  ] as const) {
    const back = answer.headers.get('location') ?? ''
    expect([answer.status, back]).toEqual([303, `${page}?picture=${why}&sku_id=${blue}#pictures`])
    expect((await operator.get(back.replace(/#.*/, ''))).html).toContain(`id="field-picture-${blue}-error"`)
  }
  expect((await upload(await mall.product(), bytes)).status).toBe(404)
  expect((await upload(blue, Buffer.alloc(3 * 1024 * 1024))).headers.get('location')).toBe(
    `${page}?picture=max`,
  )
  expect(await skus()).toEqual(before)

  expect((await upload(blue, bytes)).headers.get('location')).toBe(`${page}?done=picture#pictures`)
  const after = await skus()
  const { image } = after[1]
  expect(image).toMatch(/^\/assets\/pictures\/[0-9a-f]{64}\.png$/)
  // Nothing else of the SKUs changes.
  expect(after).toEqual([before[0], { ...before[1], image }])
  const guest = await openHttpSession(mall, undefined)
  const shop = (sku: string) => guest.get(`/points-mall/products/${made.id}?sku_id=${sku}`)
  const large = ({ html }: { html: string }) =>
    /<div class="photographed">[\s\S]*?<\/div>/.exec(html)?.[0] ?? ''
  const [withWhite, withBlue] = [await shop(white), await shop(blue)]
  expect([large(withWhite).includes(image), large(withBlue).includes(image)]).toEqual([false, true])
  // Without scripts the list has it, whatever is chosen; with them it replaces the large one.
  expect(withWhite.html).toContain(`<img src="${image}" alt="" width="48"`)
  expect(withWhite.html).toContain(`data-photo="${image}"`)
})
