import fc from 'fast-check'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { keywordTerms, similarQuery, termQuery, titleQuery } from '../../domain/catalogue/search.ts'
import { contactMeanings, contactTerms } from '../../domain/customers/contact.ts'
import { maskPhone } from '../../domain/customers/masks.ts'
import { isPhone, plainPhone } from '../../domain/customers/phone.ts'
import { isPrincipalId } from '../../domain/principal-id.ts'
import { cut, isVisible, lengthOf, plainCode, plainText } from '../../domain/text.ts'
import { openHttpSession, type Visitor } from '../support/http-session.ts'
import { sampleOf } from '../support/sample.ts'
import { openTestApp, type TestApp } from '../support/test-app.ts'

/** What people type is read in one form, by every API and every page. */

/** Nothing of it can be seen; PostgreSQL and `trim` take it for text. */
const INVISIBLE = '\u200b\u2060\u2800\u3164\u115f\ufe0f'
/** A letter outside the basic plane: two UTF-16 units, one character. */
const RARE = '\u{20bb7}'

let mall: TestApp
let operator: Visitor
beforeAll(async () => {
  mall = await openTestApp()
  operator = await openHttpSession(mall, 'olga', 'zh', 'admin')
})
afterAll(async () => {
  expect(await mall.brokenLaws()).toEqual([])
  await mall.close()
})

const admin = (method: string, path: string, body?: unknown) =>
  mall.call(method, `/api/admin/points-mall${path}`, { as: 'root', role: 'admin', body })

describe('text', () => {
  test('loses what nobody sees, and keeps joined emoji', () => {
    expect(plainText('a\u200bb\u202ac\u202c\ufeff\u00ad')).toBe('abc')
    for (const emoji of ['👨‍👩‍👧', '👩🏽‍💻', '❤️‍🔥', '🏳️‍🌈']) expect(plainText(emoji)).toBe(emoji)
    expect(plainText('\u200d王\u200d芳\u200d')).toBe('王芳')
  })

  test('has few marks per letter: a stack of them leaves no line', () => {
    expect(plainText(`z${'\u0301'.repeat(900)}a\u0301`)).toBe(`z${'\u0301'.repeat(4)}a\u0301`)
    // Vietnamese and Thai have two.
    expect(plainText('e\u0302\u0301 ที่')).toBe('e\u0302\u0301 ที่')
  })

  test('is visible or not', () => {
    for (const blank of ['', ' ', '\u3000', '\n', '\u0301', '\u2800', '\u3164', INVISIBLE])
      expect(isVisible(blank), JSON.stringify(blank)).toBe(false)
    for (const text of ['a', '王', '.', '😀', '①', `${INVISIBLE}x`]) expect(isVisible(text)).toBe(true)
  })

  test('is as long as it has code points', () => {
    expect([lengthOf(RARE.repeat(3)), lengthOf('ab'), lengthOf('')]).toEqual([3, 2, 0])
    expect([cut(RARE.repeat(3), 2), cut('ab', 2)]).toEqual([RARE.repeat(2), 'ab'])
  })

  test.each([
    ['１３８００１３８０００', '13800138000'],
    ['\u202a13800138000\u202c', '13800138000'],
    ['138\u200b00138000', '13800138000'],
    ['86 13800138000', '13800138000'],
    ['+86 138-0013-8000', '13800138000'],
    ['００８６１３８００１３８０００', '13800138000'],
    ['０２１－１２３４５６７８', '021-12345678'],
    ['021－12345678', '021-12345678'],
    ['（021）12345678', '02112345678'],
    // A number that starts with 86 without being one of China's stays.
    ['8612345', '8612345'],
    ['400-820-8820', '4008208820'],
    ['（８００）820 8820', '8008208820'],
    ['+86 400 820 8820', '4008208820'],
    ['+86 571 8888 8888', '057188888888'],
    ['+86 (10) 6655-1234', '0106655-1234'],
    ['+86 021-12345678', '021-12345678'],
    ['+852 9123 4567', '+85291234567'],
    ['００８５２－９１２３－４５６７', '+85291234567'],
    ['+853 6612 3456', '+85366123456'],
    ['+886 0912 345 678', '+886912345678'],
    ['+44 (0)20 7946 0958', '+442079460958'],
    ['001.415.555.2671', '+14155552671'],
    ['0012', '0012'],
  ])('the phone number %j is %j', (typed, phone) => {
    expect(plainPhone(typed)).toBe(phone)
  })

  test.each([
    '13800138000',
    '021-12345678',
    '057188888888',
    '4008208820',
    '8008208820',
    '+85291234567',
    '+85366123456',
    '+886912345678',
    '+886223456789',
    '+442079460958',
    '+14155552671',
  ])('%s is a phone number, found whole and by its last four digits, and masked', (phone) => {
    expect([isPhone(phone), plainPhone(phone)]).toEqual([true, phone])
    const kept = contactTerms({ phone }).map(({ kind, text }) => `${kind} ${text}`)
    const finds = (words: string) =>
      contactMeanings(words).some(({ kind, text }) => kept.includes(`${kind} ${text}`))
    expect([phone, phone.slice(-4), phone.replace('+', '00')].map(finds)).toEqual([true, true, true])
    expect([phone.slice(0, -1), `${phone}1`, '0000'].map(finds)).toEqual([false, false, false])
    const [seen, owned] = [maskPhone(phone, false), maskPhone(phone, true)]
    expect([seen.slice(-2), owned.slice(-4)]).toEqual([phone.slice(-2), phone.slice(-4)])
    for (const masked of [seen, owned]) expect(masked).toMatch(/^\+?\d{3}\*{3,}\d+$/)
  })

  test.each([
    '12345678901',
    '1380013800',
    '12345678',
    '400820882',
    '40082088201',
    '+8529123456',
    '+852912345678',
    '+85211234567',
    '+8869123',
    '+86',
    '+8613800138',
    '+123456',
    '+1234567890123456',
    '+0123456789',
    '85291234567',
    '++85291234567',
    '021-1234567890',
    'phone',
  ])('%s is none', (typed) => {
    expect(isPhone(plainPhone(typed))).toBe(false)
  })

  test('of Hong Kong, Macao and Taiwan are found without their country code', () => {
    const of = (phone: string) => contactTerms({ phone }).map(({ text }) => text)
    expect(of('+852 9123 4567')).toEqual(['85291234567', '91234567', '4567'])
    expect(of('+886 912 345 678')).toEqual(['886912345678', '0912345678', '5678'])
    expect(contactMeanings('9123 4567')).toContainEqual({ kind: 'phone', text: '91234567' })
    expect(contactMeanings('0912-345-678')).toContainEqual({ kind: 'phone', text: '0912345678' })
  })

  test('is looked for as typed and in half width', () => {
    expect(plainCode('ＳＦ１２３\u200b ')).toBe('SF123')
  })
})

