import { createHmac } from 'node:crypto'
import { undeliverEvents, undeliverUnbooked } from '../../db/messaging/inbox.ts'
import { listOpenExchanges, type OpenExchange, readStatuses } from '../../db/orders/runs.ts'
import type { PaymentMode } from '../../domain/catalogue/product.ts'
import { isAfterSaleKey } from '../../domain/orders/after-sale.ts'
import type { ExternalStep } from '../../domain/orders/external-steps.ts'
import type { OrderStatus } from '../../domain/orders/status.ts'
import {
  EXCHANGE_WORKFLOW,
  type ExchangeInput,
  exchangeWorkflowId,
  PART_REFUND_WORKFLOW,
  type PartRefundInput,
  REFUND_WORKFLOW,
  type RefundInput,
  refundWorkflowId,
  resyncSignal,
  SEARCH_ATTRIBUTES,
  TASK_QUEUE,
} from '../../workflows/messages.ts'
import { isGone } from '../temporal/client.ts'
import type { ExchangeDeps } from './exchange-deps.ts'

/** The database is the source of truth: an open exchange without a workflow gets one that continues from it. */

export type AdoptionDeps = Pick<ExchangeDeps, 'db' | 'temporal' | 'settings' | 'ownerKey'>

const CALL_MS = 5_000
const LIST_MS = 60_000
const PAGE = 1_000
const AT_ONCE = 16
/** The request that created a younger attempt is still starting it. */
const YOUNG_SECONDS = 15

export function startOptions(
  { settings, ownerKey }: Pick<AdoptionDeps, 'settings' | 'ownerKey'>,
  exchange: {
    readonly orderNo: string
    readonly ownerId: string
    readonly outsideSteps: readonly ExternalStep[]
    readonly status: OrderStatus
    readonly mode: PaymentMode
    readonly epoch?: number
  },
) {
  const { orderNo, epoch } = exchange
  const input: ExchangeInput = {
    orderNo,
    outsideSteps: exchange.outsideSteps,
    paymentTimeoutMs: settings.paymentTimeoutMs,
    autoConfirmTimeoutMs: settings.autoConfirmTimeoutMs,
    ...(settings.runLimits ? { limits: settings.runLimits } : {}),
    ...(epoch === undefined ? {} : { resume: { epoch } }),
  }
  const owner = createHmac('sha256', ownerKey.key).update(`owner:${exchange.ownerId}`).digest('hex')
  return {
    workflowId: exchangeWorkflowId(orderNo),
    taskQueue: TASK_QUEUE,
    args: [input] as [ExchangeInput],
    workflowIdConflictPolicy: 'USE_EXISTING' as const,
    typedSearchAttributes: [
      { key: SEARCH_ATTRIBUTES.orderNo, value: orderNo },
      { key: SEARCH_ATTRIBUTES.ownerKey, value: owner.slice(0, 32) },
      { key: SEARCH_ATTRIBUTES.exchangeStatus, value: exchange.status },
      { key: SEARCH_ATTRIBUTES.paymentMode, value: exchange.mode },
    ],
  }
}

/** The configuration may have changed since the exchange began. */
export function outsideStepsOf(
  { settings }: Pick<AdoptionDeps, 'settings'>,
  attempt: Pick<OpenExchange, 'outside_steps' | 'points_wallet' | 'order_service'>,
): ExternalStep[] {
  const steps = new Set(attempt.outside_steps ?? settings.outsideSteps)
  if (attempt.points_wallet === 'outside') steps.add('points')
  if (attempt.order_service === 'outside') steps.add('orders')
  return [...steps]
}

/** `running`: the exchange runs. `refunding`: its refunds were started. `at_rest`: nothing to start. */
export type Adoption = { readonly is: 'running' | 'refunding' | 'at_rest'; readonly started: boolean }

const AT_REST: Adoption = { is: 'at_rest', started: false }

/** Safe to repeat and to run concurrently: Temporal runs one workflow per id, and a run reads what is left to do. */
export async function adoptOrder(deps: AdoptionDeps, orderNo: string): Promise<Adoption> {
  const open = await findOpen(deps, orderNo)
  return open ? adopt(deps, open) : AT_REST
}

