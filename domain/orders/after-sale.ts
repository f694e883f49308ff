import type { Delivery, Returnable } from '../catalogue/product.ts'
import type { Refusal } from '../errors.ts'
import { allows, hasReached, isPaid, type OrderStatus } from './status.ts'

/** What becomes of goods that a customer returns, and of what was paid for them. */

export const AFTER_SALE_TYPES = ['refund_only', 'return_refund'] as const
export type AfterSaleType = (typeof AFTER_SALE_TYPES)[number]

export const AFTER_SALE_STATES = [
  'requested',
  'refused',
  'awaiting_return',
  'returning',
  'receipt_refused',
  'refunding',
  'completed',
  'closed',
] as const
export type AfterSaleState = (typeof AFTER_SALE_STATES)[number]

/** A database trigger has a copy of this table; a test compares the two. */
export const AFTER_SALE_TRANSITIONS: Readonly<Record<AfterSaleState, readonly AfterSaleState[]>> = {
  requested: ['refused', 'awaiting_return', 'refunding', 'closed'],
  refused: ['requested', 'closed'],
  awaiting_return: ['returning', 'closed'],
  returning: ['receipt_refused', 'refunding', 'closed'],
  receipt_refused: ['returning', 'refunding', 'closed'],
  refunding: ['completed'],
  completed: [],
  closed: [],
}

/** In which something is still to happen to the after-sale. */
const OPEN_AFTER_SALE_STATES: readonly AfterSaleState[] = AFTER_SALE_STATES.filter(
  (state) => AFTER_SALE_TRANSITIONS[state].length > 0,
)

/** Its pieces are paid back, or are being paid back. */
export const REFUNDED_AFTER_SALE_STATES: readonly AfterSaleState[] = ['refunding', 'completed']

export const isOpenAfterSale = (state: AfterSaleState): boolean => OPEN_AFTER_SALE_STATES.includes(state)

/** Pictures of one after-sale. */
export const PICTURES_MAX = 5

/** Whether the order was finished when the customer asked. */
export const AFTER_SALE_STAGES = ['in_sale', 'after_sale'] as const
export type AfterSaleStage = (typeof AFTER_SALE_STAGES)[number]

/** The id of its workflow, and the operation key of its refund. */
export const afterSaleKey = (id: string): string => `after-sale/${id}`
export const isAfterSaleKey = (key: string): boolean => key.startsWith(afterSaleKey(''))

/** Who may ask for what; each is allowed in the states listed. */
export const AFTER_SALE_ACTIONS = {
  cancel: {
    by: 'customer',
    in: ['requested', 'refused', 'awaiting_return', 'returning', 'receipt_refused'],
  },
  appeal: { by: 'customer', in: ['refused', 'receipt_refused'] },
  send_back: { by: 'customer', in: ['awaiting_return', 'receipt_refused'] },
  approve: { by: 'operator', in: ['requested'] },
  refuse: { by: 'operator', in: ['requested'] },
  receive: { by: 'operator', in: ['returning', 'receipt_refused'] },
  refuse_receipt: { by: 'operator', in: ['returning'] },
} as const satisfies Record<
  string,
  { readonly by: 'customer' | 'operator'; readonly in: readonly AfterSaleState[] }
>
export type AfterSaleAction = keyof typeof AFTER_SALE_ACTIONS

export function allowsAfterSale(state: AfterSaleState, action: AfterSaleAction): boolean {
  return (AFTER_SALE_ACTIONS[action].in as readonly AfterSaleState[]).includes(state)
}

/** @returns undefined where the state does not allow the action */
export function afterSaleStateAfter(
  action: AfterSaleAction,
  { state, type }: { readonly state: AfterSaleState; readonly type: AfterSaleType },
): AfterSaleState | undefined {
  if (!allowsAfterSale(state, action)) return undefined
  switch (action) {
    case 'cancel':
      return 'closed'
    case 'appeal':
      return state === 'refused' ? 'requested' : 'returning'
    case 'send_back':
      return 'returning'
    case 'approve':
      return type === 'refund_only' ? 'refunding' : 'awaiting_return'
    case 'refuse':
      return 'refused'
    case 'receive':
      return 'refunding'
    case 'refuse_receipt':
      return 'receipt_refused'
  }
}