/** Text as it may arrive: letters of all kinds among what nobody sees, blanks, marks and digits in full width. */
const PARTS = [
  ...[
    'a',
    'Z',
    '王',
    '芳',
    'é',
    'e\u0301',
    '\u0301',
    '\u0338',
    'ﬁ',
    '①',
    '１',
    '3',
    '８',
    '-',
    '－',
    '+',
    "'",
    '\\\\',
    '&',
    ':*',
  ],
  ...[
    '\u200b',
    '\u200d',
    '\u202e',
    '\ufeff',
    '\u3164',
    '\u2800',
    '\ufe0f',
    '\u00ad',
    ' ',
    '\u3000',
    '\t',
    '\u0000',
  ],
  ...['👩', '🏽', '❤', 'ᄀ', 'ᅡ', 'が', 'ﾞ', 'ｶ', '\ud800', RARE],
]
const typedText = fc
  .array(
    fc.oneof(
      { arbitrary: fc.constantFrom(...PARTS), weight: 4 },
      { arbitrary: fc.string({ unit: 'grapheme' }), weight: 1 },
    ),
    { maxLength: 12 },
  )
  .map((parts) => parts.join(''))
const RUNS = {
  numRuns: sampleOf(Array.from({ length: 20_000 }), 500).length,
  seed: Number(process.env.TESTS_SEED ?? 1),
}

