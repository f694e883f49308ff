import type { ColumnType } from 'kysely'
import type { Dated, Id, Ref, Stamp } from './columns.ts'

export interface StoresTable extends Dated {
  id: Id
  name: string
  address: string | null
  operation_key: string
}

export interface StoreStaffTable {
  store_id: Ref
  staff_id: string
}

export interface VouchersTable {
  id: Id
  order_no: string
  /** Keyed hash of the digits: finds what is typed at a counter. */
  code_mac: Buffer
  key_id: string
  sealed: Buffer
  last: string
  uses_total: number
  uses_left: number
  valid_until: Date
  created_at: Stamp
  void_at: ColumnType<Date | null, Date | null | undefined, Date | null>
}

export interface VoucherUsesTable {
  id: Id
  voucher_id: Ref
  store_id: Ref
  staff_id: string
  operation_key: string
  at: Stamp
}

export interface VoucherViewsTable {
  id: Id
  voucher_id: Ref
  viewer_id: string
  at: Stamp
}

export interface VoucherUndosTable {
  use_id: Ref
  staff_id: string
  reason: string
  operation_key: string
  at: Stamp
}
