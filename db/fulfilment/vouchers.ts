import { randomInt } from 'node:crypto'
import { type Selectable, sql } from 'kysely'
import { lastOf } from '../../domain/fulfilment/codes.ts'
import { UNDO_MINUTES, voucherCode } from '../../domain/fulfilment/vouchers.ts'
import type { Db, Tx } from '../client.ts'
import type { Encryptor } from '../platform/encryption.ts'
import type { VouchersTable } from '../schema/vouchers.ts'

export type Voucher = Selectable<VouchersTable>

const CODES = 100_000_000_000
const PLACE = 'voucher'
const sealPlace = (orderNo: string) => `voucher/${orderNo}`

/** The keyed hash under the current key. */
export function voucherHash(sealer: Encryptor, code: string) {
  const [{ keyId, mac }] = sealer.macs(code, PLACE)
  return { key_id: keyId, code_mac: mac }
}

/** One voucher per order. Repeatable. @returns the voucher, also when the order has one */
export async function issueVoucher(
  tx: Tx,
  sealer: Encryptor,
  orderNo: string,
  terms: { readonly uses: number; readonly validDays: number },
): Promise<Voucher> {
  for (;;) {
    const known = await findOrderVoucher(tx, orderNo)
    if (known) return known
    const code = voucherCode(randomInt(CODES))
    const made = await tx
      .insertInto('vouchers')
      .values({
        order_no: orderNo,
        ...voucherHash(sealer, code),
        sealed: sealer.seal(code, sealPlace(orderNo)),
        last: lastOf(code),
        uses_total: terms.uses,
        uses_left: terms.uses,
        valid_until: sql<Date>`now() + make_interval(days => ${terms.validDays})`,
      })
      // Another voucher may have the same digits.
      .onConflict((conflict) => conflict.doNothing())
      .returningAll()
      .executeTakeFirst()
    if (made) return made
  }
}

/** @throws when the row is not what the mall wrote */
export function openVoucher(
  sealer: Encryptor,
  { order_no, sealed }: Pick<Voucher, 'order_no' | 'sealed'>,
): string {
  return sealer.open(sealed, sealPlace(order_no)) as string
}

export async function findOrderVoucher(db: Db, orderNo: string): Promise<Voucher | undefined> {
  return db.selectFrom('vouchers').selectAll().where('order_no', '=', orderNo).executeTakeFirst()
}

export async function findVoucher(db: Db, id: string): Promise<Voucher | undefined> {
  return db.selectFrom('vouchers').selectAll().where('id', '=', id).executeTakeFirst()
}

/** @param code as `readVoucherCode` gives it */
export async function findVoucherByCode(
  db: Db,
  sealer: Encryptor,
  code: string,
): Promise<Voucher | undefined> {
  const macs = sealer.macs(code, PLACE).map(({ mac }) => mac)
  return db.selectFrom('vouchers').selectAll().where('code_mac', 'in', macs).executeTakeFirst()
}

/** Whether a use of the order's voucher counts. Locks it: no use comes between. */
export async function isVoucherUsed(tx: Tx, orderNo: string): Promise<boolean> {
  const voucher = await tx
    .selectFrom('vouchers')
    .select(['uses_left', 'uses_total'])
    .where('order_no', '=', orderNo)
    .forUpdate()
    .executeTakeFirst()
  return voucher !== undefined && voucher.uses_left < voucher.uses_total
}

/** Append-only: evidence in a dispute. @param again an open page shows it on: only the first view is recorded */
export async function recordVoucherView(
  db: Db,
  voucherId: string,
  viewerId: string,
  again = false,
): Promise<void> {
  const seen = again
    ? await db
        .selectFrom('voucher_views')
        .select('id')
        .where('voucher_id', '=', voucherId)
        .where('viewer_id', '=', viewerId)
        .limit(1)
        .executeTakeFirst()
    : undefined
  if (seen) return
  await db.insertInto('voucher_views').values({ voucher_id: voucherId, viewer_id: viewerId }).execute()
}

export async function countVoucherViews(db: Db, voucherId: string) {
  return db
    .selectFrom('voucher_views')
    .select((eb) => [
      eb.fn.countAll<string>().as('views'),
      eb.fn.min<Date | null>('at').as('first_at'),
      eb.fn.max<Date | null>('at').as('last_at'),
    ])
    .where('voucher_id', '=', voucherId)
    .executeTakeFirstOrThrow()
}

/** Nobody can use it any more. Repeatable. */
export async function voidVoucher(tx: Tx, orderNo: string): Promise<void> {
  await tx
    .updateTable('vouchers')
    .set({ void_at: sql`now()` })
    .where('order_no', '=', orderNo)
    .where('void_at', 'is', null)
    .execute()
}

export interface VoucherUse {
  readonly id: string
  readonly voucher_id: string
  readonly store_id: string
  readonly store_name: string
  readonly staff_id: string
  readonly at: Date
  readonly undone_at: Date | null
  readonly undone_by: string | null
  readonly undo_reason: string | null
}

const uses = (db: Db) =>
  db
    .selectFrom('voucher_uses as use')
    .innerJoin('stores as store', 'store.id', 'use.store_id')
    .leftJoin('voucher_undos as undo', 'undo.use_id', 'use.id')
    .select([
      'use.id',
      'use.voucher_id',
      'use.store_id',
      'store.name as store_name',
      'use.staff_id',
      'use.at',
      'undo.at as undone_at',
      'undo.staff_id as undone_by',
      'undo.reason as undo_reason',
    ])

