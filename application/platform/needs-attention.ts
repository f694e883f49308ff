import type { Db } from '../../db/client.ts'
import { hastenDelivery } from '../../db/messaging/inbox.ts'
import { hasAfterSaleEvent } from '../../db/orders/after-sales.ts'
import { findOrderOwner } from '../../db/orders/orders.ts'
import {
  ATTENTION_SOURCES,
  type AttentionLimits,
  type AttentionRow,
  isAttentionActKnown,
  recordAttentionAct,
} from '../../db/platform/attention.ts'
import { mustNotBeOwn } from '../../domain/access.ts'
import { dateInShanghai } from '../../domain/business-time.ts'
import { DomainError } from '../../domain/errors.ts'
import {
  ATTENTION_KINDS,
  type AttentionAction,
  type AttentionKind,
  attentionActions,
} from '../../domain/needs-attention.ts'
import { LONG_REFUND_MS, MARGIN_MS } from '../../domain/reconciliation/comparison.ts'
import { exchangeWorkflowId } from '../../workflows/messages.ts'
import { acknowledgeCharge, queryChargeNow } from '../fulfilment/charges.ts'
import { changeEndpoint, type EndpointDeps, resendDelivery } from '../messaging/endpoints.ts'
import { actOnOrder, wasResolved } from '../orders/actions.ts'
import { actOnAfterSale, getAfterSale } from '../orders/after-sales.ts'
import type { OrderActor } from '../orders/order-request.ts'
import { getOrder } from '../orders/reads.ts'
import type { Temporal } from '../temporal/client.ts'

export type AttentionDeps = OrderActor & EndpointDeps

/** Times are ISO 8601 UTC. */
export interface AttentionView {
  /** `{kind}-{subject}` */
  readonly id: string
  readonly kind: AttentionKind
  readonly code: string
  readonly data: Readonly<Record<string, string>>
  readonly order_no: string | null
  readonly since: string
  /** Null: not known. */
  readonly tries: number | null
  /** Null: it is not tried again by itself, or that is not known. */
  readonly next_try_at: string | null
  readonly actions: readonly AttentionAction[]
}

const DAY_MS = 86_400_000
const FINDING_DAYS = 30
const PAGE = 20
const DESCRIBE_MS = 1_000
/** Counted up to here per kind. */
export const COUNT_MAX = 100

/** @param now ms since 1970 */
const limitsAt = (now: number): AttentionLimits => ({
  lateBefore: new Date(now - MARGIN_MS),
  slowRefundBefore: new Date(now - LONG_REFUND_MS),
  findingsFrom: dateInShanghai(now - FINDING_DAYS * DAY_MS),
})

/** How many entries each kind has, counted up to `COUNT_MAX`. @param now ms since 1970 */
export async function countAttention(db: Db, now: number): Promise<Readonly<Record<AttentionKind, number>>> {
  const limits = limitsAt(now)
  const counts = await Promise.all(
    ATTENTION_KINDS.map(async (kind) => {
      const rows = await ATTENTION_SOURCES[kind](db, { past: undefined, limit: COUNT_MAX, limits })
      return [kind, rows.length] as const
    }),
  )
  return Object.fromEntries(counts) as Record<AttentionKind, number>
}

const ID = /^([a-z_]+)-([0-9A-Za-z-]{1,80})$/

/** @returns undefined where it names nothing */
function partsOf(id: string): { readonly kind: AttentionKind; readonly subject: string } | undefined {
  const [, name, subject = ''] = ID.exec(id) ?? []
  const kind = ATTENTION_KINDS.find((one) => one === name)
  const isNumbered = kind === 'refund' || /^[1-9]\d{0,17}$/.test(subject)
  return kind && isNumbered ? { kind, subject } : undefined
}

/** Whether it can be a cursor or the id of an entry. */
export const isAttentionId = (id: string): boolean => partsOf(id) !== undefined

/**
 * What cannot go on by itself: kind after kind, the oldest first.
 * @param cursor the id of the last entry of the page before @param now ms since 1970
 */
export async function listAttention(
  deps: { readonly db: Db; readonly temporal: Temporal },
  { kind, cursor }: { readonly kind?: AttentionKind | undefined; readonly cursor?: string | undefined },
  now: number,
): Promise<{ entries: AttentionView[]; next: string | null }> {
  const from = cursor === undefined ? undefined : partsOf(cursor)
  const kinds = kind ? [kind] : ATTENTION_KINDS.slice(from ? ATTENTION_KINDS.indexOf(from.kind) : 0)
  const limits = limitsAt(now)
  const found: { kind: AttentionKind; row: AttentionRow }[] = []
  for (const one of kinds) {
    const limit = PAGE + 1 - found.length
    if (limit <= 0) break
    const past = from?.kind === one ? from.subject : undefined
    const rows = await ATTENTION_SOURCES[one](deps.db, { past, limit, limits })
    found.push(...rows.map((row) => ({ kind: one, row })))
  }
  const shown = found.slice(0, PAGE).map((one) => viewOf(one.kind, one.row))
  const entries = await Promise.all(shown.map((entry) => withTries(deps.temporal, entry)))
  return { entries, next: found.length > PAGE ? (entries.at(-1)?.id ?? null) : null }
}

