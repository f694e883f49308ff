import type { FieldError } from '../errors.ts'
import { isVisible, lengthOf, plainText } from '../text.ts'

/**
 * What customers fill in for a product, as a closed subset of JSON Schema. Each stored schema is one of draft 2020-12
 * and of draft-07; every other keyword is refused.
 */

export const CUSTOM_KINDS = ['text', 'choice', 'number', 'integer', 'picture'] as const
export type CustomKind = (typeof CUSTOM_KINDS)[number]

/** Upper bounds; of text, in characters. `number`: of the amount. */
export const CUSTOM_MAX = {
  fields: 10,
  key: 32,
  title: 30,
  text: 500,
  choices: 20,
  choice: 60,
  number: 1_000_000_000,
} as const

export interface CustomTitle {
  readonly zh: string
  /** Undefined: as the Chinese one. */
  readonly en?: string | undefined
}

export interface CustomField {
  readonly key: string
  readonly title: CustomTitle
  readonly kind: CustomKind
  readonly required: boolean
  /** Characters of a text; 0: none. A picture's link has `maxLength` only. */
  readonly minLength: number
  readonly maxLength: number
  /** Of a choice. */
  readonly choices: readonly string[]
  /** Of a number, inclusive. */
  readonly minimum: number
  readonly maximum: number
}

export interface CustomProperty {
  readonly type: 'string' | 'number' | 'integer'
  readonly title: string
  readonly 'x-title-en'?: string | undefined
  readonly minLength?: number | undefined
  readonly maxLength?: number | undefined
  readonly enum?: string[] | undefined
  /** A link to a picture, `https` only. */
  readonly format?: 'uri' | undefined
  readonly minimum?: number | undefined
  readonly maximum?: number | undefined
}

export interface CustomSchema {
  readonly type: 'object'
  readonly properties: Readonly<Record<string, CustomProperty>>
  readonly required: string[]
  readonly additionalProperties: false
  /** Every property once, as the form shows them. */
  readonly 'x-order': string[]
}

const KEY = /^[a-z][a-z0-9_]{0,31}$/
const SCHEMA_KEYWORDS = ['type', 'properties', 'required', 'additionalProperties', 'x-order']
const TITLES = ['type', 'title', 'x-title-en']
const KEYWORDS: Readonly<Record<CustomKind, readonly string[]>> = {
  text: [...TITLES, 'minLength', 'maxLength'],
  choice: [...TITLES, 'enum'],
  picture: [...TITLES, 'format', 'maxLength'],
  number: [...TITLES, 'minimum', 'maximum'],
  integer: [...TITLES, 'minimum', 'maximum'],
}

export function schemaOf(fields: readonly CustomField[]): CustomSchema {
  return {
    type: 'object',
    properties: Object.fromEntries(fields.map((field) => [field.key, propertyOf(field)])),
    required: fields.filter(({ required }) => required).map(({ key }) => key),
    additionalProperties: false,
    'x-order': fields.map(({ key }) => key),
  }
}

function propertyOf({ kind, title, ...field }: CustomField): CustomProperty {
  const titles = { title: title.zh, ...(title.en === undefined ? {} : { 'x-title-en': title.en }) }
  switch (kind) {
    case 'text':
      return {
        type: 'string',
        ...titles,
        ...(field.minLength > 0 ? { minLength: field.minLength } : {}),
        maxLength: field.maxLength,
      }
    case 'choice':
      return { type: 'string', ...titles, enum: [...field.choices] }
    case 'picture':
      return { type: 'string', ...titles, format: 'uri', maxLength: field.maxLength }
    case 'number':
    case 'integer':
      return { type: kind, ...titles, minimum: field.minimum, maximum: field.maximum }
  }
}

/** Of a stored schema. @returns in the order of the form */
export function fieldsOfSchema(schema: CustomSchema | null): CustomField[] {
  return schema === null ? [] : readSchema(schema).fields
}

