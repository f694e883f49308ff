import { html } from 'hono/html'
import { ADDRESS_MAX, type Address } from '../../../domain/customers/address.ts'
import type { InvalidInputError } from '../../../domain/errors.ts'
import type { Lang } from '../../../i18n/error-texts.ts'
import { type Form, type FormErrors, field } from '../../form/form.ts'
import { readFields } from '../../form/reader.ts'
import type { Html } from '../../shared/page.ts'
import { textsIn } from '../../texts/common/common.ts'
import { ADDRESSES } from '../../texts/shop/catalogue.ts'
import { PROVINCES, REGIONS_AT } from './regions.ts'

export const typedAddress = (form: Form): Address => ({
  name: form.name ?? '',
  phone: form.phone ?? '',
  province: form.province ?? '',
  city: form.city ?? '',
  district: form.district ?? '',
  detail: form.detail ?? '',
})

export function addressErrors(error: InvalidInputError, lang: Lang): FormErrors {
  const t = textsIn(lang)
  const labels = Object.fromEntries(LABELLED.map((name) => [name, t(ADDRESSES[name])]))
  if (error.errors.some(({ field: name }) => name === 'addresses')) return { name: t(ADDRESSES.full) }
  return readFields({}, lang, labels).invalid(error)
}

const LABELLED = ['name', 'phone', 'province', 'city', 'district', 'detail'] as const

export function addressFields(form: Form, errors: FormErrors, lang: Lang): Html {
  const t = textsIn(lang)
  const one = (name: keyof Address) => ({
    name,
    label: t(ADDRESSES[name]),
    value: form[name],
    error: errors[name],
    maxlength: ADDRESS_MAX[name],
  })
  return html`<div class="address-fields" data-regions="${REGIONS_AT}">
    ${field({ ...one('name'), autocomplete: 'name' })}
    ${field({ ...one('phone'), autocomplete: 'tel', type: 'tel', inputmode: 'tel', hint: t(ADDRESSES.phoneHint) })}
    ${field({ ...one('province'), autocomplete: 'address-level1', offers: PROVINCES, hint: t(ADDRESSES.provinceHint) })}
    ${field({ ...one('city'), autocomplete: 'address-level2', offers: [] })}
    ${field({ ...one('district'), autocomplete: 'address-level3', offers: [], hint: t(ADDRESSES.districtHint) })}
    ${field({ ...one('detail'), autocomplete: 'street-address', lines: 2, hint: t(ADDRESSES.detailHint) })}
  </div>`
}
