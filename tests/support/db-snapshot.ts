import { WorkflowNotFoundError } from '@temporalio/client'
import { sql } from 'kysely'
import type { Db } from '../../db/client.ts'
import { openAccount } from '../../db/wallet/sealed-rows.ts'
import { decimalFromFen, fenOf } from '../../domain/money.ts'
import type { TestApp } from './test-app.ts'
import { until } from './test-app.ts'

/** Every row of every table as text, to compare states of the whole database. */
export async function readTables(db: Db): Promise<Record<string, string[]>> {
  const { rows } = await sql<{ name: string }>`
    select table_name as name from information_schema.tables
    where table_schema = 'public' and table_type = 'BASE TABLE' order by 1`.execute(db)
  const tables: Record<string, string[]> = {}
  for (const { name } of rows) {
    const read = await sql<{ row: string }>`
      select to_jsonb(t)::text as row from ${sql.table(name)} t order by 1`.execute(db)
    tables[name] = read.rows.map(({ row }) => row)
  }
  return tables
}

/** As `readTables`, but one query and a number per table: for a file that fills its database and compares often. */
export async function digestTables(db: Db, without: readonly string[]): Promise<Record<string, string>> {
  const { rows } = await sql<{ name: string }>`
    select table_name as name from information_schema.tables
    where table_schema = 'public' and table_type = 'BASE TABLE' order by 1`.execute(db)
  const digests = rows
    .filter(({ name }) => !without.includes(name))
    .map(
      ({ name }) => sql`select ${name}::text as name,
        count(*) || ':' || coalesce(sum(hashtextextended(t::text, 0)::numeric), 0) as digest from ${sql.table(name)} t`,
    )
  const { rows: found } = await sql<{ name: string; digest: string }>`
    ${sql.join(digests, sql` union all `)}`.execute(db)
  return Object.fromEntries(found.map(({ name, digest }) => [name, digest]))
}

/**
 * What is held, taken or owed, and by whom: points, cash, stock, active orders, open payments, and what the
 * provider keeps. Equal holdings mean that everything in between was undone except its history.
 */
export async function readHoldings(mall: TestApp) {
  const { db } = mall
  const rows = async (query: ReturnType<typeof sql>) => (await query.execute(db)).rows
  const accounts = await db
    .selectFrom('wallet_accounts')
    .select(['id', 'owner_type', 'owner_id', 'currency', 'version', 'kid', 'sealed', 'head', 'next_expiry'])
    .orderBy('owner_id')
    .orderBy('currency')
    .execute()
  const wallets = accounts
    .map((row) => ({ ...row, wallet: openAccount(mall.deps.vault, row) }))
    .filter(({ wallet: { lots, holds, debt } }) => lots.length > 0 || holds.length > 0 || debt > 0n)
  const trades = (await mall.books()).map((trade) => ({
    out_trade_no: trade.out_trade_no,
    kept:
      trade.state === 'paid' || trade.state === 'refunded'
        ? decimalFromFen(fenOf(trade.amount ?? '0') - fenOf(trade.refunded ?? '0'))
        : '0.00',
    open: trade.state === 'unpaid' || trade.state === 'declined',
  }))
  return {
    accounts: wallets.map(({ owner_id, currency, wallet }) => ({ owner_id, currency, ...wallet })),
    products: await rows(sql`select id, stock_quantity, status from points_products order by id`),
    reservations: await rows(
      sql`select order_no, state from stock_reservations where state <> 'released' order by 1`,
    ),
    orders: await rows(
      sql`select order_no, status from points_exchange_orders where status <> 'order_canceled' order by 1`,
    ),
    standardOrders: await rows(
      sql`select order_no, status from orders where status <> 'order_canceled' order by 1`,
    ),
    payments: await rows(sql`select out_trade_no, state from payments
      where state not in ('closed', 'refunded') order by 1`),
    attempts:
      await rows(sql`select order_no, a.state from exchange_attempts a left join points_exchange_orders o using (order_no)
      where a.state <> 'refused' and o.status is distinct from 'order_canceled' order by 1`),
    provider: trades.filter(({ kept, open }) => open || kept !== '0.00'),
  }
}

/** The workflow's status in Temporal, such as RUNNING or COMPLETED; NONE if it does not exist. */
export async function workflowState(mall: TestApp, workflowId: string): Promise<string> {
  try {
    return (await mall.temporal.client.workflow.getHandle(workflowId).describe()).status.name
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return 'NONE'
    throw error
  }
}

/** Waits until the exchange workflow is closed, whatever its result. */
export async function ended(mall: TestApp, orderNo: string): Promise<void> {
  const state = await until(
    () => workflowState(mall, `exchange/${orderNo}`),
    (name) => name !== 'RUNNING',
    `the workflow of ${orderNo} ends`,
  )
  if (state !== 'COMPLETED') throw new Error(`the workflow of ${orderNo} is ${state}`)
}
