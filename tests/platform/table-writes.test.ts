import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import type { Database } from '../../db/schema/index.ts'

/** Each table is written in one folder of `db/`, so that all its writers can be read together. */

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** Null: only migrations write the table. */
const ROOM_OF: Readonly<Record<keyof Database, string | null>> = {
  categories: 'catalogue',
  external_products: 'catalogue',
  pictures: 'catalogue',
  points_products: 'catalogue',
  product_skus: 'catalogue',
  stock_movements: 'catalogue',
  stock_reservations: 'catalogue',
  addresses: 'customers',
  kept_forms: 'customers',
  level_changes: 'customers',
  sign_in_links: 'customers',
  users: 'customers',
  web_sessions: 'customers',
  event_sequences: 'messaging',
  charges: 'fulfilment',
  code_imports: 'fulfilment',
  code_replacements: 'fulfilment',
  code_views: 'fulfilment',
  product_codes: 'fulfilment',
  store_staff: 'fulfilment',
  stores: 'fulfilment',
  voucher_undos: 'fulfilment',
  voucher_uses: 'fulfilment',
  voucher_views: 'fulfilment',
  vouchers: 'fulfilment',
  outbox: 'messaging',
  webhook_deliveries: 'messaging',
  webhook_endpoints: 'messaging',
  webhook_inbox: 'messaging',
  after_sale_events: 'orders',
  after_sales: 'orders',
  exchange_attempts: 'orders',
  external_orders: 'orders',
  order_conversations: 'orders',
  order_events: 'orders',
  order_messages: 'orders',
  order_notes: 'orders',
  order_refunds: 'orders',
  order_requests: 'orders',
  order_status_transitions: null,
  order_views: 'orders',
  orders: 'orders',
  payment_refunds: 'orders',
  points_exchange_orders: 'orders',
  payments: 'payments',
  attention_acts: 'platform',
  idempotency_keys: 'platform',
  reconciliation_findings: 'reconciliation',
  reconciliations: 'reconciliation',
  shipment_changes: 'shipments',
  shipment_events: 'shipments',
  shipment_subscriptions: 'shipments',
  shipments: 'shipments',
  earnings: 'wallet',
  wallet_accounts: 'wallet',
  wallet_entries: 'wallet',
  wallet_transfers: 'wallet',
}
/** The restore of a backup writes any table; a rotation of keys encrypts what is encrypted anew. */
const ANY_TABLE = ['db/platform/dump.ts', 'db/platform/payload-rotation.ts']

const WRITES = [
  /\b(?:insertInto|updateTable|deleteFrom|mergeInto|replaceInto)\(\s*(['"`\w]+)/g,
  /\b(?:insert into|delete from|merge into|truncate(?: table)?) +(?:only +)?("?\w+|\$\{)/gi,
  /\bupdate +(?:only +)?("?\w+"?|\$\{[^}]*\})(?: +as)?(?: +\w+)? +set\b/gi,
]

/** The tables that a source writes; a name that is not a literal is `?`. */
function tablesWritten(source: string): string[] {
  return WRITES.flatMap((pattern) => [...source.matchAll(pattern)]).map(([call, name = '']) => {
    const isLiteral = call.includes('(') ? /^['"`]\w/.test(name) : !name.startsWith('$')
    return isLiteral ? name.replaceAll(/['"`]/g, '') : '?'
  })
}

const isInRoomOf = (table: string, file: string) =>
  file.startsWith(`db/${ROOM_OF[table as keyof Database] ?? 'migrations'}/`)

/** @returns `file: table` for each write outside the table's folder */
function strayWrites(file: string, source: string): string[] {
  return tablesWritten(source)
    .filter((table) => table === '?' || (Object.hasOwn(ROOM_OF, table) && !isInRoomOf(table, file)))
    .map((table) => `${file}: ${table}`)
}

// The sandbox has its own database.
const files = globSync('{*,*/**/*}.{ts,tsx}', { cwd: ROOT, exclude: ['node_modules'] }).filter(
  (file) => !/^(node_modules|tests|bench|sandbox|db\/migrations)\//.test(file),
)
const sources = files.map((file) => [file, readFileSync(join(ROOT, file), 'utf8')] as const)

test('every table is written only in its folder of db/', () => {
  expect(files.length).toBeGreaterThan(200)
  const strays = sources
    .filter(([file]) => !ANY_TABLE.includes(file))
    .flatMap(([file, source]) => strayWrites(file, source))
  expect(strays).toEqual([])
})

test('every table except the transitions has a writer in its folder', () => {
  const written = new Set(sources.flatMap(([, source]) => tablesWritten(source)))
  const expected = Object.entries(ROOM_OF).flatMap(([table, room]) => (room === null ? [] : [table]))
  expect(expected.filter((table) => !written.has(table))).toEqual([])
})

test.each([
  ["tx.updateTable('points_exchange_orders').set({})", 'points_exchange_orders'],
  ["tx\n  .deleteFrom(\n    'users as u')", 'users'],
  ['sql`insert into outbox (kind) values (1)`', 'outbox'],
  ['sql`update webhook_inbox i set outcome = null`', 'webhook_inbox'],
  ['sql`DELETE FROM order_status_transitions`', 'order_status_transitions'],
  ['tx.insertInto(table).values({})', '?'],
  [`sql\`update \${sql.table(name)} set a = 1\``, '?'],
])('a write elsewhere is found: %s', (source, table) => {
  expect(strayWrites('application/orders/orders.ts', source)).toEqual([
    `application/orders/orders.ts: ${table}`,
  ])
})

test('reads, locks and prose are not writes, and a write in the right folder is allowed', () => {
  const source =
    "sql`select from orders for update skip locked`; // delete from the list tx.updateTable('orders')"
  expect(strayWrites('db/orders/orders.ts', source)).toEqual([])
  expect(strayWrites('db/wallet/reads.ts', source)).toEqual(['db/wallet/reads.ts: orders'])
})
