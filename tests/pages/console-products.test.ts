import { createHash } from 'node:crypto'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { keepFirstLevel } from '../../db/customers/users.ts'
import { formMarkIn } from '../support/shopper.ts'
import { openTestApp, type TestApp } from '../support/test-app.ts'

type Fields = Readonly<Record<string, string>>

let mall: TestApp
let admin: Person
let operator: Person

beforeAll(async () => {
  mall = await openTestApp({ worker: false })
  admin = await signIn('admin')
  operator = await signIn('operator')
})
afterAll(() => mall.close())

type Person = Awaited<ReturnType<typeof signIn>>

/** A browser without JavaScript: a cookie, forms, and redirects that are not followed. */
async function signIn(user: string, lang = 'zh') {
  let cookie = `points_mall_lang=${lang}`
  const ask = async (path: string, { origin, ...init }: RequestInit & { origin?: string } = {}) => {
    const response = await fetch(`${mall.url}${path}`, {
      redirect: 'manual',
      ...init,
      headers: { cookie, ...(origin === undefined ? {} : { origin }) },
    })
    const html = await response.text()
    return {
      status: response.status,
      location: response.headers.get('location') ?? '',
      headers: response.headers,
      html,
      cookies: response.headers.getSetCookie(),
    }
  }
  let mark = ''
  const post = (path: string, fields: Fields | FormData, origin = mall.url) => {
    const body = fields instanceof FormData ? fields : new URLSearchParams(fields)
    if (!body.has('form_for')) body.set('form_for', mark)
    return ask(path, { method: 'POST', origin, body })
  }
  const signedIn = await post('/points-mall/sign-in', { user })
  cookie = `${cookie}; ${(signedIn.cookies[0] ?? '').split(';')[0]}`
  mark = formMarkIn((await ask('/points-mall/addresses/new')).html) ?? ''
  return {
    get: (path: string) => ask(path),
    post,
    /** The values of the form at this address. */
    form: async (path: string, action = path) => fieldsOf((await ask(path)).html, action),
  }
}

const plain = (text: string) =>
  text
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&amp;', '&')

/** The fields of the form with this action, as a browser would send them. */
function fieldsOf(html: string, action: string): Record<string, string> {
  const [, form = ''] =
    new RegExp(`<form[^>]*action="${action.replaceAll('?', '\\?')}"[^>]*>([\\s\\S]*?)</form>`).exec(html) ??
    /<form method="post"[^>]*>([\s\S]*?)<\/form>/.exec(html) ??
    []
  const attribute = (tag: string, name: string) =>
    plain(new RegExp(`\\b${name}="([^"]*)"`).exec(tag)?.[1] ?? '')
  const fields: Record<string, string> = {}
  for (const [tag] of form.matchAll(/<input[^>]*>/g)) {
    const type = attribute(tag, 'type')
    if (type === 'file' || (type === 'radio' && !/\schecked/.test(tag))) continue
    fields[attribute(tag, 'name')] = attribute(tag, 'value')
  }
  for (const [, tag = '', text = ''] of form.matchAll(/(<textarea[^>]*>)([\s\S]*?)<\/textarea>/g)) {
    fields[attribute(tag, 'name')] = plain(text)
  }
  for (const [, tag = '', options = ''] of form.matchAll(/(<select[^>]*>)([\s\S]*?)<\/select>/g)) {
    const [chosen = ''] = /<option[^>]*\sselected[^>]*>/.exec(options) ?? /<option[^>]*>/.exec(options) ?? []
    fields[attribute(tag, 'name')] = attribute(chosen, 'value')
  }
  return fields
}

const api = async (path: string) =>
  (await mall.call('GET', `/api/admin/points-mall${path}`, { as: 'op', role: 'operator' })).body.data
const make = async (body: Record<string, unknown>): Promise<string> => {
  const made = await mall.call('POST', '/api/admin/points-mall/products', {
    as: 'op',
    role: 'operator',
    body,
  })
  expect(made.status, JSON.stringify(made.body)).toBe(201)
  return made.body.data.id
}
const count = async () =>
  (await mall.call('GET', '/api/admin/points-mall/products', { as: 'op', role: 'operator' })).body.meta.total
const idIn = (location: string) => /\/admin\/products\/(\d+)/.exec(location)?.[1] ?? ''

const POINTS = { title: '帆布袋', payment_mode: 'points_only', point: 100 }

