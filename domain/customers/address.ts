import { isVisible, plainText } from '../text.ts'
import { maskName, maskPhone } from './masks.ts'
import { plainPhone } from './phone.ts'

export interface Address {
  readonly name: string
  readonly phone: string
  readonly province: string
  readonly city: string
  /** Empty for cities without districts, such as 东莞市 and 中山市. */
  readonly district: string
  readonly detail: string
}

/** Characters. */
export const ADDRESS_MAX = {
  name: 40,
  phone: 20,
  province: 20,
  city: 20,
  district: 20,
  detail: 120,
} as const satisfies Record<keyof Address, number>

/** Without them nothing can be delivered. */
const NEEDED = ['name', 'phone', 'detail'] as const satisfies readonly (keyof Address)[]

/** The needed fields in which nothing can be seen. */
export function missingIn(address: Readonly<Record<string, unknown>> | undefined): (keyof Address)[] {
  return NEEDED.filter((field) => {
    const text = address?.[field]
    return typeof text !== 'string' || !isVisible(text)
  })
}

/** The fields that say something, each in one form. */
export function plainAddress(
  given: Readonly<Partial<Record<keyof Address, string | null | undefined>>>,
): Partial<Address> {
  const plain: Partial<Record<keyof Address, string>> = {}
  for (const field of Object.keys(ADDRESS_MAX) as (keyof Address)[]) {
    const typed = given[field] ?? ''
    const text = field === 'phone' ? plainPhone(typed) : plainText(typed).trim()
    if (isVisible(text)) plain[field] = text
  }
  return plain
}

export type AddressViewer = 'owner' | 'sender' | 'staff'

/**
 * Formats an address for a viewer: owners see all but the middle of the phone, senders see everything, other
 * staff see `张* 138******00 浙江省杭州市西湖区***`.
 * @param given any fields, as the API takes them
 * @returns undefined where no known field has text
 */
export function addressWords(
  given: unknown,
  viewer: AddressViewer,
): { readonly name: string; readonly phone: string; readonly place: string } | undefined {
  if (typeof given !== 'object' || given === null) return undefined
  const fields = given as Readonly<Record<string, unknown>>
  const of = (name: string) => (typeof fields[name] === 'string' ? fields[name] : '')
  const [name, phone, province, city] = [of('name'), of('phone'), of('province'), of('city')]
  // Municipalities such as 上海市 are both province and city.
  const region = `${province}${city === province ? '' : city}${of('district')}`
  const place = `${region}${of('detail')}${of('address')}`
  if (!name && !phone && !place) return undefined
  switch (viewer) {
    case 'owner':
      return { name, phone: phone && maskPhone(phone, true), place }
    case 'sender':
      return { name, phone, place }
    case 'staff':
      return {
        name: name && maskName(name),
        phone: phone && maskPhone(phone, false),
        place: place && `${region}***`,
      }
  }
}
