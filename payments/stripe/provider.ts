import { z } from 'zod'
import {
  type PaymentAttempt,
  type PaymentProvider,
  type PaymentRef,
  ProviderRefusalError,
  type ProviderState,
  type RefundOutcome,
  type RefundRequest,
} from '../port.ts'
import { callStripe, type StripeAccount, StripeError, StripeRefusalError } from './api.ts'
import { downloadBill } from './bill.ts'
import { verifyStripeNotification } from './notification.ts'

/** Stripe's minimum session lifetime, and a minute for clock differences. */
const SHORTEST_LIFE_MS = 31 * 60_000
const KEYS_MAX = 5

const amount = z.int().nonnegative().transform(BigInt)
const session = z.object({
  id: z.string().min(1),
  client_reference_id: z.string().nullable(),
  status: z.enum(['open', 'complete', 'expired']),
  payment_status: z.enum(['paid', 'unpaid', 'no_payment_required']),
  amount_total: amount,
  currency: z.literal('cny'),
  url: z.url().nullable(),
  payment_intent: z
    .union([
      z.string().transform((id) => ({ id, latest_charge: null })),
      z.object({
        id: z.string(),
        latest_charge: z
          .union([z.string().transform(() => null), z.object({ amount_refunded: amount })])
          .nullable(),
      }),
    ])
    .nullable(),
})
type Session = z.output<typeof session>

const refundObject = z.object({
  id: z.string().min(1),
  amount,
  status: z.enum(['pending', 'requires_action', 'succeeded', 'failed', 'canceled']),
  failure_reason: z.string().optional(),
  metadata: z.record(z.string(), z.string()).nullish(),
})
type Refund = z.output<typeof refundObject>

export function createStripe(account: StripeAccount): PaymentProvider {
  return {
    method: 'bank_card',
    name: 'stripe',
    received: '',
    refundWaitsForShop: [],
    verify: (rawBody, headers, now) => verifyStripeNotification(rawBody, headers, account.webhookSecret, now),
    downloadBill: (day) => downloadBill(account, day),
    create: (attempt) => openSession(account, attempt),
    query: async (payment) => {
      const found = payment.providerRef && (await findSession(account, payment))
      if (!found) return { state: 'unknown' }
      const { payment_intent: intent } = found
      return {
        state: stateOf(found),
        amountFen: found.amount_total,
        ...(intent && { paymentRef: intent.id }),
        ...(intent?.latest_charge && { refundedFen: intent.latest_charge.amount_refunded }),
      }
    },
    close: (payment) => expireSession(account, payment),
    refund: (refund) => createRefund(account, refund),
    queryRefund: async ({ refundRef }) =>
      refundOutcomeOf(
        refundObject.parse(await callStripe(account, { method: 'GET', path: `/v1/refunds/${refundRef}` })),
      ),
  }
}

async function openSession(account: StripeAccount, attempt: PaymentAttempt) {
  const fields: Record<string, string> = {
    mode: 'payment',
    client_reference_id: attempt.outTradeNo,
    'line_items[0][quantity]': '1',
    'line_items[0][price_data][currency]': 'cny',
    'line_items[0][price_data][unit_amount]': attempt.amountFen.toString(),
    'line_items[0][price_data][product_data][name]': attempt.subject,
    'metadata[out_trade_no]': attempt.outTradeNo,
    'metadata[pay_by]': attempt.expiresAt.toISOString(),
    'payment_intent_data[metadata][out_trade_no]': attempt.outTradeNo,
    success_url: attempt.returnUrl,
    cancel_url: attempt.returnUrl,
  }
  // The fields must not depend on the clock: a repeat under the same key must be identical.
  const expiresAt = Math.ceil((attempt.expiresAt.getTime() + SHORTEST_LIFE_MS) / 1000).toString()
  const opened = await oncePerKey(`pay/${attempt.outTradeNo}`, async (idempotencyKey) => {
    const post = { method: 'POST', path: '/v1/checkout/sessions', idempotencyKey } as const
    try {
      return await callStripe(account, { ...post, fields: { ...fields, expires_at: expiresAt } })
    } catch (error) {
      // Stripe accepts 30 minutes to 24 hours. Otherwise its default applies, and our deadline closes the
      // session.
      if (!(error instanceof StripeRefusalError)) throw error
      if (error.param !== 'expires_at' && error.type !== 'idempotency_error') throw error
      return await callStripe(account, { ...post, fields })
    }
  })
  const { id, url, amount_total } = session.parse(opened)
  if (url === null || amount_total !== attempt.amountFen) {
    throw new ProviderRefusalError(
      'session_unfit',
      `session ${id} is not for this attempt, or has no cashier page`,
    )
  }
  return { providerRef: id, payUrl: url }
}

