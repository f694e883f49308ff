import type { Db } from '../../db/client.ts'
import {
  countVoucherViews,
  findOrderVoucher,
  findStore,
  findUndoable,
  findUseByOperation,
  findVoucher,
  findVoucherByCode,
  insertStore,
  isUndone,
  listStores,
  listUses,
  lockVoucher,
  openVoucher,
  recordVoucherView,
  type Store,
  takeUse,
  undoUse,
  updateStore,
  type Voucher,
} from '../../db/fulfilment/vouchers.ts'
import type { Encryptor } from '../../db/platform/encryption.ts'
import { mustNotBeOwn, type Principal } from '../../domain/access.ts'
import { DomainError, InvalidInputError } from '../../domain/errors.ts'
import { masked } from '../../domain/fulfilment/codes.ts'
import { readVoucherCode } from '../../domain/fulfilment/vouchers.ts'
import { actOnOrder } from '../orders/actions.ts'
import type { OrderActor } from '../orders/order-request.ts'
import { getOrder } from '../orders/reads.ts'

export interface ShownVoucher {
  readonly type: 'voucher'
  readonly code: string
  readonly valid_until: string
  readonly uses_left: number
  readonly uses_total: number
}

/**
 * For the order's owner only. Records who saw it.
 * @param again an open page shows it on, which is no further view @returns undefined where there is none, or it is void
 */
export async function showVoucher(
  { db, sealer }: { readonly db: Db; readonly sealer: Encryptor },
  order: { readonly order_no: string; readonly owner_id: string },
  viewerId: string,
  again = false,
): Promise<ShownVoucher | undefined> {
  if (order.owner_id !== viewerId) throw new DomainError({ code: 'NOT_FOUND' })
  const voucher = await findOrderVoucher(db, order.order_no)
  if (!voucher || voucher.void_at !== null) return undefined
  // Recorded first: nobody sees a code of which there is no record.
  await recordVoucherView(db, voucher.id, viewerId, again)
  return {
    type: 'voucher',
    code: openVoucher(sealer, voucher),
    valid_until: voucher.valid_until.toISOString(),
    uses_left: voucher.uses_left,
    uses_total: voucher.uses_total,
  }
}

export interface VoucherView {
  readonly id: string
  readonly masked: string
  readonly order_no: string
  readonly product_title: string
  readonly uses_left: number
  readonly uses_total: number
  readonly valid_until: string
  readonly void_at: string | null
  readonly views: number
  readonly first_viewed_at: string | null
  readonly last_viewed_at: string | null
  readonly uses: {
    readonly store: { readonly id: string; readonly name: string }
    readonly by: string
    readonly at: string
    readonly undone: { readonly by: string; readonly reason: string; readonly at: string } | null
  }[]
}

async function viewOf(deps: OrderActor, voucher: Voucher): Promise<VoucherView> {
  const [order, uses, seen] = await Promise.all([
    getOrder(deps, voucher.order_no, undefined),
    listUses(deps.db, voucher.id),
    countVoucherViews(deps.db, voucher.id),
  ])
  return {
    id: voucher.id,
    masked: masked(voucher.last),
    order_no: voucher.order_no,
    product_title: order.product_title,
    uses_left: voucher.uses_left,
    uses_total: voucher.uses_total,
    valid_until: voucher.valid_until.toISOString(),
    void_at: voucher.void_at?.toISOString() ?? null,
    views: Number(seen.views),
    first_viewed_at: seen.first_at?.toISOString() ?? null,
    last_viewed_at: seen.last_at?.toISOString() ?? null,
    uses: uses.map((use) => ({
      store: { id: use.store_id, name: use.store_name },
      by: use.staff_id,
      at: use.at.toISOString(),
      undone:
        use.undone_at === null
          ? null
          : { by: use.undone_by ?? '', reason: use.undo_reason ?? '', at: use.undone_at.toISOString() },
    })),
  }
}

/** For staff: masked. @throws DomainError NOT_FOUND */
export async function readVoucher(deps: OrderActor, id: string): Promise<VoucherView> {
  const voucher = await findVoucher(deps.db, id)
  if (!voucher) throw new DomainError({ code: 'NOT_FOUND' })
  return viewOf(deps, voucher)
}

export async function readOrderVoucher(deps: OrderActor, orderNo: string): Promise<VoucherView | undefined> {
  const voucher = await findOrderVoucher(deps.db, orderNo)
  return voucher && viewOf(deps, voucher)
}

/**
 * Takes one use at the counter of a store. The last one finishes the order. A repeat of the operation answers the same.
 * @throws InvalidInputError for mistyped digits and unknown stores; DomainError NOT_FOUND; VOUCHER_USED; VOUCHER_EXPIRED;
 *   VOUCHER_VOID; FORBIDDEN for the own voucher, and for staff of other stores
 */
