import type { Generated } from 'kysely'
import type { Dated, Id } from './columns.ts'

export interface AddressesTable extends Dated {
  id: Id
  owner_id: string
  sealed: Buffer
  is_default: Generated<boolean>
  /** Identifies a repeated request. */
  operation_key: string
}
