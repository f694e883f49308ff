import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common'
import { executeChild, proxyActivities, sleep, workflowInfo } from '@temporalio/workflow'
import type { Activities } from '../activities/index.ts'
import { yesterdayInShanghai } from '../domain/business-time.ts'
import {
  RECONCILIATION_WORKFLOW,
  type ReconciliationInput,
  type ReconciliationPace,
  reconciliationId,
  SCHEDULED_AT,
} from './messages.ts'

const reconciliationSteps = proxyActivities<Activities>({
  startToCloseTimeout: '30m',
  retry: { initialInterval: '1s', maximumInterval: '5m' },
})

export async function reconciliationWorkflow(
  input: ReconciliationInput,
): Promise<Awaited<ReturnType<Activities['finishReconciliation']>>> {
  const { day } = input
  const { id, providers } = await reconciliationSteps.beginReconciliation({
    day,
    runKey: workflowInfo().runId,
  })
  let waiting = await compareBills(providers)
  await reconciliationSteps.reconcileBooks(id)
  await reconciliationSteps.reconcileWorkflows(id)
  for (let asked = 1; waiting.length > 0 && asked < input.asks; asked += 1) {
    await sleep(input.askAgainMs)
    waiting = await compareBills(waiting)
  }
  return reconciliationSteps.finishReconciliation(id)

  async function compareBills(names: readonly string[]): Promise<string[]> {
    const later: string[] = []
    for (const provider of names) {
      if ((await reconciliationSteps.reconcileProvider({ id, day, provider })) === 'later')
        later.push(provider)
    }
    return later
  }
}

export async function nightlyReconciliationWorkflow(pace: ReconciliationPace): Promise<void> {
  const { startTime, typedSearchAttributes } = workflowInfo()
  // A catch-up run for a missed night uses that night's day.
  const day = yesterdayInShanghai((typedSearchAttributes.get(SCHEDULED_AT) ?? startTime).getTime())
  try {
    await executeChild(RECONCILIATION_WORKFLOW, {
      workflowId: reconciliationId(day),
      args: [{ day, ...pace }],
    })
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error
  }
}