describe('whatever is typed', () => {
  test('has one form: read again, it is the same', () => {
    fc.assert(
      fc.property(typedText, (typed) => {
        for (const plain of [plainText, plainCode]) expect(plain(plain(typed))).toBe(plain(typed))
      }),
      RUNS,
    )
  })

  test('is not longer than before, and loses nothing that is seen but marks', () => {
    fc.assert(
      fc.property(typedText, (typed) => {
        const plain = plainText(typed)
        expect(lengthOf(plain)).toBeLessThanOrEqual(lengthOf(typed))
        expect(isVisible(plain)).toBe(isVisible(typed))
        expect(plain.replaceAll(/[\p{M}\p{Cf}]/gu, '')).toBe(typed.replaceAll(/[\p{M}\p{Cf}]/gu, ''))
      }),
      RUNS,
    )
  })

  test('of a phone number is that number, with any blanks, dashes and widths', () => {
    const wide = (digit: string) => String.fromCodePoint(0xff10 + Number(digit))
    const noise = fc.constantFrom('', '', ' ', '-', '－', '\u200b', '\u202c')
    const typed = fc
      .tuple(
        fc.constantFrom('', '+86', '86 ', '0086-', '＋８６'),
        fc.stringMatching(/^1[3-9]\d{9}$/),
        fc.array(fc.tuple(fc.boolean(), noise), { minLength: 11, maxLength: 11 }),
      )
      .map(
        ([code, phone, how]) =>
          [
            code +
              Array.from(
                phone,
                (digit, n) => (how[n]?.[0] ? wide(digit) : digit) + (n < 10 ? how[n]?.[1] : ''),
              ).join(''),
            phone,
          ] as const,
      )
    fc.assert(
      fc.property(typed, ([given, phone]) => {
        expect([plainPhone(given), plainPhone(phone)]).toEqual([phone, phone])
        expect(contactMeanings(given)).toContainEqual({ kind: 'phone', text: phone })
        expect(contactTerms({ phone: given })).toContainEqual({ kind: 'tail', text: phone.slice(-4) })
      }),
      RUNS,
    )
  })

  test('of a receiver is found by the same words', () => {
    fc.assert(
      fc.property(typedText, (name) => {
        for (const term of contactTerms({ name })) expect(contactMeanings(name)).toContainEqual(term)
      }),
      RUNS,
    )
  })

  test('is an id only where it has one form', () => {
    fc.assert(
      fc.property(typedText, (id) => {
        if (!isPrincipalId(id)) return
        expect(plainCode(id)).toBe(id)
        expect(lengthOf(id)).toBeGreaterThan(0)
      }),
      RUNS,
    )
  })

  test('is a search that the database reads', async () => {
    const words = fc.sample(typedText, { numRuns: 300, seed: 1 }).map(keywordTerms)
    const queries = words.flatMap((terms) => [
      titleQuery(terms),
      similarQuery(terms),
      ...terms.map((term) => termQuery(term)),
    ])
    const { rows } = await sql<{ read: string }>`
      select count(one::tsquery) as read from unnest(${queries}::text[]) as one where one <> ''`.execute(
      mall.db,
    )
    expect(Number(rows[0]?.read)).toBe(queries.filter((query) => query !== '').length)
  })
})

interface Schema {
  readonly $ref?: string
  readonly type?: string | readonly string[]
  readonly minLength?: number
  readonly enum?: unknown
  readonly format?: string
  readonly required?: readonly string[]
  readonly properties?: Readonly<Record<string, Schema>>
  readonly allOf?: readonly Schema[]
}

interface Operation {
  readonly method: string
  readonly path: string
  readonly body: Schema | undefined
  readonly query: readonly { readonly name: string; readonly required: boolean; readonly schema: Schema }[]
}

/** Every operation of the API's document, with references resolved. */
async function operations(): Promise<Operation[]> {
  const document = (await (await fetch(`${mall.url}/openapi.json`)).json()) as {
    readonly paths: Readonly<Record<string, Readonly<Record<string, object>>>>
    readonly components: { readonly schemas: Readonly<Record<string, Schema>> }
  }
  const resolve = (schema: Schema): Schema => {
    const named = schema.$ref?.split('/').at(-1)
    const parts = (schema.allOf ?? []).map(resolve)
    const own = named === undefined ? schema : resolve(document.components.schemas[named] ?? {})
    return {
      ...own,
      properties: Object.assign({}, ...parts.map((part) => part.properties), own.properties),
      required: [...parts.flatMap((part) => part.required ?? []), ...(own.required ?? [])],
    }
  }
  return Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => {
      const { requestBody, parameters = [] } = operation as {
        requestBody?: { content: { 'application/json'?: { schema: Schema } } }
        parameters?: { in: string; name: string; required?: boolean; schema: Schema }[]
      }
      const schema = requestBody?.content['application/json']?.schema
      return {
        method: method.toUpperCase(),
        path: path
          .replace('attention/{id}', 'attention/order-1')
          .replace(/\{(\w+)\}/g, (_, name: string) => (name === 'owner_id' ? 'nobody' : '1')),
        body: schema && resolve(schema),
        query: parameters
          .filter((parameter) => parameter.in === 'query')
          .map((parameter) => ({ ...parameter, required: parameter.required === true })),
      }
    }),
  )
}

