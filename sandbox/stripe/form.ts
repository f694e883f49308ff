import { refusal, StripeRefusalError } from './errors.ts'

export type Form = ReadonlyMap<string, string>

/** @throws StripeRefusalError where a field is unknown or duplicated */
export function readForm(text: string, allowed: readonly RegExp[]): Form {
  const form = new Map<string, string>()
  for (const [name, value] of new URLSearchParams(text)) {
    const param = name.split('[', 1)[0] ?? ''
    if (!allowed.some((pattern) => pattern.test(name))) {
      fail(`Received unknown parameter: ${name}`, { code: 'parameter_unknown', param: name })
    }
    if (form.has(name) && !name.endsWith('[]')) fail(`Received ${name} twice`, { param })
    form.set(form.has(name) ? `${name}${form.size}` : name, value)
  }
  return form
}

export const EXPAND = /^expand\[\d{0,2}\]$/

/** Stripe's maximum, in fen. */
export const AMOUNT_MAX = 99_999_999

export const METADATA = /^metadata\[[\w-]{1,40}\]$/

export function required(form: Form, name: string): string {
  const value = form.get(name)
  if (!value) return fail(`Missing required param: ${name}.`, { code: 'parameter_missing', param: name })
  return value
}

export function integer(form: Form, name: string, min: number, max: number): number | undefined {
  const text = form.get(name)
  if (text === undefined) return undefined
  if (!/^-?\d{1,15}$/.test(text)) {
    return fail(`Invalid integer: ${text}`, { code: 'parameter_invalid_integer', param: name })
  }
  const value = Number(text)
  if (value < min) {
    return fail(`This value must be greater than or equal to ${min}.`, {
      code: 'parameter_invalid_integer',
      param: name,
    })
  }
  if (value > max) {
    return fail(`Amount must be no more than ${max}`, { code: 'amount_too_large', param: name })
  }
  return value
}

export function webAddress(form: Form, name: string): string {
  const text = required(form, name)
  const url = URL.parse(text)
  if (url?.protocol !== 'https:' && url?.protocol !== 'http:') {
    return fail('Not a valid URL', { code: 'url_invalid', param: name })
  }
  return text
}

export function oneOf<const T extends string>(form: Form, name: string, values: readonly T[]): T {
  const text = required(form, name)
  const value = values.find((known) => known === text)
  return value ?? fail(`Invalid ${name}: must be one of ${values.join(', ')}`, { param: name })
}

/** At most 50 keys of 40 characters with values of 500. */
export function metadata(form: Form, prefix: string): Record<string, string> {
  const pairs = [...form]
    .filter(([name]) => name.startsWith(`${prefix}[`))
    .map(([name, value]) => [name.slice(prefix.length + 1, -1), value] as const)
  if (pairs.length > 50 || pairs.some(([key, value]) => key.length > 40 || value.length > 500)) {
    fail('Metadata can have up to 50 keys of 40 characters, with values of 500', { param: prefix })
  }
  return Object.fromEntries(pairs)
}

function fail(message: string, named: { code?: string; param?: string }): never {
  throw new StripeRefusalError(refusal(400, message, named))
}