/** Oldest first. */
export async function listUses(db: Db, voucherId: string): Promise<VoucherUse[]> {
  return uses(db).where('use.voucher_id', '=', voucherId).orderBy('use.id').execute()
}

export async function findUseByOperation(db: Db, operationKey: string): Promise<VoucherUse | undefined> {
  return uses(db).where('use.operation_key', '=', operationKey).executeTakeFirst()
}

/** Takes one use in a guarded statement. @returns undefined when none is left, or it is over or void */
export async function takeUse(
  tx: Tx,
  voucherId: string,
  by: { readonly storeId: string; readonly staffId: string; readonly operationKey: string },
): Promise<Voucher | undefined> {
  const taken = await tx
    .updateTable('vouchers')
    .set({ uses_left: sql`uses_left - 1` })
    .where('id', '=', voucherId)
    .where('uses_left', '>', 0)
    .where('void_at', 'is', null)
    .where('valid_until', '>', sql<Date>`now()`)
    .returningAll()
    .executeTakeFirst()
  if (!taken) return undefined
  await tx
    .insertInto('voucher_uses')
    .values({
      voucher_id: voucherId,
      store_id: by.storeId,
      staff_id: by.staffId,
      operation_key: by.operationKey,
    })
    .execute()
  return taken
}

export async function lockVoucher(tx: Tx, id: string): Promise<Voucher | undefined> {
  return tx.selectFrom('vouchers').selectAll().where('id', '=', id).forUpdate().executeTakeFirst()
}

export async function isUndone(db: Db, operationKey: string): Promise<boolean> {
  const row = await db
    .selectFrom('voucher_undos')
    .select('use_id')
    .where('operation_key', '=', operationKey)
    .executeTakeFirst()
  return row !== undefined
}

/** The last use that still counts, and can still be undone. Call it with the voucher locked. */
export async function findUndoable(tx: Tx, voucherId: string): Promise<VoucherUse | undefined> {
  return uses(tx)
    .where('use.voucher_id', '=', voucherId)
    .where('undo.use_id', 'is', null)
    .where('use.at', '>', sql<Date>`now() - make_interval(mins => ${UNDO_MINUTES})`)
    .orderBy('use.id', 'desc')
    .limit(1)
    .executeTakeFirst()
}

/** Gives the use back. Call it with the voucher locked. */
export async function undoUse(
  tx: Tx,
  use: VoucherUse,
  by: { readonly staffId: string; readonly reason: string; readonly operationKey: string },
): Promise<void> {
  await tx
    .insertInto('voucher_undos')
    .values({ use_id: use.id, staff_id: by.staffId, reason: by.reason, operation_key: by.operationKey })
    .execute()
  await tx
    .updateTable('vouchers')
    .set({ uses_left: sql`uses_left + 1` })
    .where('id', '=', use.voucher_id)
    .execute()
}

export interface Store {
  readonly id: string
  readonly name: string
  readonly address: string | null
  readonly created_at: Date
  /** Nobody: all staff may work here. */
  readonly staff: string[]
}

const stores = (db: Db) =>
  db
    .selectFrom('stores as store')
    .select([
      'store.id',
      'store.name',
      'store.address',
      'store.created_at',
      sql<string[]>`array(select staff_id from store_staff where store_id = store.id order by staff_id)`.as(
        'staff',
      ),
    ])

const STORES_MAX = 500

export async function listStores(db: Db): Promise<Store[]> {
  return stores(db).orderBy('store.id').limit(STORES_MAX).execute()
}

export async function findStore(db: Db, id: string): Promise<Store | undefined> {
  return stores(db).where('store.id', '=', id).executeTakeFirst()
}

/** A repeat of the operation answers the same. @returns its id */
export async function insertStore(
  tx: Tx,
  { name, address, staff }: Pick<Store, 'name' | 'address' | 'staff'>,
  operationKey: string,
): Promise<string> {
  const made = await tx
    .insertInto('stores')
    .values({ name, address, operation_key: operationKey })
    .onConflict((conflict) => conflict.column('operation_key').doNothing())
    .returning('id')
    .executeTakeFirst()
  if (!made) {
    const known = await tx
      .selectFrom('stores')
      .select('id')
      .where('operation_key', '=', operationKey)
      .executeTakeFirstOrThrow()
    return known.id
  }
  await insertStaff(tx, made.id, staff)
  return made.id
}

/** @returns false when there is no such store */
export async function updateStore(
  tx: Tx,
  id: string,
  { name, address, staff }: Pick<Store, 'name' | 'address' | 'staff'>,
): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('stores')
    .set({ name, address, updated_at: new Date() })
    .where('id', '=', id)
    .executeTakeFirst()
  if (numUpdatedRows === 0n) return false
  await tx.deleteFrom('store_staff').where('store_id', '=', id).execute()
  await insertStaff(tx, id, staff)
  return true
}

async function insertStaff(tx: Tx, storeId: string, staff: readonly string[]): Promise<void> {
  if (staff.length === 0) return
  await tx
    .insertInto('store_staff')
    .values([...new Set(staff)].map((staff_id) => ({ store_id: storeId, staff_id })))
    .execute()
}
