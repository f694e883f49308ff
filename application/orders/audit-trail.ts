import { findProductStatus } from '../../db/catalogue/products.ts'
import {
  findOrderReservation,
  findShippingType,
  listOrderEvents,
  listOrderNotices,
} from '../../db/orders/audit-trail.ts'
import { listOrderRefunds } from '../../db/orders/refunds.ts'
import { listPayments, type Payment } from '../../db/payments/payments.ts'
import type { Currency } from '../../db/schema/wallet-accounts.ts'
import type { EntryKind } from '../../db/schema/wallet-transfers.ts'
import { TamperedError } from '../../db/wallet/ledger-cipher.ts'
import { type BookedFor, listOrderEntries } from '../../db/wallet/reads.ts'
import type { ShippingType } from '../../domain/catalogue/product.ts'
import type { NoticeKind, NoticeOutcome } from '../../domain/messaging/notices.ts'
import { fenOf, type Money, moneyFromFen } from '../../domain/money.ts'
import type { OrderNote } from '../../domain/orders/notes.ts'
import { remainderOf } from '../../domain/orders/refund.ts'
import type { PaymentStatus } from '../../domain/orders/status.ts'
import type { PaymentMethod } from '../../domain/payments/method.ts'
import { reasonText } from '../../i18n/entry-texts.ts'
import type { Lang } from '../../i18n/error-texts.ts'
import { type FundTrace, readFundTrace } from './fund-trace.ts'
import type { OrderReader, OrderView } from './view.ts'

/** Times are ISO 8601 UTC. */
export interface OrderAuditTrail {
  readonly shippingType: ShippingType | undefined
  /** Deleted products have no page. */
  readonly isProductDeleted: boolean
  readonly events: readonly {
    readonly status: string
    readonly note: OrderNote | null
    readonly by: { readonly type: string; readonly id: string | null }
    readonly at: string
  }[]
  /** Undefined: the ledger cannot be decrypted. */
  readonly ledger: { readonly entries: readonly OrderEntry[]; readonly where: FundTrace } | undefined
  readonly stock: readonly { readonly pieces: number; readonly move: StockMove; readonly at: string }[]
  readonly payments: readonly PaymentView[]
  /** Who decided a refund, by its number. */
  readonly refundedBy: ReadonlyMap<string, { readonly type: string; readonly id: string | null }>
  readonly notices: readonly NoticeView[]
  readonly rest: { readonly points: number; readonly money: Money }
}

type StockMove = 'reserved' | 'sold' | 'put_back'

/** Signed amounts in points or fen. */
export interface OrderEntry {
  readonly id: string
  readonly kind: EntryKind
  readonly currency: Currency
  readonly available: bigint
  readonly held: bigint
  readonly availableAfter: bigint
  readonly reason: string
  readonly at: string
}

export interface PaymentView {
  readonly out_trade_no: string
  readonly method: PaymentMethod
  readonly amount: Money
  readonly refunded: Money
  readonly state: PaymentStatus
  /** The provider's number of the payment, or of its checkout. */
  readonly provider_no: string | null
  readonly opened_at: string
  readonly paid_at: string | null
}

interface NoticeView {
  readonly source: string
  readonly event_id: string
  readonly kind: NoticeKind
  readonly received_at: string
  readonly delivered_at: string | null
  readonly outcome: NoticeOutcome | null
}

export async function readOrderAuditTrail(
  reader: OrderReader,
  order: OrderView,
  lang: Lang,
): Promise<OrderAuditTrail> {
  const { db } = reader
  const { order_no } = order
  const [shippingType, productStatus, events, reservation, payments, notices, ledger, refunds] =
    await Promise.all([
      findShippingType(db, order_no),
      findProductStatus(db, order.product_id),
      listOrderEvents(db, order_no),
      findOrderReservation(db, order_no),
      listPayments(db, order_no),
      listOrderNotices(db, order_no),
      readLedger(reader, order, lang),
      listOrderRefunds(db, order_no),
    ])
  // Later events of a paid order repeat the status; the first is the transition.
  const paidAt = events.find(({ status }) => status === 'order_paid')?.created_at
  return {
    shippingType,
    isProductDeleted: productStatus === undefined,
    events: events.map(({ status, note, actor_type, actor_id, created_at }) => ({
      status,
      note,
      by: { type: actor_type, id: actor_id },
      at: created_at.toISOString(),
    })),
    ledger,
    stock: reservation ? movesOf(reservation, paidAt) : [],
    payments: payments.map(viewOf),
    refundedBy: new Map(
      refunds.map(({ refund_no, actor_type, actor_id }) => [refund_no, { type: actor_type, id: actor_id }]),
    ),
    notices: notices.map(({ received_at, delivered_at, ...notice }) => ({
      ...notice,
      received_at: received_at.toISOString(),
      delivered_at: delivered_at?.toISOString() ?? null,
    })),
    rest: remainderAfter(order),
  }
}

