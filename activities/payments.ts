import { ApplicationFailure } from '@temporalio/common'
import { sql } from 'kysely'
import type { Db } from '../db/client.ts'
import { findOrderForUpdate, lockOrder, recordEvent, SYSTEM } from '../db/orders.ts'
import {
  findPayment,
  findRefund,
  giveUpRefund,
  listPayments,
  type Payment,
  recordPayment,
  updatePayment,
} from '../db/payments.ts'
import type { PaymentInfo } from '../db/schema.ts'
import type { Vault } from '../db/vault.ts'
import { readBalance } from '../db/wallet.ts'
import type { Refusal } from '../domain/errors.ts'
import { decimalFromFen, fenFromDecimal } from '../domain/money.ts'
import type { PaymentMethod } from '../domain/payment.ts'
import { decideMoney } from '../domain/payment-decision.ts'
import type { OutsideStep } from '../domain/steps.ts'
import type { PaymentProvider } from '../payments/port.ts'
import { type OwedRefund, owedRefunds, oweRefund, settle } from './settle.ts'

export interface PaymentDeps {
  readonly db: Db
  readonly vault: Vault
  readonly providers: readonly PaymentProvider[]
  /** Where the customer comes back to after the cashier. */
  readonly returnUrl: (orderNo: string) => string
}

/** Money that a provider reports. The amount is decimal CNY. */
export interface ReportedMoney {
  readonly outTradeNo: string
  readonly amount?: string
  readonly paymentRef?: string
}

export interface OpenPayment {
  readonly outTradeNo: string
  readonly method: PaymentMethod
  readonly opened: boolean
}

export type MoneyOutcome = 'settled' | 'refund' | 'repeat' | 'unknown'

export type CloseOutcome =
  | { readonly closed: true }
  | { readonly closed: false; readonly paid: ReportedMoney }

