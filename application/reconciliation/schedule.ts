import { ScheduleAlreadyRunning, ScheduleOverlapPolicy } from '@temporalio/client'
import { NIGHTLY_ID, NIGHTLY_WORKFLOW, RECONCILIATION, TASK_QUEUE } from '../../workflows/messages.ts'
import type { Temporal } from '../temporal/client.ts'

const SCHEDULE = {
  spec: { calendars: [{ hour: 3, minute: 30 }], timezone: 'Asia/Shanghai' },
  action: {
    type: 'startWorkflow' as const,
    workflowType: NIGHTLY_WORKFLOW,
    workflowId: NIGHTLY_ID,
    taskQueue: TASK_QUEUE,
    args: [RECONCILIATION],
  },
  policies: {
    // Each run has its own day, so one that waits for a statement must not delay the next.
    overlap: ScheduleOverlapPolicy.ALLOW_ALL,
    catchupWindow: '7 days' as const,
  },
}

/** Keeps an operator's pause. Safe to run concurrently. */
export async function ensureReconciliationSchedule({ client }: Temporal): Promise<void> {
  try {
    await client.schedule.create({ scheduleId: NIGHTLY_ID, ...SCHEDULE })
  } catch (error) {
    if (!(error instanceof ScheduleAlreadyRunning)) throw error
    await client.schedule.getHandle(NIGHTLY_ID).update(({ state }) => ({ ...SCHEDULE, state: { ...state } }))
  }
}
