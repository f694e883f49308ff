import { Ajv } from 'ajv'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import {
  CUSTOM_MAX,
  type CustomField,
  fieldsOfSchema,
  readAnswers,
  readSchema,
  schemaOf,
} from '../../domain/catalogue/custom-fields.ts'
import { isVisible, plainText } from '../../domain/text.ts'
import { typedValues } from '../../web/shop/orders/custom-form.ts'
import { readTables } from '../support/db-snapshot.ts'
import { createRandom } from '../support/random.ts'
import { openTestApp, type TestApp } from '../support/test-app.ts'

let mall: TestApp
beforeAll(async () => {
  mall = await openTestApp()
})
afterAll(() => mall.close())
afterEach(async () => expect(await mall.brokenLaws()).toEqual([]))

const operate = (method: string, path: string, body?: unknown) =>
  mall.call(method, `/api/admin/points-mall${path}`, { as: 'op', role: 'operator', body })

const FLASK = {
  type: 'object',
  properties: {
    engraving: { type: 'string', title: '刻字', 'x-title-en': 'Engraving', minLength: 2, maxLength: 12 },
    font: { type: 'string', title: '字体', enum: ['楷书', '行书'] },
    count: { type: 'integer', title: '行数', minimum: 1, maximum: 3 },
    scale: { type: 'number', title: '大小', minimum: 0.5, maximum: 2 },
    picture: { type: 'string', title: '图案', format: 'uri' },
  },
  required: ['engraving', 'font'],
  'x-order': ['font', 'engraving', 'count', 'scale', 'picture'],
}
const GOOD = { engraving: '林可', font: '楷书' }

interface Wrong {
  readonly status: number
  readonly body: { errors?: { field: string; code: string }[] }
}
const wrong = ({ status, body }: Wrong) => [
  status,
  ...(body.errors ?? []).map(({ field, code }) => `${field} ${code}`),
]

async function flask(fields: Record<string, unknown> = {}): Promise<string> {
  const product = { title: '刻字保温杯', payment_mode: 'points_only', point: 10, shipping_type: 'none' }
  const made = await operate('POST', '/products', {
    ...product,
    stock_quantity: 50,
    product_type: 'customized',
    custom_fields: FLASK,
    ...fields,
  })
  expect(made.status).toBe(201)
  expect((await operate('POST', `/products/${made.body.data.id}/publish`)).status).toBe(200)
  return made.body.data.id
}

async function changesNothing<T>(act: () => Promise<T>): Promise<T> {
  const ofRequests = ['idempotency_keys']
  const read = async () =>
    Object.fromEntries(
      Object.entries(await readTables(mall.db)).filter(([name]) => !ofRequests.includes(name)),
    )
  const before = await read()
  const answer = await act()
  expect(await read()).toEqual(before)
  return answer
}

