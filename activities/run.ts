import { activityInfo } from '@temporalio/activity'
import { EXCHANGE_WORKFLOW } from '../domain/orders/runs.ts'

export class SupersededError extends Error {
  override name = 'SupersededError'
}

/** @returns undefined for refund workflows, and outside a worker */
export function callingRun(): string | undefined {
  try {
    const { workflowType, workflowExecution } = activityInfo()
    return workflowType === EXCHANGE_WORKFLOW ? workflowExecution?.runId : undefined
  } catch {
    return undefined
  }
}

/**
 * Stops a superseded run. @param row the order or its attempt, read under its lock @throws SupersededError
 */
export function requireCurrentRun({ run_id }: { readonly run_id: string | null }): void {
  if (run_id === null) return
  const run = callingRun()
  if (run !== undefined && run !== run_id) throw new SupersededError(`run ${run} is superseded by ${run_id}`)
}

/** Of the running activity, from 1. */
export function currentTry(): number {
  try {
    return activityInfo().attempt
  } catch {
    return 1
  }
}
