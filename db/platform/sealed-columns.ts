import type { CodeContent } from '../../domain/fulfilment/codes.ts'
import { codeHash } from '../fulfilment/codes.ts'
import { voucherHash } from '../fulfilment/vouchers.ts'
import { contactHashes } from '../orders/contact-terms.ts'
import type { Database } from '../schema/index.ts'
import type { Encryptor } from './encryption.ts'

/** A row's values by their columns. */
export type Row = Readonly<Record<string, unknown>>

export interface SealedColumn {
  readonly table: keyof Database
  readonly column: string
  /** What the text is bound to; `{name}` stands for a column of its row. A list is bound as JSON. */
  readonly context: string | readonly string[]
  /** Keyed hashes of the text: written with it, under the same key. */
  readonly hashes?: (sealer: Encryptor, value: unknown, row: Row) => Row
}

/** Every column that PAYLOAD_KEYS encrypts: what a rotation of keys rewrites. */
export const SEALED_COLUMNS: readonly SealedColumn[] = [
  { table: 'addresses', column: 'sealed', context: 'address-book/{owner_id}' },
  { table: 'exchange_attempts', column: 'request', context: 'request/{order_no}' },
  { table: 'exchange_attempts', column: 'channel', context: 'channel/{order_no}' },
  { table: 'charges', column: 'account', context: 'charge/{order_no}' },
  {
    table: 'idempotency_keys',
    column: 'response',
    context: ['idempotency', '{owner_id}', '{method}', '{path}', '{key}'],
  },
  { table: 'kept_forms', column: 'sealed', context: 'kept-form' },
  { table: 'order_messages', column: 'said', context: ['message', '{order_no}', '{operation_key}'] },
  { table: 'order_notes', column: 'said', context: ['desk-note', '{order_no}', '{operation_key}'] },
  { table: 'order_requests', column: 'request', context: 'order-request/{order_no}/{operation_key}' },
  { table: 'points_exchange_orders', column: 'cancel_words', context: 'cancel/{order_no}' },
  { table: 'points_exchange_orders', column: 'customer_notes', context: 'notes/{order_no}' },
  {
    table: 'points_exchange_orders',
    column: 'address_info',
    context: 'address/{order_no}',
    hashes: (sealer, address) => ({
      contact_terms: contactHashes(sealer, address as Record<string, unknown>),
    }),
  },
  {
    table: 'product_codes',
    column: 'sealed',
    context: 'code/{product_id}/{code_mac}',
    hashes: (sealer, code, { product_id }) => codeHash(sealer, product_id as string, code as CodeContent),
  },
  { table: 'shipment_events', column: 'said', context: 'shipment-event/{shipment_id}' },
  {
    table: 'vouchers',
    column: 'sealed',
    context: 'voucher/{order_no}',
    hashes: (sealer, code) => voucherHash(sealer, code as string),
  },
  { table: 'webhook_endpoints', column: 'sealed', context: 'webhook-endpoint/{id}' },
]

const PLACEHOLDER = /\{(\w+)\}/g

/** The columns that the context of a text is made of. */
export function boundColumns({ context }: SealedColumn): string[] {
  return [...[context].flat().join(' ').matchAll(PLACEHOLDER)].map(([, name = '']) => name)
}

/** @param row has the columns of `boundColumns` */
export function contextOf({ context }: SealedColumn, row: Row): string {
  const fill = (text: string) => text.replace(PLACEHOLDER, (_, name: string) => textOf(row[name]))
  return typeof context === 'string' ? fill(context) : JSON.stringify(context.map(fill))
}

const textOf = (value: unknown) => (Buffer.isBuffer(value) ? value.toString('hex') : String(value))
