import { adoptOrphans } from '../../application/orders/adoption.ts'
import type { TestApp } from './test-app.ts'
import { until } from './test-app.ts'

/** As if Temporal had lost its state: workflows vanish without being told to stop. */

/** Removes a workflow and its history; nothing happens if it does not exist. */
export async function loseWorkflow(mall: TestApp, workflowId: string): Promise<void> {
  const { client } = mall.temporal
  const found = await client.workflow
    .getHandle(workflowId)
    .describe()
    .catch(() => undefined)
  if (!found) return
  // This run only: its successor may exist before it is removed.
  const workflowExecution = { workflowId, runId: found.runId }
  const run = client.workflow.getHandle(workflowId, found.runId)
  await run.terminate('lost').catch(() => undefined)
  await client.workflowService
    .deleteWorkflowExecution({ namespace: mall.name, workflowExecution })
    .catch(() => undefined)
  await until(
    () =>
      run.describe().then(
        ({ status }) => status.name,
        () => 'NONE',
      ),
    (state) => state !== 'RUNNING',
    `${workflowId} is gone`,
  )
  // The list lags behind, and an adoption of all orders starts from it.
  await until(
    () =>
      client.workflow.count(
        `WorkflowId = '${workflowId}' AND RunId = '${found.runId}' AND ExecutionStatus = 'Running'`,
      ),
    ({ count }) => count === 0,
    `${workflowId} is no longer listed as running`,
  )
}

/** Removes every workflow that runs. @returns their ids */
export async function loseEngine(mall: TestApp): Promise<string[]> {
  const lost: string[] = []
  for await (const { workflowId } of mall.temporal.client.workflow.list({
    query: "ExecutionStatus = 'Running'",
  })) {
    lost.push(workflowId)
  }
  await Promise.all(lost.map((workflowId) => loseWorkflow(mall, workflowId)))
  return lost
}

/** Checks all orders once, as a starting worker does. @returns the orders that got a workflow */
export async function adoptAll(mall: TestApp): Promise<readonly string[]> {
  const failed: unknown[] = []
  const { adopted } = await adoptOrphans(mall.deps, undefined, (orderNo, error) =>
    failed.push([orderNo, error]),
  )
  if (failed.length > 0) throw new Error(`not adopted: ${JSON.stringify(failed)}`, { cause: failed[0] })
  return adopted
}