const isText = ({ type, enum: values }: Schema) => [type].flat().includes('string') && values === undefined

const ask = (method: string, path: string, body?: unknown) =>
  mall.call(method, path, { as: 'root', role: 'admin', body })

describe('the API', () => {
  test('takes nothing invisible for a required text', async () => {
    const tried: string[] = []
    for (const { method, path, body, query } of await operations()) {
      for (const [field, schema] of Object.entries(body?.properties ?? {})) {
        const isRequired = body?.required?.includes(field) || (schema.minLength ?? 0) > 0
        // A malformed id of a product or SKU is not found, like an unknown one.
        const isId = field === 'product_id' || field === 'sku_id'
        if (!isText(schema) || !isRequired || path.startsWith('/codec') || isId) continue
        tried.push(`${path} ${field}`)
        const { status, body: problem } = await ask(method, path, { [field]: INVISIBLE })
        const fields = (problem.errors ?? []).map((error: { field: string }) => error.field)
        expect([status, fields], `${method} ${path} ${field}`).toEqual([422, expect.arrayContaining([field])])
      }
      for (const { name, required, schema } of query) {
        if (!isText(schema) || !(required || (schema.minLength ?? 0) > 0)) continue
        tried.push(`${path} ?${name}`)
        const answer = await ask(method, `${path}?${name}=${encodeURIComponent(INVISIBLE)}`)
        expect(answer.status, `${method} ${path} ?${name}`).toBe(422)
      }
    }
    expect(tried.length).toBeGreaterThan(15)
  })

  test('takes no field that it does not know: nothing is dropped silently', async () => {
    const bodies = (await operations()).filter(
      ({ body, path }) => body && !/^\/(codec|api\/webhooks)/.test(path),
    )
    expect(bodies.length).toBeGreaterThan(25)
    for (const { method, path, body } of bodies) {
      const { status, body: problem } = await ask(method, path, { surprise: 1 })
      const unknown = (problem.errors ?? []).find(({ field }: { field: string }) => field === 'surprise')
      expect([status, unknown?.code], `${method} ${path}`).toEqual([422, 'unknown'])
      // Parts of a body as well.
      for (const [field, schema] of Object.entries(body?.properties ?? {})) {
        if (field === 'customized' || field === 'properties' || !schema.$ref) continue
        const answer = await ask(method, path, { [field]: { surprise: 1 } })
        const fields = answer.body.errors.map((error: { field: string }) => error.field)
        expect(fields, `${method} ${path} ${field}`).toContain(`${field}.surprise`)
      }
    }
  })

  test("keeps the shop's own id of a product, and refuses other names for it", async () => {
    const product = { title: '茶', payment_mode: 'points_only', point: 5 }
    const made = await admin('POST', '/products', { ...product, external_id: 'ＳＫＵ-1' })
    expect(made.body.data.external_id).toBe('SKU-1')
    const at = `/products/${made.body.data.id}`
    expect((await admin('PATCH', at, { sort: 3 })).body.data.external_id).toBe('SKU-1')
    expect((await admin('PATCH', at, { external_id: null })).body.data.external_id).toBeNull()
    for (const name of ['product_id', 'outer_id']) {
      expect((await admin('POST', '/products', { ...product, [name]: 'SKU-1' })).body.errors).toMatchObject([
        { field: name, code: 'unknown' },
      ])
      expect((await admin('PATCH', at, { [name]: 'SKU-1' })).status).toBe(422)
    }
  })

  test('takes no compressed body', async () => {
    const post = (headers: Record<string, string>) =>
      mall.call('POST', '/api/points-mall/check-exchange', {
        as: 'zip',
        headers,
        body: { product_id: '1', quantity: 1 },
      })
    for (const encoding of ['gzip', 'br', 'identity, gzip']) {
      const { status, body } = await post({ 'content-encoding': encoding })
      expect([status, body.code]).toEqual([415, 'UNSUPPORTED_MEDIA_TYPE'])
    }
    expect((await post({ 'content-encoding': 'identity' })).status).not.toBe(415)
  })

  test('keeps what it takes in one form', async () => {
    const body = {
      title: `折\u200b扇${'\u0301'.repeat(50)}`,
      payment_mode: 'mixed',
      point: 5,
      price: { amount: '１０．５０', currency: 'CNY' },
      properties: { '材\u200b质': '竹\u202e' },
    }
    const how = { as: 'root', role: 'admin', body, undocumented: true } as const
    const made = await mall.call('POST', '/api/admin/points-mall/products', how)
    expect(made.status).toBe(201)
    expect(made.body.data).toMatchObject({
      title: `折扇${'\u0301'.repeat(4)}`,
      price: { amount: '10.50' },
      properties: { 材质: '竹' },
    })
  })

  test('counts a length as pages and database do', async () => {
    const longest = RARE.repeat(255)
    const made = await admin('POST', '/products', { title: longest, payment_mode: 'points_only', point: 1 })
    expect(made.body.data.title).toBe(longest)
    const tooLong = await admin('POST', '/products', {
      title: `${longest}a`,
      payment_mode: 'points_only',
      point: 1,
    })
    expect(tooLong.status).toBe(422)
    const page = `/admin/products/${made.body.data.id}`
    const html = (await operator.get(page)).html
    const input = /<input [^>]*name="title"[^>]*>/.exec(html)?.[0] ?? ''
    expect(Number(/maxlength="(\d+)"/.exec(input)?.[1])).toBeGreaterThanOrEqual(longest.length)
    const form = { title: longest, payment_mode: 'points_only', point: '2', once: 'a-form-of-its-own' }
    expect((await operator.post(page, form)).location).toContain('done=saved')
    const longer = { ...form, title: `${longest}a`, once: 'another-form' }
    expect((await operator.post(page, longer)).html).toContain('不能超过 255 个字符')
  })
})

