import { ApplicationFailure } from '@temporalio/common'
import { sql } from 'kysely'
import type { Db } from '../db/client.ts'
import { markBooked } from '../db/messaging/inbox.ts'
import { readChannel } from '../db/orders/attempts.ts'
import { findOrderForUpdate, lockOrder, noteCancelCause, recordEvent, SYSTEM } from '../db/orders/orders.ts'
import {
  findPayment,
  listPayments,
  type OpenPayment,
  type Payment,
  readOpenPayment,
  recordPayment,
  updatePayment,
} from '../db/payments/payments.ts'
import type { Encryptor } from '../db/platform/encryption.ts'
import type { CancelCause, PaymentInfo } from '../db/schema/points-exchange-orders.ts'
import type { LedgerCipher } from '../db/wallet/ledger-cipher.ts'
import { readBalance } from '../db/wallet/reads.ts'
import type { Refusal } from '../domain/errors.ts'
import { decimalFromFen, type Fen, fenOf } from '../domain/money.ts'
import type { ExternalStep } from '../domain/orders/external-steps.ts'
import type { OrderStatus } from '../domain/orders/status.ts'
import { decideClose, decideMoney } from '../domain/payments/decision.ts'
import { MAX_PAYMENT_ATTEMPTS, type PaymentMethod } from '../domain/payments/method.ts'
import { NotKnownYetError, type PaymentProvider, ProviderRefusalError } from '../payments/port.ts'
import { requireCurrentRun } from './run.ts'
import { isFullyRefunded, scheduleRefund, settle } from './settle.ts'

