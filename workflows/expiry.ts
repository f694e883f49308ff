import { log, proxyActivities } from '@temporalio/workflow'
import type { Activities } from '../activities/index.ts'
import type { ExpiryInput } from './messages.ts'

/** Retries until done: the schedule starts no second run while this one is open. */
const batch = proxyActivities<Activities>({
  startToCloseTimeout: '2m',
  retry: { initialInterval: '1s', maximumInterval: '1m' },
})

const NAMED_MAX = 100

export interface ExpirySums {
  readonly granted: number
  readonly expired: string
  readonly warned: number
  /** Skipped records; `ledger:verify` and `reconcile` report the details. */
  readonly unreadable: readonly string[]
}

/**
 * About 6 events per batch: 500 accounts each stay below Temporal's 51,200 events up to 4 million accounts.
 */
export async function expiryWorkflow({ batchSize: limit }: ExpiryInput): Promise<ExpirySums> {
  const unreadable: string[] = []
  let granted = 0
  for (let after: string | null = '0'; after !== null; ) {
    const done: Awaited<ReturnType<Activities['grantMatureBatch']>> = await batch.grantMatureBatch({
      after,
      limit,
    })
    granted += done.granted
    unreadable.push(...done.unreadable.map((id) => `earning ${id}`))
    after = done.next
  }
  let expired = 0n
  let warned = 0
  for (let after: string | null = '0'; after !== null; ) {
    const done: Awaited<ReturnType<Activities['expireBatch']>> = await batch.expireBatch({ after, limit })
    expired += BigInt(done.expired)
    warned += done.warned
    unreadable.push(...done.unreadable.map((id) => `account ${id}`))
    after = done.next
  }
  const sums = { granted, expired: `${expired}`, warned, unreadable: unreadable.slice(0, NAMED_MAX) }
  if (unreadable.length > 0) log.error('passed over, not what the mall wrote', { ...sums })
  return sums
}
