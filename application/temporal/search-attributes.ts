import { setTimeout as pause } from 'node:timers/promises'
import { type Connection, isGrpcServiceError } from '@temporalio/client'
import { SEARCH_ATTRIBUTES } from '../../workflows/messages.ts'

const VISIBLE_LIMIT_MS = 30_000
/** gRPC `ALREADY_EXISTS`. */
const ALREADY_EXISTS = 6
/** Temporal's `INDEXED_VALUE_TYPE_KEYWORD`. */
const KEYWORD = 2

/** Waits until they are usable; safe to run concurrently. @returns the names that were missing */
export async function registerSearchAttributes(
  { operatorService }: Connection,
  namespace: string,
): Promise<string[]> {
  const names = Object.values(SEARCH_ATTRIBUTES).map(({ name }) => name)
  const missing = async () => {
    const { customAttributes } = await operatorService.listSearchAttributes({ namespace })
    return names.filter((name) => customAttributes[name] !== KEYWORD)
  }
  const added = await missing()
  if (added.length === 0) return []
  try {
    const searchAttributes = Object.fromEntries(added.map((name) => [name, KEYWORD]))
    await operatorService.addSearchAttributes({ namespace, searchAttributes })
  } catch (error) {
    // Another process registered it concurrently.
    if (!isGrpcServiceError(error) || error.code !== ALREADY_EXISTS) throw error
  }
  const limit = Date.now() + VISIBLE_LIMIT_MS
  while ((await missing()).length > 0) {
    if (Date.now() > limit) throw new Error('the search attributes did not become visible')
    await pause(200)
  }
  return added
}
