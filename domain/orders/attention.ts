/** Why an order needs an operator: the step that failed permanently, and its error. */

export const ATTENTION_CODES = [
  'refund',
  'late_money',
  'payment',
  'exchange',
  'attempt',
  'points',
  'stock',
  /** An after-sale waits for an operator beyond its deadline; `said` is its id. */
  'after_sale',
  /** The shop's order service has not taken a change of the order. */
  'order_service',
  /** The supplier has not decided within the deadline; `said` is the state of the charge. */
  'charge',
  /** The supplier charged the account, and the order is refunded; `said` is the supplier's number. */
  'charged_after_refund',
  /** Written by an earlier version in a form that is not recognised. */
  'other',
] as const

export type AttentionCode = (typeof ATTENTION_CODES)[number]

export interface Attention {
  readonly code: AttentionCode
  readonly data: {
    readonly said: string
  }
}

/** @param given tasks scheduled by the previous version carry the sentence `{step}: {message}` */
export function attentionOf(given: Attention | string): Attention {
  if (typeof given !== 'string') return given
  const [, step = '', said = ''] = /^([^:]*): (.*)$/s.exec(given) ?? []
  const code = step.replace(' ', '_')
  return isCode(code) ? { code, data: { said } } : { code: 'other', data: { said: given } }
}

const isCode = (code: string): code is AttentionCode => (ATTENTION_CODES as readonly string[]).includes(code)
