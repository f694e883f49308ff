/** Findings are codes with data; `i18n/finding-texts.ts` has their texts. */

type Nothing = Readonly<Record<string, never>>

/** `no` is the number of an order, a payment attempt or a refund. */
interface Subjects {
  named: { readonly no: string }
  // Orders against stock, points and the order domain:
  stock: { readonly no: string }
  points: { readonly no: string }
  order_without_points: { readonly no: string }
  points_booked_twice: { readonly no: string }
  order_without_stock: { readonly no: string }
  /** `no` is the id of the product. */
  stock_ledger: { readonly no: string }
  stock_of_sku: { readonly no: string }
  stock_of_skus: { readonly no: string }
  stock_of_order: { readonly no: string }
  standard_order: { readonly no: string }
  reservation_without_order: { readonly no: string }
  hold_without_order: { readonly no: string }
  // After-sales against stock, refunds and orders; `no` is the order's number or the after-sale's id:
  after_sale_pieces: { readonly no: string }
  after_sale_refund: { readonly no: string }
  after_sale_open: { readonly no: string }
  // Payments against orders and the cash wallet:
  money: { readonly no: string }
  open_payments: { readonly no: string }
  cash: { readonly no: string }
  cash_held: { readonly no: string }
  refund: { readonly no: string }
  wallet_refund: { readonly no: string }
  taken_back: { readonly no: string }
  refund_not_replaced: { readonly no: string }
  payment_without_order: { readonly no: string }
  // Amounts against the ledger:
  amounts: { readonly no: string }
  booked: { readonly no: string; readonly currency: string }
  earning: { readonly id: string; readonly key: string }
  // The ledger itself:
  account: { readonly id: string; readonly ref: string }
  entry: { readonly id: string; readonly ref: string; readonly entry: string }
  entry_missing: { readonly id: string; readonly ref: string; readonly entry: string }
  account_gone: { readonly ref: string }
  stray_entry: { readonly id: string; readonly entry: string }
  stray_entries: { readonly id: string; readonly entry: string }
  stray_transfer: { readonly key: string }
  currency: { readonly currency: string }
  /** Written by an earlier version in a form that is not recognised. */
  other: { readonly words: string }
}

interface Sides {
  state: { readonly state: string }
  money: { readonly state: string; readonly amounts: readonly string[] }
  refused: { readonly reason: string }
  running: Nothing
  not_running: Nothing
  no_bill: { readonly day: string }
  said: { readonly said: string }
  paid_times: { readonly times: string }
  open_attempts: { readonly count: string }
  no_order: Nothing
  booked_for: { readonly owner: string }
  /** Points, or fen. */
  balance: { readonly available: string; readonly held: string }
  balance_due: { readonly available: string; readonly held: string }
  earned: { readonly granted: string; readonly taken: string }
  earned_due: { readonly granted: string; readonly taken: string }
  earning_not_ours: Nothing
  // Defects of a ledger row:
  sealed_shut: Nothing
  key_unknown: { readonly kid: string }
  unreadable: { readonly said: string }
  entry_of_another: Nothing
  transfer_missing: Nothing
  chain_broken: Nothing
  balance_does_not_follow: Nothing
  not_as_in_heads: Nothing
  out_of_nothing: Nothing
  malformed: Nothing
  entries_lost: { readonly count: string; readonly before: string }
  version_differs: { readonly version: string; readonly count: string }
  head_differs: Nothing
  lots_differ: Nothing
  holds_differ: Nothing
  outstanding: { readonly outstanding: string; readonly given: string }
  other: { readonly words: string }
}

type Coded<Codes> = {
  [Code in keyof Codes]: { readonly code: Code; readonly data: Codes[Code] }
}[keyof Codes]

export type Subject = Coded<Subjects>
export type Side = Coded<Sides>

export interface Disagreement {
  readonly subject: Subject
  readonly ours: Side | null
  /** What the other side says, or what is due. Null on either side: no record. */
  readonly theirs: Side | null
  readonly orderNo: string | null
}

export type BareSide = {
  [Code in keyof Sides]: Sides[Code] extends Nothing ? Code : never
}[keyof Sides]

export const named = (no: string): Subject => ({ code: 'named', data: { no } })

export const stateSide = (state: string): Side => ({ code: 'state', data: { state } })

/** @param amounts decimal CNY */
export const moneySide = (state: string, ...amounts: readonly string[]): Side => ({
  code: 'money',
  data: { state, amounts },
})