function viewOf(kind: AttentionKind, row: AttentionRow): AttentionView {
  return {
    id: `${kind}-${row.subject}`,
    kind,
    code: row.code,
    data: row.data,
    order_no: row.order_no,
    since: row.since.toISOString(),
    tries: row.tries,
    next_try_at: row.next_try_at?.toISOString() ?? null,
    actions: attentionActions({ kind, code: row.code }),
  }
}

/** What a workflow keeps trying, only the engine knows; it may be unavailable. */
async function withTries({ client }: Temporal, entry: AttentionView): Promise<AttentionView> {
  const { kind, order_no } = entry
  if (order_no === null || !(kind === 'refund' || kind === 'attempt')) return entry
  try {
    const { raw } = await client.withDeadline(Date.now() + DESCRIBE_MS, () =>
      client.workflow.getHandle(exchangeWorkflowId(order_no)).describe(),
    )
    const [most] = (raw.pendingActivities ?? []).toSorted((a, b) => (b.attempt ?? 0) - (a.attempt ?? 0))
    if (!most) return entry
    const next = most.nextAttemptScheduleTime ?? most.scheduledTime
    const next_try_at = next ? new Date(Number(next.seconds ?? 0) * 1_000).toISOString() : null
    return { ...entry, tries: most.attempt ?? null, next_try_at }
  } catch {
    return entry
  }
}

/** @returns undefined also for what has been resolved since */
export async function findAttention(db: Db, id: string, now: number): Promise<AttentionView | undefined> {
  const parts = partsOf(id)
  if (!parts) return undefined
  const { kind, subject } = parts
  const past = kind === 'refund' ? subject.slice(0, -1) : `${BigInt(subject) - 1n}`
  const rows = await ATTENTION_SOURCES[kind](db, { past, limit: 1, limits: limitsAt(now) })
  const row = rows.find((one) => one.subject === subject)
  return row && viewOf(kind, row)
}

export interface AttentionAsk {
  readonly action: AttentionAction
  readonly reason: string
}

/**
 * Does something about an entry, and records who did it and why once it is done. A repeat under the same key asks again until
 * then, and afterwards changes nothing.
 * @returns false when the outcome is unknown after `temporal.answerMs`
 * @throws DomainError NOT_FOUND, ORDER_STATE_CONFLICT where the action does not fit, FORBIDDEN for an own order, and
 * what the resource itself refuses; OverloadedError when Temporal is unavailable
 */
export async function actOnAttention(
  deps: AttentionDeps,
  id: string,
  operatorId: string,
  { action, reason }: AttentionAsk,
  operationKey: string,
): Promise<boolean> {
  const { db } = deps
  const parts = partsOf(id)
  if (!parts) throw new DomainError({ code: 'NOT_FOUND' })
  if (await isAttentionActKnown(db, operationKey)) return true
  const entry = await findAttention(db, id, Date.now())
  if (entry) {
    if (!entry.actions.includes(action)) throw new DomainError({ code: 'ORDER_STATE_CONFLICT' })
    const ownerId = entry.order_no === null ? undefined : await findOrderOwner(db, entry.order_no)
    if (ownerId !== undefined) mustNotBeOwn(operatorId, ownerId)
    if (!(await perform(deps, entry, parts.subject, operatorId, { action, reason }, operationKey)))
      return false
  } else if (!(await wasPerformed(deps, parts, operationKey))) {
    throw new DomainError({ code: 'NOT_FOUND' })
  }
  const act = { ...parts, action, reason, actor_id: operatorId, operation_key: operationKey }
  await recordAttentionAct(db, act)
  return true
}

/** Accepted under this key after a request got no answer in time, or before a crash. */
async function wasPerformed(
  deps: AttentionDeps,
  { kind, subject }: { readonly kind: AttentionKind; readonly subject: string },
  operationKey: string,
): Promise<boolean> {
  if (kind === 'after_sale') return hasAfterSaleEvent(deps.db, subject, operationKey)
  if (kind !== 'order') return false
  const { order_no } = await getOrder(deps, subject, undefined)
  return wasResolved(deps, order_no, operationKey)
}

async function perform(
  deps: AttentionDeps,
  { kind, code, order_no }: AttentionView,
  subject: string,
  operatorId: string,
  { action, reason }: AttentionAsk,
  operationKey: string,
): Promise<boolean> {
  switch (kind) {
    case 'order': {
      const order = await getOrder(deps, order_no ?? '', undefined)
      if (code === 'charge' || code === 'charged_after_refund') {
        await (code === 'charge'
          ? queryChargeNow(deps, order, operatorId)
          : acknowledgeCharge(deps, order, operatorId, reason))
        return true
      }
      const by = { type: 'operator', id: operatorId } as const
      const how = action === 'refund' ? ('settle' as const) : action
      return actOnOrder(deps, order, by, { kind: 'resolve', action: how, reason }, operationKey)
    }
    case 'after_sale': {
      const sale = await getAfterSale(deps.db, subject, undefined)
      return actOnAfterSale(deps, sale, operatorId, { action: 'approve' }, operationKey)
    }
    case 'notice':
      if (action === 'retry' && !(await hastenDelivery(deps.db, subject))) {
        throw new DomainError({ code: 'ORDER_STATE_CONFLICT' })
      }
      return true
    case 'endpoint':
      await changeEndpoint(deps, subject, { enabled: action === 'retry' })
      return true
    case 'delivery':
      if (action === 'retry') await resendDelivery(deps, subject)
      return true
    default:
      // The record itself is what takes it off the list.
      return true
  }
}
