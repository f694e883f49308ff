import { fenGivenBack, findTradeByPayment, insertRefund, type Refund, refundsOf } from '../books.ts'
import { takeFault } from '../faults.ts'
import { type Desk, settleRefund } from '../teller.ts'
import { noSuch, refusal } from './errors.ts'
import { AMOUNT_MAX, integer, METADATA, metadata, oneOf, required } from './form.ts'
import { isPaid, METHOD, newId, type RefundWire, refundObject } from './objects.ts'
import type { Action } from './post.ts'

const FIELDS = [/^(payment_intent|amount|reason)$/, METADATA]

interface RefundInput {
  readonly paymentRef: string
  readonly amountFen: bigint | undefined
  readonly wire: RefundWire
}

/** docs.stripe.com/api/refunds/create */
export function createRefund(desk: Desk): Action<RefundInput> {
  const { db } = desk
  return {
    fields: FIELDS,
    read: (form) => {
      const amount = integer(form, 'amount', 1, AMOUNT_MAX)
      const reasons = ['duplicate', 'fraudulent', 'requested_by_customer'] as const
      return {
        paymentRef: required(form, 'payment_intent'),
        amountFen: amount === undefined ? undefined : BigInt(amount),
        wire: {
          metadata: metadata(form, 'metadata'),
          reason: form.has('reason') ? oneOf(form, 'reason', reasons) : null,
        },
      }
    },
    act: ({ paymentRef, amountFen, wire }) => {
      const trade = findTradeByPayment(db, paymentRef)
      if (!trade?.attempts) return noSuch('payment_intent', paymentRef, 'payment_intent')
      if (!isPaid(trade)) {
        return refusal(
          400,
          `This PaymentIntent (${paymentRef}) does not have a successful charge to refund.`,
          {
            code: 'payment_intent_unexpected_state',
            param: 'payment_intent',
          },
        )
      }
      const rest = trade.amountFen - fenGivenBack(refundsOf(db, trade.ref))
      if (rest === 0n) {
        return refusal(400, `Charge of ${paymentRef} has already been refunded.`, {
          code: 'charge_already_refunded',
        })
      }
      const amount = amountFen ?? rest
      if (amount > rest) {
        return refusal(
          400,
          `Refund amount (${amount}) is greater than unrefunded amount on charge (${rest})`,
          {
            param: 'amount',
          },
        )
      }
      const fresh: Refund = {
        ref: newId('re'),
        tradeRef: trade.ref,
        amountFen: amount,
        state: 'pending',
        createdAt: new Date(),
        wire: JSON.stringify(wire),
      }
      insertRefund(db, fresh)
      if (takeFault(db, METHOD, 'refund_stuck')) return { status: 200, body: refundObject(trade, fresh) }
      const state = takeFault(db, METHOD, 'refund_failed') ? 'failed' : 'done'
      return { status: 200, body: refundObject(trade, settleRefund(desk, trade, fresh, state)) }
    },
  }
}
