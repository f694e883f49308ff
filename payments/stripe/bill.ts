import { z } from 'zod'
import { dayInShanghai } from '../../domain/business-time.ts'
import type { BillLine } from '../port.ts'
import { callStripe, type StripeAccount } from './api.ts'

const PAGE = 100
/** A million movements: a longer list is considered endless. */
const PAGES_MAX = 10_000

const amount = z.int().positive().transform(BigInt)
const labels = z
  .record(z.string(), z.string())
  .nullish()
  .transform((pairs) => pairs ?? {})
const page = z.object({
  has_more: z.boolean(),
  data: z.array(z.object({ id: z.string().min(1), created: z.int(), type: z.string(), source: z.unknown() })),
})
type Movement = z.output<typeof page>['data'][number]

// `amount` is in the settlement currency; the source has the charged amount.
const charge = z.object({
  object: z.literal('charge'),
  amount,
  currency: z.string(),
  payment_intent: z.string().nullish(),
  metadata: labels,
})
const refund = charge.extend({
  object: z.literal('refund'),
  status: z.enum(['pending', 'requires_action', 'succeeded', 'failed', 'canceled']),
})

/** Available at any time. @param day `YYYY-MM-DD` in Shanghai */
export async function downloadBill(account: StripeAccount, day: string): Promise<BillLine[]> {
  const { from, to } = dayInShanghai(day)
  const lines: BillLine[] = []
  let after: string | undefined
  for (let pages = 0; pages < PAGES_MAX; pages += 1) {
    const { data, has_more } = page.parse(
      await callStripe(account, {
        method: 'GET',
        path: '/v1/balance_transactions',
        fields: {
          'created[gte]': `${from.getTime() / 1000}`,
          'created[lt]': `${to.getTime() / 1000}`,
          limit: `${PAGE}`,
          'expand[]': 'data.source',
          ...(after === undefined ? {} : { starting_after: after }),
        },
      }),
    )
    for (const movement of data) {
      const line = await lineOf(account, movement)
      if (line) lines.push(line)
    }
    after = data.at(-1)?.id
    if (!has_more || after === undefined) return lines
  }
  throw new Error(`the list of balance transactions of ${day} does not end`)
}

/** Payments without our numbers belong to other shops on the account. */
async function lineOf(
  account: StripeAccount,
  { type, created, source }: Movement,
): Promise<BillLine | undefined> {
  const at = new Date(created * 1000)
  if (type === 'charge' || type === 'payment') {
    const { amount: amountFen, currency, payment_intent, metadata } = charge.parse(source)
    const outTradeNo = metadata.out_trade_no
    if (!outTradeNo || currency !== 'cny') return undefined
    return {
      kind: 'payment',
      outTradeNo,
      amountFen,
      at,
      ...(payment_intent && { paymentRef: payment_intent }),
    }
  }
  if (type === 'refund' || type === 'payment_refund') {
    const { amount: amountFen, currency, status, payment_intent, metadata } = refund.parse(source)
    // A failed refund has a reversing movement of its own, and a pending one may still fail.
    if (status !== 'succeeded' || currency !== 'cny') return undefined
    const refundNo = metadata.refund_no
    const outTradeNo = metadata.out_trade_no ?? (await numberOf(account, payment_intent))
    if (!outTradeNo) return undefined
    return {
      kind: 'refund',
      outTradeNo,
      amountFen,
      at,
      ...(refundNo && { refundNo }),
      ...(payment_intent && { paymentRef: payment_intent }),
    }
  }
  return undefined
}

/** A refund made in Stripe's dashboard has no metadata; its payment has. */
async function numberOf(account: StripeAccount, paymentIntent: string | null | undefined) {
  if (!paymentIntent) return undefined
  const found = await callStripe(account, { method: 'GET', path: `/v1/payment_intents/${paymentIntent}` })
  return z.object({ metadata: labels }).parse(found).metadata.out_trade_no
}
