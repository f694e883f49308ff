import { readChannel } from '../db/orders/attempts.ts'
import { lockOrder } from '../db/orders/orders.ts'
import { showCashier, showNewAttempt } from '../db/orders/shown-payment.ts'
import {
  listPayments,
  type OpenPayment,
  type Payment,
  readOpenPayment,
  recordPayment,
  updatePayment,
} from '../db/payments/payments.ts'
import type { PaymentInfo } from '../db/schema/points-exchange-orders.ts'
import { readBalance } from '../db/wallet/reads.ts'
import type { Refusal } from '../domain/errors.ts'
import { decimalFromFen, fenOf } from '../domain/money.ts'
import { MAX_PAYMENT_ATTEMPTS, type PaymentMethod } from '../domain/payments/method.ts'
import { mustFindPayment, type PaymentDeps, providerOf } from './payment-deps.ts'
import { requireCurrentRun } from './run.ts'

/**
 * Numbers the next attempt to pay. The caller has closed all earlier ones, so that an open one comes from a try of
 * this activity whose answer was lost.
 * @returns its number; null when the order has had `MAX_PAYMENT_ATTEMPTS`, or waits for no payment
 */
export async function newPayment(
  { db }: PaymentDeps,
  orderNo: string,
  method: PaymentMethod,
): Promise<string | null> {
  return db.transaction().execute(async (tx) => {
    const order = await lockOrder(tx, orderNo)
    requireCurrentRun(order)
    const payments = await listPayments(tx, orderNo)
    const open = payments.find(({ state }) => state === 'unpaid')
    if (open) return open.out_trade_no
    if (order.status !== 'order_created' || payments.length >= MAX_PAYMENT_ATTEMPTS) return null
    const payment = await recordPayment(tx, orderNo, method, order.total_money, 'unpaid')
    await showNewAttempt(tx, orderNo, method)
    return payment.out_trade_no
  })
}

/** Opens the attempt at its provider and shows the customer where to pay. A repeat opens nothing new. */
export async function openPayment(deps: PaymentDeps, outTradeNo: string): Promise<void> {
  const payment = await mustFindPayment(deps.db, outTradeNo)
  if (!payment.provider_ref) await openAtProvider(deps, payment)
}

/** @returns the provider's reference of the payment */
export async function openAtProvider(deps: PaymentDeps, payment: Payment): Promise<string> {
  const { db, sealer, returnUrl } = deps
  const order = await db
    .selectFrom('points_exchange_orders')
    .select(['pay_by', 'product_title'])
    .where('order_no', '=', payment.order_no)
    .executeTakeFirstOrThrow()
  const channel = await readChannel(db, sealer, payment.order_no)
  // Kept with the attempt: asked again under its number, the provider must get the same client.
  const client = payment.client ?? channel.client
  if (payment.client === null) await updatePayment(db, payment.out_trade_no, { client })
  const opened = await providerOf(deps, payment.method).create({
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
    // A slow try may end after the attempt was closed and replaced.
    const newest = (await listPayments(tx, payment.order_no)).at(-1)
    const waits = newest?.state === 'unpaid' || newest?.state === 'closing'
    if (newest?.out_trade_no !== payment.out_trade_no || !waits) return
    await showCashier(tx, payment.order_no, payment.method, info)
  })
  return opened.providerRef
}

/** The attempt that is not closed, if there is one, and whether it can be shown again. */
export async function findOpenPayment(
  { db, sealer }: PaymentDeps,
  orderNo: string,
): Promise<OpenPayment | null> {
  return readOpenPayment(db, sealer, orderNo)
}

/** Whether the cash wallet could pay the order. @returns the refusal, or null */
export async function checkCash({ db, vault }: PaymentDeps, orderNo: string): Promise<Refusal | null> {
  const order = await db
    .selectFrom('points_exchange_orders')
    .select(['owner_id', 'total_money', 'status'])
    .where('order_no', '=', orderNo)
    .executeTakeFirstOrThrow()
  // An earlier try whose answer was lost has paid it.
  if (order.status !== 'order_created') return null
  const { available } = await readBalance(db, vault, order.owner_id, 'CNY')
  if (available >= fenOf(order.total_money)) return null
  return { code: 'INSUFFICIENT_BALANCE', required: order.total_money, available: decimalFromFen(available) }
}