async function expireSession(account: StripeAccount, payment: PaymentRef): Promise<'closed' | 'paid'> {
  if (payment.providerRef === undefined) throw new Error(`${payment.outTradeNo}: no session to expire yet`)
  try {
    // No Idempotency-Key: a stored answer would be outdated.
    await callStripe(account, { method: 'POST', path: `/v1/checkout/sessions/${payment.providerRef}/expire` })
  } catch (error) {
    // "No longer open" and a lost answer look alike, so the session is queried below.
    if (error instanceof ProviderRefusalError && error.code === 'resource_missing') throw error
  }
  const now = await findSession(account, payment)
  const state = now ? stateOf(now) : 'unknown'
  if (state === 'closed' || state === 'paid') return state
  throw new Error(`${payment.outTradeNo}: session ${payment.providerRef} is still ${state}`)
}

async function createRefund(account: StripeAccount, refund: RefundRequest): Promise<RefundOutcome> {
  const intent = refund.paymentRef ?? (await findSession(account, refund))?.payment_intent?.id
  if (intent === undefined) {
    throw new ProviderRefusalError('not_paid', `${refund.outTradeNo}: not paid, so nothing can be refunded`)
  }
  // Keys expire after 24 hours; the list does not.
  const made = () => findRefund(account, intent, refund.refundNo)
  const result =
    (await made()) ??
    (await oncePerKey(
      `refund/${refund.refundNo}`,
      async (idempotencyKey) =>
        refundObject.parse(
          await callStripe(account, {
            method: 'POST',
            path: '/v1/refunds',
            idempotencyKey,
            fields: {
              payment_intent: intent,
              amount: refund.amountFen.toString(),
              reason: 'requested_by_customer',
              'metadata[refund_no]': refund.refundNo,
              'metadata[out_trade_no]': refund.outTradeNo,
              'metadata[reason]': refund.reason,
            },
          }),
        ),
      made,
    ))
  if (result.amount !== refund.amountFen) {
    throw new ProviderRefusalError('refund_no_reused', `${refund.refundNo} was used for ${result.amount} fen`)
  }
  return refundOutcomeOf(result)
}

/**
 * A stored server error may hide a success: `found` checks before the next key. Repeats take the same keys.
 */
async function oncePerKey<T>(
  key: string,
  post: (idempotencyKey: string) => Promise<T>,
  found: () => Promise<T | undefined> = () => Promise.resolve(undefined),
): Promise<T> {
  for (let n = 1; n <= KEYS_MAX; n += 1) {
    try {
      return await post(n === 1 ? key : `${key}/${n}`)
    } catch (error) {
      if (!(error instanceof StripeError && error.stored)) throw error
      const already = await found()
      if (already !== undefined) return already
    }
  }
  throw new Error(`${key}: ${KEYS_MAX} consecutive idempotency keys have a stored server error`)
}

async function findSession(
  account: StripeAccount,
  payment: Pick<PaymentRef, 'outTradeNo' | 'providerRef'>,
): Promise<Session | undefined> {
  try {
    const found = session.parse(
      await callStripe(account, {
        method: 'GET',
        path: `/v1/checkout/sessions/${payment.providerRef}`,
        fields: { 'expand[]': 'payment_intent.latest_charge' },
      }),
    )
    if (found.client_reference_id !== payment.outTradeNo) {
      throw new ProviderRefusalError('trade_mismatch', `session ${found.id} is not for ${payment.outTradeNo}`)
    }
    return found
  } catch (error) {
    if (error instanceof ProviderRefusalError && error.code === 'resource_missing') return undefined
    throw error
  }
}

async function findRefund(account: StripeAccount, intent: string, refundNo: string) {
  const list = z.object({ data: z.array(refundObject) }).parse(
    await callStripe(account, {
      method: 'GET',
      path: '/v1/refunds',
      fields: { payment_intent: intent, limit: '100' },
    }),
  )
  return list.data.find((refund) => refund.metadata?.refund_no === refundNo)
}

/** A complete session whose payment is processing cannot be expired, so it counts as unpaid. */
function stateOf(found: Session): ProviderState {
  switch (found.status) {
    case 'open':
      return 'unpaid'
    case 'expired':
      return 'closed'
    case 'complete':
      return found.payment_status === 'paid' ? 'paid' : 'unpaid'
  }
}

function refundOutcomeOf(refund: Refund): RefundOutcome {
  const refundRef = refund.id
  switch (refund.status) {
    case 'succeeded':
      return { state: 'done', refundRef }
    case 'pending':
    case 'requires_action':
      return { state: 'pending', refundRef }
    case 'failed':
    case 'canceled':
      return { state: 'failed', refundRef, reason: refund.failure_reason ?? refund.status }
  }
}
