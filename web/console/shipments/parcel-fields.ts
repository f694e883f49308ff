import { html } from 'hono/html'
import {
  CARRIER_CODES,
  type CarrierCode,
  carrierOf,
  suspectedCarrier,
} from '../../../domain/shipments/carriers.ts'
import { CARRIER_NAMES } from '../../../i18n/carrier-texts.ts'
import type { Lang } from '../../../i18n/error-texts.ts'
import { type Form, type FormErrors, field } from '../../form/form.ts'
import { interpolateText } from '../../shared/interpolate.ts'
import type { Html } from '../../shared/page.ts'
import { textsIn } from '../../texts/common/common.ts'
import { PARCELS as T } from '../../texts/console/shipments.ts'

/** The field of the box that says that a number is right. */
export const CONFIRM = 'carrier_confirmed'

/** What somebody reads who has typed a number that looks like another carrier's; undefined: it does not. */
export function mismatchText(carrier: string, trackingNo: string, lang: Lang): string | undefined {
  const chosen = carrierOf(carrier)
  const looks = suspectedCarrier(chosen, trackingNo)
  if (looks === undefined) return undefined
  return interpolateText(textsIn(lang)(T.mismatch), {
    looks: CARRIER_NAMES[looks][lang],
    chosen: CARRIER_NAMES[chosen][lang],
  })
}

const offers = (lang: Lang) =>
  CARRIER_CODES.filter((code: CarrierCode) => code !== 'htky').map((code) => CARRIER_NAMES[code][lang])

/** Carrier and number, and the box where the number was doubted. @param focus the field that has it when the page opens */
export function parcelFields(
  form: Form,
  errors: FormErrors,
  lang: Lang,
  focus?: 'carrier' | 'tracking_no',
): Html {
  const t = textsIn(lang)
  const isDoubted = errors[CONFIRM] !== undefined
  return html`<div class="pair">
      ${field({ name: 'carrier', label: t(T.carrier), value: form.carrier, error: errors.carrier, required: true, offers: offers(lang), hasFocus: focus === 'carrier' })}
      ${field({ name: 'tracking_no', label: t(T.trackingNo), value: form.tracking_no, error: errors.tracking_no ?? errors[CONFIRM], required: true, hasFocus: focus === 'tracking_no' })}
    </div>
    ${isDoubted ? html`<label class="pick"><input type="checkbox" id="field-${CONFIRM}" name="${CONFIRM}" value="1"> ${t(T.confirm)}</label>` : ''}`
}
