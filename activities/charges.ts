import type { Db, Tx } from '../db/client.ts'
import {
  type Answered,
  beginSending,
  type Charge,
  keepAnswer,
  lockCharge,
  openAccountOf,
  showChargedAfterRefund,
} from '../db/fulfilment/charges.ts'
import { showLasting } from '../db/orders/external-orders.ts'
import { lockOrder, moveOrder, SYSTEM } from '../db/orders/orders.ts'
import type { Encryptor } from '../db/platform/encryption.ts'
import { CHARGE_DEADLINE_MS, type ChargeState, isRefundable } from '../domain/fulfilment/charge.ts'
import type { OrderStatus } from '../domain/orders/status.ts'
import { type Supplier, SupplierRefusalError } from '../suppliers/port.ts'
import { requireCurrentRun } from './run.ts'

export interface ChargeDeps {
  readonly db: Db
  readonly sealer: Encryptor
  /** Undefined: none is set up; charges under way wait until there is one again. */
  readonly supplier?: Supplier | undefined
  readonly charges?:
    | {
        readonly deadlineMs?: number | undefined
        readonly pausesMs?: readonly number[] | undefined
        /** Called per call that failed, with no personal data. */
        readonly onError?: ((orderNo: string, error: unknown) => void) | undefined
      }
    | undefined
}

export interface Charged {
  readonly status: OrderStatus
  /** ISO; null unless the order is shipped. */
  readonly confirmBy: string | null
  /** Null: the order has no charge, and is for an operator. */
  readonly charge: {
    readonly state: ChargeState
    /** ISO; null: nothing is asked any more. */
    readonly nextAt: string | null
    readonly refundable: boolean
  } | null
}

type Call = { readonly charge: Charge } & (
  | { readonly kind: 'send'; readonly account: string }
  | { readonly kind: 'query' }
)

/** `due`: only if its time has come; `now`: asked immediately, and never sent. */
export type ChargeWhen = 'due' | 'now'

/** While no supplier is set up, a charge that was never sent is looked at again after this. */
const NO_SUPPLIER_PAUSE_MS = 60_000

export function createChargeActivities({ db, sealer, supplier, charges = {} }: ChargeDeps) {
  const { deadlineMs = CHARGE_DEADLINE_MS, pausesMs, onError } = charges

  /**
   * Brings the charge of a paid order one step on: sends it the first time, and asks about it from then on. It is sent again
   * only after the supplier said that it does not know our number, under the same number, and before the deadline.
   * Repeatable: whatever an interrupted call did, the next one asks first.
   * @param confirmBy ISO time of the automatic confirmation, if it succeeds now
   */
  async function chargeOrder(orderNo: string, confirmBy: string, when: ChargeWhen): Promise<Charged> {
    let call = await db.transaction().execute((tx) => nextCall(tx, orderNo, when))
    while (!('status' in call)) {
      const asked: Call = call
      const answer = await ask(asked)
      call = await db.transaction().execute((tx) => book(tx, asked, answer, confirmBy, when))
    }
    return call
  }

  async function nextCall(tx: Tx, orderNo: string, when: ChargeWhen): Promise<Call | Charged> {
    const order = await lockOrder(tx, orderNo)
    requireCurrentRun(order)
    const charge = await lockCharge(tx, orderNo)
    const standing = standingOf(order, charge)
    if (!charge || order.status !== 'order_paid') return standing
    if (charge.state === 'succeeded' || charge.state === 'failed') return standing
    if (charge.state === 'created') {
      if (when === 'now') return standing
      return supplier ? send(tx, charge) : waitForSupplier(standing)
    }
    const isDue = when === 'now' || charge.next_at === null || charge.next_at.getTime() <= Date.now()
    return isDue ? { kind: 'query', charge } : standing
  }

  /** @throws when the account cannot be read; then nothing is booked as sent */
  async function send(tx: Tx, charge: Charge): Promise<Call> {
    const account = openAccountOf(sealer, charge)
    return { kind: 'send', account, charge: await beginSending(tx, charge, deadlineMs, pausesMs) }
  }

  /** Never throws: what is not known is an answer, too. */
  async function ask(call: Call): Promise<Answered> {
    if (!supplier) return { answer: 'none' }
    const { order_no: chargeNo, item, quantity } = call.charge
    try {
      const found =
        call.kind === 'send'
          ? await supplier.charge({ chargeNo, item, quantity, account: call.account })
          : await supplier.find(chargeNo)
      return found ? { answer: found.state, ref: found.ref, failure: found.reason } : { answer: 'not_found' }
    } catch (error) {
      if (call.kind === 'send' && error instanceof SupplierRefusalError) {
        return { answer: 'failed', failure: error.code }
      }
      onError?.(chargeNo, error)
      return { answer: 'none' }
    }
  }

  async function book(
    tx: Tx,
    { kind, charge: { order_no } }: Call,
    answered: Answered,
    confirmBy: string,
    when: ChargeWhen,
  ): Promise<Call | Charged> {
    const order = await lockOrder(tx, order_no)
    requireCurrentRun(order)
    const before = await lockCharge(tx, order_no)
    if (!before) return standingOf(order, before)
    const charge = await keepAnswer(tx, before, answered, { isQuery: kind === 'query', pausesMs })
    if (charge.state === 'succeeded' && order.status === 'order_paid') {
      await moveOrder(tx, order_no, 'order_shipped', SYSTEM, {
        confirm_by: new Date(confirmBy),
        note: { code: 'charged' },
      })
      await showLasting(tx, order_no)
      return { status: 'order_shipped', confirmBy, charge: shown(charge) }
    }
    const isLate = charge.deadline_at !== null && charge.deadline_at.getTime() <= Date.now()
    const mayResend = answered.answer === 'not_found' && when === 'due' && !isLate
    if (mayResend && order.status === 'order_paid' && charge.state === 'unknown') {
      return send(tx, charge)
    }
    const isNews = charge.state === 'succeeded' && before.state !== 'succeeded'
    // The order was canceled while the supplier was asked.
    if (isNews && order.status === 'order_canceled') await showChargedAfterRefund(tx, order_no)
    if (charge.overdue_at !== null) await showLasting(tx, order_no)
    return standingOf(order, charge)
  }

  return { chargeOrder }
}

const shown = (charge: Charge): NonNullable<Charged['charge']> => ({
  state: charge.state,
  nextAt: charge.next_at?.toISOString() ?? null,
  refundable: isRefundable(charge),
})

function waitForSupplier(standing: Charged): Charged {
  const nextAt = new Date(Date.now() + NO_SUPPLIER_PAUSE_MS).toISOString()
  return { ...standing, charge: standing.charge && { ...standing.charge, nextAt } }
}

function standingOf(
  order: { readonly status: OrderStatus; readonly confirm_by: Date | null },
  charge: Charge | undefined,
): Charged {
  return {
    status: order.status,
    confirmBy: order.confirm_by?.toISOString() ?? null,
    charge: charge ? shown(charge) : null,
  }
}