export function createPaymentActivities({ db, vault, providers, returnUrl }: PaymentDeps) {
  function providerOf(method: PaymentMethod): PaymentProvider {
    const provider = providers.find((candidate) => candidate.method === method)
    if (!provider) throw ApplicationFailure.nonRetryable(`no provider for ${method}`, 'ProviderRefusal')
    return provider
  }

  /** Opens the attempt at its provider and shows the customer where to pay. A repeat opens nothing new. */
  async function openPayment(outTradeNo: string): Promise<void> {
    const payment = await mustFind(db, outTradeNo)
    if (!payment.pay_url) await openAt(payment)
  }

  async function openAt(payment: Payment): Promise<string> {
    const order = await db
      .selectFrom('points_exchange_orders')
      .select(['pay_by', 'product_title'])
      .where('order_no', '=', payment.order_no)
      .executeTakeFirstOrThrow()
    const opened = await providerOf(payment.method).create({
      outTradeNo: payment.out_trade_no,
      amountFen: fenFromDecimal(payment.amount) ?? 0n,
      subject: order.product_title,
      expiresAt: order.pay_by ?? new Date(),
      returnUrl: returnUrl(payment.order_no),
    })
    const info: PaymentInfo = {
      payment_method: payment.method,
      trade_no: payment.out_trade_no,
      pay_url: opened.payUrl,
      expires_at: order.pay_by?.toISOString() ?? null,
    }
    await db.transaction().execute(async (tx) => {
      await lockOrder(tx, payment.order_no)
      await updatePayment(tx, payment.out_trade_no, {
        provider_ref: opened.providerRef,
        pay_url: opened.payUrl,
      })
      await tx
        .updateTable('points_exchange_orders')
        .set({ payment_info: JSON.stringify(info), payment_method: payment.method, updated_at: new Date() })
        .where('order_no', '=', payment.order_no)
        .where('status', '=', 'order_created')
        .execute()
    })
    return opened.providerRef
  }

  /** Numbers the next attempt to pay. A repeat after a crash finds the one that is open. */
  async function newPayment(orderNo: string, method: PaymentMethod): Promise<string> {
    return db.transaction().execute(async (tx) => {
      const order = await lockOrder(tx, orderNo)
      const open = (await listPayments(tx, orderNo)).find(({ state }) => state === 'unpaid')
      if (open?.method === method) return open.out_trade_no
      const payment = await recordPayment(tx, orderNo, method, order.total_money, 'unpaid')
      await tx
        .updateTable('points_exchange_orders')
        .set({ payment_status: 'unpaid', payment_method: method, updated_at: new Date() })
        .where('order_no', '=', orderNo)
        .execute()
      return payment.out_trade_no
    })
  }

  /** From here on the attempt is being closed at its provider; the customer sees it. */
  async function beginClosing(outTradeNo: string, showOnOrder: boolean): Promise<void> {
    await db.transaction().execute(async (tx) => {
      const payment = await mustFind(tx, outTradeNo)
      await lockOrder(tx, payment.order_no)
      if (payment.state !== 'unpaid') return
      await updatePayment(tx, outTradeNo, { state: 'closing' })
      if (!showOnOrder) return
      await tx
        .updateTable('points_exchange_orders')
        .set({ payment_status: 'closing', updated_at: new Date() })
        .where('order_no', '=', payment.order_no)
        .execute()
    })
  }

  /**
   * Closes the attempt at its provider. Throws, to be tried again, until the provider has said "closed" or
   * "paid": nothing is released on a guess.
   */
  async function closePayment(outTradeNo: string): Promise<CloseOutcome> {
    const payment = await mustFind(db, outTradeNo)
    if (payment.state !== 'unpaid' && payment.state !== 'closing') return { closed: true }
    const provider = providerOf(payment.method)
    // Opening it again finds the payment whose first answer was lost.
    const providerRef = payment.provider_ref ?? (await openAt(payment))
    const outcome = await provider.close({ outTradeNo, providerRef })
    if (outcome === 'closed') {
      await markClosed(payment)
      return { closed: true }
    }
    const found = await provider.query({ outTradeNo, providerRef })
    return {
      closed: false,
      paid: {
        outTradeNo,
        ...(found.amountFen === undefined ? {} : { amount: decimalFromFen(found.amountFen) }),
        ...(found.paymentRef ? { paymentRef: found.paymentRef } : {}),
      },
    }
  }

  /** Nobody can pay this attempt any more, so nobody is shown where. What was decided meanwhile stays. */
  async function markClosed({ order_no, out_trade_no }: Payment): Promise<void> {
    await db.transaction().execute(async (tx) => {
      await lockOrder(tx, order_no)
      const closed = await tx
        .updateTable('payments')
        .set({ state: 'closed', updated_at: new Date() })
        .where('out_trade_no', '=', out_trade_no)
        .where('state', 'in', ['unpaid', 'closing'])
        .executeTakeFirst()
      if (closed.numUpdatedRows === 0n) return
      await tx
        .updateTable('points_exchange_orders')
        .set({ payment_info: sql`payment_info || '{"pay_url": null}'::jsonb`, updated_at: new Date() })
        .where('order_no', '=', order_no)
        .where(sql`payment_info ->> 'trade_no'`, '=', out_trade_no)
        .execute()
    })
  }

  /** Money came in: takes it for the order once, or writes down once that it goes back. */
  async function settlePayment(
    money: ReportedMoney,
    outsideSteps: readonly OutsideStep[],
  ): Promise<MoneyOutcome> {
    return db.transaction().execute(async (tx) => {
      const known = await findPayment(tx, money.outTradeNo)
      if (!known) return 'unknown'
      const order = await findOrderForUpdate(tx, known.order_no)
      // Read again under the order's lock: a parallel notification may have decided it.
      const payment = await mustFind(tx, money.outTradeNo)
      if (!order) return 'unknown'
      const decision = decideMoney({
        order: order.status,
        payment: payment.state,
        amountMatches: money.amount === undefined || sameAmount(money.amount, payment.amount),
      })
      if (decision === 'repeat') {
        // A first try whose answer was lost has taken it, or has written down that it goes back.
        return payment.state === 'paid' ? 'settled' : payment.state === 'refunding' ? 'refund' : 'repeat'
      }
      if (decision === 'refund') {
        if (money.paymentRef) await updatePayment(tx, money.outTradeNo, { payment_ref: money.paymentRef })
        await oweRefund(tx, money.outTradeNo, payment.amount, 'money not due')
        if (order.status === 'order_canceled') {
          await tx
            .updateTable('points_exchange_orders')
            .set({ payment_status: 'refunding', updated_at: new Date() })
            .where('order_no', '=', order.order_no)
            .execute()
        } else if (order.status === 'order_created' && order.payment_info?.trade_no === money.outTradeNo) {
          // This cashier is used up; the customer opens another one.
          await tx
            .updateTable('points_exchange_orders')
            .set({ payment_info: null, updated_at: new Date() })
            .where('order_no', '=', order.order_no)
            .execute()
        }
        const note = 'a payment that was not due is refunded'
        await recordEvent(tx, order.order_no, `refund/${money.outTradeNo}`, order.status, SYSTEM, note)
        return 'refund'
      }
      await settle(
        tx,
        vault,
        order.order_no,
        { pointsCaptured: outsideSteps.includes('points'), stockCommitted: outsideSteps.includes('stock') },
        { outTradeNo: money.outTradeNo, paymentRef: money.paymentRef },
      )
      return 'settled'
    })
  }

  /** The attempt that is not closed, if there is one, and whether it could be opened at its provider. */
  async function findOpenPayment(orderNo: string): Promise<OpenPayment | null> {
    const payments = await listPayments(db, orderNo)
    const open = payments.findLast(({ state }) => state === 'unpaid' || state === 'closing')
    if (!open) return null
    const opened = open.state === 'unpaid' && open.pay_url !== null
    return { outTradeNo: open.out_trade_no, method: open.method, opened }
  }

  /** Whether the cash wallet could pay the order. @returns the refusal, or null. */
  async function checkCash(orderNo: string): Promise<Refusal | null> {
    const order = await db
      .selectFrom('points_exchange_orders')
      .select(['owner_id', 'total_money', 'status'])
      .where('order_no', '=', orderNo)
      .executeTakeFirstOrThrow()
    // A first try whose answer was lost has paid it.
    if (order.status !== 'order_created') return null
    const { available } = await readBalance(db, vault, order.owner_id, 'CNY')
    if (available >= (fenFromDecimal(order.total_money) ?? 0n)) return null
    return { code: 'INSUFFICIENT_BALANCE', required: order.total_money, available: decimalFromFen(available) }
  }

  /** Adds the decline to the timeline of an order that still waits; a late one tells nobody anything. */
  async function noteDeclined(outTradeNo: string, eventId: string): Promise<void> {
    await db.transaction().execute(async (tx) => {
      const payment = await findPayment(tx, outTradeNo)
      const order = payment && (await findOrderForUpdate(tx, payment.order_no))
      if (order?.status !== 'order_created') return
      const note = 'payment declined'
      await recordEvent(tx, order.order_no, `declined/${eventId}`, order.status, SYSTEM, note)
    })
  }

  /** The refunds that an order still owes at its providers. */
  async function listOwedRefunds(orderNo: string): Promise<OwedRefund[]> {
    return db.transaction().execute((tx) => owedRefunds(tx, orderNo))
  }

  /**
   * Gives money back at the provider. Throws, to be tried again, while the provider has not answered for
   * good; fails for good when the provider refuses.
   */
  async function refundPayment({ outTradeNo, refundNo }: OwedRefund): Promise<void> {
    const refund = await findRefund(db, refundNo)
    if (!refund || refund.state === 'done') return
    const payment = await mustFind(db, outTradeNo)
    const provider = providerOf(payment.method)
    const outcome = refund.refund_ref
      ? await provider.queryRefund({ refundNo, refundRef: refund.refund_ref })
      : await provider.refund({
          outTradeNo,
          providerRef: payment.provider_ref ?? '',
          paymentRef: payment.payment_ref ?? undefined,
          refundNo,
          amountFen: fenFromDecimal(refund.amount) ?? 0n,
          reason: refund.reason,
        })
    if (outcome.state === 'failed') {
      await giveUpRefund(db, refundNo, outcome.reason ?? 'refund failed')
      throw ApplicationFailure.nonRetryable(outcome.reason ?? 'refund failed', 'ProviderRefusal')
    }
    await db
      .updateTable('payment_refunds')
      .set({ refund_ref: outcome.refundRef, updated_at: new Date() })
      .where('refund_no', '=', refundNo)
      .execute()
    if (outcome.state === 'pending') throw new Error(`refund ${refundNo} is still pending at the provider`)
    await db.transaction().execute(async (tx) => {
      const order = await findOrderForUpdate(tx, payment.order_no)
      await tx
        .updateTable('payment_refunds')
        .set({ state: 'done', updated_at: new Date() })
        .where('refund_no', '=', refundNo)
        .execute()
      await updatePayment(tx, outTradeNo, { state: 'refunded', refunded_amount: refund.amount })
      if (!order) return
      const owed = await owedRefunds(tx, payment.order_no)
      if (owed.length === 0) {
        const canceled = order.status === 'order_canceled'
        const settled = order.needs_attention?.startsWith('refund: ')
        await tx
          .updateTable('points_exchange_orders')
          .set({
            ...(canceled ? { payment_status: 'refunded' } : {}),
            ...(settled ? { needs_attention: null } : {}),
            updated_at: new Date(),
          })
          .where('order_no', '=', payment.order_no)
          .execute()
      }
      await recordEvent(tx, payment.order_no, `refunded/${outTradeNo}`, order.status, SYSTEM, 'refunded')
    })
  }

  return {
    openPayment,
    newPayment,
    beginClosing,
    closePayment,
    findOpenPayment,
    checkCash,
    settlePayment,
    noteDeclined,
    listOwedRefunds,
    refundPayment,
  }
}

async function mustFind(db: Db, outTradeNo: string): Promise<Payment> {
  const payment = await findPayment(db, outTradeNo)
  if (!payment) throw ApplicationFailure.nonRetryable(`no payment ${outTradeNo}`, 'UnknownPayment')
  return payment
}

function sameAmount(left: string, right: string): boolean {
  return fenFromDecimal(left) === fenFromDecimal(right)
}
