import type { Db } from '../../db/client.ts'
import {
  type ExternalOrder,
  noteTold,
  noteUntold,
  readToldOrder,
  takeUntold,
} from '../../db/orders/external-orders.ts'
import type { Encryptor } from '../../db/platform/encryption.ts'
import { type OrderService, PartnerRefusalError } from '../../partners/port.ts'

export interface TellingDeps {
  readonly db: Db
  readonly sealer: Encryptor
  /** Undefined: none is set up any more; what is untold waits. */
  readonly orderService: OrderService | undefined
}

const BATCH = 16
/** Longer than a query and a request with their time-outs. */
const LEASE_MS = 15_000
const PAUSE_MAX_MS = 60_000
/** Then operators see it; it is still repeated. */
const TRIES_BEFORE_AN_OPERATOR = 8

/**
 * Tells the shop's order service what has changed: each order once, as it stands now. A failure is repeated until it is
 * told; a permanent refusal waits for an operator.
 * @param onError called per order @returns how many were told
 */
export async function tellOrderService(
  deps: TellingDeps,
  onError: (orderNo: string, error: unknown) => void,
): Promise<number> {
  const taken = await takeUntold(deps.db, BATCH, LEASE_MS)
  const told = await Promise.all(
    taken.map(async (order) => {
      try {
        await tell(deps, order)
        return true
      } catch (error) {
        onError(order.order_no, error)
        await noteFailure(deps.db, order, error)
        return false
      }
    }),
  )
  return told.filter(Boolean).length
}

async function tell({ db, sealer, orderService }: TellingDeps, taken: ExternalOrder): Promise<void> {
  if (!orderService) throw new Error('no order service is set up')
  const order = await readToldOrder(db, sealer, taken.order_no)
  // A try that was cut off, and a creation without an answer, may have arrived.
  const repeat = taken.tries > 1 || taken.service_no === null
  const found =
    order.status === 'order_canceled'
      ? await orderService.cancel(order, repeat)
      : await orderService.tell(order, repeat)
  await noteTold(db, order.orderNo, order.revision, found.id)
}

async function noteFailure(db: Db, order: ExternalOrder, error: unknown): Promise<void> {
  const isFinal = error instanceof PartnerRefusalError
  const said = isFinal ? error.code : error instanceof Error ? error.message : String(error)
  await noteUntold(db, order, {
    said: said.slice(0, 500),
    isFinal,
    alarm: isFinal || order.tries >= TRIES_BEFORE_AN_OPERATOR,
    nextAt: new Date(Date.now() + Math.min(PAUSE_MAX_MS, 250 * 2 ** Math.min(order.tries, 10))),
  })
}
