import type { PaymentMode } from '../domain/catalogue/product.ts'
import type { Lang } from './error-texts.ts'

/** Texts of the product resource. */

const MODES: Readonly<Record<PaymentMode, Readonly<Record<Lang, string>>>> = {
  points_only: { zh: '纯积分支付', en: 'Points only' },
  money_only: { zh: '纯现金支付', en: 'Cash only' },
  mixed: { zh: '混合支付', en: 'Points and cash' },
}

export const modeText = (mode: PaymentMode, lang: Lang): string => MODES[mode][lang]

export function pointsText(points: number, lang: Lang): string {
  if (lang === 'zh') return `${points} 积分`
  return points === 1 ? '1 point' : `${points} points`
}

/** What the title of a copied product ends with. */
export const copyEnding = (lang: Lang): string => (lang === 'zh' ? '（副本）' : ' (copy)')
