import type { Totals } from '../domain/reconciliation/comparison.ts'
import type { Disagreement, Side, Subject } from '../domain/reconciliation/findings.ts'
import type { Lang } from './error-texts.ts'

type Text = Readonly<Record<Lang, string>>

/** `{name}` is a field of the data; statuses and codes are not translated. */
const SUBJECTS: Readonly<Record<Subject['code'], Text>> = {
  named: { zh: '{no}', en: '{no}' },
  stock: { zh: '库存 {no}', en: 'stock of {no}' },
  points: { zh: '积分 {no}', en: 'points of {no}' },
  order_without_points: { zh: '订单没有积分分录 {no}', en: 'order without points {no}' },
  points_booked_twice: { zh: '积分重复记账 {no}', en: 'points posted twice for {no}' },
  order_without_stock: { zh: '订单没有库存预占 {no}', en: 'order without stock {no}' },
  stock_ledger: { zh: '库存流水与商品 {no} 的库存', en: 'stock movements of product {no}' },
  stock_of_sku: { zh: '库存流水与 SKU {no} 的库存', en: 'stock movements of SKU {no}' },
  stock_of_skus: { zh: '商品 {no} 的库存与其 SKU', en: 'stock of product {no} and its SKUs' },
  stock_of_order: { zh: '订单的库存流水 {no}', en: 'stock movements of {no}' },
  standard_order: { zh: '标准订单 {no}', en: 'standard order {no}' },
  reservation_without_order: { zh: '库存预占没有订单 {no}', en: 'reservation without order {no}' },
  hold_without_order: { zh: '积分冻结没有订单 {no}', en: 'hold without order {no}' },
  after_sale_pieces: { zh: '售后件数 {no}', en: 'pieces in after-sales of {no}' },
  after_sale_refund: { zh: '售后退款 {no}', en: 'refund of after-sale {no}' },
  after_sale_open: { zh: '未结售后 {no}', en: 'open after-sale {no}' },
  money: { zh: '款项 {no}', en: 'payment for {no}' },
  open_payments: { zh: '未结支付单 {no}', en: 'open payments of {no}' },
  cash: { zh: '现金 {no}', en: 'cash for {no}' },
  cash_held: { zh: '被冻结的现金 {no}', en: 'cash held for {no}' },
  refund: { zh: '退款 {no}', en: 'refund of {no}' },
  wallet_refund: { zh: '钱包退款 {no}', en: 'wallet refund of {no}' },
  taken_back: { zh: '退回总额 {no}', en: 'total refunded for {no}' },
  refund_not_replaced: {
    zh: '退款单号 {no} 没有替代的退款',
    en: 'refund number {no} has no replacement',
  },
  payment_without_order: { zh: '付款没有订单 {no}', en: 'payment without order {no}' },
  amounts: { zh: '金额 {no}', en: 'amounts of {no}' },
  booked: { zh: '{currency} 分录 {no}', en: '{currency} of {no}' },
  earning: { zh: '积分入账 {id}（{key}）', en: 'earning {id} ({key})' },
  account: { zh: '账户 {id}（{ref}）', en: 'account {id} ({ref})' },
  entry: { zh: '账户 {id}（{ref}），流水 {entry}', en: 'account {id} ({ref}), entry {entry}' },
  entry_missing: {
    zh: '账户 {id}（{ref}），流水 {entry} 缺失',
    en: 'account {id} ({ref}), entry {entry} is missing',
  },
  account_gone: { zh: '账户 {ref} 不见了', en: 'account {ref} is missing' },
  stray_entry: { zh: '流水 {id}/{entry} 没有账户', en: 'entry {id}/{entry} has no account' },
  stray_entries: {
    zh: '流水 {id}/{entry} 及其后各条没有账户',
    en: 'entry {id}/{entry} and all later entries have no account',
  },
  stray_transfer: { zh: '转账 {key} 没有流水', en: 'transfer {key} has no entry' },
  currency: { zh: '{currency}', en: '{currency}' },
  other: { zh: '{words}', en: '{words}' },
}