export interface PaymentDeps {
  readonly db: Db
  readonly sealer: Encryptor
  readonly vault: LedgerCipher
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

export type MoneyOutcome = 'settled' | 'refund' | 'repeat' | 'unknown'

export type CloseOutcome =
  | { readonly closed: true }
  | { readonly closed: false; readonly paid: ReportedMoney }

/** How long to wait at most before a provider is asked again whether an attempt is dead. */
const ASK_AGAIN_MS = 15_000

export function createPaymentActivities({ db, vault, sealer, providers, returnUrl }: PaymentDeps) {
  function providerOf(method: PaymentMethod): PaymentProvider {
    const provider = providers.find((candidate) => candidate.method === method)
    if (!provider) throw ApplicationFailure.nonRetryable(`no provider for ${method}`, 'ProviderRefusalError')
    return provider
  }

  /** Opens the attempt at its provider and shows the customer where to pay. A repeat opens nothing new. */
  async function openPayment(outTradeNo: string): Promise<void> {
    const payment = await mustFind(db, outTradeNo)
    if (!payment.provider_ref) await openAt(payment)
  }

  async function openAt(payment: Payment): Promise<string> {
    const order = await db
      .selectFrom('points_exchange_orders')
      .select(['pay_by', 'product_title'])
      .where('order_no', '=', payment.order_no)
      .executeTakeFirstOrThrow()
    const channel = await readChannel(db, sealer, payment.order_no)
    // Its number is one product's from here on: asked for again, it is the same, wherever the customer stands then.
    const client = payment.client ?? channel.client
    if (payment.client === null) await updatePayment(db, payment.out_trade_no, { client })
    const opened = await providerOf(payment.method).create({
      outTradeNo: payment.out_trade_no,
      amountFen: fenOf(payment.amount),
      subject: order.product_title,
      expiresAt: order.pay_by ?? new Date(),
      returnUrl: channel.returnUrl ?? returnUrl(payment.order_no),
      client,
      openid: channel.openid,
      clientIp: channel.clientIp,
    })
    const info: PaymentInfo = {
      payment_method: payment.method,
      trade_no: payment.out_trade_no,
      pay_url: opened.payUrl,
      ...(opened.jsapi ? { jsapi: opened.jsapi } : {}),
      expires_at: order.pay_by?.toISOString() ?? null,
    }
    await db.transaction().execute(async (tx) => {
      requireCurrentRun(await lockOrder(tx, payment.order_no))
      await updatePayment(tx, payment.out_trade_no, {
        provider_ref: opened.providerRef,
        pay_url: opened.payUrl,
      })
      // A try that took too long may end after the attempt was closed, and another one took its place.
      const newest = (await listPayments(tx, payment.order_no)).at(-1)
      const waits = newest?.state === 'unpaid' || newest?.state === 'closing'
      if (newest?.out_trade_no !== payment.out_trade_no || !waits) return
      await tx
        .updateTable('points_exchange_orders')
        .set({ payment_info: JSON.stringify(info), payment_method: payment.method, updated_at: new Date() })
        .where('order_no', '=', payment.order_no)
        .where('status', '=', 'order_created')
        .execute()
    })
    return opened.providerRef
  }

  /**
   * Numbers the next attempt to pay. Those before it were closed first, so one that is open is that of a first
   * try whose answer was lost.
   * @returns its number; null where the order has had `MAX_PAYMENT_ATTEMPTS`, or waits for no payment
   */
  async function newPayment(orderNo: string, method: PaymentMethod): Promise<string | null> {
    return db.transaction().execute(async (tx) => {
      const order = await lockOrder(tx, orderNo)
      requireCurrentRun(order)
      const payments = await listPayments(tx, orderNo)
      const open = payments.find(({ state }) => state === 'unpaid')
      if (open) return open.out_trade_no
      if (order.status !== 'order_created' || payments.length >= MAX_PAYMENT_ATTEMPTS) return null
      const payment = await recordPayment(tx, orderNo, method, order.total_money, 'unpaid')
      await tx
        .updateTable('points_exchange_orders')
        .set({ payment_status: 'unpaid', payment_method: method, updated_at: new Date() })
        .where('order_no', '=', orderNo)
        .execute()
      return payment.out_trade_no
    })
  }

  /**
   * From here on the attempt is being closed at its provider; the customer sees it.
   * @param cause the order is to be canceled; undefined: another attempt takes this one's place
   * @returns where the order stands: one that is paid or at its end has nothing to close
   */
  async function beginClosing(
    outTradeNo: string,
    showOnOrder: boolean,
    cause?: CancelCause,
  ): Promise<OrderStatus> {
    return db.transaction().execute(async (tx) => {
      const { order_no } = await mustFind(tx, outTradeNo)
      const order = await lockOrder(tx, order_no)
      requireCurrentRun(order)
      const { state } = await mustFind(tx, outTradeNo)
      if (order.status !== 'exchanged' && order.status !== 'order_created') return order.status
      if (cause && order.cancel_cause === null) await noteCancelCause(tx, order_no, cause)
      if (state !== 'unpaid') return order.status
      await updatePayment(tx, outTradeNo, { state: 'closing' })
      if (showOnOrder) {
        await tx
          .updateTable('points_exchange_orders')
          .set({ payment_status: 'closing', updated_at: new Date() })
          .where('order_no', '=', order_no)
          .execute()
      }
      return order.status
    })
  }

  /**
   * Closes the attempt at its provider. Throws, to be tried again, until the provider has said "closed" or
   * "paid": nothing is released on a guess.
   * @param replaced another attempt is to take its place: one that the provider does not know yet is left to
   * its expiry, and given back should somebody pay it all the same
   */
  async function closePayment(outTradeNo: string, replaced = false): Promise<CloseOutcome> {
    const payment = await mustFind(db, outTradeNo)
    if (payment.state !== 'unpaid' && payment.state !== 'closing') return { closed: true }
    await requireCurrent(payment.order_no)
    const provider = providerOf(payment.method)
    // Opening it again finds the payment whose first answer was lost. One that the provider will not open has
    // no cashier that anybody could pay at.
    const providerRef = payment.provider_ref ?? (await openAt(payment).catch(unlessRefused))
    if (providerRef === undefined) {
      await markClosed(payment)
      return { closed: true }
    }
    const { pay_by } = await db
      .selectFrom('points_exchange_orders')
      .select('pay_by')
      .where('order_no', '=', payment.order_no)
      .executeTakeFirstOrThrow()
    const ref = { outTradeNo, providerRef, expiresAt: pay_by ?? payment.created_at }
    let unanswered: unknown
    const word = await provider.close(ref).catch((error: unknown) => {
      unanswered = error
      return error instanceof NotKnownYetError ? ('not_known_yet' as const) : ('no_answer' as const)
    })
    const decision = decideClose(word, replaced)
    if (decision === 'ask_again') {
      if (!(unanswered instanceof NotKnownYetError)) throw unanswered
      throw ApplicationFailure.create({
        message: unanswered.message,
        type: 'NotKnownYetError',
        nextRetryDelay: Math.min(Math.max(unanswered.deadAt.getTime() - Date.now(), 100), ASK_AGAIN_MS),
      })
    }
    if (decision === 'release') {
      await markClosed(payment)
      return { closed: true }
    }
    const found = await provider.query(ref)
    if (isFullyRefunded(found)) {
      await markClosed(payment)
      return { closed: true }
    }
    // Until this money is booked, the attempt is not at rest, whatever becomes of the order.
    await updatePayment(db, outTradeNo, { paid_reported: true })
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
        .set({
          payment_info: sql`(payment_info - 'jsapi') || '{"pay_url": null}'::jsonb`,
          updated_at: new Date(),
        })
        .where('order_no', '=', order_no)
        .where(sql`payment_info ->> 'trade_no'`, '=', out_trade_no)
        .execute()
    })
  }

  /**
   * What the provider's books hold of an attempt whose money came in by another amount than was asked for: a notice
   * alone is not believed in that. Undefined where they do not say that it came in.
   */
  async function readHeld(payment: Payment): Promise<Fen | undefined> {
    const { out_trade_no: outTradeNo, provider_ref, created_at: expiresAt } = payment
    const found = await providerOf(payment.method)
      .query({ outTradeNo, providerRef: provider_ref ?? undefined, expiresAt })
      .catch(unlessRefused)
    if (found?.state !== 'paid' || found.amountFen === undefined) return undefined
    return isFullyRefunded(found) ? 0n : found.amountFen - (found.refundedFen ?? 0n)
  }

  /**
   * Money came in: takes it for the order once, or writes down once that it goes back. Of a wrong amount goes back
   * what the provider holds.
   */
  async function settlePayment(
    money: ReportedMoney,
    outsideSteps: readonly ExternalStep[],
  ): Promise<MoneyOutcome> {
    const named = await findPayment(db, money.outTradeNo)
    const isOdd = named && isUndecided(named) && !isOurAmount(money, named)
    // Asked before the order is locked: a provider may be slow.
    const held = isOdd ? await readHeld(named) : undefined
    if (isOdd && held === 0n) {
      await markClosed(named)
      await markBooked(db, money.outTradeNo)
      return 'repeat'
    }
    return db.transaction().execute(async (tx) => {
      await markBooked(tx, money.outTradeNo)
      const known = await findPayment(tx, money.outTradeNo)
      if (!known) return 'unknown'
      const order = await findOrderForUpdate(tx, known.order_no)
      // Read again under the order's lock: a parallel notification may have decided it.
      const payment = await mustFind(tx, money.outTradeNo)
      if (!order) return 'unknown'
      requireCurrentRun(order)
      const decision = decideMoney({
        order: order.status,
        payment: payment.state,
        amountMatches: isOurAmount(money, payment),
      })
      if (decision === 'repeat') {
        // A first try whose answer was lost has taken it, or has written down that it goes back.
        return payment.state === 'paid' ? 'settled' : payment.state === 'refunding' ? 'refund' : 'repeat'
      }
      if (decision === 'refund') {
        if (money.paymentRef) await updatePayment(tx, money.outTradeNo, { payment_ref: money.paymentRef })
        await scheduleRefund(tx, payment, 'money not due', null, held)
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
        const key = `refund/${money.outTradeNo}`
        await recordEvent(tx, order.order_no, key, order.status, SYSTEM, { code: 'payment_not_due' })
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

  /** The attempt that is not closed, if there is one, and whether it can be shown again. */
  async function findOpenPayment(orderNo: string): Promise<OpenPayment | null> {
    return readOpenPayment(db, sealer, orderNo)
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
    if (available >= fenOf(order.total_money)) return null
    return { code: 'INSUFFICIENT_BALANCE', required: order.total_money, available: decimalFromFen(available) }
  }

  /** Adds the decline to the timeline of an order that still waits; a late one tells nobody anything. */
  async function noteDeclined(outTradeNo: string, eventId: string): Promise<void> {
    await db.transaction().execute(async (tx) => {
      const payment = await findPayment(tx, outTradeNo)
      const order = payment && (await findOrderForUpdate(tx, payment.order_no))
      if (order?.status !== 'order_created') return
      requireCurrentRun(order)
      const key = `declined/${eventId}`
      await recordEvent(tx, order.order_no, key, order.status, SYSTEM, { code: 'payment_declined' })
    })
  }

  /** @throws SupersededError */
  async function requireCurrent(orderNo: string): Promise<void> {
    const { run_id } = await db
      .selectFrom('points_exchange_orders')
      .select('run_id')
      .where('order_no', '=', orderNo)
      .executeTakeFirstOrThrow()
    requireCurrentRun({ run_id })
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
  }
}

/** @throws what is no refusal */
function unlessRefused(error: unknown): undefined {
  if (!(error instanceof ProviderRefusalError)) throw error
  return undefined
}

async function mustFind(db: Db, outTradeNo: string): Promise<Payment> {
  const payment = await findPayment(db, outTradeNo)
  if (!payment) throw ApplicationFailure.nonRetryable(`no payment ${outTradeNo}`, 'UnknownPayment')
  return payment
}

/** Nothing was decided yet on what came in for this attempt. */
function isUndecided({ state }: Payment): boolean {
  return state === 'unpaid' || state === 'closing' || state === 'closed'
}

function isOurAmount({ amount }: ReportedMoney, payment: Payment): boolean {
  return amount === undefined || fenOf(amount) === fenOf(payment.amount)
}
