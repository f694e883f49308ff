import type { FieldError, InvalidInputError } from '../../domain/errors.ts'
import { AMOUNT, type Fen, fenFromDecimal } from '../../domain/money.ts'
import { isVisible, lengthOf, plainCode } from '../../domain/text.ts'
import { fieldText, type Lang } from '../../i18n/error-texts.ts'
import { groupedText } from '../shared/format.ts'
import type { Form, FormErrors } from './form.ts'

type Rule = FieldError['rule']

/** Uses the API's error texts with the form's labels. An invalid field reads as empty. */
export function readFields(form: Form, lang: Lang, labels: Readonly<Record<string, string>>) {
  const errors: Record<string, string> = {}
  const given = (name: string) => form[name] ?? ''
  /** Accepts thousands separators, as the pages show them, and full-width digits. */
  const digits = (name: string) => plainCode(given(name)).replace(/(?<=\d),(?=\d{3}(\D|$))/g, '')

  function wrong(name: string, rule: Rule, bound?: string): undefined {
    errors[name] ??= messageOf(labels[name] ?? name, { field: name, rule, bound }, lang)
    return undefined
  }

  function bounded(name: string, text: string, min: number, max: number): string {
    const length = lengthOf(text)
    if (text.includes('\0') || !text.isWellFormed()) wrong(name, 'characters')
    else if (min > 0 && !isVisible(text)) wrong(name, 'required')
    else if (length < min) wrong(name, 'min_length', `${min}`)
    else if (length > max) wrong(name, 'max_length', `${max}`)
    else return text
    return ''
  }

  return {
    errors: errors as FormErrors,
    wrong,

    say(name: string, text: string): undefined {
      errors[name] ??= text
      return undefined
    },

    /** Trimmed, `min` to `max` characters; required text has at least one that can be seen. */
    text(name: string, min: number, max: number): string {
      return bounded(name, given(name), min, max)
    },

    /** As `text`, for numbers and codes: in half width. */
    code(name: string, min: number, max: number): string {
      return bounded(name, plainCode(given(name)), min, max)
    },

    int(name: string, min: number, max: number): number | undefined {
      const text = digits(name)
      if (text === '') return undefined
      if (!/^-?\d{1,15}$/.test(text)) return wrong(name, 'integer')
      const value = Number(text)
      if (value < min) return wrong(name, 'min', `${min}`)
      if (value > max) return wrong(name, 'max', `${max}`)
      return value
    },

    /** In yuan. @param words error text @returns undefined if empty */
    fen(name: string, words?: string): Fen | undefined {
      const text = digits(name)
      if (text === '') return undefined
      if (AMOUNT.test(text)) return fenFromDecimal(text)
      if (words !== undefined) errors[name] ??= words
      return wrong(name, 'format')
    },

    oneOf<const T extends string>(name: string, values: readonly [T, ...T[]]): T {
      const text = given(name)
      const found = values.find((value) => value === text)
      if (found === undefined && text !== '') wrong(name, 'in', values.join(', '))
      return found ?? values[0]
    },

    /** @param names form field by application field */
    invalid(error: InvalidInputError, names: Readonly<Record<string, string>> = {}): FormErrors {
      for (const { field, rule, bound } of error.errors) wrong(names[field] ?? field, rule, bound)
      return errors
    },
  }
}

/** Chinese text needs no space after a Chinese label. */
function messageOf(label: string, error: FieldError, lang: Lang): string {
  const text = fieldText({ ...error, field: label, bound: error.bound && groupedText(error.bound) }, lang)
  return text.replace(/(?<=[\p{Script=Han}）]) (?=\p{Script=Han})/gu, '')
}
