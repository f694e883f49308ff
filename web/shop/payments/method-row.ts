import { html } from 'hono/html'
import { fenOf, type Money } from '../../../domain/money.ts'
import type { PaymentMethod } from '../../../domain/payments/method.ts'
import type { Lang } from '../../../i18n/error-texts.ts'
import { moneyText } from '../../shared/format.ts'
import type { Html } from '../../shared/page.ts'
import { textsIn } from '../../texts/common/common.ts'
import { METHODS, ORDER } from '../../texts/shop/orders.ts'

interface MethodRow {
  readonly method: PaymentMethod
  readonly checked: boolean
  /** What is to be paid. */
  readonly due: Money
  /** The cash in the customer's wallet; undefined where it cannot be read. */
  readonly cash: Money | undefined
  /** Nothing may wait for its payment. */
  readonly walletOnly?: boolean
  /** Another word beside it. */
  readonly note?: string
}

/** Whether an amount can be paid so: from the wallet only what is in it. */
export function isUsable({
  method,
  due,
  cash,
  walletOnly = false,
}: Pick<MethodRow, 'method' | 'due' | 'cash' | 'walletOnly'>): boolean {
  if (method !== 'wallet') return !walletOnly
  return cash !== undefined && fenOf(cash) >= fenOf(due)
}

/** One way to pay, to choose between; the wallet says what is in it. */
export function methodRow(row: MethodRow, lang: Lang): Html {
  const { method, checked, cash, note = '' } = row
  const t = textsIn(lang)
  const usable = isUsable(row)
  const balance = cash && `${t(ORDER.balance)} ${moneyText(cash)}${usable ? '' : ` · ${t(ORDER.short)}`}`
  return html`<label class="pick">
    <input type="radio" name="method" value="${method}" ${checked && usable ? 'checked' : ''} ${usable ? '' : 'disabled'}>
    <span>${t(METHODS[method])}</span> <span class="muted small">${method === 'wallet' ? (balance ?? '') : note}</span>
  </label>`
}
