import type { FindingKind } from '../../domain/reconciliation/comparison.ts'
import { moneySide, named, type Side, type Subject, stateSide } from '../../domain/reconciliation/findings.ts'

/** A finding as an earlier version wrote it, and as it is read now. */
export interface Sentence {
  readonly kind: FindingKind
  readonly words: readonly [subject: string, ours: string | null, theirs: string | null]
  readonly codes: readonly [subject: Subject, ours: Side | null, theirs: Side | null]
}

const NO = 'PM20261128162523NA1B7JYBNVDD'

/** Each sentence that version could write, word for word. */
export const SENTENCES: readonly Sentence[] = [
  {
    kind: 'order_against_books',
    words: [`stock of ${NO}`, 'held', 'order_paid'],
    codes: [{ code: 'stock', data: { no: NO } }, stateSide('held'), stateSide('order_paid')],
  },
  {
    kind: 'order_against_books',
    words: [`points of ${NO}`, 'reversed', 'order_paid'],
    codes: [{ code: 'points', data: { no: NO } }, stateSide('reversed'), stateSide('order_paid')],
  },
  {
    kind: 'order_against_books',
    words: [`order without points ${NO}`, null, null],
    codes: [{ code: 'order_without_points', data: { no: NO } }, null, null],
  },
  {
    kind: 'order_against_books',
    words: [`points booked twice for ${NO}`, null, null],
    codes: [{ code: 'points_booked_twice', data: { no: NO } }, null, null],
  },
  {
    kind: 'order_against_books',
    words: [`order without stock ${NO}`, null, null],
    codes: [{ code: 'order_without_stock', data: { no: NO } }, null, null],
  },
  {
    kind: 'order_against_books',
    words: [`standard order of ${NO}`, null, null],
    codes: [{ code: 'standard_order', data: { no: NO } }, null, null],
  },
  {
    kind: 'order_against_books',
    words: [`reservation without order ${NO}`, null, null],
    codes: [{ code: 'reservation_without_order', data: { no: NO } }, null, null],
  },
  {
    kind: 'order_against_books',
    words: [`hold without order ${NO}`, null, null],
    codes: [{ code: 'hold_without_order', data: { no: NO } }, null, null],
  },
  {
    kind: 'payment_against_order',
    words: [`money of ${NO}`, 'paid 2 times', 'order_canceled'],
    codes: [
      { code: 'money', data: { no: NO } },
      { code: 'paid_times', data: { times: '2' } },
      stateSide('order_canceled'),
    ],
  },
  {
    kind: 'payment_against_order',
    words: [`open payments of ${NO}`, '2', 'order_paid'],
    codes: [
      { code: 'open_payments', data: { no: NO } },
      { code: 'open_attempts', data: { count: '2' } },
      stateSide('order_paid'),
    ],
  },
  {
    kind: 'payment_against_order',
    words: [`cash of ${NO}`, null, null],
    codes: [{ code: 'cash', data: { no: NO } }, null, null],
  },
  {
    kind: 'payment_against_order',
    words: [`cash held for ${NO}`, null, 'there is no order'],
    codes: [{ code: 'cash_held', data: { no: NO } }, null, { code: 'no_order', data: {} }],
  },
  {
    kind: 'payment_against_order',
    words: [`refund of ${NO}-1`, null, 'refunding'],
    codes: [{ code: 'refund', data: { no: `${NO}-1` } }, null, stateSide('refunding')],
  },
  {
    kind: 'payment_against_order',
    words: [`refund of ${NO}-1 by wallet`, null, 'paid'],
    codes: [{ code: 'wallet_refund', data: { no: `${NO}-1` } }, null, stateSide('paid')],
  },
  {
    kind: 'payment_against_order',
    words: [`taken back of ${NO}`, null, 'order_paid'],
    codes: [{ code: 'taken_back', data: { no: NO } }, null, stateSide('order_paid')],
  },
  {
    kind: 'payment_against_order',
    words: [`refund number ${NO}-1-R1 has nothing in its place`, null, null],
    codes: [{ code: 'refund_not_replaced', data: { no: `${NO}-1-R1` } }, null, null],
  },
  {
    kind: 'payment_against_order',
    words: [`payment without order ${NO}-1`, null, null],
    codes: [{ code: 'payment_without_order', data: { no: `${NO}-1` } }, null, null],
  },
  {
    kind: 'amount_against_ledger',
    words: [`amounts of ${NO}`, 'the sealed part does not open', null],
    codes: [{ code: 'amounts', data: { no: NO } }, { code: 'sealed_shut', data: {} }, null],
  },
  {
    kind: 'amount_against_ledger',
    words: [`CNY of ${NO}`, '-990, held 0', '-989, held 0 is due'],
    codes: [
      { code: 'booked', data: { no: NO, currency: 'CNY' } },
      { code: 'balance', data: { available: '-990', held: '0' } },
      { code: 'balance_due', data: { available: '-989', held: '0' } },
    ],
  },
  {
    kind: 'amount_against_ledger',
    words: [NO, 'booked for mallory', null],
    codes: [named(NO), { code: 'booked_for', data: { owner: 'mallory' } }, null],
  },
  {
    kind: 'earning_against_ledger',
    words: ['earning 3 (earn/order/77)', '5 granted and 0 taken back', '6 and 0 are due'],
    codes: [
      { code: 'earning', data: { id: '3', key: 'earn/order/77' } },
      { code: 'earned', data: { granted: '5', taken: '0' } },
      { code: 'earned_due', data: { granted: '6', taken: '0' } },
    ],
  },
  {
    kind: 'earning_against_ledger',
    words: ['earning 4 (earn/order/77)', 'it is not what the mall wrote', null],
    codes: [
      { code: 'earning', data: { id: '4', key: 'earn/order/77' } },
      { code: 'earning_not_ours', data: {} },
      null,
    ],
  },
  {
    kind: 'ledger',
    words: ['account 7 (user/alice/ZJF), entry 1', 'it is not one of this account', null],
    codes: [
      { code: 'entry', data: { id: '7', ref: 'user/alice/ZJF', entry: '1' } },
      { code: 'entry_of_another', data: {} },
      null,
    ],
  },
  {
    kind: 'ledger',
    words: ['account 7 (user/alice/ZJF), entry 2', 'its transfer is missing', null],
    codes: [
      { code: 'entry', data: { id: '7', ref: 'user/alice/ZJF', entry: '2' } },
      { code: 'transfer_missing', data: {} },
      null,
    ],
  },
  {
    kind: 'ledger',
    words: ['account 7 (user/alice/ZJF), entry 3', 'the chain does not carry it', null],
    codes: [
      { code: 'entry', data: { id: '7', ref: 'user/alice/ZJF', entry: '3' } },
      { code: 'chain_broken', data: {} },
      null,
    ],
  },
  {
    kind: 'ledger',
    words: ['account 7 (user/alice/ZJF), entry 4', 'its balance does not follow from the one before', null],
    codes: [
      { code: 'entry', data: { id: '7', ref: 'user/alice/ZJF', entry: '4' } },
      { code: 'balance_does_not_follow', data: {} },
      null,
    ],
  },
  {
    kind: 'ledger',
    words: ['account 7 (user/alice/ZJF), entry 5', 'it was another one when the heads were written', null],
    codes: [
      { code: 'entry', data: { id: '7', ref: 'user/alice/ZJF', entry: '5' } },
      { code: 'not_as_in_heads', data: {} },
      null,
    ],
  },
  {
    kind: 'ledger',
    words: ['account 7 (user/alice/ZJF), entry 6', 'points came out of nothing', null],
    codes: [
      { code: 'entry', data: { id: '7', ref: 'user/alice/ZJF', entry: '6' } },
      { code: 'out_of_nothing', data: {} },
      null,
    ],
  },
  {
    kind: 'ledger',
    words: ['account 7 (user/alice/ZJF), entry 7', 'the sealed part does not open', null],
    codes: [
      { code: 'entry', data: { id: '7', ref: 'user/alice/ZJF', entry: '7' } },
      { code: 'sealed_shut', data: {} },
      null,
    ],
  },
  {
    kind: 'ledger',
    words: ['account 7 (user/alice/ZJF), entry 9 is missing', null, null],
    codes: [{ code: 'entry_missing', data: { id: '7', ref: 'user/alice/ZJF', entry: '9' } }, null, null],
  },
  {
    kind: 'ledger',
    words: ['account 20 (user/bob/CNY)', 'it is not as the mall writes it', null],
    codes: [
      { code: 'account', data: { id: '20', ref: 'user/bob/CNY' } },
      { code: 'malformed', data: {} },
      null,
    ],
  },
  {
    kind: 'ledger',
    words: ['account 21 (user/bob/CNY)', '3 entries, and there were 4 when the heads were written', null],
    codes: [
      { code: 'account', data: { id: '21', ref: 'user/bob/CNY' } },
      { code: 'entries_lost', data: { count: '3', before: '4' } },
      null,
    ],
  },
  {
    kind: 'ledger',
    words: ['account 22 (user/bob/CNY)', 'version 3, 2 entries', null],
    codes: [
      { code: 'account', data: { id: '22', ref: 'user/bob/CNY' } },
      { code: 'version_differs', data: { version: '3', count: '2' } },
      null,
    ],
  },
  {
    kind: 'ledger',
    words: ['account 23 (user/bob/CNY)', 'its head is not its last entry', null],
    codes: [
      { code: 'account', data: { id: '23', ref: 'user/bob/CNY' } },
      { code: 'head_differs', data: {} },
      null,
    ],
  },
  {
    kind: 'ledger',
    words: ['account 24 (user/bob/CNY)', 'its lots do not add up to its balance', null],
    codes: [
      { code: 'account', data: { id: '24', ref: 'user/bob/CNY' } },
      { code: 'lots_differ', data: {} },
      null,
    ],
  },
  {
    kind: 'ledger',
    words: ['account 25 (user/bob/CNY)', 'its holds do not add up to what is held', null],
    codes: [
      { code: 'account', data: { id: '25', ref: 'user/bob/CNY' } },
      { code: 'holds_differ', data: {} },
      null,
    ],
  },
  {
    kind: 'ledger',
    words: ['account 26 (user/bob/CNY)', 'LEDGER_KEYS has no key k1', null],
    codes: [
      { code: 'account', data: { id: '26', ref: 'user/bob/CNY' } },
      { code: 'key_unknown', data: { kid: 'k1' } },
      null,
    ],
  },
  {
    kind: 'ledger',
    words: ['account 27 (user/bob/CNY)', 'it cannot be read (Cannot convert x to a BigInt)', null],
    codes: [
      { code: 'account', data: { id: '27', ref: 'user/bob/CNY' } },
      { code: 'unreadable', data: { said: 'Cannot convert x to a BigInt' } },
      null,
    ],
  },
  {
    kind: 'ledger',
    words: ['account user/alice/ZJF is gone', null, null],
    codes: [{ code: 'account_gone', data: { ref: 'user/alice/ZJF' } }, null, null],
  },
  {
    kind: 'ledger',
    words: ['entry 7/3 has no account', null, null],
    codes: [{ code: 'stray_entry', data: { id: '7', entry: '3' } }, null, null],
  },
  {
    kind: 'ledger',
    words: ['entry 8/3 and those after it have no account', null, null],
    codes: [{ code: 'stray_entries', data: { id: '8', entry: '3' } }, null, null],
  },
  {
    kind: 'ledger',
    words: [`transfer ${NO}/ZJF/hold has no entry`, null, null],
    codes: [{ code: 'stray_transfer', data: { key: `${NO}/ZJF/hold` } }, null, null],
  },
  {
    kind: 'ledger',
    words: ['ZJF', '7 are outstanding, transfers gave 6', null],
    codes: [
      { code: 'currency', data: { currency: 'ZJF' } },
      { code: 'outstanding', data: { outstanding: '7', given: '6' } },
      null,
    ],
  },
  {
    kind: 'ledger',
    words: ['something that nobody says any more', 'What?', null],
    codes: [
      { code: 'other', data: { words: 'something that nobody says any more' } },
      { code: 'other', data: { words: 'What?' } },
      null,
    ],
  },
  {
    kind: 'payment_missing',
    words: [`${NO}-1`, 'paid 9.90', 'refused: ACQ.TRADE_NOT_EXIST'],
    codes: [
      named(`${NO}-1`),
      moneySide('paid', '9.90'),
      { code: 'refused', data: { reason: 'ACQ.TRADE_NOT_EXIST' } },
    ],
  },
  {
    kind: 'payment_twice',
    words: [`${NO}-1`, 'paid 9.90', 'paid 9.90 and 9.90'],
    codes: [named(`${NO}-1`), moneySide('paid', '9.90'), moneySide('paid', '9.90', '9.90')],
  },
  {
    kind: 'refund_not_counted',
    words: [`${NO}-1-R1`, 'done_by_hand 9.90', 'refunded 9.90'],
    codes: [named(`${NO}-1-R1`), moneySide('done_by_hand', '9.90'), moneySide('refunded', '9.90')],
  },
  {
    kind: 'refund_missing',
    words: [`${NO}-1-R1`, 'done 9.90', 'pending'],
    codes: [named(`${NO}-1-R1`), moneySide('done', '9.90'), stateSide('pending')],
  },
  {
    kind: 'provider_unreachable',
    words: ['stripe', null, 'connect ECONNREFUSED'],
    codes: [named('stripe'), null, { code: 'said', data: { said: 'connect ECONNREFUSED' } }],
  },
  {
    kind: 'engine_unreachable',
    words: ['workflows', null, 'running late'],
    codes: [named('workflows'), null, { code: 'said', data: { said: 'running late' } }],
  },
  {
    kind: 'bill_missing',
    words: ['alipay', null, 'no bill of 2026-11-27 yet'],
    codes: [named('alipay'), null, { code: 'no_bill', data: { day: '2026-11-27' } }],
  },
  {
    kind: 'workflow_missing',
    words: [NO, 'order_paid', 'not running'],
    codes: [named(NO), stateSide('order_paid'), { code: 'not_running', data: {} }],
  },
  {
    kind: 'workflow_left_running',
    words: [NO, null, 'running'],
    codes: [named(NO), null, { code: 'running', data: {} }],
  },
  {
    kind: 'notice_undelivered',
    words: ['stripe/evt_1', 'declined', null],
    codes: [named('stripe/evt_1'), stateSide('declined'), null],
  },
  {
    kind: 'payment_stuck',
    words: [`${NO}-1`, 'unpaid 9.90', null],
    codes: [named(`${NO}-1`), moneySide('unpaid', '9.90'), null],
  },
]