type Json = Readonly<Record<string, unknown>>
const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** @param given what an operator sends @returns without errors only if the whole schema is in the subset; paths start in it */
export function readSchema(given: unknown): { fields: CustomField[]; errors: FieldError[] } {
  const errors: FieldError[] = []
  const wrong = (field: string, rule: FieldError['rule'], bound?: string) => {
    errors.push(bound === undefined ? { field, rule } : { field, rule, bound })
  }
  if (!isObject(given)) return { fields: [], errors: [{ field: '', rule: 'type', bound: 'object' }] }
  for (const name of Object.keys(given)) if (!SCHEMA_KEYWORDS.includes(name)) wrong(name, 'unknown')
  if (given.type !== 'object') wrong('type', 'in', 'object')
  if (given.additionalProperties !== undefined && given.additionalProperties !== false) {
    wrong('additionalProperties', 'in', 'false')
  }
  const properties = isObject(given.properties) ? given.properties : {}
  const keys = Object.keys(properties)
  if (given.properties === undefined) wrong('properties', 'required')
  else if (!isObject(given.properties)) wrong('properties', 'type', 'object')
  else if (keys.length === 0) wrong('properties', 'required')
  if (keys.length > CUSTOM_MAX.fields) wrong('properties', 'max', `${CUSTOM_MAX.fields}`)
  const required = keysIn(given.required, keys, 'required', wrong)
  const order = keysIn(given['x-order'], keys, 'x-order', wrong)
  if (given['x-order'] !== undefined && order.length < keys.length) {
    for (const key of keys) if (!order.includes(key)) wrong('x-order', 'one_of', key)
  }
  if (keys.length > CUSTOM_MAX.fields) return { fields: [], errors }
  const fields = [...new Set([...order, ...keys])].flatMap((key) => {
    const path = `properties.${key}`
    if (!KEY.test(key)) wrong(path, 'format')
    const property = Object.hasOwn(properties, key) ? properties[key] : undefined
    if (!isObject(property)) {
      wrong(path, 'type', 'object')
      return []
    }
    return [
      readProperty(key, property, required.includes(key), (name, rule, bound) =>
        wrong(`${path}.${name}`, rule, bound),
      ),
    ]
  })
  return { fields: errors.length > 0 ? [] : fields, errors }
}

type Wrong = (name: string, rule: FieldError['rule'], bound?: string) => void

/** A list of names of properties, each once. */
function keysIn(given: unknown, keys: readonly string[], name: string, wrong: Wrong): string[] {
  if (given === undefined) return []
  if (!Array.isArray(given)) {
    wrong(name, 'type', 'array')
    return []
  }
  return given.filter((key: unknown, n): key is string => {
    if (typeof key !== 'string' || !keys.includes(key)) wrong(`${name}.${n}`, 'exists')
    else if (given.indexOf(key) < n) wrong(`${name}.${n}`, 'taken')
    else return true
    return false
  })
}

function readProperty(key: string, given: Json, required: boolean, wrong: Wrong): CustomField {
  const kind = kindOf(given)
  if (kind === undefined) wrong('type', 'in', 'string, number, integer')
  for (const name of Object.keys(given)) {
    if (!KEYWORDS[kind ?? 'text'].includes(name)) wrong(name, 'unknown')
  }
  const en = given['x-title-en']
  const whole = (name: string, min: number, max: number, usual: number): number => {
    const value = given[name]
    if (value === undefined) return usual
    if (typeof value !== 'number' || !Number.isInteger(value)) wrong(name, 'integer')
    else if (value < min) wrong(name, 'min', `${min}`)
    else if (value > max) wrong(name, 'max', `${max}`)
    else return value
    return usual
  }
  const amount = (name: 'minimum' | 'maximum', usual: number): number => {
    const value = given[name]
    if (value === undefined) return usual
    if (typeof value !== 'number') wrong(name, 'type', 'number')
    else if (kind === 'integer' && !Number.isInteger(value)) wrong(name, 'integer')
    else if (Math.abs(value) > CUSTOM_MAX.number) wrong(name, 'max', `${CUSTOM_MAX.number}`)
    else return value
    return usual
  }
  const maxLength = whole('maxLength', 1, CUSTOM_MAX.text, CUSTOM_MAX.text)
  const minimum = amount('minimum', -CUSTOM_MAX.number)
  const maximum = amount('maximum', CUSTOM_MAX.number)
  if (minimum > maximum) wrong('maximum', 'min', `${minimum}`)
  return {
    key,
    title: {
      zh: textIn(given.title, 'title', CUSTOM_MAX.title, wrong),
      ...(en === undefined ? {} : { en: textIn(en, 'x-title-en', CUSTOM_MAX.title, wrong) }),
    },
    kind: kind ?? 'text',
    required,
    minLength: whole('minLength', 0, maxLength, 0),
    maxLength,
    choices: kind === 'choice' ? choicesIn(given.enum, wrong) : [],
    minimum,
    maximum,
  }
}

function kindOf({ type, enum: choices, format }: Json): CustomKind | undefined {
  if (type === 'number' || type === 'integer') return type
  if (type !== 'string') return undefined
  if (choices !== undefined) return 'choice'
  return format === 'uri' ? 'picture' : 'text'
}

function choicesIn(given: unknown, wrong: Wrong): string[] {
  if (!Array.isArray(given)) {
    wrong('enum', 'type', 'array')
    return []
  }
  if (given.length === 0) wrong('enum', 'required')
  if (given.length > CUSTOM_MAX.choices) wrong('enum', 'max', `${CUSTOM_MAX.choices}`)
  const choices = given
    .slice(0, CUSTOM_MAX.choices)
    .map((one: unknown, n) => textIn(one, `enum.${n}`, CUSTOM_MAX.choice, wrong))
  for (const [n, one] of choices.entries()) if (choices.indexOf(one) < n) wrong(`enum.${n}`, 'taken')
  return choices
}

