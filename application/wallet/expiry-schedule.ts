import { ScheduleAlreadyRunning, ScheduleOverlapPolicy } from '@temporalio/client'
import { EXPIRY_ID, EXPIRY_WORKFLOW, type ExpiryInput, TASK_QUEUE } from '../../workflows/messages.ts'
import type { Temporal } from '../temporal/client.ts'

const INPUT: ExpiryInput = { batchSize: 500 }

const SCHEDULE = {
  spec: { intervals: [{ every: '1 hour' as const }] },
  action: {
    type: 'startWorkflow' as const,
    workflowType: EXPIRY_WORKFLOW,
    workflowId: EXPIRY_ID,
    taskQueue: TASK_QUEUE,
    args: [INPUT],
  },
  policies: {
    // One run expires everything due, so overlapping or missed runs need no repetition.
    overlap: ScheduleOverlapPolicy.SKIP,
    catchupWindow: '1 day' as const,
  },
}

/** Keeps an operator's pause. Safe to run concurrently. */
export async function ensureExpirySchedule({ client }: Temporal): Promise<void> {
  try {
    await client.schedule.create({ scheduleId: EXPIRY_ID, ...SCHEDULE })
  } catch (error) {
    if (!(error instanceof ScheduleAlreadyRunning)) throw error
    await client.schedule.getHandle(EXPIRY_ID).update(({ state }) => ({ ...SCHEDULE, state: { ...state } }))
  }
}
