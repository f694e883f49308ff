import { setTimeout as pause } from 'node:timers/promises'
import type { Db } from '../../db/client.ts'
import {
  claimDueQueries,
  type DueQuery,
  isBeingConfirmed,
  noteAnswer,
  noteReturn,
} from '../../db/payments/queries.ts'
import { isFullyRefunded } from '../../domain/payments/decision.ts'
import { QUERY_GAPS_MS } from '../../domain/payments/query-schedule.ts'
import type { PaymentProvider } from '../../payments/port.ts'
import { deliver, keepPaymentEvent } from '../messaging/inbox.ts'
import type { AdoptionDeps } from '../orders/adoption.ts'

export { isBeingConfirmed }

export interface PaymentQueryDeps extends AdoptionDeps {
  readonly providers: readonly PaymentProvider[]
}

/** Asked concurrently: a provider that does not answer delays the others by one time-out. */
const AT_ONCE = 32

/**
 * Asks the providers about open attempts whose query is due. A payment is stored and delivered as a notification is,
 * once per attempt.
 * @param onError called per failure; the others continue, and a failed one is asked again after its next gap
 * @returns how many were asked
 */
export async function queryDuePayments(
  deps: PaymentQueryDeps,
  onError: (outTradeNo: string, error: unknown) => void,
): Promise<number> {
  const due = await claimDueQueries(deps.db, deps.settings.queryGapsMs ?? QUERY_GAPS_MS, AT_ONCE)
  const outcomes = await Promise.allSettled(due.map((attempt) => queryPayment(deps, attempt)))
  for (const [n, outcome] of outcomes.entries()) {
    if (outcome.status === 'rejected') onError(due[n]?.out_trade_no ?? '', outcome.reason)
  }
  return due.length
}

async function queryPayment(deps: PaymentQueryDeps, attempt: DueQuery): Promise<void> {
  const { out_trade_no: outTradeNo, provider_ref: providerRef } = attempt
  const provider = deps.providers.find(({ method }) => method === attempt.method)
  if (!provider) return
  const found = await provider.query({ outTradeNo, providerRef, expiresAt: attempt.created_at })
  const isPaid = found.state === 'paid' && !isFullyRefunded(found)
  const kept = isPaid
    ? await keepPaymentEvent(deps.db, provider.name, {
        eventId: `query/${outTradeNo}`,
        kind: 'paid',
        outTradeNo,
        ...(found.amountFen === undefined ? {} : { amountFen: found.amountFen }),
        ...(found.paymentRef === undefined ? {} : { paymentRef: found.paymentRef }),
      })
    : undefined
  // Not before the event is stored: until then the page says that the payment is being confirmed.
  await noteAnswer(deps.db, outTradeNo, attempt.queried_at)
  if (kept?.fresh) await deliver(deps, kept.event)
}

/** A page waits no longer for the provider's answer. */
const RETURN_WAIT_MS = 1_500
const LOOK_EVERY_MS = 100

/**
 * The customer is back from the cashier: the worker asks the provider soon. Waits for its answer, but not long.
 * @returns false when no opened attempt waits
 */
export async function queryAfterReturn(db: Db, orderNo: string): Promise<boolean> {
  if (!(await noteReturn(db, orderNo))) return false
  const deadline = Date.now() + RETURN_WAIT_MS
  while (Date.now() < deadline && (await isBeingConfirmed(db, orderNo))) await pause(LOOK_EVERY_MS)
  return true
}
