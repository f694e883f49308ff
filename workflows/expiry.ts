import { log, proxyActivities } from '@temporalio/workflow'
import type { Activities } from '../activities/index.ts'
import type { ExpiryInput } from './messages.ts'

/** A batch that fails is tried again until it is done: the schedule starts no second run beside this one. */
const batch = proxyActivities<Activities>({
  startToCloseTimeout: '2m',
  retry: { initialInterval: '1s', maximumInterval: '1m' },
})

const NAMED_MAX = 100

/** What one run did; shown with it in the engine's pages. */
export interface ExpirySums {
  readonly granted: number
  readonly expired: string
  readonly warned: number
  /** What was passed over because it is not what the mall wrote; `ledger:verify` and `reconcile` say more. */
  readonly unreadable: readonly string[]
}

/**
 * What time alone does to wallets: pending points are granted, points past their date are taken out, and owners
 * are warned. A run has about 6 events per batch, so 500 accounts a batch stay below the engine's limit of
 * 51,200 events up to four million accounts.
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
