import type { ColumnType, Generated } from 'kysely'
import type { CodeState, CodeVoidReason } from '../../domain/fulfilment/codes.ts'
import type { Id, Ref, Stamp } from './columns.ts'

export interface ProductCodesTable {
  id: Id
  product_id: Ref
  import_id: Ref
  /** Keyed hash of the normalized code: finds a second import. */
  code_mac: Buffer
  /** The key of `code_mac` and `sealed`. */
  key_id: string
  /** A `CodeContent`. */
  sealed: Buffer
  /** Readable end of the code. */
  last: string
  valid_until: Date | null
  state: Generated<CodeState>
  order_no: ColumnType<string | null, string | null | undefined, string | null>
  void_reason: ColumnType<CodeVoidReason | null, CodeVoidReason | null | undefined, CodeVoidReason | null>
  created_at: Stamp
  held_at: ColumnType<Date | null, Date | null | undefined, Date | null>
  issued_at: ColumnType<Date | null, Date | null | undefined, Date | null>
  void_at: ColumnType<Date | null, Date | null | undefined, Date | null>
}