export async function redeemVoucher(
  deps: OrderActor,
  typed: string,
  storeId: string,
  who: Pick<Principal, 'sub' | 'role'>,
  operationKey: string,
): Promise<VoucherView> {
  const { db, sealer } = deps
  const code = readVoucherCode(typed)
  if (code === undefined) throw new InvalidInputError({ field: 'code', rule: 'check_digit' })
  const store = await findStore(db, storeId)
  if (!store) throw new InvalidInputError({ field: 'store_id', rule: 'exists' })
  if (!worksAt(store, who)) throw new DomainError({ code: 'FORBIDDEN', reason: 'other_store' })
  const voucher = await findVoucherByCode(db, sealer, code)
  if (!voucher) throw new DomainError({ code: 'NOT_FOUND' })
  const order = await getOrder(deps, voucher.order_no, undefined)
  mustNotBeOwn(who.sub, order.owner_id)
  const taken = await db.transaction().execute(async (tx) => {
    const locked = await lockVoucher(tx, voucher.id)
    if (await findUseByOperation(tx, operationKey)) return locked
    return (await takeUse(tx, voucher.id, { storeId, staffId: who.sub, operationKey })) ?? refuse(locked)
  })
  if (taken?.uses_left === 0) await finish(deps, voucher.order_no, who.sub, operationKey)
  return readVoucher(deps, voucher.id)
}

function refuse(voucher: Voucher | undefined): never {
  if (!voucher) throw new DomainError({ code: 'NOT_FOUND' })
  if (voucher.void_at !== null) throw new DomainError({ code: 'VOUCHER_VOID' })
  throw new DomainError({ code: voucher.uses_left === 0 ? 'VOUCHER_USED' : 'VOUCHER_EXPIRED' })
}

/** Without it the order finishes by itself at the end of its validity: the use itself is booked. */
async function finish(
  deps: OrderActor,
  orderNo: string,
  staffId: string,
  operationKey: string,
): Promise<void> {
  const order = await getOrder(deps, orderNo, undefined)
  if (order.status !== 'order_shipped') return
  const by = { type: 'operator' as const, id: staffId }
  try {
    await actOnOrder(deps, order, by, { kind: 'finish' }, `${operationKey}/finish`)
  } catch (error) {
    if (error instanceof DomainError && error.refusal.code === 'ORDER_STATE_CONFLICT') return
    throw error
  }
}

/** A store without named staff is open to all of them. */
export function worksAt(
  { staff }: Pick<Store, 'staff'>,
  { sub, role }: Pick<Principal, 'sub' | 'role'>,
): boolean {
  return role === 'admin' || staff.length === 0 || staff.includes(sub)
}

/**
 * Gives the last use back, for a while after it. A repeat of the operation answers the same.
 * @throws DomainError NOT_FOUND; UNDO_TOO_LATE, also when nothing was used; FORBIDDEN as `redeemVoucher`
 */
export async function undoVoucherUse(
  deps: OrderActor,
  id: string,
  reason: string,
  who: Pick<Principal, 'sub' | 'role'>,
  operationKey: string,
): Promise<VoucherView> {
  const { db } = deps
  const voucher = await findVoucher(db, id)
  if (!voucher) throw new DomainError({ code: 'NOT_FOUND' })
  mustNotBeOwn(who.sub, (await getOrder(deps, voucher.order_no, undefined)).owner_id)
  await db.transaction().execute(async (tx) => {
    await lockVoucher(tx, id)
    if (await isUndone(tx, operationKey)) return
    const use = await findUndoable(tx, id)
    if (!use) throw new DomainError({ code: 'UNDO_TOO_LATE' })
    const store = await findStore(tx, use.store_id)
    if (store && !worksAt(store, who)) throw new DomainError({ code: 'FORBIDDEN', reason: 'other_store' })
    await undoUse(tx, use, { staffId: who.sub, reason, operationKey })
  })
  return readVoucher(deps, id)
}

export interface StoreView {
  readonly id: string
  readonly name: string
  readonly address: string | null
  readonly staff: string[]
  readonly created_at: string
}

const viewStore = ({ created_at, ...store }: Store): StoreView => ({
  ...store,
  created_at: created_at.toISOString(),
})

export async function readStores(db: Db): Promise<StoreView[]> {
  return (await listStores(db)).map(viewStore)
}

/** @throws DomainError NOT_FOUND */
export async function readStore(db: Db, id: string): Promise<StoreView> {
  const store = await findStore(db, id)
  if (!store) throw new DomainError({ code: 'NOT_FOUND' })
  return viewStore(store)
}

export type StoreFields = Pick<Store, 'name' | 'address' | 'staff'>

export async function createStore(db: Db, fields: StoreFields, operationKey: string): Promise<StoreView> {
  const id = await db.transaction().execute((tx) => insertStore(tx, fields, operationKey))
  return readStore(db, id)
}

/** @throws DomainError NOT_FOUND */
export async function changeStore(db: Db, id: string, fields: Partial<StoreFields>): Promise<StoreView> {
  await db.transaction().execute(async (tx) => {
    const store = await findStore(tx, id)
    if (!store || !(await updateStore(tx, id, { ...store, ...fields }))) {
      throw new DomainError({ code: 'NOT_FOUND' })
    }
  })
  return readStore(db, id)
}