describe('a search', () => {
  test('finds in half width what is typed in full width, and titles in full width', async () => {
    const half = await mall.product({ title: '手机流量 5Gx 套餐' })
    const full = await mall.product({ title: '老式收音机（ＡＭ）' })
    const found = async (keyword: string) =>
      (
        await mall.call('GET', `/api/points-mall/products/search?keyword=${encodeURIComponent(keyword)}`)
      ).body.data.map(({ id }: { id: string }) => id)
    for (const keyword of ['5Gx', '５Ｇｘ', '\u200b5Gx ', '５ｇＸ'])
      expect(await found(keyword)).toEqual([half])
    expect(await found('（ＡＭ）')).toEqual([full])
    expect(await found('6Gx')).toEqual([])
    const guest = await openHttpSession(mall, undefined)
    for (const keyword of ['５Ｇｘ', '5G\u200bx']) {
      const { html } = await guest.get(`/points-mall/products?keyword=${encodeURIComponent(keyword)}`)
      expect(html).toContain('手机流量')
    }
  })
})

describe('a page', () => {
  test('reads full-width amounts and tracking numbers, and refuses what nobody sees', async () => {
    const address = { name: '王芳', phone: '13800138000', detail: '漕溪北路 1 号' }
    await mall.points('buyer', 100)
    const product_id = await mall.product({ point: 10, shipping_type: 'logistics' })
    const { order_no } = (await mall.exchange('buyer', { product_id, address })).body.data
    await mall.operate(order_no, 'accept', {})
    const ship = (fields: Record<string, string>) => operator.post(`/admin/orders/${order_no}/ship`, fields)
    for (const blank of [{ carrier: INVISIBLE }, { tracking_no: INVISIBLE }]) {
      const answer = await ship({ carrier: '顺丰', tracking_no: 'SF1', ...blank })
      expect([answer.status, answer.html]).toEqual([422, expect.stringContaining('不能为空')])
    }
    expect((await ship({ carrier: '顺\u200b丰', tracking_no: 'ＳＦ１２３\u202c' })).status).toBe(303)
    const order = await admin('GET', `/orders/${order_no}`)
    expect(order.body.data.shipping_info).toEqual({ carrier: '顺丰', tracking_no: 'SF123' })
    const found = await operator.get(`/admin/orders?q=${encodeURIComponent('ｓｆ１２３')}`)
    expect(found.html).toContain(order_no)

    const product = { title: INVISIBLE, payment_mode: 'money_only', price: '１０．５０', stock: '１，０００' }
    expect((await operator.post('/admin/products', product)).html).toContain('标题不能为空')
    const made = await operator.post('/admin/products', { ...product, title: '茶' })
    const id = /products\/(\d+)/.exec(made.location)?.[1]
    const { body } = await admin('GET', `/products/${id}`)
    expect(body.data).toMatchObject({ title: '茶', price: { amount: '10.50' }, stock_quantity: 1000 })
  })
})
