import { type Selectable, sql } from 'kysely'
import {
  CHARGE_WATCH_MS,
  type ChargeAnswer,
  type ChargeState,
  pauseAfter,
} from '../../domain/fulfilment/charge.ts'
import type { Db, Tx } from '../client.ts'
import { showLasting } from '../orders/external-orders.ts'
import { recordEvent, SYSTEM } from '../orders/orders.ts'
import type { Encryptor } from '../platform/encryption.ts'
import type { ChargesTable } from '../schema/charges.ts'

export type Charge = Selectable<ChargesTable>

const placeOf = (orderNo: string) => `charge/${orderNo}`

/** Recorded with the order; nothing is sent before it is paid. */
export async function recordCharge(
  tx: Tx,
  sealer: Encryptor,
  charge: {
    readonly orderNo: string
    readonly item: string
    readonly quantity: number
    readonly account: string
  },
): Promise<void> {
  const { orderNo, item, quantity, account } = charge
  await tx
    .insertInto('charges')
    .values({ order_no: orderNo, item, quantity, account: sealer.seal(account, placeOf(orderNo)) })
    .execute()
}

/** @throws when the row is not what the mall wrote */
export function openAccountOf(
  sealer: Encryptor,
  { order_no, account }: Pick<Charge, 'order_no' | 'account'>,
): string {
  return sealer.open(account, placeOf(order_no)) as string
}

/** @returns undefined for an order that charges nothing, or one of before */
export async function findCharge(db: Db, orderNo: string): Promise<Charge | undefined> {
  return db.selectFrom('charges').selectAll().where('order_no', '=', orderNo).executeTakeFirst()
}

/** Under the order's lock, which comes first. */
export async function lockCharge(tx: Tx, orderNo: string): Promise<Charge | undefined> {
  return tx.selectFrom('charges').selectAll().where('order_no', '=', orderNo).forUpdate().executeTakeFirst()
}

/**
 * Before each request that may charge: from then on only an answer of the supplier tells whether it did.
 * @param deadlineMs counts from the first request @param pausesMs see `pauseAfter`
 */
export async function beginSending(
  tx: Tx,
  charge: Charge,
  deadlineMs: number,
  pausesMs: readonly number[] | undefined,
): Promise<Charge> {
  const now = new Date()
  return tx
    .updateTable('charges')
    .set({
      state: 'sent',
      answer: null,
      sends: charge.sends + 1,
      sent_at: now,
      deadline_at: charge.deadline_at ?? new Date(now.getTime() + deadlineMs),
      next_at: new Date(now.getTime() + pauseAfter(charge.sends + charge.queries + 1, pausesMs)),
      updated_at: now,
    })
    .where('order_no', '=', charge.order_no)
    .returningAll()
    .executeTakeFirstOrThrow()
}

export interface Answered {
  readonly answer: ChargeAnswer
  readonly ref?: string | undefined
  /** The supplier's code. */
  readonly failure?: string | undefined
}

/** What an answer makes of the charge; a decision stays, except that "failed" may be taken back. */
function stateAfter(state: ChargeState, answer: ChargeAnswer): ChargeState {
  if (state === 'succeeded') return state
  if (answer === 'succeeded') return 'succeeded'
  if (state === 'failed') return state
  if (answer === 'failed' || answer === 'processing') return answer
  // The supplier has it: a query without an answer changes nothing.
  return answer === 'none' && state === 'processing' ? state : 'unknown'
}

/**
 * Books what the supplier said, under the locks of the order and the charge.
 * @param isQuery false: it answers the request itself
 */
export async function keepAnswer(
  tx: Tx,
  charge: Charge,
  { answer, ref, failure }: Answered,
  { isQuery, pausesMs }: { readonly isQuery: boolean; readonly pausesMs?: readonly number[] | undefined },
): Promise<Charge> {
  const now = new Date()
  const state = stateAfter(charge.state, answer)
  const queries = charge.queries + (isQuery ? 1 : 0)
  const ends = state === 'succeeded' || (state === 'failed' && charge.watch_until === null)
  const isOver = charge.watch_until !== null && charge.watch_until <= now
  const isLate = charge.deadline_at !== null && charge.deadline_at <= now
  return tx
    .updateTable('charges')
    .set({
      state,
      answer,
      queries,
      answered_at: now,
      updated_at: now,
      next_at: ends || isOver ? null : new Date(now.getTime() + pauseAfter(charge.sends + queries, pausesMs)),
      ...(ref === undefined ? {} : { supplier_ref: ref }),
      ...(state === 'failed' && failure !== undefined ? { failure } : {}),
      ...(state === 'succeeded' && charge.state !== 'succeeded' ? { succeeded_at: now } : {}),
      ...(isLate && charge.overdue_at === null && state !== 'succeeded' && state !== 'failed'
        ? { overdue_at: now }
        : {}),
    })
    .where('order_no', '=', charge.order_no)
    .returningAll()
    .executeTakeFirstOrThrow()
}

/** The order is refunded: whatever the supplier said, it is asked for some time whether it charges all the same. */
export async function watchRefunded(tx: Tx, orderNo: string): Promise<void> {
  const now = Date.now()
  await tx
    .updateTable('charges')
    .set({
      watch_until: new Date(now + CHARGE_WATCH_MS),
      next_at: new Date(now + pauseAfter(1)),
      updated_at: new Date(now),
    })
    .where('order_no', '=', orderNo)
    .where('state', 'not in', ['created', 'succeeded'])
    .execute()
}

/** The account of a canceled order was charged all the same: an operator sees both facts. Under the order's lock. Repeatable. */
export async function showChargedAfterRefund(tx: Tx, orderNo: string): Promise<void> {
  const code = 'charged_after_refund'
  await recordEvent(tx, orderNo, code, 'order_canceled', SYSTEM, { code })
  await showLasting(tx, orderNo)
}

/** Charges of canceled orders that are due, longest first; each is claimed for a minute. */
export async function claimRefunded(db: Db, limit: number): Promise<Charge[]> {
  const { rows } = await sql<Charge>`
    update charges set next_at = now() + interval '1 minute' where order_no in (
      select due.order_no from charges due join points_exchange_orders placed on placed.order_no = due.order_no
      where due.next_at <= now() and placed.status = 'order_canceled'
      order by due.next_at limit ${limit} for update of due skip locked)
    returning *`.execute(db)
  return rows
}

/** Makes the next query due now. @returns false where nothing is left to ask */
export async function makeDue(db: Db, orderNo: string): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('charges')
    .set({ next_at: sql`now()` })
    .where('order_no', '=', orderNo)
    .where('state', 'not in', ['created', 'succeeded'])
    .executeTakeFirst()
  return numUpdatedRows > 0n
}

/** An operator has seen that it was charged and refunded. Repeatable. @returns false where there is no such charge */
export async function acknowledge(tx: Tx, orderNo: string, by: string, why: string): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('charges')
    .set((eb) => ({
      acknowledged_at: eb.fn.coalesce('acknowledged_at', sql<Date>`now()`),
      acknowledged_by: eb.fn.coalesce('acknowledged_by', sql.val(by)),
      acknowledged_why: eb.fn.coalesce('acknowledged_why', sql.val(why)),
    }))
    .where('order_no', '=', orderNo)
    .where('state', '=', 'succeeded')
    .executeTakeFirst()
  return numUpdatedRows > 0n
}
