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

/** A look that fails is taken again until it is done. */
const look = proxyActivities<Activities>({
  startToCloseTimeout: '30m',
  retry: { initialInterval: '1s', maximumInterval: '5m' },
})

/**
 * Compares the books of one day: each provider's bill with the payments, our own books with one another, and the
 * orders with the workflows. A bill that is not made yet, or a provider that does not answer, is asked for again.
 */
export async function reconciliationWorkflow(
  input: ReconciliationInput,
): Promise<Awaited<ReturnType<Activities['finishReconciliation']>>> {
  const { day } = input
  const { id, providers } = await look.beginReconciliation({ day, runKey: workflowInfo().runId })
  let waiting = await ask(providers)
  await look.reconcileBooks(id)
  await look.reconcileWorkflows(id)
  for (let asked = 1; waiting.length > 0 && asked < input.asks; asked += 1) {
    await sleep(input.askAgainMs)
    waiting = await ask(waiting)
  }
  return look.finishReconciliation(id)

  async function ask(names: readonly string[]): Promise<string[]> {
    const later: string[] = []
    for (const provider of names) {
      if ((await look.reconcileProvider({ id, day, provider })) === 'later') later.push(provider)
    }
    return later
  }
}

/** What the schedule starts: compares the books of the day before, unless somebody is at it. */
export async function nightlyReconciliationWorkflow(pace: ReconciliationPace): Promise<void> {
  const { startTime, typedSearchAttributes } = workflowInfo()
  // A run that makes up for a missed night is for that night.
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
