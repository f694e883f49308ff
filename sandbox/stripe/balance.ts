import type { DatabaseSync } from 'node:sqlite'
import { findTrade, paidBetween, type Refund, refundedBetween, refundsOf, type Trade } from '../books.ts'
import { refusal, StripeRefusalError } from './errors.ts'
import { EXPAND, integer, readForm } from './form.ts'
import { chargeObject, METHOD, refundObject } from './objects.ts'

const FIELDS = [/^created\[(gte|lt)\]$/, /^(limit|starting_after)$/, EXPAND]
const LAST = new Date(8_640_000_000_000_000)

/** `source` is the API object of the movement, replaced by its id unless expanded. */
interface Movement {
  readonly id: string
  readonly type: 'charge' | 'refund' | 'refund_failure'
  /** Fen; negative where money left the account. */
  readonly amountFen: bigint
  readonly at: Date
  readonly pending: boolean
  readonly source: { readonly id: string }
}

/** Newest first (docs.stripe.com/api/balance_transactions/list). */
export function listMovements(db: DatabaseSync, query: string) {
  const form = readForm(query, FIELDS)
  const time = (name: string) => integer(form, name, 0, Number.MAX_SAFE_INTEGER)
  const limit = integer(form, 'limit', 1, 100) ?? 10
  const expanded = [...form].filter(([name]) => name.startsWith('expand')).map(([, value]) => value)
  for (const name of expanded) {
    if (name === 'data.source') continue
    throw new StripeRefusalError(
      refusal(400, `This property cannot be expanded (${name}).`, { param: 'expand' }),
    )
  }
  const [gte, lt] = [time('created[gte]'), time('created[lt]')]
  const all = movementsBetween(db, new Date((gte ?? 0) * 1000), lt === undefined ? LAST : new Date(lt * 1000))
  const after = form.get('starting_after')
  const start = after === undefined ? 0 : all.findIndex(({ id }) => id === after) + 1
  if (after !== undefined && start === 0) {
    throw new StripeRefusalError(
      refusal(400, `No such balance transaction: '${after}'`, {
        code: 'resource_missing',
        param: 'starting_after',
      }),
    )
  }
  const data = all
    .slice(start, start + limit)
    .map((movement) => movementObject(movement, expanded.length > 0))
  const has_more = all.length > start + limit
  return { object: 'list', url: '/v1/balance_transactions', has_more, data }
}

function movementsBetween(db: DatabaseSync, from: Date, to: Date): Movement[] {
  const charges = paidBetween(db, METHOD, from, to).map((trade) => chargeOf(db, trade))
  const refunds = refundedBetween(db, METHOD, from, to).flatMap((refund) => refundOf(db, refund))
  return [...charges, ...refunds].sort((a, b) => b.at.getTime() - a.at.getTime() || (a.id < b.id ? 1 : -1))
}

function chargeOf(db: DatabaseSync, trade: Trade): Movement {
  return {
    id: `txn_${trade.paymentRef}`,
    type: 'charge',
    amountFen: trade.amountFen,
    at: trade.paidAt ?? trade.createdAt,
    pending: false,
    source: chargeObject(trade, refundsOf(db, trade.ref)),
  }
}

/** A failed refund returns by a movement of its own. */
function refundOf(db: DatabaseSync, refund: Refund): Movement[] {
  const trade = findTrade(db, refund.tradeRef)
  if (!trade) return []
  const made: Movement = {
    id: `txn_${refund.ref}`,
    type: 'refund',
    amountFen: -refund.amountFen,
    at: refund.createdAt,
    pending: refund.state === 'pending',
    source: refundObject(trade, refund),
  }
  if (refund.state !== 'failed') return [made]
  return [
    made,
    { ...made, id: `txn_failed_${refund.ref}`, type: 'refund_failure', amountFen: refund.amountFen },
  ]
}

/** docs.stripe.com/api/balance_transactions/object */
function movementObject({ id, type, amountFen, at, pending, source }: Movement, withSource: boolean) {
  const amount = Number(amountFen)
  const created = Math.floor(at.getTime() / 1000)
  return {
    id,
    object: 'balance_transaction',
    amount,
    available_on: created,
    created,
    currency: 'cny',
    exchange_rate: null,
    fee: 0,
    fee_details: [],
    net: amount,
    reporting_category: type,
    source: withSource ? source : source.id,
    status: pending ? 'pending' : 'available',
    type,
  }
}
