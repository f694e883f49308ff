/** Why an order cannot go on by itself: the step that failed permanently, and what was said of it. */

export const ATTENTION_CODES = [
  'refund',
  'late_money',
  'payment',
  'exchange',
  'attempt',
  'points',
  'stock',
  /** Of an earlier version, which said something else. */
  'other',
] as const

export type AttentionCode = (typeof ATTENTION_CODES)[number]

export interface Attention {
  readonly code: AttentionCode
  readonly data: {
    /** The message of the step's error, as it came from a provider or another system. */
    readonly said: string
  }
}

/**
 * Reads what a workflow flags an order with.
 * @param given a sentence, `{step}: {what was said}`, where a worker of the version before has written the task
 */
export function attentionOf(given: Attention | string): Attention {
  if (typeof given !== 'string') return given
  const [, step = '', said = ''] = /^([^:]*): (.*)$/s.exec(given) ?? []
  const code = step.replace(' ', '_')
  return isCode(code) ? { code, data: { said } } : { code: 'other', data: { said: given } }
}

const isCode = (code: string): code is AttentionCode => (ATTENTION_CODES as readonly string[]).includes(code)
