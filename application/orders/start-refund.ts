import { WithStartWorkflowOperation, type WorkflowStartOptions } from '@temporalio/client'
import type { Db } from '../../db/client.ts'
import { DomainError } from '../../domain/errors.ts'
import {
  type PART_REFUND_WORKFLOW,
  type PartRefundInput,
  type REFUND_WORKFLOW,
  type RefundInput,
  type Reply,
  refundTakenUpdate,
  refundWorkflowId,
  TASK_QUEUE,
} from '../../workflows/messages.ts'
import { isGone, isTimeout, isUnavailable, OverloadedError, type Temporal } from '../temporal/client.ts'

export interface RefundStart {
  readonly workflow: typeof REFUND_WORKFLOW | typeof PART_REFUND_WORKFLOW
  readonly input: RefundInput | PartRefundInput
  /** Unique within the order; a repeated number refunds nothing more. */
  readonly n: string
  /** Milliseconds since 1970. */
  readonly deadline: number
}

interface TakenStart extends Pick<WorkflowStartOptions, 'typedSearchAttributes'> {
  readonly workflow: string
  readonly workflowId: string
  readonly input: unknown
  readonly updateId: string
  /** Milliseconds since 1970. */
  readonly deadline: number
}

/** Starts the workflow, or joins the one that runs, and waits until it has taken the refund on. */
export async function startTaken(
  { client }: Temporal,
  { workflow, workflowId, input, updateId, deadline, ...visible }: TakenStart,
): Promise<Reply> {
  const start = () =>
    client.withDeadline(deadline, () =>
      client.workflow.executeUpdateWithStart(refundTakenUpdate, {
        updateId,
        startWorkflowOperation: new WithStartWorkflowOperation(workflow, {
          workflowId,
          taskQueue: TASK_QUEUE,
          args: [input],
          workflowIdConflictPolicy: 'USE_EXISTING',
          // A repeated refund is harmless; one that an operator skipped may be tried again.
          workflowIdReusePolicy: 'ALLOW_DUPLICATE',
          ...visible,
        }),
      }),
    )
  return start().catch((error: unknown) => {
    // The workflow ended meanwhile; a new one reads what is already done.
    if (isGone(error)) return start()
    throw error
  })
}

/** @returns false when the outcome is unknown at the deadline @throws DomainError the refusal; OverloadedError */
export async function startRefund(
  temporal: Temporal,
  { workflow, input, n, deadline }: RefundStart,
): Promise<boolean> {
  const workflowId = refundWorkflowId(input.orderNo, n)
  try {
    const reply = await startTaken(temporal, { workflow, workflowId, input, updateId: 'taken', deadline })
    if (!reply.ok) throw new DomainError(reply.refusal)
    return true
  } catch (error) {
    if (isTimeout(error)) return false
    if (isUnavailable(error)) throw new OverloadedError('Temporal is unavailable', { cause: error })
    throw error
  }
}

export async function hasFinished(db: Db, orderNo: string): Promise<boolean> {
  const order = await db
    .selectFrom('points_exchange_orders')
    .select('status')
    .where('order_no', '=', orderNo)
    .executeTakeFirst()
  return order?.status === 'order_finished'
}