describe('the fields of a product', () => {
  test('are stored as a JSON Schema with every default, in the order of the form; null removes them', async () => {
    const id = await flask()
    const stored = (await mall.call('GET', `/api/points-mall/products/${id}`)).body.data.custom_fields
    expect(stored).toEqual({
      ...FLASK,
      additionalProperties: false,
      properties: {
        ...FLASK.properties,
        picture: { ...FLASK.properties.picture, maxLength: CUSTOM_MAX.text },
      },
      required: ['font', 'engraving'],
    })
    expect(fieldsOfSchema(stored).map(({ key }) => key)).toEqual(FLASK['x-order'])
    expect(schemaOf(fieldsOfSchema(stored))).toEqual(stored)
    // Another change leaves them; what was answered can be sent again.
    expect((await operate('PATCH', `/products/${id}`, { sort: 3 })).body.data.custom_fields).toEqual(stored)
    expect((await operate('PATCH', `/products/${id}`, { custom_fields: stored })).status).toBe(200)
    expect((await operate('PATCH', `/products/${id}`, { custom_fields: null })).body.data.custom_fields).toBe(
      null,
    )
    const plain = await mall.product()
    expect((await mall.call('GET', `/api/points-mall/products/${plain}`)).body.data.custom_fields).toBe(null)
  })

  const one = (property: unknown, more: object = {}) => ({
    type: 'object',
    properties: { a: property },
    ...more,
  })
  const text = { type: 'string', title: '字' }
  const many = (count: number) =>
    Object.fromEntries(Array.from({ length: count }, (_, n) => [`f${n}`, { ...text }]))

  test.each([
    ['pattern', one({ ...text, pattern: '^a' }), 'properties.a.pattern unknown'],
    ['$ref', one({ ...text, $ref: '#' }), 'properties.a.$ref unknown'],
    ['allOf', one(text, { allOf: [] }), 'allOf unknown'],
    ['another format', one({ ...text, format: 'email' }), 'properties.a.format in'],
    ['no properties', { type: 'object' }, 'properties required'],
    ['empty properties', { type: 'object', properties: {} }, 'properties required'],
    ['another type', one({ ...text, type: 'boolean' }), 'properties.a.type in'],
    ['no title', one({ type: 'string' }), 'properties.a.title required'],
    ['an invisible title', one({ ...text, title: '\u200b ' }), 'properties.a.title required'],
    ['a long title', one({ ...text, title: '字'.repeat(31) }), 'properties.a.title max_length'],
    ['a key', { type: 'object', properties: { 'A-b': text } }, 'properties.A-b format'],
    ['a long key', { type: 'object', properties: { [`a${'b'.repeat(32)}`]: text } }, undefined],
    ['eleven fields', { type: 'object', properties: many(11) }, 'properties max'],
    ['further properties', one(text, { additionalProperties: true }), 'additionalProperties in'],
    ['an unknown required one', one(text, { required: ['b'] }), 'required.0 exists'],
    ['one required twice', one(text, { required: ['a', 'a'] }), 'required.1 taken'],
    ['an incomplete order', { type: 'object', properties: many(2), 'x-order': ['f1'] }, 'x-order one_of'],
    [
      'a limit of text for a number',
      one({ ...text, type: 'number', maxLength: 3 }),
      'properties.a.maxLength unknown',
    ],
    ['a limit of a number for text', one({ ...text, maximum: 3 }), 'properties.a.maximum unknown'],
    ['501 characters', one({ ...text, maxLength: 501 }), 'properties.a.maxLength max'],
    ['crossed lengths', one({ ...text, minLength: 5, maxLength: 4 }), 'properties.a.minLength max'],
    ['crossed bounds', one({ ...text, type: 'number', minimum: 2, maximum: 1 }), 'properties.a.maximum min'],
    ['half a bound', one({ ...text, type: 'integer', minimum: 0.5 }), 'properties.a.minimum integer'],
    ['no choices', one({ ...text, enum: [] }), 'properties.a.enum required'],
    ['a choice twice', one({ ...text, enum: ['a', 'a '] }), 'properties.a.enum.1 taken'],
    ['a long choice', one({ ...text, enum: ['字'.repeat(61)] }), 'properties.a.enum.0 max_length'],
    [
      '21 choices',
      one({ ...text, enum: Array.from({ length: 21 }, (_, n) => `${n}`) }),
      'properties.a.enum max',
    ],
  ])('are refused with %s, and the place is named', async (_, custom_fields, place) => {
    const draft = { title: '杯', payment_mode: 'points_only', point: 10, custom_fields }
    const answer = await changesNothing(() => operate('POST', '/products', draft))
    expect(answer.status).toBe(422)
    if (place) expect(wrong(answer)).toContain(`custom_fields.${place}`)
    // A page has no schema in front: the rules of the subset alone refuse it, too.
    expect(readSchema(custom_fields).errors).not.toEqual([])
  })

  test('count lengths in code points: 30 emoji are a title', async () => {
    const fields = one({ ...text, title: '🐈'.repeat(30) })
    expect(readSchema(fields).errors).toEqual([])
    expect(readSchema(one({ ...text, title: '🐈'.repeat(31) })).errors).toMatchObject([
      { rule: 'max_length' },
    ])
  })
})

