/** Levels of the tree. */
export const CATEGORY_DEPTH_MAX = 3

export interface TreeCategory {
  readonly id: string
  readonly parent_id: string | null
}

/** @returns the category and all below it */
export function withDescendants(all: readonly TreeCategory[], id: string): string[] {
  const found = [id]
  for (const at of found) found.push(...all.filter((one) => one.parent_id === at).map((one) => one.id))
  return found
}

/** @param id undefined: of a new category @returns why it cannot be below this parent */
export function parentError(
  all: readonly TreeCategory[],
  id: string | undefined,
  parentId: string,
): 'exists' | 'cycle' | 'max_depth' | undefined {
  const byId = new Map(all.map((one) => [one.id, one]))
  if (!byId.has(parentId)) return 'exists'
  const below = id === undefined ? [] : withDescendants(all, id)
  if (below.includes(parentId)) return 'cycle'
  const levelOf = (one: string | null | undefined): number =>
    one ? 1 + levelOf(byId.get(one)?.parent_id) : 0
  const height = id === undefined ? 1 : Math.max(...below.map(levelOf)) - levelOf(id) + 1
  return levelOf(parentId) + height > CATEGORY_DEPTH_MAX ? 'max_depth' : undefined
}