/** Shown even if the ledger cannot be read, since that is when operators need it most. */
async function readLedger(
  reader: OrderReader,
  order: OrderView,
  lang: Lang,
): Promise<OrderAuditTrail['ledger']> {
  try {
    const [entries, where] = await Promise.all([
      listOrderEntries(reader.db, reader.vault, order.owner_id, order.order_no),
      readFundTrace(reader, order),
    ])
    return { entries: entries.map((entry) => entryOf(entry, lang)), where }
  } catch (error) {
    if (error instanceof TamperedError) return undefined
    throw error
  }
}

function entryOf({ plain, created_at, ...entry }: BookedFor, lang: Lang): OrderEntry {
  return {
    id: `${entry.account_id}-${entry.version}`,
    kind: entry.kind,
    currency: entry.currency,
    available: BigInt(plain.available),
    held: BigInt(plain.held),
    availableAfter: BigInt(plain.available_after),
    reason: reasonText(entry.kind, entry.reason, lang),
    at: created_at.toISOString(),
  }
}

/** Derived: the reservation stores only its final state, and restored stock was sold when the order was paid. */
function movesOf(
  {
    quantity,
    settled,
    state,
    created_at,
    resolved_at,
  }: NonNullable<Awaited<ReturnType<typeof findOrderReservation>>>,
  paidAt: Date | undefined,
): OrderAuditTrail['stock'] {
  // External stock is committed shortly after payment.
  const soldAt = paidAt ?? (state === 'committed' ? (resolved_at ?? created_at) : undefined)
  // After-sales show where their pieces are.
  const back = quantity - settled
  const backAt = state === 'released' && back > 0 ? resolved_at : null
  return [
    { pieces: -quantity, move: 'reserved', at: created_at.toISOString() },
    ...(soldAt ? [{ pieces: 0, move: 'sold' as const, at: soldAt.toISOString() }] : []),
    ...(backAt ? [{ pieces: back, move: 'put_back' as const, at: backAt.toISOString() }] : []),
  ]
}

function viewOf(payment: Payment): PaymentView {
  const { out_trade_no, method, amount, refunded_amount, state, provider_ref, payment_ref } = payment
  return {
    out_trade_no,
    method,
    amount: money(amount),
    refunded: money(refunded_amount),
    state,
    provider_no: payment_ref ?? provider_ref,
    opened_at: payment.created_at.toISOString(),
    paid_at: payment.paid_at?.toISOString() ?? null,
  }
}

export type Refundable = Pick<OrderView, 'total_points' | 'total_money' | 'refunds'>

export function refundedOf({ refunds }: Refundable): OrderView['refunds'] {
  return refunds.filter(({ refund_no, provider_refund_no }) => refund_no !== provider_refund_no)
}

export function remainderAfter(order: Refundable): OrderAuditTrail['rest'] {
  const rest = remainderOf(
    { points: BigInt(order.total_points), fen: fenOf(order.total_money) },
    refundedOf(order).map((refund) => ({ points: BigInt(refund.points), fen: fenOf(refund.money) })),
  )
  return { points: Number(rest.points), money: moneyFromFen(rest.fen) }
}

export function hasNothingLeft(order: Refundable): boolean {
  const { points, money } = remainderAfter(order)
  return points === 0 && fenOf(money) === 0n
}

/** A repeat of a partial refund skips the checks that the first one passed. */
export async function isRefunded(
  { db }: OrderReader,
  orderNo: string,
  operationKey: string,
): Promise<boolean> {
  const refunds = await listOrderRefunds(db, orderNo)
  return refunds.some((refund) => refund.operation_key === operationKey)
}

const money = (decimal: string): Money => moneyFromFen(fenOf(decimal))