describe('what a customer fills in', () => {
  test('is on the order with the titles of that time, in the language of the reader; another form changes nothing', async () => {
    const id = await flask()
    await mall.points('alice', 1_000)
    const custom = {
      ...GOOD,
      engraving: ' 赠\u200b林可 ',
      scale: 1.5,
      picture: 'https://cdn.example/猫.png',
      count: null,
    }
    const placed = await mall.exchange('alice', { product_id: id, quantity: 2, custom })
    expect(placed.status).toBe(201)
    const told = [
      { field: 'font', title: '字体', value: '楷书' },
      { field: 'engraving', title: '刻字', value: '赠林可' },
      { field: 'scale', title: '大小', value: 1.5 },
      { field: 'picture', title: '图案', value: 'https://cdn.example/%E7%8C%AB.png' },
    ]
    expect(placed.body.data.customer_notes.custom).toEqual(told)
    const renamed = {
      ...FLASK,
      properties: { ...FLASK.properties, engraving: { type: 'string', title: '杯身文字' } },
    }
    expect((await operate('PATCH', `/products/${id}`, { custom_fields: renamed })).status).toBe(200)
    const orderNo = placed.body.data.order_no
    expect((await mall.order('alice', orderNo)).customer_notes.custom).toEqual(told)
    const english = await mall.call('GET', `/api/points-mall/orders/${orderNo}`, {
      as: 'alice',
      headers: { 'Accept-Language': 'en' },
    })
    expect(english.body.data.customer_notes.custom[1]).toEqual({ ...told[1], title: 'Engraving' })
    // Operators see them in the API, as they see an address there; other customers see nothing.
    expect((await operate('GET', `/orders/${orderNo}`)).body.data.customer_notes.custom).toEqual(told)
    expect((await mall.call('GET', `/api/points-mall/orders/${orderNo}`, { as: 'bob' })).status).toBe(404)
  })

  test('is refused with one error per field, before anything is touched', async () => {
    const id = await flask()
    await mall.points('carl', 1_000)
    const cases: [unknown, string[]][] = [
      [undefined, ['custom.font required', 'custom.engraving required']],
      [{}, ['custom.font required', 'custom.engraving required']],
      [{ engraving: ' \u200b', font: null }, ['custom.font required', 'custom.engraving required']],
      [{ ...GOOD, engraving: '林' }, ['custom.engraving min_length']],
      [{ ...GOOD, engraving: '🐈'.repeat(13) }, ['custom.engraving max_length']],
      [{ ...GOOD, engraving: 12 }, ['custom.engraving type']],
      [{ ...GOOD, font: '草书' }, ['custom.font in']],
      [{ ...GOOD, count: 1.5 }, ['custom.count integer']],
      [{ ...GOOD, count: 4, scale: 0.4 }, ['custom.count max', 'custom.scale min']],
      [{ ...GOOD, count: '2' }, ['custom.count type']],
      [{ ...GOOD, picture: 'http://a.example/a.png' }, ['custom.picture https']],
      [{ ...GOOD, picture: 'javascript:alert(1)' }, ['custom.picture https']],
      [{ ...GOOD, picture: 'a.png' }, ['custom.picture format']],
      [{ ...GOOD, picture: 'https://me:pw@a.example/a.png' }, ['custom.picture format']],
      [{ ...GOOD, picture: `https://a.example/${'a'.repeat(500)}` }, ['custom.picture max_length']],
      [{ ...GOOD, colour: '红' }, ['custom.colour unknown']],
      [{ ...GOOD, constructor: '红' }, ['custom.constructor unknown']],
      [{ ...GOOD, engraving: ['林可'] }, ['custom.engraving invalid']],
    ]
    for (const [custom, errors] of cases) {
      const body = { product_id: id, custom }
      expect(wrong(await changesNothing(() => mall.exchange('carl', body)))).toEqual([422, ...errors])
    }
    const most = { ...GOOD, engraving: '🐈'.repeat(12), count: 3, scale: 2 }
    expect((await mall.exchange('carl', { product_id: id, custom: most })).status).toBe(201)
    // A product that asks for nothing takes nothing.
    const plain = await mall.product({ point: 10 })
    expect(wrong(await mall.exchange('carl', { product_id: plain, custom: { a: '1' } }))).toEqual([
      422,
      'custom.a unknown',
    ])
    expect((await mall.exchange('carl', { product_id: plain, custom: {} })).status).toBe(201)
  })

  test('is checked beforehand where it is sent', async () => {
    const id = await flask()
    await mall.points('dora', 1_000)
    const check = (custom?: unknown) =>
      mall.call('POST', '/api/points-mall/check-exchange', {
        as: 'dora',
        body: { product_id: id, quantity: 1, custom },
      })
    expect((await check()).body.data.eligible).toBe(true)
    expect((await check(GOOD)).body.data.eligible).toBe(true)
    expect(wrong(await check({ font: '楷书' }))).toEqual([422, 'custom.engraving required'])
  })

  test('is part of the same request: a key answers with its order, also after the form changed', async () => {
    const id = await flask()
    await mall.points('emma', 1_000)
    const body = { product_id: id, custom: { ...GOOD, picture: 'https://cdn.example/猫.png' } }
    const first = await mall.exchange('emma', body, { key: 'cup' })
    expect(first.status).toBe(201)
    const other = { product_id: id, custom: { ...GOOD, engraving: '李雷' } }
    expect((await mall.exchange('emma', other, { key: 'cup' })).body.code).toBe('IDEMPOTENCY_KEY_REUSED')
    // The order itself knows its request, after the kept answer is gone.
    const forget = () => mall.db.deleteFrom('idempotency_keys').execute()
    await forget()
    expect((await mall.exchange('emma', other, { key: 'cup' })).body.code).toBe('IDEMPOTENCY_KEY_REUSED')
    const strict = {
      type: 'object',
      properties: { name: { type: 'string', title: '名字' } },
      required: ['name'],
    }
    await operate('PATCH', `/products/${id}`, { custom_fields: strict })
    await forget()
    const again = await mall.exchange('emma', body, { key: 'cup' })
    expect([again.status, again.body.data.order_no]).toEqual([201, first.body.data.order_no])
    await forget()
    expect((await mall.exchange('emma', other, { key: 'cup' })).body.code).toBe('IDEMPOTENCY_KEY_REUSED')
    expect((await mall.call('GET', '/api/points-mall/orders', { as: 'emma' })).body.meta.total).toBe(1)
  })

  test('is encrypted at rest, titles included', async () => {
    const id = await flask()
    await mall.points('finn', 1_000)
    const canary = 'Kanarienvogel'
    const custom = { ...GOOD, engraving: canary.slice(0, 12), picture: `https://${canary}.example/` }
    expect((await mall.exchange('finn', { product_id: id, custom })).status).toBe(201)
    const tables = JSON.stringify(await readTables(mall.db)).toLowerCase()
    expect(tables).toContain('刻字保温杯')
    for (const secret of [canary.slice(0, 12).toLowerCase(), `https://${canary}`.toLowerCase()]) {
      expect(tables).not.toContain(secret)
      expect(tables).not.toContain(Buffer.from(secret).toString('hex'))
    }
  })

  test('replaces the one text of customized goods, which others still ask for', async () => {
    await mall.points('gina', 1_000)
    const id = await flask()
    expect((await mall.exchange('gina', { product_id: id, custom: GOOD })).status).toBe(201)
    const free = await flask({ custom_fields: null })
    expect(wrong(await mall.exchange('gina', { product_id: free }))).toEqual([422, 'customized required'])
    expect((await mall.exchange('gina', { product_id: free, customized: { text: '林可' } })).status).toBe(201)
  })
})

