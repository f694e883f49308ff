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
    // Each run is for a day of its own, and one that waits for a bill must not keep the next from its time.
    overlap: ScheduleOverlapPolicy.ALLOW_ALL,
    catchupWindow: '7 days' as const,
  },
}

/**
 * Makes the schedule that compares the books of yesterday every night, or brings it up to date; an operator's
 * pause stays. Safe when several processes do it at once.
 */
export async function ensureReconciliationSchedule({ client }: Temporal): Promise<void> {
  try {
    await client.schedule.create({ scheduleId: NIGHTLY_ID, ...SCHEDULE })
  } catch (error) {
    if (!(error instanceof ScheduleAlreadyRunning)) throw error
    await client.schedule.getHandle(NIGHTLY_ID).update(({ state }) => ({ ...SCHEDULE, state: { ...state } }))
  }
}