async function findOpen({ db }: AdoptionDeps, orderNo: string): Promise<OpenExchange | undefined> {
  return (await listOpenExchanges(db, orderNo, { after: '', limit: 1, minAgeSeconds: 0 }))[0]
}

async function adopt(deps: AdoptionDeps, found: OpenExchange): Promise<Adoption> {
  const orderNo = found.order_no
  if (await isRunning(deps, exchangeWorkflowId(orderNo))) return { is: 'running', started: false }
  const running = await runningRefunds(deps, found)
  // The order may have ended since it was listed.
  const open = await findOpen(deps, orderNo)
  if (!open) return AT_REST
  const isEnded = open.status === 'order_finished' || open.status === 'order_canceled'
  if (open.needs_exchange && !(isEnded && running.size > 0)) {
    await startExchange(deps, open)
    return { is: 'running', started: true }
  }
  let started = false
  const owed = open.owed_attempts.map((n) => `${n}`)
  if (owed.length > 0 && ![...running].some((n) => !isPart(open, n))) {
    await startRefund(deps, REFUND_WORKFLOW, { kind: 'owed', orderNo }, owed[0] ?? '')
    started = true
  }
  for (const { operation_key, actor_type, actor_id, ...part } of open.owed_parts) {
    // The worker adopts after-sales themselves.
    if (running.has(operation_key) || isAfterSaleKey(operation_key)) continue
    const by = { type: actor_type, ...(actor_id === null ? {} : { id: actor_id }) }
    const input = { orderNo, by, operationKey: operation_key, ...part }
    await startRefund(deps, PART_REFUND_WORKFLOW, input, operation_key)
    started = true
  }
  return { is: started ? 'refunding' : 'at_rest', started }
}

const isPart = ({ owed_parts }: OpenExchange, n: string) =>
  owed_parts.some(({ operation_key }) => operation_key === n)

async function startExchange(deps: AdoptionDeps, open: OpenExchange): Promise<void> {
  const { client } = deps.temporal
  const options = startOptions(deps, {
    orderNo: open.order_no,
    ownerId: open.owner_id,
    outsideSteps: outsideStepsOf(deps, open),
    status: open.status ?? 'exchanged',
    mode: open.payment_mode,
    epoch: open.run_epoch + 1,
  })
  await client.withDeadline(Date.now() + CALL_MS, () =>
    client.workflow.start(EXCHANGE_WORKFLOW, { ...options, workflowIdReusePolicy: 'ALLOW_DUPLICATE' }),
  )
  // Notifications delivered to the lost run may not have been processed.
  await undeliverEvents(deps.db, open.order_no)
}

async function startRefund(
  { temporal: { client } }: AdoptionDeps,
  workflow: string,
  input: RefundInput | PartRefundInput,
  n: string,
): Promise<void> {
  await client.withDeadline(Date.now() + CALL_MS, () =>
    client.workflow.start(workflow, {
      workflowId: refundWorkflowId(input.orderNo, n),
      taskQueue: TASK_QUEUE,
      args: [input],
      workflowIdConflictPolicy: 'USE_EXISTING',
      workflowIdReusePolicy: 'ALLOW_DUPLICATE',
    }),
  )
}

/** Uses describe: the visibility list lags. */
async function isRunning({ temporal: { client } }: AdoptionDeps, workflowId: string): Promise<boolean> {
  try {
    const about = await client.withDeadline(Date.now() + CALL_MS, () =>
      client.workflow.getHandle(workflowId).describe(),
    )
    return about.status.name === 'RUNNING'
  } catch (error) {
    if (isGone(error)) return false
    throw error
  }
}

/** Number of the refund workflow for a finished order. */
export const AFTER_SALE = 'after-sale'