describe('our rules and JSON Schema', () => {
  const SEED = 20_261_210
  const random = createRandom(SEED)
  const below = (max: number) => Math.floor(random() * max)
  const pick = <T>(all: readonly T[]): T => all[below(all.length)] as T
  const chance = (of: number) => random() < of
  const TEXTS = [
    '',
    ' ',
    '\u200b',
    '林可',
    '🐈🐈',
    'a\r\nb',
    ' x ',
    '１２',
    'é',
    '𠮷'.repeat(6),
    'y'.repeat(501),
  ]
  const LINKS = [
    'https://a.example/a.png',
    'http://a.example/',
    'ftp://a',
    'a b',
    'https://u:p@a.example/',
    'https://例.example/图',
  ]
  const NUMBERS = [0, 1, 2.5, -3, 7, 1e9, 1e-7, 0.1, -1e9, 12345.678]

  function randomField(key: string): CustomField {
    const kind = pick(['text', 'choice', 'number', 'integer', 'picture'] as const)
    const least = below(4)
    const from = kind === 'integer' ? below(9) - 4 : below(90) / 10 - 4
    return {
      key,
      title: chance(0.5) ? { zh: `第${key}项` } : { zh: `第${key}项`, en: key },
      kind,
      required: chance(0.5),
      minLength: kind === 'text' ? least : 0,
      maxLength:
        kind === 'text'
          ? Math.max(1, least + below(8))
          : kind === 'picture'
            ? 10 + below(40)
            : CUSTOM_MAX.text,
      choices: kind === 'choice' ? ['林可', 'x', '12', '🐈🐈'].slice(0, 1 + below(4)) : [],
      minimum: kind === 'number' || kind === 'integer' ? from : -CUSTOM_MAX.number,
      maximum: kind === 'number' || kind === 'integer' ? from + below(9) : CUSTOM_MAX.number,
    }
  }

  const isLink = (text: string) => {
    const url = URL.parse(text)
    return url?.protocol === 'https:' && url.username === '' && url.password === '' && !/\s/.test(text)
  }
  const validators = [new Ajv({ allErrors: true }), new Ajv2020({ allErrors: true })].map((ajv) =>
    ajv.addVocabulary(['x-order', 'x-title-en']).addFormat('uri', isLink),
  )

  /** As the door leaves it: in one form, without what cannot be seen. */
  const atTheDoor = (fields: readonly CustomField[], values: Record<string, unknown>) =>
    Object.fromEntries(
      Object.entries(values).flatMap(([key, value]) => {
        if (typeof value !== 'string') return value === null ? [] : [[key, value]]
        const text = plainText(value).replaceAll('\r\n', '\n').trim()
        if (!isVisible(text)) return []
        const isPicture = fields.find((field) => field.key === key)?.kind === 'picture'
        return [[key, isPicture ? (URL.parse(text)?.href ?? text) : text]]
      }),
    )

  test('agree on 200 random forms, and so do the page and the API', () => {
    const verdicts = { accepted: 0, refused: 0 }
    for (let round = 0; round < 200; round += 1) {
      const fields = Array.from({ length: 1 + below(CUSTOM_MAX.fields) }, (_, n) => randomField(`f${n}`))
      const schema = schemaOf(fields)
      expect(readSchema(JSON.parse(JSON.stringify(schema)))).toEqual({ fields, errors: [] })
      const checks = validators.map((ajv) => ajv.compile(schema))
      for (let turn = 0; turn < 10; turn += 1) {
        const values: Record<string, string | number> = {}
        for (const { key, kind, required, choices, minimum } of fields) {
          if (!required && chance(0.4)) continue
          const isNumber = kind === 'number' || kind === 'integer'
          // Mostly what fits, so that whole forms are accepted, too.
          if (chance(0.8)) {
            values[key] = isNumber
              ? minimum
              : kind === 'choice'
                ? pick(choices)
                : kind === 'picture'
                  ? pick(LINKS)
                  : pick(TEXTS)
          } else
            values[key] = isNumber ? pick([...NUMBERS, ...NUMBERS, 'abc', '']) : pick([...TEXTS, ...LINKS])
        }
        const ours = readAnswers(fields, values)
        const label = JSON.stringify({ SEED, round, schema, values })
        for (const check of checks)
          expect(check(atTheDoor(fields, values)), label).toBe(ours.errors.length === 0)
        const answered = Object.fromEntries(ours.answers.map(({ key, value }) => [key, value]))
        if (ours.errors.length === 0) expect(answered, label).toEqual(atTheDoor(fields, values))
        // A browser sends all of it as text, of which the door leaves what `readForm` does.
        const form = Object.fromEntries(
          Object.entries(values).map(([key, value]) => [
            `custom_${key}`,
            plainText(`${value}`).replaceAll('\r\n', '\n').trim(),
          ]),
        )
        expect(readAnswers(fields, typedValues(form, fields)), label).toEqual(ours)
        verdicts[ours.errors.length === 0 ? 'accepted' : 'refused'] += 1
      }
    }
    // Both happen often enough to mean something.
    expect(Math.min(verdicts.accepted, verdicts.refused)).toBeGreaterThan(200)
  })
})
