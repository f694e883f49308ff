import type { Db } from '../../db/client.ts'
import { decideUntold, findExternalOrder } from '../../db/orders/external-orders.ts'
import { DomainError } from '../../domain/errors.ts'
import type { Requester, ResolveAction } from '../../workflows/messages.ts'

/** An order at the shop's order service, for operators. */
export interface ExternalOrderView {
  /** Its number there; null: not created, or canceled before it was. */
  readonly no: string | null
  readonly isTold: boolean
  /** Since when operators are shown that it cannot be told. */
  readonly alarmedAt: string | null
  /** Null: nothing is tried. */
  readonly nextAt: string | null
  readonly failure: string | null
}

/** @returns undefined where the mall itself keeps the order */
export async function readExternalOrder(db: Db, orderNo: string): Promise<ExternalOrderView | undefined> {
  const found = await findExternalOrder(db, orderNo)
  if (!found) return undefined
  const isTold = found.told_revision >= found.revision
  return {
    no: found.service_no,
    isTold,
    alarmedAt: isTold ? null : (found.alarmed_at?.toISOString() ?? null),
    nextAt: isTold || found.refused_at ? null : found.next_at.toISOString(),
    failure: isTold ? null : found.failure,
  }
}

/** `retry` tells the service again, `skip` leaves this change untold. @throws DomainError ORDER_STATE_CONFLICT */
export async function decideUntoldOrder(
  db: Db,
  orderNo: string,
  by: Requester,
  { action, reason }: { readonly action: ResolveAction; readonly reason: string },
): Promise<void> {
  if (action === 'settle') throw new DomainError({ code: 'ORDER_STATE_CONFLICT' })
  const skip = action === 'skip' ? { by: by.id ?? by.type, reason } : undefined
  // A repeat finds nothing to decide, and where it was decided nothing is wrong.
  await decideUntold(db, orderNo, skip)
}
