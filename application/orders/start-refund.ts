import { WithStartWorkflowOperation } from '@temporalio/client'
import type { Db } from '../../db/client.ts'
import { DomainError } from '../../domain/errors.ts'
import {
  type PART_REFUND_WORKFLOW,
  type PartRefundInput,
  type REFUND_WORKFLOW,
  type RefundInput,
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

/** @returns false when the outcome is unknown at the deadline @throws DomainError the refusal; OverloadedError */
export async function startRefund(
  { client }: Temporal,
  { workflow, input, n, deadline }: RefundStart,
): Promise<boolean> {
  const start = () =>
    client.withDeadline(deadline, () =>
      client.workflow.executeUpdateWithStart(refundTakenUpdate, {
        updateId: 'taken',
        startWorkflowOperation: new WithStartWorkflowOperation(workflow, {
          workflowId: refundWorkflowId(input.orderNo, n),
          taskQueue: TASK_QUEUE,
          args: [input],
          workflowIdConflictPolicy: 'USE_EXISTING',
          // A repeated refund is harmless; one that an operator skipped may be tried again.
          workflowIdReusePolicy: 'ALLOW_DUPLICATE',
        }),
      }),
    )
  try {
    const reply = await start().catch((error: unknown) => {
      // The workflow was terminated meanwhile; a new one reads what is already done.
      if (isGone(error)) return start()
      throw error
    })
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
