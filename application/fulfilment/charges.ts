import type { Db } from '../../db/client.ts'
import {
  acknowledge,
  type Charge,
  claimRefunded,
  findCharge,
  keepAnswer,
  lockCharge,
  makeDue,
  openAccountOf,
  showChargedAfterRefund,
} from '../../db/fulfilment/charges.ts'
import { showLasting } from '../../db/orders/external-orders.ts'
import { lockOrder } from '../../db/orders/orders.ts'
import type { Encryptor } from '../../db/platform/encryption.ts'
import { mustNotBeOwn } from '../../domain/access.ts'
import { DomainError } from '../../domain/errors.ts'
import {
  type ChargeAnswer,
  type ChargeState,
  maskAccount,
  type ShownChargeState,
  shownState,
} from '../../domain/fulfilment/charge.ts'
import type { Supplier } from '../../suppliers/port.ts'
import { exchangeWorkflowId, resyncSignal } from '../../workflows/messages.ts'
import { isGone, isTimeout, isUnavailable, OverloadedError, type Temporal } from '../temporal/client.ts'

export interface ShownCharge {
  readonly type: 'charge'
  readonly state: ShownChargeState
  readonly account: string
}

/** What the owner sees of it. @returns undefined where the order charges nothing */
export async function showCharge(
  { db, sealer }: { readonly db: Db; readonly sealer: Encryptor },
  orderNo: string,
): Promise<ShownCharge | undefined> {
  const charge = await findCharge(db, orderNo)
  return charge && { type: 'charge', state: shownState(charge.state), account: openAccountOf(sealer, charge) }
}

/** What staff see: the account is masked, and times are ISO. */
export interface ChargeView {
  readonly state: ChargeState
  readonly account: string
  readonly item: string
  readonly quantity: number
  readonly sends: number
  readonly queries: number
  readonly answer: ChargeAnswer | null
  readonly answered_at: string | null
  readonly supplier_ref: string | null
  readonly failure: string | null
  readonly sent_at: string | null
  readonly next_at: string | null
  readonly deadline_at: string | null
  readonly overdue: boolean
  readonly succeeded_at: string | null
  readonly acknowledged: { readonly at: string; readonly by: string; readonly reason: string } | null
}

/** @returns undefined where the order charges nothing */
export async function readCharge(
  { db, sealer }: { readonly db: Db; readonly sealer: Encryptor },
  orderNo: string,
): Promise<ChargeView | undefined> {
  const charge = await findCharge(db, orderNo)
  return charge && viewOf(sealer, charge)
}

const iso = (at: Date | null): string | null => at?.toISOString() ?? null

function viewOf(sealer: Encryptor, charge: Charge): ChargeView {
  const { acknowledged_at, acknowledged_by, acknowledged_why } = charge
  return {
    state: charge.state,
    account: maskAccount(openAccountOf(sealer, charge)),
    item: charge.item,
    quantity: charge.quantity,
    sends: charge.sends,
    queries: charge.queries,
    answer: charge.answer,
    answered_at: iso(charge.answered_at),
    supplier_ref: charge.supplier_ref,
    failure: charge.failure,
    sent_at: iso(charge.sent_at),
    next_at: iso(charge.next_at),
    deadline_at: iso(charge.deadline_at),
    overdue: charge.overdue_at !== null,
    succeeded_at: iso(charge.succeeded_at),
    acknowledged:
      acknowledged_at === null
        ? null
        : { at: acknowledged_at.toISOString(), by: acknowledged_by ?? '', reason: acknowledged_why ?? '' },
  }
}

interface Asked {
  readonly order_no: string
  readonly owner_id: string
}

/**
 * An operator has the supplier asked now: by the order's workflow, or by the worker once the order is canceled. Repeatable.
 * @throws DomainError ORDER_STATE_CONFLICT where nothing is left to ask, FORBIDDEN for the operator's own order;
 * OverloadedError when Temporal is unavailable or does not answer in time
 */
export async function queryChargeNow(
  { db, temporal }: { readonly db: Db; readonly temporal: Temporal },
  order: Asked,
  operatorId: string,
): Promise<void> {
  mustNotBeOwn(operatorId, order.owner_id)
  if (!(await makeDue(db, order.order_no))) throw new DomainError({ code: 'ORDER_STATE_CONFLICT' })
  const { client, gate } = temporal
  const deadline = Date.now() + temporal.answerMs
  try {
    await gate.run(deadline, () =>
      client.withDeadline(deadline, () =>
        client.workflow.getHandle(exchangeWorkflowId(order.order_no)).signal(resyncSignal),
      ),
    )
  } catch (error) {
    if (isTimeout(error) || isUnavailable(error)) {
      throw new OverloadedError('Temporal is unavailable', { cause: error })
    }
    if (!isGone(error)) throw error
  }
}

/**
 * An operator has seen that an account was charged and the order refunded; the order leaves the list. Repeatable.
 * @throws DomainError ORDER_STATE_CONFLICT where nothing is to be acknowledged, FORBIDDEN for the operator's own order
 */
export async function acknowledgeCharge(
  { db }: { readonly db: Db },
  order: Asked,
  operatorId: string,
  reason: string,
): Promise<void> {
  mustNotBeOwn(operatorId, order.owner_id)
  await db.transaction().execute(async (tx) => {
    const { status } = await lockOrder(tx, order.order_no)
    const isDone = status === 'order_canceled' && (await acknowledge(tx, order.order_no, operatorId, reason))
    if (!isDone) throw new DomainError({ code: 'ORDER_STATE_CONFLICT' })
    await showLasting(tx, order.order_no)
  })
}

/** Of one round. */
const AT_ONCE = 4

/**
 * Asks whether charges of refunded orders have succeeded after all. The order stays canceled; an operator sees both facts.
 * @param onError called per failure, with no personal data @returns how many were asked about
 */
export async function askAboutRefunded(
  {
    db,
    supplier,
    pausesMs,
  }: {
    readonly db: Db
    readonly supplier: Supplier | undefined
    readonly pausesMs?: readonly number[] | undefined
  },
  onError: (orderNo: string, error: unknown) => void,
): Promise<number> {
  if (!supplier) return 0
  const due = await claimRefunded(db, AT_ONCE)
  await Promise.all(
    due.map(async ({ order_no }) => {
      const answered = await supplier.find(order_no).then(
        (found) =>
          found
            ? { answer: found.state, ref: found.ref, failure: found.reason }
            : { answer: 'not_found' as const },
        (error: unknown) => {
          onError(order_no, error)
          return { answer: 'none' as const }
        },
      )
      await db.transaction().execute(async (tx) => {
        await lockOrder(tx, order_no)
        const before = await lockCharge(tx, order_no)
        if (!before || before.state === 'succeeded') return
        const { state } = await keepAnswer(tx, before, answered, { isQuery: true, pausesMs })
        if (state === 'succeeded') await showChargedAfterRefund(tx, order_no)
      })
    }),
  )
  return due.length
}
