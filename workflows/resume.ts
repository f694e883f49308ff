import { allHandlersFinished, condition, continueAsNew, patched, workflowInfo } from '@temporalio/workflow'
import type { Progress } from '../activities/resume.ts'
import type { OrderStatus } from '../domain/orders/status.ts'
import { type ExchangeInput, RUN_LIMITS } from './messages.ts'
import type { Exchange } from './redemption.ts'
import { localStepsUntilDone } from './steps.ts'

/** Whether the run is to hand the exchange to a next one, well before the engine's limits end it. */
export function isLong({ input, mailbox }: Exchange): boolean {
  const { historyLength, continueAsNewSuggested } = workflowInfo()
  const { events, updates } = input.limits ?? RUN_LIMITS
  if (!continueAsNewSuggested && historyLength < events && mailbox.requests() < updates) return false
  // A run that began earlier has gone on where its history is read again.
  return patched('continue-as-new')
}

/**
 * Ends this run, and lets the next one carry the exchange on. It knows what the database says, and no more: what came
 * in is answered first, and then this returns without handing over.
 */
export async function handOver({ input, mailbox }: Exchange): Promise<void> {
  await condition(() => !mailbox.isEmpty() || allHandlersFinished())
  if (!mailbox.isEmpty()) return
  const epoch = (input.resume?.epoch ?? 0) + 1
  await continueAsNew<(input: ExchangeInput) => Promise<OrderStatus>>({ ...input, resume: { epoch } })
}

/** Where the order stands, by the database; what this run believes may be older. */
export async function readStanding({
  orderNo,
  autoConfirmTimeoutMs,
}: Exchange): Promise<Standing | undefined> {
  const progress = await localStepsUntilDone.readProgress(orderNo)
  return progress.phase === 'placed' ? standingOf(progress, autoConfirmTimeoutMs) : undefined
}

export interface Standing {
  readonly status: OrderStatus
  /** Workflow time, in ms, at which receipt is confirmed automatically. */
  readonly confirmBy: number
}

export function standingOf(
  { status, confirmBy, shippedAt }: Extract<Progress, { phase: 'placed' }>,
  autoConfirmTimeoutMs: number,
): Standing {
  if (confirmBy !== null) return { status, confirmBy: Date.parse(confirmBy) }
  const since = shippedAt === null ? Number.POSITIVE_INFINITY : Date.parse(shippedAt)
  return { status, confirmBy: since + autoConfirmTimeoutMs }
}
