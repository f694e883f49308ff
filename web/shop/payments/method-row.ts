import { html } from 'hono/html'
import { fenOf, type Money } from '../../../domain/money.ts'
import type { PaymentMethod } from '../../../domain/payments/method.ts'
import type { Lang } from '../../../i18n/error-texts.ts'
import { moneyText } from '../../shared/format.ts'
import { interpolateText } from '../../shared/interpolate.ts'
import type { Html } from '../../shared/page.ts'
import { textsIn } from '../../texts/common/common.ts'
import { METHODS, ORDER, PAY_WITH } from '../../texts/shop/orders.ts'

interface MethodRow {
  readonly method: PaymentMethod
  readonly checked: boolean
  readonly due: Money
  readonly cash: Money | undefined
  /** The limit of unpaid orders is reached. */
  readonly walletOnly?: boolean
  readonly note?: string
}

export function isUsable({
  method,
  due,
  cash,
  walletOnly = false,
}: Pick<MethodRow, 'method' | 'due' | 'cash' | 'walletOnly'>): boolean {
  if (method !== 'wallet') return !walletOnly
  return cash !== undefined && fenOf(cash) >= fenOf(due)
}

export function methodRow(row: MethodRow, lang: Lang): Html {
  const { method, checked, cash, note = '' } = row
  const t = textsIn(lang)
  const usable = isUsable(row)
  const balance = cash && `${t(ORDER.balance)} ${moneyText(cash)}${usable ? '' : ` · ${t(ORDER.short)}`}`
  const says = interpolateText(t(PAY_WITH[method]), { n: moneyText(row.due) })
  return html`<label class="pick">
    <input type="radio" name="method" value="${method}" ${checked && usable ? 'checked' : ''} ${usable ? '' : 'disabled'} data-says="${says}">
    <span>${t(METHODS[method])}</span> <span class="muted small">${method === 'wallet' ? (balance ?? '') : note}</span>
  </label>`
}