describe('products', () => {
  test('are created, put on sale, changed, taken off sale and deleted by an operator', async () => {
    const form = await operator.form('/admin/products/new', '/admin/products')
    const made = await operator.post('/admin/products', {
      ...form,
      title: '雨伞',
      description: '晴雨两用',
      labels: '材质：碳纤维\n颜色: 墨绿',
      payment_mode: 'mixed',
      point: '1200',
      price: '9.9',
      original_price: '39',
      stock: '20',
      exchange_limit: '5',
      max_per_user: '2',
      window_count: '7',
      window_unit: 'day',
      max_per_order: '1',
      level: '2',
      sort: '-3',
      shipping_type: 'pickup',
      delivery: 'voucher',
      voucher_uses: '10',
      returnable: 'days',
      return_days: '7',
    })
    expect([made.status, made.location]).toEqual([303, expect.stringMatching(/\?done=created$/)])
    const id = idIn(made.location)
    expect(await api(`/products/${id}`)).toMatchObject({
      title: '雨伞',
      description: '晴雨两用',
      status: 'draft',
      point: 1200,
      price: { amount: '9.90' },
      original_price: { amount: '39.00' },
      stock_quantity: 20,
      exchange_limit: 5,
      sort: -3,
      shipping_type: 'pickup',
      delivery: 'voucher',
      voucher: { uses: 10, valid_days: 365 },
      returnable: { days: 7 },
      properties: {
        材质: '碳纤维',
        颜色: '墨绿',
        limit: { max_per_user: 2, time_limit_seconds: 604_800, max_per_order: 1, user_level_required: 2 },
      },
    })
    const page = `/admin/products/${id}`
    expect((await operator.post(`${page}/publish`, {})).location).toBe(`${page}?done=published`)
    expect((await mall.call('GET', `/api/points-mall/products/${id}`)).status).toBe(200)
    expect((await operator.get(`/points-mall/products/${id}`)).html).toContain('收货后 7 天内可以退货')

    const edit = await operator.form(page)
    const changed = await operator.post(page, {
      ...edit,
      title: '长柄雨伞',
      stock_way: 'out',
      stock_change: '3',
    })
    expect(changed.location).toBe(`${page}?done=saved`)
    expect(await api(`/products/${id}`)).toMatchObject({
      title: '长柄雨伞',
      stock_quantity: 17,
      status: 'on_sale',
    })

    await operator.post(`${page}/unpublish`, {})
    expect((await api(`/products/${id}`)).status).toBe('off_sale')
    const ask = await operator.get(`${page}/delete`)
    expect(ask.html).toContain('长柄雨伞')
    expect((await api(`/products/${id}`)).status).toBe('off_sale')
    for (const _ of [1, 2]) {
      expect((await operator.post(`${page}/delete`, {})).location).toBe('/admin/products?done=deleted')
    }
    expect((await operator.get(page)).status).toBe(404)
  })

  test('are created once when a form is sent twice, and change stock once', async () => {
    const form = {
      ...(await operator.form('/admin/products/new', '/admin/products')),
      title: '双击',
      point: '10',
    }
    const before = await count()
    const [one, two] = await Promise.all([
      operator.post('/admin/products', form),
      operator.post('/admin/products', form),
    ])
    expect(one.location).toBe(two.location)
    expect(await count()).toBe(before + 1)
    const page = `/admin/products/${idIn(one.location)}`
    const edit = { ...(await operator.form(page)), stock_change: '5' }
    await Promise.all([operator.post(page, edit), operator.post(page, edit)])
    expect((await api(`/products/${idIn(one.location)}`)).stock_quantity).toBe(5)
    // Another number, after a step back, is another act, of a form that is stale.
    const stale = await operator.post(page, { ...edit, stock_change: '7' })
    expect([stale.status, (await api(`/products/${idIn(one.location)}`)).stock_quantity]).toEqual([412, 5])
    await operator.post(page, fieldsOf(stale.html, page))
    expect((await api(`/products/${idIn(one.location)}`)).stock_quantity).toBe(12)
  })

  test('what somebody else changed meanwhile is shown beside what was typed, and the operator decides', async () => {
    const id = await make(POINTS)
    const path = `/admin/products/${id}`
    const stale = await admin.form(path)
    const price = { ...(await operator.form(path)), point: '50' }
    expect((await operator.post(path, price)).location).toBe(`${path}?done=saved`)
    const typed = { ...stale, description: '新的说明', stock_way: 'in', stock_change: '3' }
    const asked = await admin.post(path, typed)
    expect(asked.status).toBe(412)
    for (const text of [
      '你打开之后，这里被改过',
      '现在保存的：50',
      '你填写的：100',
      '你填写的：新的说明',
      '（空）',
    ]) {
      expect(plain(asked.html)).toContain(text)
    }
    expect(asked.html.match(/type="radio"/g)).toHaveLength(4)
    expect(asked.html).not.toMatch(/type="radio"[^>]*\schecked/)
    expect(await api(`/products/${id}`)).toMatchObject({ point: 50, description: null, stock_quantity: 0 })
    const choice = { ...fieldsOf(asked.html, path), use_point: 'saved', use_description: 'typed' }
    // A third change comes in between: then it is asked again.
    await operator.post(path, { ...(await operator.form(path)), sort: '7' })
    const again = await admin.post(path, choice)
    expect([again.status, again.html.includes('现在保存的：7')]).toEqual([412, true])
    const last = { ...fieldsOf(again.html, path), use_sort: 'saved', use_description: 'typed' }
    expect((await admin.post(path, last)).location).toBe(`${path}?done=saved`)
    expect(await api(`/products/${id}`)).toMatchObject({
      point: 50,
      sort: 7,
      description: '新的说明',
      stock_quantity: 3,
    })
    // The double tap of the same form is not asked about.
    expect((await admin.post(path, last)).location).toBe(`${path}?done=saved`)
    expect(await api(`/products/${id}`)).toMatchObject({ stock_quantity: 3 })
  })

  test('of two forms that were opened at once and are sent at once, one is saved', async () => {
    const id = await make(POINTS)
    const path = `/admin/products/${id}`
    const forms = await Promise.all([admin.form(path), operator.form(path)])
    const answers = await Promise.all([
      admin.post(path, { ...forms[0], point: '111' }),
      operator.post(path, { ...forms[1], point: '222' }),
    ])
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([303, 412])
    const winner = answers[0]?.status === 303 ? 111 : 222
    expect((await api(`/products/${id}`)).point).toBe(winner)
  })

  test('show errors next to the input, and are not created', async () => {
    const before = await count()
    const typed = {
      title: '  ',
      description: '写了很久的描述',
      payment_mode: 'mixed',
      price: '9,90',
      sort: 'abc',
      max_per_order: '0',
      labels: '材质：棉\n没有冒号',
      stock: '-1',
    }
    const { status, html } = await operator.post('/admin/products', typed)
    expect(status).toBe(422)
    for (const said of [
      '标题不能为空',
      '现金单价（元）：最多两位小数，例如 9.90',
      '排序值必须是整数',
      '规格参数第 2 行不是「名称：内容」',
    ]) {
      expect(html).toContain(said)
    }
    for (const kept of ['写了很久的描述', '9,90', 'abc', '没有冒号']) expect(html).toContain(kept)
    expect(html).toMatch(/<a href="#field-price">/)
    expect(html).toMatch(/id="field-price"[^>]*aria-invalid="true"|aria-invalid="true"[^>]*id="field-price"/)
    // Errors that only the application finds are shown the same way.
    const priceless = await operator.post('/admin/products', {
      title: '无价',
      payment_mode: 'mixed',
      point: '5',
    })
    expect([priceless.status, priceless.html]).toEqual([
      422,
      expect.stringContaining('现金单价（元）不能小于 0.01'),
    ])
    expect(await count()).toBe(before)
  })

  test.each([
    [{ window_count: '7' }, '请填写每人周期限兑'],
    [{ payment_mode: 'mixed', price: '9.90', original_price: '9.89' }, '市场价不能低于现金单价'],
  ])('refuse %o, which would have no effect', async (typed, said) => {
    const form = { title: '徒劳', payment_mode: 'points_only', point: '5', window_unit: 'day' }
    const before = await count()
    const { status, html } = await operator.post('/admin/products', { ...form, ...typed })
    expect([status, html]).toEqual([422, expect.stringContaining(said)])
    expect(await count()).toBe(before)
  })

  test('keep a period with its limit, and an original price equal to the price', async () => {
    const form = { title: '有效', payment_mode: 'mixed', point: '5', price: '9.90', original_price: '9.90' }
    const limit = { window_count: '7', window_unit: 'day', max_per_user: '2' }
    const made = await operator.post('/admin/products', { ...form, ...limit })
    expect(made.status).toBe(303)
    expect((await api(`/products/${idIn(made.location)}`)).properties).toEqual({
      limit: { max_per_user: 2, time_limit_seconds: 604_800 },
    })
  })

  test('lead from a page past the last to the last', async () => {
    await make({ ...POINTS, title: '末页茶盏' })
    const past = await operator.get('/admin/products?keyword=末页茶盏&page=9')
    expect(past.status).toBe(303)
    expect(past.location).toBe(
      `/admin/products?${new URLSearchParams({ keyword: '末页茶盏', page: '1' }).toString()}`,
    )
    expect((await operator.get(past.location)).html).toContain('末页茶盏')
    expect((await operator.get('/admin/products?keyword=没有这样的商品&page=9')).status).toBe(200)
  })

  test('refuse to reduce the stock below zero, with the whole form', async () => {
    const id = await make({ ...POINTS, stock_quantity: 2 })
    const page = `/admin/products/${id}`
    const form = { ...(await operator.form(page)), title: '另一个', stock_way: 'out', stock_change: '3' }
    const { status, html } = await operator.post(page, form)
    expect([status, html]).toEqual([422, expect.stringContaining('变动件数不能大于 2')])
    expect(await api(`/products/${id}`)).toMatchObject({ title: '帆布袋', stock_quantity: 2 })
  })

  test.each([
    { ...POINTS, description: '一行\n两行 <b>&amp;</b> "引号"', sort: 4 },
    {
      title: '台灯',
      payment_mode: 'money_only',
      price: { amount: '59.05', currency: 'CNY' },
      exchange_limit: 3,
    },
    {
      ...POINTS,
      properties: {
        limit: { max_per_user: 1, time_limit_seconds: 90 },
        颜色: '红：深',
        尺寸: { 宽: 3 },
        数: 7,
      },
      product_type: 'customized',
      shipping_type: 'none',
    },
  ])('are unchanged by a save without changes: %o', async (body) => {
    const id = await make({
      stock_quantity: 4,
      original_price: { amount: '99.00', currency: 'CNY' },
      ...body,
    })
    const { updated_at: _, version: _before, ...before } = await api(`/products/${id}`)
    const form = await operator.form(`/admin/products/${id}`)
    expect((await operator.post(`/admin/products/${id}`, form)).status).toBe(303)
    const { updated_at: __, version: _after, ...after } = await api(`/products/${id}`)
    expect(after).toEqual(before)
  })

  test('are filtered by text, status, mode and category', async () => {
    const category = (
      await mall.call('POST', '/api/admin/points-mall/categories', {
        as: 'op',
        role: 'operator',
        body: { name: '筛选分类' },
      })
    ).body.data
    await make({ ...POINTS, title: '筛选甲', category_id: category.id })
    await make({ title: '筛选乙', payment_mode: 'money_only', price: { amount: '1.00', currency: 'CNY' } })
    const seen = async (query: string) => {
      const { html } = await operator.get(`/admin/products?${query}`)
      return ['筛选甲', '筛选乙'].filter((title) => html.includes(`>${title}<`))
    }
    expect(await seen('keyword=筛选')).toEqual(['筛选甲', '筛选乙'])
    expect(await seen('keyword=筛选&payment_mode=money_only')).toEqual(['筛选乙'])
    expect(await seen(`category_id=${category.id}`)).toEqual(['筛选甲'])
    expect(await seen('keyword=筛选&status=on_sale')).toEqual([])
    const nothing = await operator.get('/admin/products?keyword=没有这样的商品')
    expect(nothing.html).toContain('没有符合条件的商品')
    expect((await operator.get('/admin/products?page=0&status=x&sort=;drop')).status).toBe(200)
  })

  test('show any title as text', async () => {
    const title = '<script>alert(1)</script>"\'&'
    const id = await make({ ...POINTS, title, description: title })
    for (const path of [
      `/admin/products/${id}`,
      `/admin/products/${id}/delete`,
      '/admin/products?keyword=alert',
    ]) {
      const { html, status } = await operator.get(path)
      expect(status).toBe(200)
      expect(html).not.toContain('<script>alert')
      expect(html).toContain('&lt;script&gt;alert')
    }
  })
})