function textIn(given: unknown, name: string, max: number, wrong: Wrong): string {
  const text = typeof given === 'string' ? plain(given) : ''
  if (given === undefined) wrong(name, 'required')
  else if (typeof given !== 'string') wrong(name, 'type', 'string')
  else if (hasBadCharacters(text) || text.includes('\n')) wrong(name, 'characters')
  else if (!isVisible(text)) wrong(name, 'required')
  else if (lengthOf(text) > max) wrong(name, 'max_length', `${max}`)
  return text
}

const plain = (text: string): string => plainText(text).replaceAll('\r\n', '\n').trim()
const hasBadCharacters = (text: string): boolean => text.includes('\0') || !text.isWellFormed()

/** By the key of the field. */
export type CustomValues = Readonly<Record<string, unknown>>

/** A value with the title that its field had when it was given. */
export interface CustomAnswer {
  readonly key: string
  readonly title: CustomTitle
  readonly kind: CustomKind
  readonly value: string | number
}

/** In one form; what cannot be seen is not given. */
function normalValue(kind: CustomKind | undefined, value: unknown): unknown {
  if (typeof value !== 'string') return value ?? undefined
  const text = plain(value)
  if (!isVisible(text)) return undefined
  return kind === 'picture' ? (URL.parse(text)?.href ?? text) : text
}

const normalValues = (values: CustomValues, kinds: ReadonlyMap<string, CustomKind>): Map<string, unknown> =>
  new Map(
    Object.entries(values).flatMap(([key, value]) => {
      const normal = normalValue(kinds.get(key), value)
      return normal === undefined ? [] : [[key, normal]]
    }),
  )

/** @returns answers in the order of the fields; one error per field, at `custom.<key>` */
export function readAnswers(
  fields: readonly CustomField[],
  values: CustomValues,
): { answers: CustomAnswer[]; errors: FieldError[] } {
  const kinds = new Map(fields.map(({ key, kind }) => [key, kind]))
  const given = normalValues(values, kinds)
  const answers: CustomAnswer[] = []
  const errors: FieldError[] = []
  for (const field of fields) {
    const { key, title, kind, required } = field
    const value = given.get(key)
    const error = value === undefined ? required && { rule: 'required' as const } : errorIn(field, value)
    if (error) errors.push({ field: `custom.${key}`, ...error })
    else if (typeof value === 'string' || typeof value === 'number') answers.push({ key, title, kind, value })
  }
  for (const key of Object.keys(values)) {
    if (!kinds.has(key)) errors.push({ field: `custom.${key}`, rule: 'unknown' })
  }
  return { answers, errors }
}

type Broken = Omit<FieldError, 'field'>

function errorIn(field: CustomField, value: unknown): Broken | undefined {
  const { kind } = field
  if (kind === 'number' || kind === 'integer') return numberError(field, value)
  if (typeof value !== 'string') return { rule: 'type', bound: 'string' }
  if (hasBadCharacters(value)) return { rule: 'characters' }
  if (kind === 'choice') {
    return field.choices.includes(value) ? undefined : { rule: 'in', bound: field.choices.join(', ') }
  }
  const length = lengthOf(value)
  if (length > field.maxLength) return { rule: 'max_length', bound: `${field.maxLength}` }
  if (kind === 'picture') return linkError(value)
  return length < field.minLength ? { rule: 'min_length', bound: `${field.minLength}` } : undefined
}

function numberError({ kind, minimum, maximum }: CustomField, value: unknown): Broken | undefined {
  if (typeof value !== 'number') return { rule: 'type', bound: kind }
  if (kind === 'integer' && !Number.isInteger(value)) return { rule: 'integer' }
  if (value < minimum) return { rule: 'min', bound: `${minimum}` }
  return value > maximum ? { rule: 'max', bound: `${maximum}` } : undefined
}

/** Other schemes could run code, or show others what a customer looks at. */
function linkError(value: string): Broken | undefined {
  const url = URL.parse(value)
  if (!url || /\s/.test(value)) return { rule: 'format' }
  if (url.protocol !== 'https:') return { rule: 'https' }
  return url.username === '' && url.password === '' ? undefined : { rule: 'format' }
}

/** Whether a repeated request has the values of these answers, whatever the titles are by now. */
export function isAnsweredBy(answers: readonly CustomAnswer[], values: CustomValues): boolean {
  const given = normalValues(values, new Map(answers.map(({ key, kind }) => [key, kind])))
  return given.size === answers.length && answers.every(({ key, value }) => given.get(key) === value)
}
