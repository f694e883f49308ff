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

/** `浙江省杭州市西湖区***`; the province alone where it is a city, as 上海市. */
export function maskedPlace({ province, city, district }: Address): string {
  return `${province}${city === province ? '' : city}${district}***`
}