const SIDES: Readonly<Record<Side['code'], Text>> = {
  state: { zh: '{state}', en: '{state}' },
  money: { zh: '{state} {amounts}', en: '{state} {amounts}' },
  refused: { zh: '渠道拒绝：{reason}', en: 'refused: {reason}' },
  running: { zh: '正在运行', en: 'running' },
  not_running: { zh: '没有运行', en: 'not running' },
  no_bill: { zh: '{day} 的账单尚未生成', en: 'no statement for {day} yet' },
  said: { zh: '{said}', en: '{said}' },
  paid_times: { zh: '付款 {times} 次', en: 'paid {times} times' },
  open_attempts: { zh: '{count} 张', en: '{count}' },
  no_order: { zh: '没有订单', en: 'no order' },
  booked_for: { zh: '记在 {owner} 名下', en: 'posted to {owner}' },
  balance: { zh: '{available}，冻结 {held}', en: '{available}, held {held}' },
  balance_due: { zh: '应为 {available}，冻结 {held}', en: 'expected {available}, held {held}' },
  earned: { zh: '入账 {granted}，追回 {taken}', en: '{granted} granted, {taken} clawed back' },
  earned_due: {
    zh: '应入账 {granted}，应追回 {taken}',
    en: 'expected {granted} granted, {taken} clawed back',
  },
  earning_not_ours: { zh: '不是商城写入的内容', en: 'not what the mall wrote' },
  sealed_shut: { zh: '加密内容无法解密', en: 'the encrypted part cannot be decrypted' },
  key_unknown: { zh: 'LEDGER_KEYS 中没有密钥 {kid}', en: 'LEDGER_KEYS has no key {kid}' },
  unreadable: { zh: '无法读取（{said}）', en: 'unreadable ({said})' },
  entry_of_another: { zh: '不是该账户的流水', en: 'belongs to another account' },
  transfer_missing: { zh: '对应的转账缺失', en: 'its transfer is missing' },
  chain_broken: { zh: '与链不符', en: 'does not match the hash chain' },
  balance_does_not_follow: {
    zh: '余额与上一条不衔接',
    en: 'balance does not follow from the previous entry',
  },
  not_as_in_heads: { zh: '与链头记录时不同', en: 'differs from the checkpoint' },
  out_of_nothing: { zh: '积分凭空产生', en: 'points without a source' },
  malformed: { zh: '不是商城写入的形式', en: 'not in the form the mall writes' },
  entries_lost: {
    zh: '现有 {count} 条流水，链头记录时有 {before} 条',
    en: '{count} entries, {before} at the checkpoint',
  },
  version_differs: { zh: '版本 {version}，流水 {count} 条', en: 'version {version}, {count} entries' },
  head_differs: { zh: '链头不是最后一条流水', en: 'its head is not its last entry' },
  lots_differ: { zh: '批次之和不等于余额', en: 'lots do not add up to the balance' },
  holds_differ: { zh: '冻结之和不等于冻结额', en: 'holds do not add up to the held amount' },
  outstanding: {
    zh: '账户合计 {outstanding}，转账合计 {given}',
    en: 'accounts total {outstanding}, transfers total {given}',
  },
  other: { zh: '{words}', en: '{words}' },
}

const AND: Text = { zh: '、', en: ' and ' }

function filled(text: Text, data: object, lang: Lang): string {
  const values = data as Readonly<Record<string, string | readonly string[]>>
  return text[lang].replace(/\{(\w+)\}/g, (_place, name: string) => {
    const value = values[name] ?? ''
    return typeof value === 'string' ? value : value.join(AND[lang])
  })
}

export function subjectText({ code, data }: Subject, lang: Lang): string {
  return filled(SUBJECTS[code], data, lang)
}

export function sideText({ code, data }: Side, lang: Lang): string {
  return filled(SIDES[code], data, lang)
}

/** One English line, for commands and logs. */
export function disagreementLine({ subject, ours, theirs }: Disagreement): string {
  const [left, right] = [ours && `: ${sideText(ours, 'en')}`, theirs && ` while ${sideText(theirs, 'en')}`]
  return `${subjectText(subject, 'en')}${left ?? ''}${right ?? ''}`
}

/** A run's totals as English text, for commands and the API. */
export function totalsInWords({ bills = {}, orders = {}, payments = {}, others = {} }: Totals) {
  const words: Record<string, string> = { ...others }
  for (const [name, bill] of Object.entries(bills)) {
    words[`${name} bill`] = bill === null ? 'not made yet' : `${bill.lines} lines`
    if (bill === null) continue
    words[`${name} payments`] = `${bill.payments.count}: ${bill.payments.money} CNY`
    words[`${name} refunds`] = `${bill.refunds.count}: ${bill.refunds.money} CNY`
  }
  for (const [status, { count, points, money }] of Object.entries(orders)) {
    words[status] = `${count}: ${points} points, ${money} CNY`
  }
  for (const [state, { count, money }] of Object.entries(payments)) {
    words[`payments ${state}`] = `${count}: 0 points, ${money} CNY`
  }
  return words
}
