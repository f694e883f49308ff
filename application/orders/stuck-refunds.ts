import type { Db } from '../../db/client.ts'
import { InvalidInputError } from '../../domain/errors.ts'
import { refundWorkflowId } from '../../workflows/messages.ts'

export interface StuckRefund {
  /** All provider numbers of the refund: its workflow may wait with one that the provider refused. */
  readonly refundNos: readonly string[]
  /** Undefined: any workflow that refunds the order. */
  readonly workflowIds: readonly string[] | undefined
}

/** @param refundNo undefined: the only stuck one @throws InvalidInputError when several are stuck and none is named */
export async function findStuckRefund(
  db: Db,
  orderNo: string,
  refundNo: string | undefined,
): Promise<StuckRefund> {
  const rows = await db
    .selectFrom('payment_refunds as refund')
    .innerJoin('payments as payment', 'payment.out_trade_no', 'refund.out_trade_no')
    .leftJoin('order_refunds as shown', 'shown.refund_no', 'refund.order_refund')
    .select([
      'refund.refund_no',
      'refund.order_refund',
      'refund.replaces',
      'refund.state',
      'refund.failure',
      'shown.kind',
      'shown.operation_key',
    ])
    .where('payment.order_no', '=', orderNo)
    .execute()
  /** A refund and those it replaces, newest first. */
  const chainOf = (last: (typeof rows)[number]): typeof rows => {
    const before = rows.find(({ refund_no }) => refund_no === last.replaces)
    return before ? [last, ...chainOf(before)] : [last]
  }
  const chains = rows.filter(({ state }) => state !== 'failed').map(chainOf)
  const owed = chains.filter(([last]) => last?.state === 'pending')
  const refused = owed.filter((chain) => chain.some(({ failure }) => failure !== null))
  // Includes settled chains: the answer may have been lost, and the workflow still waits for it.
  const candidates = [refused, owed, chains].find((some) => some.length > 0) ?? []
  const meant =
    refundNo === undefined
      ? candidates
      : chains.filter((chain) =>
          chain.some((row) => row.refund_no === refundNo || row.order_refund === refundNo),
        )
  if (refundNo === undefined && owed.length > 0 && meant.length > 1) {
    throw new InvalidInputError({ field: 'refund_no', rule: 'required' })
  }
  const found = meant.flat()
  const parts = found.flatMap(({ kind, operation_key }) => (kind === 'part' && operation_key) || [])
  const onlyParts = parts.length === found.length
  return {
    refundNos: found.map(({ refund_no }) => refund_no),
    workflowIds: onlyParts ? [...new Set(parts)].map((key) => refundWorkflowId(orderNo, key)) : undefined,
  }
}
