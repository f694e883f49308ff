import { TRACKING_NO } from '../../../domain/shipments/carriers.ts'
import type { Lang } from '../../../i18n/error-texts.ts'
import type { Form, FormErrors } from '../../form/form.ts'
import { readFields } from '../../form/reader.ts'
import { textsIn } from '../../texts/common/common.ts'
import { PARCELS as T } from '../../texts/console/shipments.ts'
import { CONFIRM, mismatchText } from './parcel-fields.ts'

export interface TypedParcel {
  readonly carrier: string
  readonly trackingNo: string
  /** Undefined: all that is left. */
  readonly quantity: number | undefined
  readonly errors: FormErrors
}

/** Code points. */
export const CARRIER_MAX = 64

/** Use the rest only without errors. @param isStrict refuses numbers that no carrier gives */
export function readParcel(form: Form, lang: Lang, isStrict = false): TypedParcel {
  const t = textsIn(lang)
  const labels = { carrier: t(T.carrier), tracking_no: t(T.trackingNo), quantity: t(T.quantity) }
  const read = readFields(form, lang, labels)
  const carrier = read.text('carrier', 1, CARRIER_MAX)
  const trackingNo = read.code('tracking_no', 1, 64)
  const quantity = read.int('quantity', 1, 2_147_483_647)
  if (isStrict && trackingNo !== '' && !TRACKING_NO.test(trackingNo)) {
    read.say('tracking_no', `${labels.tracking_no} ${t(T.form)}`)
  }
  const mismatch = form[CONFIRM] === '1' ? undefined : mismatchText(carrier, trackingNo, lang)
  if (mismatch !== undefined) read.say(CONFIRM, mismatch)
  return { carrier, trackingNo, quantity, errors: read.errors }
}
