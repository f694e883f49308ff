import { maskName, maskPhone } from './masks.ts'

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

/** A mainland mobile or fixed line, without the country code. */
export const PHONE = /^(1[3-9]\d{9}|0\d{2,3}-?\d{7,8})$/

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
