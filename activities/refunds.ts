import { activityInfo } from '@temporalio/activity'
import { ApplicationFailure } from '@temporalio/common'
import type { Db, Tx } from '../db/client.ts'
import { hasPointsOutside } from '../db/orders/attempts.ts'
import {
  type Actor,
  type ExchangeOrder,
  findOrderForUpdate,
  lockOrder,
  recordEvent,
  SYSTEM,
} from '../db/orders/orders.ts'
import {
  announceRefund,
  countOwed,
  endRefund,
  findLastRefund,
  findRefund,
  giveUpRefund,
  listOrderRefunds,
  noteFailure,
  noteRefundRef,
  type OwedRefund,
  owedRefunds,
  type PaymentRefund,
  readRemainder,
} from '../db/orders/refunds.ts'
import { showRefunded } from '../db/orders/shown-payment.ts'
import { findPayment, updatePayment } from '../db/payments/payments.ts'
import type { LedgerCipher } from '../db/wallet/ledger-cipher.ts'
import type { Refusal } from '../domain/errors.ts'
import { decimalFromFen, fenOf } from '../domain/money.ts'
import { type Amounts, reasonAgainstPart } from '../domain/orders/refund.ts'
import { allows } from '../domain/orders/status.ts'
import { afterRefund } from '../domain/payments/decision.ts'
import type { PaymentProvider } from '../payments/port.ts'
import { isOpen } from './open-charge.ts'
import { bookPart } from './refund-part.ts'

export type { OwedRefund }

export interface RefundDeps {
  readonly db: Db
  readonly vault: LedgerCipher
  readonly providers: readonly PaymentProvider[]
  readonly expiryGraceMs: number
}

/** A partial refund; the order continues. */
export interface PartRefund {
  readonly orderNo: string
  readonly points: number
  readonly money: string
  readonly reason: string
  readonly by: Actor
  readonly operationKey: string
}

export interface SettleByHand {
  readonly refundNo: string
  readonly reason: string
  readonly by: Actor
}