/** How long each state may last, in milliseconds. */
export interface AfterSaleDeadlines {
  /** Until an operator decides on a request. */
  readonly decideMs: number
  /** For the customer to appeal against a refusal. */
  readonly appealMs: number
  /** For the customer to send the goods back. */
  readonly returnMs: number
  /** Until an operator receives the goods. */
  readonly receiveMs: number
  /** For the customer to appeal against refused goods. */
  readonly receiptAppealMs: number
}

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

export const AFTER_SALE_DEADLINES: AfterSaleDeadlines = {
  decideMs: 48 * HOUR_MS,
  appealMs: 7 * DAY_MS,
  returnMs: 7 * DAY_MS,
  receiveMs: 10 * DAY_MS,
  receiptAppealMs: 7 * DAY_MS,
}

/** Which deadline a state has, and whether it closes the after-sale or calls for an operator. */
const AT_DEADLINE: Partial<
  Record<AfterSaleState, { readonly after: keyof AfterSaleDeadlines; readonly ends: 'closed' | 'overdue' }>
> = {
  requested: { after: 'decideMs', ends: 'overdue' },
  refused: { after: 'appealMs', ends: 'closed' },
  awaiting_return: { after: 'returnMs', ends: 'closed' },
  returning: { after: 'receiveMs', ends: 'overdue' },
  receipt_refused: { after: 'receiptAppealMs', ends: 'closed' },
}

/** @returns undefined in a state without a deadline */
export function afterSaleDeadline(
  state: AfterSaleState,
  deadlines: AfterSaleDeadlines,
): { readonly ms: number; readonly ends: 'closed' | 'overdue' } | undefined {
  const due = AT_DEADLINE[state]
  return due && { ms: deadlines[due.after], ends: due.ends }
}

export const GOODS_STATES = [
  'with_shop',
  'with_customer',
  'to_return',
  'returning',
  'receipt_refused',
  'restocked',
  'unusable',
] as const
export type GoodsState = (typeof GOODS_STATES)[number]

export const MONEY_STATES = ['initial', 'refunding', 'refunded', 'not_refunded'] as const
export type MoneyState = (typeof MONEY_STATES)[number]

export interface AfterSaleFacts {
  readonly type: AfterSaleType
  readonly state: AfterSaleState
  /** Whether the goods had left the shop. */
  readonly sent: boolean
  /** What an operator said of the goods that came back; null before that. */
  readonly sellable: boolean | null
}

/** Where the goods are. */
export function goodsStateOf({ type, state, sent, sellable }: AfterSaleFacts): GoodsState {
  const isRefunded = REFUNDED_AFTER_SALE_STATES.includes(state)
  if (!sent) return isRefunded ? 'restocked' : 'with_shop'
  if (type === 'refund_only') return 'with_customer'
  if (isRefunded) return sellable === true ? 'restocked' : 'unusable'
  if (state === 'awaiting_return') return 'to_return'
  return state === 'returning' || state === 'receipt_refused' ? state : 'with_customer'
}

/** Where points and cash are. */
export function moneyStateOf({ state }: Pick<AfterSaleFacts, 'state'>): MoneyState {
  if (state === 'refunding') return 'refunding'
  if (state === 'completed') return 'refunded'
  return state === 'closed' ? 'not_refunded' : 'initial'
}

/** Whether pieces go back to the stock with the refund: an operator has called them sellable, or they never left. */
export const returnsToStock = (facts: Pick<AfterSaleFacts, 'sent' | 'sellable'>): boolean =>
  !facts.sent || facts.sellable === true

