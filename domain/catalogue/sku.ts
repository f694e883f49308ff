import type { Fen } from '../money.ts'

/** What distinguishes the SKUs of a product, such as `{"颜色":"红"}`; empty for a product that has one. */
export type Specs = Readonly<Record<string, string>>

/** Upper bounds; of text, in characters. */
export const SKU_MAX = { skus: 100, specs: 5, name: 30, value: 60 } as const

/** `红 · L` */
export const specsText = (specs: Specs): string => Object.values(specs).join(' · ')

/** Independent of the order of the names. */
export const specsKey = (specs: Specs): string =>
  JSON.stringify(Object.entries(specs).toSorted(([a], [b]) => (a < b ? -1 : 1)))

/** The SKU whose amounts a product with several shows as "from". */
export function cheapestOf<T extends { readonly points: number; readonly fen: Fen }>(
  skus: readonly T[],
): T | undefined {
  return skus.toSorted((a, b) => a.points - b.points || Number(a.fen - b.fen))[0]
}
