import type { Client } from '@temporalio/client'
import type { Db } from '../../db/client.ts'
import { pingDatabase } from '../../db/platform/health.ts'
import { TASK_QUEUE } from '../../workflows/messages.ts'

export type Part = 'database' | 'temporal' | 'worker'

/** A worker polls at least once a minute; the server remembers pollers for five. */
const WORKER_SEEN_MS = 75_000
const CALL_MS = 2_000

export async function missingParts(db: Db, client: Client): Promise<Part[]> {
  const [database, temporal] = await Promise.all([
    pingDatabase(db).then(
      () => [],
      (): Part[] => ['database'],
    ),
    missingAtTemporal(client),
  ])
  return [...database, ...temporal]
}

async function missingAtTemporal(client: Client): Promise<Part[]> {
  try {
    const { pollers } = await client.connection.withDeadline(Date.now() + CALL_MS, () =>
      client.connection.workflowService.describeTaskQueue({
        namespace: client.options.namespace,
        taskQueue: { name: TASK_QUEUE },
        // TASK_QUEUE_TYPE_WORKFLOW
        taskQueueType: 1,
      }),
    )
    const alive = pollers?.some(({ lastAccessTime }) => {
      const seenMs = Number(lastAccessTime?.seconds ?? 0) * 1000
      return Date.now() - seenMs < WORKER_SEEN_MS
    })
    return alive ? [] : ['worker']
  } catch {
    return ['temporal', 'worker']
  }
}
