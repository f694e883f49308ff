/** What cannot go on by itself, in one list. A new kind is a line here, a source in `db/platform/attention.ts` and a text. */

/**
 * `order`: its workflow waits for an operator. `after_sale`: beyond its deadline. `refund`, `attempt`: a workflow has
 * been trying for too long. `notice`: received, and not applied. `endpoint`: switched off. `delivery`: given up.
 * `finding`: of the newest reconciliation of its day.
 */
export const ATTENTION_KINDS = [
  'order',
  'after_sale',
  'refund',
  'attempt',
  'notice',
  'endpoint',
  'delivery',
  'finding',
] as const
export type AttentionKind = (typeof ATTENTION_KINDS)[number]

export const ATTENTION_ACTIONS = ['retry', 'skip', 'refund'] as const
export type AttentionAction = (typeof ATTENTION_ACTIONS)[number]

/** Of one entry: within its kind, `code` says more, such as the step of an order that failed. */
export interface AttentionSubject {
  readonly kind: AttentionKind
  readonly code: string
}

/**
 * Of orders that differ from the others. No workflow waits for the last three: the supplier is asked about a charge, a charge
 * after its refund is acknowledged, and an after-sale has its own entry.
 */
const ORDER_ACTIONS: Readonly<Record<string, readonly AttentionAction[]>> = {
  refund: ['retry', 'refund'],
  charge: ['retry'],
  charged_after_refund: ['skip'],
  after_sale: [],
}

/**
 * What an operator can do about it here. A refund cannot be skipped: it was made outside the mall, or is tried again.
 * An approved after-sale is a refund only where no goods come back.
 */
export function attentionActions({ kind, code }: AttentionSubject): readonly AttentionAction[] {
  switch (kind) {
    case 'order':
      return ORDER_ACTIONS[code] ?? ['retry', 'skip']
    case 'after_sale':
      return code === 'requested_refund_only' ? ['refund'] : []
    case 'notice':
      return code === 'no_order' ? ['skip'] : ['retry']
    case 'endpoint':
    case 'delivery':
      return ['retry', 'skip']
    case 'finding':
      return ['skip']
    case 'refund':
    case 'attempt':
      return []
  }
}
