/** Moves within the list that customers see, by the weights of its products: the least first, then the newest. */

export interface Weighed {
  readonly id: string
  readonly sort: number
}

/** Products that can be arranged: the first ones of the shop. */
export const ARRANGED_MAX = 200

/**
 * Puts a product before another one, or at the end. Weights change from the end towards the start, so that whatever
 * follows the list stays behind it.
 * @param list in the order of the shop
 * @returns the weights that change; undefined where a product is not in the list
 */
export function moveBefore(
  list: readonly Weighed[],
  id: string,
  beforeId: string | undefined,
): readonly Weighed[] | undefined {
  const moved = list.find((one) => one.id === id)
  if (!moved || (beforeId !== undefined && !list.some((one) => one.id === beforeId))) return undefined
  if (id === beforeId) return []
  const others = list.filter((one) => one !== moved)
  const at = beforeId === undefined ? others.length : others.findIndex((one) => one.id === beforeId)
  const wanted = others.toSpliced(at, 0, moved)
  if (wanted.every((one, n) => one === list[n])) return []
  const slots = list.map(({ sort }) => sort)
  const changes: Weighed[] = []
  // What follows may have the weight of the last one.
  let above = wanted.at(-1) === list.at(-1) ? Infinity : (slots.at(-1) ?? 0)
  for (let n = wanted.length - 1; n >= 0; n -= 1) {
    const [one, slot] = [wanted[n], slots[n]]
    if (one === undefined || slot === undefined) continue
    const sort = Math.min(slot, above - 1)
    above = sort
    if (sort !== one.sort) changes.unshift({ id: one.id, sort })
  }
  return changes
}
