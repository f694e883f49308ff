import { allHandlersFinished, condition, continueAsNew, patched, workflowInfo } from '@temporalio/workflow'
import type { Progress } from '../activities/resume.ts'
import type { OrderStatus } from '../domain/orders/status.ts'
import type { Mailbox } from './mailbox.ts'
import { type ExchangeInput, RUN_LIMITS, type RunLimits } from './messages.ts'
import type { Exchange } from './redemption.ts'
import { localStepsUntilDone } from './steps.ts'

/** Whether to continue as new, well before Temporal's limits end the run. */
export function isLong({ input, mailbox }: Exchange): boolean {
  // Earlier runs continued at this point of their history.
  return isRunLong(mailbox, input.limits) && patched('continue-as-new')
}

export function isRunLong(mailbox: Mailbox, { events, updates }: RunLimits = RUN_LIMITS): boolean {
  const { historyLength, continueAsNewSuggested } = workflowInfo()
  return continueAsNewSuggested || historyLength >= events || mailbox.requests() >= updates
}

/** Waits until all is answered. @returns false where messages are pending, to be answered first */
export async function isAnswered(mailbox: Mailbox): Promise<boolean> {
  await condition(() => !mailbox.isEmpty() || allHandlersFinished())
  return mailbox.isEmpty()
}

/**
 * The next run knows only the database: where messages are pending, this returns for them to be answered
 * first.
 */
export async function handOver({ input, mailbox }: Exchange): Promise<void> {
  if (!(await isAnswered(mailbox))) return
  const epoch = (input.resume?.epoch ?? 0) + 1
  await continueAsNew<(input: ExchangeInput) => Promise<OrderStatus>>({ ...input, resume: { epoch } })
}

/** The database decides; this run's own state may be stale. */
export async function readStanding({
  orderNo,
  autoConfirmTimeoutMs,
}: Exchange): Promise<Standing | undefined> {
  const progress = await localStepsUntilDone.readProgress(orderNo)
  return progress.phase === 'placed' ? standingOf(progress, autoConfirmTimeoutMs) : undefined
}

export interface Standing {
  readonly status: OrderStatus
  /** Workflow time, ms; `PAUSED` while an after-sale is open. */
  readonly confirmBy: number
}

/** The after-sale that ends last sends a resync. */
export const PAUSED = Number.NEGATIVE_INFINITY

export function standingOf(
  { status, confirmBy, shippedAt, isConfirmPaused }: Extract<Progress, { phase: 'placed' }>,
  autoConfirmTimeoutMs: number,
): Standing {
  if (status === 'order_shipped' && isConfirmPaused) return { status, confirmBy: PAUSED }
  if (confirmBy !== null) return { status, confirmBy: Date.parse(confirmBy) }
  const since = shippedAt === null ? Number.POSITIVE_INFINITY : Date.parse(shippedAt)
  return { status, confirmBy: since + autoConfirmTimeoutMs }
}