/** What happened to an after-sale; `i18n/after-sale-texts.ts` has the texts. */
export type AfterSaleEventData =
  | { readonly code: 'requested'; readonly data: { readonly reason: string } }
  | { readonly code: 'appealed'; readonly data: { readonly reason: string } }
  | { readonly code: 'refused'; readonly data: { readonly reason: string } }
  | { readonly code: 'receipt_refused'; readonly data: { readonly reason: string } }
  | { readonly code: 'sent_back'; readonly data: { readonly carrier: string; readonly tracking_no: string } }
  | { readonly code: 'received'; readonly data: { readonly sellable: 'true' | 'false' } }
  /** `deadline`: the state that lasted too long; `order`: the order was canceled meanwhile. */
  | { readonly code: 'closed'; readonly data: { readonly by: 'customer' | 'deadline' | 'order' } }
  | { readonly code: 'approved' | 'refund_at_once' | 'overdue' | 'refunded'; readonly data: Nothing }
type Nothing = Readonly<Record<string, never>>

export const AFTER_SALE_EVENT_CODES = [
  'requested',
  'appealed',
  'refused',
  'receipt_refused',
  'sent_back',
  'received',
  'closed',
  'approved',
  'refund_at_once',
  'overdue',
  'refunded',
] as const satisfies readonly AfterSaleEventData['code'][]

/** What cannot be returned cannot be canceled by its customer either, once it is paid; an operator may. */
export const isKept = ({
  status,
  returnable,
}: {
  readonly status: OrderStatus
  readonly returnable: Returnable
}): boolean => returnable === 'none' && isUnsent(status)

export interface AfterSaleRequest {
  readonly type: AfterSaleType
  readonly quantity: number
  readonly status: OrderStatus
  readonly returnable: Returnable
  readonly delivery: Delivery | null
  /** Whether a parcel has left already. */
  readonly hasLeft: boolean
  /** Milliseconds since 1970; undefined: not received yet. */
  readonly receivedAt: number | undefined
  readonly now: number
  readonly bought: number
  /** Pieces in other after-sales that are open or refunded. */
  readonly claimed: number
  /** Whether a service was rendered: a use of its voucher counts. */
  readonly used: boolean
  /** Whether these goods can be sent back at all. */
  readonly travels: boolean
  /** False: points and cash come back for all pieces together or not at all. */
  readonly divisible: boolean
}

export const isUnsent = (status: OrderStatus): boolean => allows(status, 'cancel') && isPaid(status)

/** @returns the first reason against the request */
export function reasonAgainstAfterSale(request: AfterSaleRequest): Refusal | undefined {
  const { type, quantity, status, returnable, bought, claimed } = request
  if (!allows(status, 'refund')) return { code: 'ORDER_STATE_CONFLICT' }
  const sent = request.hasLeft || !isUnsent(status)
  if (returnable === 'none') return { code: 'NOT_RETURNABLE' }
  // A charge cannot be taken back, and only its supplier says whether there will be one.
  if (request.delivery === 'charge') return { code: 'NOT_RETURNABLE' }
  // Somebody may have used a code that was shown.
  if (sent && request.delivery === 'codes') return { code: 'NOT_RETURNABLE' }
  if (request.used) return { code: 'NOT_RETURNABLE' }
  if (sent && returnable === 'before_shipping') return { code: 'NOT_RETURNABLE' }
  if (typeof returnable === 'object' && hasReached(status, 'order_finished')) {
    const until = (request.receivedAt ?? request.now) + returnable.days * DAY_MS
    if (request.now >= until) return { code: 'RETURN_PERIOD_OVER', required: `${returnable.days}` }
  }
  const left = bought - claimed
  if (quantity > left) {
    return { code: 'AFTER_SALE_QUANTITY_EXCEEDED', required: `${quantity}`, available: `${left}` }
  }
  if (type === 'return_refund' && sent && !request.travels) return { code: 'NOTHING_TO_RETURN' }
  if (!request.divisible && quantity < bought) {
    return { code: 'AFTER_SALE_WHOLE_ONLY', required: `${bought}` }
  }
  return undefined
}