export function createRefundActivities({ db, vault, providers, expiryGraceMs }: RefundDeps) {
  /** Points and wallet cash are refunded immediately, provider money as a pending refund. Repeatable. */
  async function refundPart(request: PartRefund): Promise<Refusal | null> {
    const { orderNo, money, operationKey, by, reason } = request
    const part: Amounts = { points: BigInt(request.points), fen: fenOf(money) }
    return db.transaction().execute(async (tx) => {
      const order = await lockOrder(tx, orderNo)
      const before = await listOrderRefunds(tx, orderNo)
      if (before.some((refund) => refund.operation_key === operationKey)) return null
      if (!allows(order.status, 'refund')) return { code: 'ORDER_STATE_CONFLICT' }
      if (await isOpen(tx, order)) return { code: 'CHARGE_UNDECIDED' }
      const rest = await readRemainder(tx, order)
      // An external wallet refunds an order's points in full or not at all.
      const divisible = (await hasPointsOutside(tx, orderNo)) ? { ...rest, points: 0n } : rest
      const refusal = reasonAgainstPart(part, rest, divisible)
      if (refusal) return refusal
      await bookPart(tx, { vault, expiryGraceMs }, order, part, { reason, by, operationKey })
      return null
    })
  }

  /** @param part the operation key of one partial refund; undefined: all except partial ones */
  async function listOwedRefunds(orderNo: string, part?: string): Promise<OwedRefund[]> {
    return owedRefunds(db, orderNo, part === undefined ? 'order' : { part })
  }

  /**
   * Throws, to be retried, until the provider's answer is final: "accepted" is not "done". Fails permanently
   * on a refusal, or when the refund waits for the shop to act.
   */
  async function refundPayment({ outTradeNo, refundNo }: OwedRefund): Promise<void> {
    const refund = await findRefund(db, refundNo)
    if (!refund || refund.state === 'done' || refund.state === 'done_by_hand') return
    // Done by an earlier try whose answer was lost, or by another workflow.
    if (refund.state === 'failed') {
      if ((await findLastRefund(db, refundNo))?.state !== 'pending') return
      throw refused(refund.failure)
    }
    const payment = await findPayment(db, outTradeNo)
    const provider = providers.find(({ method }) => method === payment?.method)
    if (!payment || !provider) throw refused(`no provider for ${outTradeNo}`)
    const asked = refund.refund_ref
      ? provider.queryRefund({ outTradeNo, refundNo, refundRef: refund.refund_ref })
      : provider.refund({
          outTradeNo,
          providerRef: payment.provider_ref ?? '',
          paymentRef: payment.payment_ref ?? undefined,
          refundNo,
          amountFen: fenOf(refund.amount),
          reason: refund.reason,
        })
    const outcome = await asked.catch(async (error: unknown) => {
      // Shown to operators as the reason for the delay, even if a retry follows.
      const failure = error instanceof Error ? error.message : String(error)
      await noteFailure(db, refundNo, failure)
      const hasWaited = activityInfo().attempt >= TRIES_BEFORE_AN_OPERATOR
      if (hasWaited && waitsForShop(provider, error)) throw refused(failure)
      throw error
    })
    if (outcome.state === 'failed') {
      const failure = outcome.reason ?? 'refund failed'
      const last = await db.transaction().execute(async (tx) => {
        await lockOrder(tx, payment.order_no)
        await giveUpRefund(tx, refundNo, failure)
        return findLastRefund(tx, refundNo)
      })
      if (last?.state !== 'pending') return
      throw refused(failure)
    }
    await noteRefundRef(db, refundNo, outcome.refundRef)
    if (outcome.state === 'pending') throw new Error(`refund ${refundNo} is still pending at the provider`)
    await db.transaction().execute(async (tx) => {
      const order = await findOrderForUpdate(tx, payment.order_no)
      if (!(await endRefund(tx, refundNo))) return
      await completeRefund(tx, order, refund)
      if (!order) return
      const key = `refunded/${refundNo}`
      await recordEvent(tx, order.order_no, key, order.status, SYSTEM, { code: 'refunded' })
    })
  }

  /** An operator refunded this money outside the provider. @returns false where no such refund is pending */
  async function settleByHand({ refundNo, reason, by }: SettleByHand): Promise<boolean> {
    return db.transaction().execute(async (tx) => {
      const first = await findRefund(tx, refundNo)
      const payment = first && (await findPayment(tx, first.out_trade_no))
      const order = payment && (await findOrderForUpdate(tx, payment.order_no))
      const refund = order && (await findLastRefund(tx, refundNo))
      if (!refund) return false
      if (refund.state === 'done_by_hand') {
        // Several refunds may have waited for this decision, and the last one has flagged the order again.
        await showAtRest(tx, order)
        return true
      }
      if (!(await endRefund(tx, refund.refund_no, { by: by.id ?? by.type, reason }))) return false
      await completeRefund(tx, order, refund)
      const key = `settled/${refund.refund_no}`
      // The reason is for staff only, so it is on the refund's row.
      await recordEvent(tx, order.order_no, key, order.status, by, { code: 'refund_settled_by_hand' })
      return true
    })
  }

  return { refundPart, listOwedRefunds, refundPayment, settleByHand }
}

async function completeRefund(
  tx: Tx,
  order: ExchangeOrder | undefined,
  refund: PaymentRefund,
): Promise<void> {
  const payment = await findPayment(tx, refund.out_trade_no)
  if (!payment) return
  await updatePayment(tx, refund.out_trade_no, {
    state: afterRefund(payment.state, await countOwed(tx, refund.out_trade_no)),
    refunded_amount: decimalFromFen(fenOf(payment.refunded_amount) + fenOf(refund.amount)),
  })
  if (order) await showAtRest(tx, order)
  await announceRefund(tx, payment.order_no, refund.order_refund ?? refund.refund_no)
}

/** Shows the order as refunded, unless a provider still owes part of it. */
async function showAtRest(tx: Tx, order: ExchangeOrder): Promise<void> {
  if ((await owedRefunds(tx, order.order_no, 'all')).length > 0) return
  await showRefunded(tx, order)
}

/** About two minutes. */
const TRIES_BEFORE_AN_OPERATOR = 10

function waitsForShop(provider: PaymentProvider, error: unknown): boolean {
  if (!(error instanceof Error)) return false
  const code = 'code' in error ? error.code : undefined
  return provider.refundWaitsForShop.some((known) => known === code) || waitsForShop(provider, error.cause)
}

function refused(why: string | null): ApplicationFailure {
  return ApplicationFailure.nonRetryable(why ?? 'refund failed', 'ProviderRefusalError')
}
