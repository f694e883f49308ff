import type { Generated } from 'kysely'
import type { Stamp } from './columns.ts'

export interface OrderRequestsTable {
  order_no: string
  operation_key: string
  request: Buffer
  tries: Generated<number>
  next_try_at: Stamp
  created_at: Stamp
}
