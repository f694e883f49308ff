import type { Db } from '../../db/client.ts'
import {
  findRun,
  type KeptFinding,
  listFindings,
  listRuns,
  type Reconciliation,
} from '../../db/reconciliation/reconciliations.ts'
import { dateInShanghai } from '../../domain/business-time.ts'
import { DomainError, InvalidInputError } from '../../domain/errors.ts'
import type { FindingKind, PaidMoney, Totals } from '../../domain/reconciliation/comparison.ts'
import type { Side, Subject } from '../../domain/reconciliation/findings.ts'
import {
  EXCHANGE_WORKFLOW,
  exchangeWorkflowId,
  RECONCILIATION,
  RECONCILIATION_WORKFLOW,
  type ReconciliationInput,
  reconciliationId,
  TASK_QUEUE,
} from '../../workflows/messages.ts'
import { deliver, keepPaymentEvent } from '../messaging/inbox.ts'
import { type AdoptionDeps, adoptOrder } from '../orders/adoption.ts'
import { isGone, type Temporal } from '../temporal/client.ts'

const CALL_MS = 5_000
const LIST_MS = 60_000

export function createEngine(deps: AdoptionDeps) {
  const { db } = deps
  const { client } = deps.temporal
  const inTime = <T>(ms: number, call: () => Promise<T>) => client.withDeadline(Date.now() + ms, call)
  return {
    /** From the visibility list, which lags. */
    async runningExchanges(): Promise<ReadonlySet<string>> {
      // Fail fast when Temporal is unavailable.
      await inTime(CALL_MS, () => client.workflowService.getSystemInfo({}))
      return inTime(LIST_MS, async () => {
        const query = `WorkflowType = '${EXCHANGE_WORKFLOW}' AND ExecutionStatus = 'Running'`
        const running = new Set<string>()
        for await (const { workflowId } of client.workflow.list({ query })) {
          running.add(workflowId.slice(exchangeWorkflowId('').length))
        }
        return running
      })
    },

    /** By describe, which does not lag. */
    async isRunning(orderNo: string): Promise<boolean> {
      const handle = client.workflow.getHandle(exchangeWorkflowId(orderNo))
      try {
        return (await inTime(CALL_MS, () => handle.describe())).status.name === 'RUNNING'
      } catch (error) {
        if (isGone(error)) return false
        throw error
      }
    },

    /** @returns whether the exchange runs now */
    adopt: async (orderNo: string): Promise<boolean> => (await adoptOrder(deps, orderNo)).is === 'running',

    /** Handles a payment from a statement like a notification, once per subject. @param source provider name */
    async tell(source: string, subject: string, money: PaidMoney): Promise<void> {
      const { event } = await keepPaymentEvent(db, source, {
        eventId: `reconciliation/${subject}`,
        kind: 'paid',
        ...money,
      })
      if (event.delivered_at !== null) return
      // Stored: the sweeper delivers it when Temporal is available again.
      await deliver(deps, event).catch(() => undefined)
    },
  }
}

/** No provider keeps statements for longer than three years. */
const OLDEST_DAYS = 3 * 366

/**
 * Starts the reconciliation of a day, or joins the one in progress.
 * @param day `YYYY-MM-DD` in Shanghai
 * @returns workflow id
 * @throws InvalidInputError if the day has not begun, or is older than any provider's statements
 */
export async function startReconciliation({ client }: Temporal, day: string): Promise<string> {
  if (day > dateInShanghai(Date.now())) throw new InvalidInputError({ field: 'day', rule: 'past' })
  const earliest = dateInShanghai(Date.now() - OLDEST_DAYS * 86_400_000)
  if (day < earliest) throw new InvalidInputError({ field: 'day', rule: 'min', bound: earliest })
  const input: ReconciliationInput = { day, ...RECONCILIATION }
  const workflowId = reconciliationId(day)
  await client.withDeadline(Date.now() + CALL_MS, () =>
    client.workflow.start(RECONCILIATION_WORKFLOW, {
      workflowId,
      taskQueue: TASK_QUEUE,
      args: [input],
      workflowIdConflictPolicy: 'USE_EXISTING',
      workflowIdReusePolicy: 'ALLOW_DUPLICATE',
    }),
  )
  return workflowId
}

export interface ReconciliationView {
  readonly id: string
  readonly day: string
  readonly started_at: string
  readonly finished_at: string | null
  readonly totals: Totals
  readonly open_findings: number
  readonly healed_findings: number
}

export interface FindingView {
  readonly id: string
  readonly kind: FindingKind
  readonly subject: Subject
  readonly ours: Side | null
  readonly theirs: Side | null
  readonly state: 'open' | 'healed'
  readonly order_no: string | null
  readonly order_url: string | null
  readonly found_at: string
}

export const countMissingBills = ({ totals }: Pick<ReconciliationView, 'totals'>): number =>
  Object.values(totals.bills ?? {}).filter((bill) => bill === null).length

export async function readReconciliations(
  db: Db,
  page: { readonly limit: number; readonly offset: number },
): Promise<{ runs: ReconciliationView[]; total: number }> {
  const { runs, total } = await listRuns(db, page)
  return { runs: runs.map(viewOf), total }
}

export async function readReconciliation(
  db: Db,
  id: string,
): Promise<{ run: ReconciliationView; findings: FindingView[] }> {
  const run = await findRun(db, id)
  if (!run) throw new DomainError({ code: 'NOT_FOUND' })
  return { run: viewOf(run), findings: (await listFindings(db, id)).map(findingOf) }
}

function viewOf(run: Reconciliation): ReconciliationView {
  return {
    id: run.id,
    day: run.day,
    started_at: run.started_at.toISOString(),
    finished_at: run.finished_at?.toISOString() ?? null,
    totals: run.totals,
    open_findings: run.open,
    healed_findings: run.healed,
  }
}

function findingOf({ found_at, ...finding }: KeptFinding): FindingView {
  const { order_no } = finding
  return {
    ...finding,
    order_url: order_no === null ? null : `/api/admin/points-mall/orders/${order_no}`,
    found_at: found_at.toISOString(),
  }
}
