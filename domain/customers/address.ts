import { maskName, maskPhone } from './masks.ts'

/** Where goods are sent to. */
export interface Address {
  readonly name: string
  readonly phone: string
  readonly province: string
  readonly city: string
  /** '' where a city has none, as 东莞市 and 中山市. */
  readonly district: string
  /** Street, number, unit, room. */
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

/** A mobile or a fixed line of the mainland, without its country code. */
export const PHONE = /^(1[3-9]\d{9}|0\d{2,3}-?\d{7,8})$/

/** Who looks at an address: its owner, who sends the goods there, or somebody else of the staff. */
export type AddressViewer = 'owner' | 'sender' | 'staff'

/**
 * An address in words, as much of it as its viewer needs: the owner knows it by all but the middle of the phone,
 * the sender gets all of it, everybody else sees `张* 138******00 浙江省杭州市西湖区***`.
 * @param given any fields, as the API takes them; what is not known is left out
 * @returns '' for each part that is missing; undefined where nothing is known
 */
export function addressWords(
  given: unknown,
  viewer: AddressViewer,
): { readonly name: string; readonly phone: string; readonly place: string } | undefined {
  if (typeof given !== 'object' || given === null) return undefined
  const fields = given as Readonly<Record<string, unknown>>
  const of = (name: string) => (typeof fields[name] === 'string' ? fields[name] : '')
  const [name, phone, province, city] = [of('name'), of('phone'), of('province'), of('city')]
  // 上海市 is both, and is named once.
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