/** Numbers of the refund workflows that run for the order. */
async function runningRefunds(deps: AdoptionDeps, open: OpenExchange): Promise<ReadonlySet<string>> {
  if (open.status !== 'order_finished' && open.status !== 'order_canceled' && open.owed_parts.length === 0) {
    return new Set()
  }
  const attempts = await deps.db
    .selectFrom('payments')
    .select('attempt_no')
    .where('order_no', '=', open.order_no)
    .execute()
  const numbers = [
    AFTER_SALE,
    ...attempts.map(({ attempt_no }) => `${attempt_no}`),
    ...open.owed_parts.map(({ operation_key }) => operation_key),
  ]
  const runs = await Promise.all(numbers.map((n) => isRunning(deps, refundWorkflowId(open.order_no, n))))
  return new Set(numbers.filter((_, n) => runs[n]))
}

/** Carried between rounds: a status difference counts only when it persists. */
export interface AdoptionRound {
  readonly adopted: readonly string[]
  readonly outOfStep: ReadonlyMap<string, string>
  readonly resynced: readonly string[]
}

/** A status that differs in two rounds signals the workflow. @param onError called per order; the others continue */
export async function adoptOrphans(
  deps: AdoptionDeps,
  before: AdoptionRound | undefined,
  onError: (orderNo: string, error: unknown) => void,
): Promise<AdoptionRound> {
  const running = await listRunning(deps)
  await undeliverUnbooked(deps.db)
  const adopted: string[] = []
  for (let after = ''; ; ) {
    const page = await listOpenExchanges(deps.db, undefined, {
      after,
      limit: PAGE,
      minAgeSeconds: YOUNG_SECONDS,
    })
    const missing = page.filter(({ order_no, needs_exchange }) => !running.has(order_no) || !needs_exchange)
    await each(missing, async (open) => {
      if ((await adopt(deps, open)).started) adopted.push(open.order_no)
    })
    if (page.length < PAGE) break
    after = page.at(-1)?.order_no ?? ''
  }
  const outOfStep = await findOutOfStep(deps, running)
  const again = [...outOfStep].filter(([orderNo, how]) => before?.outOfStep.get(orderNo) === how)
  const resynced: string[] = []
  await each(
    again.map(([order_no]) => ({ order_no })),
    async ({ order_no }) => {
      const handle = deps.temporal.client.workflow.getHandle(exchangeWorkflowId(order_no))
      await deps.temporal.client.withDeadline(Date.now() + CALL_MS, () => handle.signal(resyncSignal))
      resynced.push(order_no)
    },
  )
  return { adopted, outOfStep, resynced }

  async function each<T extends { readonly order_no: string }>(
    rows: readonly T[],
    act: (row: T) => Promise<void>,
  ): Promise<void> {
    for (let from = 0; from < rows.length; from += AT_ONCE) {
      const some = rows.slice(from, from + AT_ONCE)
      const outcomes = await Promise.allSettled(some.map(act))
      for (const [n, outcome] of outcomes.entries()) {
        if (outcome.status === 'rejected') onError(some[n]?.order_no ?? '', outcome.reason)
      }
    }
  }
}

async function listRunning({
  temporal: { client },
}: AdoptionDeps): Promise<ReadonlyMap<string, string | undefined>> {
  const query = `WorkflowType = '${EXCHANGE_WORKFLOW}' AND ExecutionStatus = 'Running'`
  return client.withDeadline(Date.now() + LIST_MS, async () => {
    const running = new Map<string, string | undefined>()
    for await (const { workflowId, typedSearchAttributes } of client.workflow.list({ query })) {
      const orderNo = workflowId.slice(exchangeWorkflowId('').length)
      running.set(orderNo, typedSearchAttributes.get(SEARCH_ATTRIBUTES.exchangeStatus))
    }
    return running
  })
}

async function findOutOfStep(
  { db }: AdoptionDeps,
  running: ReadonlyMap<string, string | undefined>,
): Promise<Map<string, string>> {
  const orderNos = [...running.keys()]
  const outOfStep = new Map<string, string>()
  for (let from = 0; from < orderNos.length; from += PAGE) {
    const statuses = await readStatuses(db, orderNos.slice(from, from + PAGE))
    for (const [orderNo, status] of statuses) {
      const shown = running.get(orderNo)
      if (shown !== undefined && shown !== status) outOfStep.set(orderNo, `${shown} ${status}`)
    }
  }
  return outOfStep
}
