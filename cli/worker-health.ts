import { hostname } from 'node:os'
import { Connection } from '@temporalio/client'
import { readConfig } from '../config/index.ts'
import { TASK_QUEUE } from '../workflows/messages.ts'

/** Checks for a recent poll of this host's worker: a hanging worker still has a live process. */

/** A worker polls at least once a minute. */
const SEEN_WITHIN_MS = 75_000
const CALL_MS = 5_000

const { temporal } = readConfig()
const connection = await Connection.connect(temporal.connection)
const { pollers } = await connection.withDeadline(Date.now() + CALL_MS, () =>
  connection.workflowService.describeTaskQueue({
    namespace: temporal.namespace,
    taskQueue: { name: TASK_QUEUE },
    // TASK_QUEUE_TYPE_WORKFLOW
    taskQueueType: 1,
  }),
)
await connection.close()
const seen = pollers?.find(
  ({ identity, lastAccessTime }) =>
    // The SDK's default identity is `pid@hostname`.
    identity?.endsWith(`@${hostname()}`) &&
    Date.now() - Number(lastAccessTime?.seconds ?? 0) * 1000 < SEEN_WITHIN_MS,
)
if (!seen) {
  process.stderr.write(`no worker on ${hostname()} asks for work of ${TASK_QUEUE}\n`)
  process.exitCode = 1
}