describe('pictures', () => {
  /** 40 × 20, red on the left and blue on the right. */
  const flag = () =>
    sharp({ create: { width: 40, height: 20, channels: 3, background: '#00f' } }).composite([
      {
        input: { create: { width: 20, height: 20, channels: 3, background: '#f00' } },
        left: 0,
        top: 0,
      },
    ])
  let PNG: Buffer
  let JPEG: Buffer
  let WEBP: Buffer
  beforeAll(async () => {
    id = await make(POINTS)
    ;[PNG, JPEG, WEBP] = await Promise.all([
      flag().png().toBuffer(),
      flag().jpeg().toBuffer(),
      flag().webp().toBuffer(),
    ])
  })
  let id: string
  const upload = async (bytes: Buffer, name = 'a.png', type = 'image/png') => {
    const form = new FormData()
    form.set('picture', new File([new Uint8Array(bytes)], name, { type }))
    return operator.post(`/admin/products/${id}/picture`, form)
  }

  const served = async (): Promise<Response> => {
    const { image } = await api(`/products/${id}`)
    return fetch(`${mall.url}${image}`)
  }
  const bytesOf = async (response: Response) => Buffer.from(await response.arrayBuffer())

  test.each([
    ['PNG', () => PNG, 'image/png', 'png'],
    ['JPEG', () => JPEG, 'image/jpeg', 'jpg'],
    ['WebP', () => WEBP, 'image/webp', 'webp'],
  ])('of the type %s are decoded, and served by their content', async (_, given, type, extension) => {
    // Name and declared type are wrong: only the bytes count.
    expect((await upload(given(), 'x.svg', 'image/svg+xml')).location).toBe(
      `/admin/products/${id}?done=picture`,
    )
    const { image } = await api(`/products/${id}`)
    expect(image).toMatch(new RegExp(`^/assets/pictures/[0-9a-f]{64}\\.${extension}$`))
    const response = await served()
    expect(response.headers.get('content-type')).toBe(type)
    expect(response.headers.get('cache-control')).toContain('immutable')
    expect(response.headers.get('x-content-type-options')).toBe('nosniff')
    const bytes = await bytesOf(response)
    const { width, height } = await sharp(bytes).metadata()
    expect([width, height]).toEqual([40, 20])
    const [red = 0, , blue = 0] = await sharp(bytes).removeAlpha().raw().toBuffer()
    expect([red > 230, blue < 25]).toEqual([true, true])
    const other = image.replace(/\.\w+$/, '.svg')
    expect((await fetch(`${mall.url}${other}`)).status).toBe(404)
  })

  test('keep nothing of the place where they were taken, and are shown upright', async () => {
    const taken = await sharp(JPEG)
      .withMetadata({ orientation: 6 })
      .withExifMerge({ IFD3: { GPSLatitudeRef: 'N', GPSLatitude: '31/1 12/1 0/1' } })
      .withIccProfile('p3')
      .toBuffer()
    const before = await sharp(taken).metadata()
    expect([before.orientation, before.exif !== undefined]).toEqual([6, true])
    await upload(taken)
    const bytes = await bytesOf(await served())
    const after = await sharp(bytes).metadata()
    expect(after).toMatchObject({ width: 20, height: 40 })
    for (const part of ['exif', 'icc', 'xmp', 'orientation']) expect(after).not.toHaveProperty(part)
    // Turned clockwise, the left side is on top.
    const [red = 0, , blue = 0] = await sharp(bytes).raw().toBuffer()
    expect([red > 230, blue < 25]).toEqual([true, true])
  })

  test('lose what is behind the picture', async () => {
    await upload(Buffer.concat([PNG, Buffer.from('<html><script>alert(1)</script>')]))
    const response = await served()
    expect(response.headers.get('content-type')).toBe('image/png')
    expect((await bytesOf(response)).includes('<script>')).toBe(false)
  })

  test('are limited to 1,600 pixels a side, and to the first frame', async () => {
    await upload(
      await sharp({ create: { width: 3200, height: 800, channels: 4, background: '#0000' } })
        .png()
        .toBuffer(),
    )
    expect(await sharp(await bytesOf(await served())).metadata()).toMatchObject({
      ...{ width: 1600, height: 400, hasAlpha: true },
    })
    const frames = [PNG, await flag().flop().png().toBuffer()]
    await upload(
      await sharp(frames, { join: { animated: true } })
        .webp({ loop: 0 })
        .toBuffer(),
    )
    expect((await sharp(await bytesOf(await served())).metadata()).pages ?? 1).toBe(1)
  })

  test('with more pixels than a browser can hold are refused before they are decoded', async () => {
    const bomb = await sharp({ create: { width: 12_000, height: 12_000, channels: 3, background: '#000' } })
      .png({ compressionLevel: 9 })
      .toBuffer()
    const memory = process.memoryUsage().rss
    const from = performance.now()
    expect((await upload(bomb)).location).toBe(`/admin/products/${id}?picture=max_pixels`)
    // Decoded, it has 432 MB.
    expect(process.memoryUsage().rss - memory).toBeLessThan(200_000_000)
    expect(performance.now() - from).toBeLessThan(20_000)
  })

  test.each(['png', 'jpeg', 'webp'] as const)(
    'of which a part is missing are refused: %s',
    async (format) => {
      const noise = {
        width: 64,
        height: 64,
        channels: 3,
        noise: { type: 'gaussian', mean: 128, sigma: 40 },
      } as const
      const whole = await sharp({ create: { ...noise, background: '#000' } })
        [format]()
        .toBuffer()
      expect((await upload(whole)).location).toBe(`/admin/products/${id}?done=picture`)
      for (const length of [8, 40, whole.length >> 1]) {
        expect((await upload(whole.subarray(0, length))).location).toBe(
          `/admin/products/${id}?picture=format`,
        )
      }
    },
  )

  test('of an earlier version are encoded when they are first served', async () => {
    const given = await sharp(JPEG)
      .withExif({ IFD3: { GPSLatitudeRef: 'N' } })
      .toBuffer()
    const keep = async (bytes: Buffer) => {
      const hash = createHash('sha256').update(bytes).digest('hex')
      await mall.db
        .insertInto('pictures')
        .values({ hash, format: 'jpeg', bytes, operator_id: 'earlier' })
        .execute()
      return `${mall.url}/assets/pictures/${hash}.jpg`
    }
    const [good, broken] = [await keep(given), await keep(given.subarray(0, 100))]
    const answers = await Promise.all([fetch(good), fetch(good)])
    for (const answer of [...answers, await fetch(good)]) {
      expect(answer.status).toBe(200)
      expect((await sharp(await bytesOf(answer)).metadata()).exif).toBeUndefined()
    }
    for (const _ of [1, 2]) expect((await fetch(broken)).status).toBe(404)
    const rows = await mall.db
      .selectFrom('pictures')
      .select('state')
      .where('operator_id', '=', 'earlier')
      .orderBy('state')
      .execute()
    expect(rows.map(({ state }) => state)).toEqual(['encoded', 'refused'])
  })

  test('are stored once if they are the same', async () => {
    const count = async () => (await mall.db.selectFrom('pictures').select('hash').execute()).length
    await upload(PNG)
    const before = await count()
    await upload(PNG)
    expect(await count()).toBe(before)
  })

  test.each([
    ['an SVG', Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"><script>1</script></svg>'), 'format'],
    ['a page named as a picture', Buffer.from('<html><script>1</script>'), 'format'],
    ['a GIF', Buffer.from('GIF89a'), 'format'],
    ['nothing', Buffer.alloc(0), 'required'],
    ['one byte more than 2 MiB', Buffer.alloc(2 * 1024 * 1024 + 1), 'max'],
    ['9 MiB', Buffer.alloc(9 * 1024 * 1024), 'max'],
  ])('are refused with a reason: %s', async (_, bytes, why) => {
    await upload(PNG)
    const { image } = await api(`/products/${id}`)
    const refused = await upload(bytes, 'a.png', 'image/png')
    expect([refused.status, refused.location]).toEqual([303, `/admin/products/${id}?picture=${why}`])
    expect((await operator.get(refused.location)).html).toMatch(/id="field-picture-error" role="alert">.+</)
    expect((await api(`/products/${id}`)).image).toBe(image)
  })

  test('may have 2 MiB, in this form only; every other form is limited to 64 KiB', async () => {
    const large = Buffer.concat([PNG, Buffer.alloc(2 * 1024 * 1024 - PNG.length)])
    expect((await upload(large)).location).toBe(`/admin/products/${id}?done=picture`)
    const fields = { title: 'x'.repeat(70_000) }
    for (const path of [`/admin/products/${id}`, `/admin/products/${id}/picture/remove`, '/admin/products']) {
      expect((await operator.post(path, fields)).status).toBe(413)
    }
  })

  test('can be removed', async () => {
    await upload(PNG)
    await operator.post(`/admin/products/${id}/picture/remove`, {})
    expect((await api(`/products/${id}`)).image).toBeNull()
    expect((await fetch(`${mall.url}/assets/pictures/${'0'.repeat(64)}.png`)).status).toBe(404)
    expect((await fetch(`${mall.url}/assets/pictures/..%2f..%2fpackage.json`)).status).toBe(404)
  })
})

describe('categories', () => {
  test('are created once, renamed and deleted; a name is unique', async () => {
    const form = { ...(await operator.form('/admin/categories')), name: '图书', sort: '7' }
    await Promise.all([operator.post('/admin/categories', form), operator.post('/admin/categories', form)])
    const named = async (name: string) =>
      (await api('/categories')).filter((one: { name: string }) => one.name === name)
    const [book] = await named('图书')
    expect(await named('图书')).toMatchObject([{ sort: 7 }])
    const again = await operator.post('/admin/categories', { name: '图书', sort: '1' })
    expect([again.status, again.html]).toEqual([422, expect.stringContaining('名称已被使用')])
    const page = `/admin/categories/${book.id}`
    expect((await operator.post(page, { name: '', sort: '1' })).status).toBe(422)
    await operator.post(page, { name: '书籍', sort: '8' })
    expect(await named('书籍')).toMatchObject([{ id: book.id, sort: 8 }])
    const product = await make({ ...POINTS, category_id: book.id })
    expect((await operator.get(`${page}/delete`)).html).toContain('书籍')
    await operator.post(`${page}/delete`, {})
    expect(await named('书籍')).toEqual([])
    expect((await api(`/products/${product}`)).category).toBeNull()
    expect((await operator.get(page)).status).toBe(404)
  })
})

test('a category that somebody else changed meanwhile is asked about', async () => {
  await operator.post('/admin/categories', { name: '同时改的分类', sort: '1' })
  const found = (await api('/categories')).find(({ name }: { name: string }) => name === '同时改的分类')
  const path = `/admin/categories/${found.id}`
  const stale = await admin.form(path)
  await operator.post(path, { ...(await operator.form(path)), sort: '5' })
  const asked = await admin.post(path, { ...stale, name: '同时改的另一名' })
  expect([asked.status, asked.html.includes('现在保存的：5')]).toEqual([412, true])
  expect(await api(`/categories/${found.id}`)).toMatchObject({ name: '同时改的分类', sort: 5 })
  const choice = { ...fieldsOf(asked.html, path), use_name: 'typed', use_sort: 'saved' }
  expect((await admin.post(path, choice)).status).toBe(303)
  expect(await api(`/categories/${found.id}`)).toMatchObject({ name: '同时改的另一名', sort: 5 })
})

describe('wallets', () => {
  const wallet = async (owner: string) => api(`/wallets/${encodeURIComponent(owner)}`)
  const entries = async (owner: string) =>
    (await mall.call('GET', '/api/points-mall/wallet/transactions?per_page=100', { as: owner })).body.data

  /** Opens the form of an action, fills it and sends it. */
  async function act(owner: string, action: string, fields: Fields) {
    const path = `/admin/users/${encodeURIComponent(owner)}/${action}`
    await keepFirstLevel(mall.db, owner, 1)
    return admin.post(path, { ...(await admin.form(path)), ...fields })
  }

  test.each([
    ['grant', { points: '5', reason: '补发' }],
    ['adjust', { way: 'add', points: '5', reason: '补发' }],
    ['cash', { amount: '1.00', reason: '补发' }],
  ])('%s to an id that was never seen asks first', async (action, fields) => {
    const owner = `alcie-${action}`
    const path = `/admin/users/${owner}/${action}`
    const form = { ...(await admin.form(path)), ...fields }
    const asked = await admin.post(path, form)
    expect([asked.status, asked.html.includes('这个编号从未出现过')]).toEqual([200, true])
    expect(await wallet(owner)).toMatchObject({ available: 0, cash: { amount: '0.00' } })
    expect((await admin.post(path, { ...fieldsOf(asked.html, path), confirmed: 'yes' })).status).toBe(303)
    expect(await entries(owner)).toHaveLength(action === 'cash' ? 0 : 1)
    // Who is known is given to at once.
    expect((await admin.post(path, { ...(await admin.form(path)), ...fields })).status).toBe(303)
  })

  test('are granted points with an expiry date, corrected, and never fall below zero', async () => {
    const granted = await act('wanda', 'grant', { points: '900', expires: '2099-01-31', reason: '生日礼' })
    expect(granted.location).toBe('/admin/users/wanda?done=grant')
    await act('wanda', 'adjust', { way: 'take', points: '150', reason: '重复发放' })
    await act('wanda', 'adjust', { way: 'add', points: '1', reason: '补差' })
    expect(await wallet('wanda')).toMatchObject({
      available: 751,
      expiring: [{ points: 750, expires_at: '2099-01-31T15:59:59.999Z' }],
    })
    const refused = await act('wanda', 'adjust', { way: 'take', points: '752', reason: '太多了' })
    expect(refused.status).toBe(422)
    expect(refused.html).toContain('需要 752 积分，可用 751 积分')
    expect(refused.html).toContain('太多了')
    expect((await wallet('wanda')).available).toBe(751)
    const page = (await admin.get('/admin/users/wanda')).html
    for (const shown of ['生日礼', '+900', '-150', '2099-01-31']) expect(page).toContain(shown)
  })

  test.each([
    ['grant', { points: '0', reason: '无' }, '积分不能小于 1'],
    ['grant', { points: '1.5', reason: '无' }, '积分必须是整数'],
    ['grant', { points: '5', reason: ' ' }, '原因不能为空'],
    ['grant', { points: '5', reason: '过期', expires: '2001-01-01' }, '有效期至必须是将来的时间'],
    ['grant', { points: '5', reason: '过期', expires: '2099-13-99' }, '有效期至格式不正确'],
    ['cash', { amount: '0.00', reason: '零' }, '金额（元）不能小于 0.01'],
    ['cash', { amount: '1e3', reason: '多' }, '金额（元）格式不正确'],
    ['block', { points: '1', reason: '没有' }, '积分余额不足'],
    ['level', { level: '1001' }, '等级不能大于 1,000'],
  ])('refuse %s of %o, and book nothing', async (action, fields, said) => {
    const { status, html } = await act('nobody', action, fields)
    expect([status, html]).toEqual([422, expect.stringContaining(said)])
    expect(await entries('nobody')).toEqual([])
  })

  test('book once when a form is sent twice', async () => {
    const path = '/admin/users/twice/grant'
    await keepFirstLevel(mall.db, 'twice', 1)
    const form = { ...(await admin.form(path)), points: '30', reason: '一次' }
    const answers = await Promise.all([admin.post(path, form), admin.post(path, form)])
    expect(answers.map(({ status }) => status)).toEqual([303, 303])
    expect((await wallet('twice')).available).toBe(30)
    await admin.post(path, { ...form, points: '31' })
    expect((await wallet('twice')).available).toBe(61)
  })

  test.each([
    ['grant', { points: '10000', reason: '大额' }, '10,000', 10_000],
    ['cash', { amount: '1000', reason: '大额' }, '¥1,000.00', '1000.00'],
  ])('confirm a large %s on a second page, and then book it once', async (action, fields, shown, sum) => {
    const owner = `large-${action}`
    const now = async () => {
      const { available, cash } = await wallet(owner)
      return action === 'cash' ? cash.amount : available
    }
    const asked = await act(owner, action, fields)
    expect(asked.status).toBe(200)
    expect(asked.html).toContain(shown)
    expect(Number(await now())).toBe(0)
    const path = `/admin/users/${owner}/${action}`
    const second = fieldsOf(asked.html, path)
    const back = await admin.post(path, { ...second, confirmed: 'no' })
    expect(fieldsOf(back.html, path)).toMatchObject({ ...fields, once: second.once })
    expect(Number(await now())).toBe(0)
    for (const _ of [1, 2]) {
      expect((await admin.post(path, { ...second, confirmed: 'yes' })).status).toBe(303)
    }
    expect(await now()).toBe(sum)
  })

  test('do not confirm what cannot be done', async () => {
    await act('spent', 'grant', { points: '4674', reason: '余额' })
    const take = { way: 'take', points: '1000000', reason: '多记' }
    const refused = await act('spent', 'adjust', take)
    expect([refused.status, refused.html]).toEqual([
      422,
      expect.stringContaining('需要 1,000,000 积分，可用 4,674 积分'),
    ])
    expect(refused.html).not.toContain('请再确认一次')
    // A feasible amount still asks.
    await act('spent', 'grant', { points: '9000', reason: '余额' })
    expect((await act('spent', 'adjust', { ...take, points: '12000' })).html).toContain('请再确认一次')
    expect((await act('spent', 'grant', { points: '12000', reason: '补发' })).html).toContain('请再确认一次')
    expect((await wallet('spent')).available).toBe(13_674)
  })

  test('show the present balance, and which block is to be removed', async () => {
    await act('facts', 'grant', { points: '1234', reason: '新会员' })
    await act('facts', 'cash', { amount: '56.70', reason: '押金' })
    for (const action of ['grant', 'adjust', 'block']) {
      expect((await admin.get(`/admin/users/facts/${action}`)).html).toContain('<dd>1,234 积分</dd>')
    }
    expect((await admin.get('/admin/users/facts/cash')).html).toContain('<dd>¥56.70</dd>')
    await act('facts', 'block', { points: '40', reason: '核实中' })
    const { html } = await admin.get('/admin/users/facts')
    const unblock = await admin.get(plain(/href="([^"]*\/unblock\?[^"]*)"/.exec(html)?.[1] ?? ''))
    for (const fact of ['40 积分', '核实中', '<dd>admin</dd>']) expect(unblock.html).toContain(fact)
  })

  test('show staff who booked an entry, but never the customer', async () => {
    await act('bob', 'grant', { points: '77', reason: '人工补发' })
    await act('bob', 'cash', { amount: '7.00', reason: '人工充值' })
    await act('bob', 'freeze', { reason: '异常' })
    await act('bob', 'unfreeze', { reason: '正常' })
    const { html } = await admin.get('/admin/users/bob')
    expect(html.match(/data-label="操作人"[^>]*>admin</g)).toHaveLength(3)
    expect(html).toMatch(/<strong>冻结钱包<\/strong>[\s\S]*<strong>发放<\/strong>/)
    expect(html.indexOf('<strong>解冻钱包</strong>')).toBeLessThan(html.indexOf('<strong>冻结钱包</strong>'))
    expect(html).toMatch(/\d{2}:\d{2}:\d{2}<\/time>/)
    const bob = await signIn('bob')
    for (const currency of ['ZJF', 'CNY']) {
      const page = await bob.get(`/points-mall/wallet?currency=${currency}`)
      const csv = await bob.get(`/points-mall/wallet/statement.csv?currency=${currency}`)
      const path = `/api/points-mall/wallet/transactions?currency=${currency}`
      const { body } = await mall.call('GET', path, { as: 'bob' })
      for (const told of [page.html, csv.html, JSON.stringify(body)]) {
        expect(told).toContain('人工')
        expect(told).not.toMatch(/\badmin\b|operator/)
      }
    }
  })

  test('do not confirm an amount just below the limit', async () => {
    expect((await act('below', 'grant', { points: '9999', reason: '小额' })).status).toBe(303)
    expect((await act('below', 'cash', { amount: '999.99', reason: '小额' })).status).toBe(303)
    expect(await wallet('below')).toMatchObject({ available: 9_999, cash: { amount: '999.99' } })
  })

  test('can be frozen and unfrozen, points blocked and unblocked, a level set', async () => {
    await act('iris', 'grant', { points: '100', reason: '新会员' })
    await act('iris', 'block', { points: '40', reason: '核实中' })
    expect(await wallet('iris')).toMatchObject({ available: 60, held: 40, blocks: [{ points: 40 }] })
    const { html } = await admin.get('/admin/users/iris')
    const unblock = plain(/href="([^"]*\/unblock\?[^"]*)"/.exec(html)?.[1] ?? '')
    const form = await admin.form(unblock, '/admin/users/iris/unblock')
    expect((await admin.post('/admin/users/iris/unblock', { ...form, reason: '核实无误' })).status).toBe(303)
    expect(await wallet('iris')).toMatchObject({ available: 100, held: 0, blocks: [] })
    expect((await admin.post('/admin/users/iris/unblock', { block: 'none', reason: '没有' })).status).toBe(
      404,
    )

    await act('iris', 'freeze', { reason: '异常登录' })
    expect((await wallet('iris')).frozen).toBe('异常登录')
    expect((await admin.get('/admin/users/iris')).html).toContain('异常登录')
    await act('iris', 'unfreeze', { reason: '已核实' })
    expect((await wallet('iris')).frozen).toBeNull()
    await act('iris', 'level', { level: '5' })
    expect((await api('/users/iris')).level).toBe(5)
    expect(await mall.brokenLaws()).toEqual([])
  })

  test('show a statement in pages, of points and of cash, by kind', async () => {
    for (let n = 1; n <= 31; n += 1) await mall.points('stan', n)
    await mall.cash('stan', 120)
    const first = await admin.get('/admin/users/stan')
    const sums = (html: string) => [...html.matchAll(/>\+(\d+)</g)].map(([, sum]) => Number(sum))
    expect(sums(first.html)).toEqual(Array.from({ length: 30 }, (_, n) => 31 - n))
    const older = plain(/rel="next" href="([^"]*)"/.exec(first.html)?.[1] ?? '')
    expect(sums((await admin.get(older.replace(/#.*/, ''))).html)).toEqual([1])
    expect((await admin.get('/admin/users/stan?currency=CNY')).html).toContain('+¥1.20')
    expect((await admin.get('/admin/users/stan?kind=expire')).html).toContain('还没有流水')
    expect((await admin.get('/admin/users/stan?cursor=broken')).status).toBe(404)
  })

  test("are found by the start of a customer's id, a page at a time", async () => {
    for (let n = 10; n < 31; n += 1) await mall.points(`page-${n}`, 1)
    const seen = (html: string) =>
      new Set([...html.matchAll(/href="\/admin\/users\/(page-\d+)"/g)].map(([, id]) => id))
    const first = (await admin.get('/admin/users?q=page-')).html
    expect(seen(first).size).toBe(20)
    const next = plain(/rel="next" href="([^"]*)"/.exec(first)?.[1] ?? '')
    expect([...seen((await admin.get(next)).html)]).toEqual(['page-30'])
    const unknown = (await admin.get('/admin/users?q=zoe')).html
    expect(unknown).toContain('没有找到这样的用户')
    expect(unknown).toContain('href="/admin/users/zoe"')
  })

  test('show any id as text', async () => {
    const owner = '<b>x</b>/?&"\''
    await act(owner, 'grant', { points: '5', reason: '<i>礼物</i>' })
    expect((await wallet(owner)).available).toBe(5)
    for (const path of ['/admin/users?q=%3Cb', `/admin/users/${encodeURIComponent(owner)}`]) {
      const { status, html } = await admin.get(path)
      expect(status).toBe(200)
      expect(html).not.toMatch(/<b>x|<i>礼物/)
    }
  })
})

describe('permissions', () => {
  const CHANGES: readonly (readonly [string, Fields])[] = [
    ['/admin/users/rita/grant', { points: '5', reason: '给' }],
    ['/admin/users/rita/adjust', { way: 'add', points: '5', reason: '给' }],
    ['/admin/users/rita/cash', { amount: '5', reason: '给' }],
    ['/admin/users/rita/freeze', { reason: '停' }],
  ]

  test('let an operator see a wallet and set levels, but not change it', async () => {
    const { html } = await operator.get('/admin/users/rita')
    const offered = [...html.matchAll(/href="\/admin\/users\/rita\/(\w+)"/g)].map(([, action]) => action)
    expect(offered).toEqual(['earnings', 'level'])
    for (const [path, fields] of CHANGES) {
      expect((await operator.get(path)).status).toBe(403)
      expect((await operator.post(path, fields)).status).toBe(403)
    }
    expect((await operator.post('/admin/users/rita/level', { level: '2' })).status).toBe(303)
    expect(await api('/wallets/rita')).toMatchObject({ available: 0, frozen: null, cash: { amount: '0.00' } })
  })

  test('let a customer see and change nothing in the console', async () => {
    const alice = await signIn('alice')
    const before = await count()
    for (const path of ['/admin/products', '/admin/products/new', '/admin/categories', '/admin/users/rita']) {
      const answer = await alice.get(path)
      expect([303, 403]).toContain(answer.status)
      expect(answer.html).not.toContain('新增商品')
    }
    const posts: readonly (readonly [string, Fields])[] = [
      ...CHANGES,
      ['/admin/products', { title: '偷偷', point: '1' }],
      ['/admin/users/alice/grant', { points: '5', reason: '给自己' }],
    ]
    for (const [path, fields] of posts) expect([303, 403]).toContain((await alice.post(path, fields)).status)
    expect(await count()).toBe(before)
    expect((await api('/wallets/alice')).available).toBe(0)
  })

  test('refuse a form of another site', async () => {
    const path = '/admin/users/csrf/grant'
    await keepFirstLevel(mall.db, 'csrf', 1)
    const form = { ...(await admin.form(path)), points: '5', reason: '给' }
    expect((await admin.post(path, form, 'https://evil.example')).status).toBe(403)
    expect((await api('/wallets/csrf')).available).toBe(0)
    expect((await admin.post(path, form)).status).toBe(303)
  })

  test.each([
    '/admin/products',
    '/admin/products/new',
    '/admin/categories',
    '/admin/users',
    '/admin/users/wanda',
    '/admin/users/wanda/grant',
  ])('%s is available in both languages', async (path) => {
    const english = await signIn('admin', 'en')
    const [zh, en] = [(await admin.get(path)).html, (await english.get(path)).html]
    expect(zh).toContain('<html lang="zh-CN">')
    expect(en).toContain('<html lang="en">')
    const [, heading = ''] = /<h1>([\s\S]*?)<\/h1>/.exec(en) ?? []
    expect(heading).not.toMatch(/[\u4e00-\u9fff]/)
    for (const html of [zh, en]) expect(html.match(/<h1>/g)).toHaveLength(1)
  })
})
