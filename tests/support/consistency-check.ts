import { setTimeout as pause } from 'node:timers/promises'
import { Client, Connection } from '@temporalio/client'
import { sql } from 'kysely'
import { readConfig } from '../../config/index.ts'
import type { Db } from '../../db/client.ts'
import {
  findBrokenLedger,
  findOrderViolations,
  findPaymentViolations,
} from '../../db/reconciliation/invariants.ts'
import { createLedgerCipher } from '../../db/wallet/ledger-cipher.ts'
import { disagreementLine } from '../../i18n/finding-texts.ts'
import type { Promised } from '../chaos/load.ts'
import { connectPatiently } from './database.ts'
import type { Installation } from './installation.ts'
import { compareBooks, type Trade } from './provider-books.ts'

/**
 * Waits until nothing is under way, and then checks every invariant.
 * @param promised all that was promised to anybody
 * @param limitMs how long the remaining work may take
 * @returns what is broken, as text
 */
export async function checkConsistency(
  mall: Installation,
  promised: readonly Promised[],
  limitMs: number,
): Promise<string[]> {
  const { databaseUrl, temporalAddress, sandboxUrl } = mall.running()
  const db = connectPatiently(databaseUrl, 4)
  const connection = await Connection.connect({ address: temporalAddress })
  const { workflow } = new Client({ connection })
  const running = async (query: string) => (await workflow.count(query)).count
  try {
    const deadline = performance.now() + limitMs
    let restless: string[]
    do {
      restless = await findPending(db)
      const live = await countLive(db)
      const open = await running("ExecutionStatus = 'Running'")
      if (open !== live) restless.push(`${open} workflows run, and ${live} orders are under way`)
      if (restless.length > 0) await pause(250)
    } while (restless.length > 0 && performance.now() < deadline)

    const trades = (await (await fetch(`${sandboxUrl}/books`)).json()) as Trade[]
    const kept = await compareBooks(db, trades)
    const failed = await running("ExecutionStatus != 'Running' AND ExecutionStatus != 'Completed'")
    return [
      ...restless,
      ...[
        ...(await findBrokenLedger(
          db,
          createLedgerCipher(readConfig({ DATA_DIR: mall.dataDir }).ledgerKeys),
        )),
        ...(await findOrderViolations(db)),
        ...(await findPaymentViolations(db)),
      ].map(disagreementLine),
      ...kept
        .filter((order) => order.kept !== order.due)
        .map(
          (order) => `the provider keeps ${order.kept} of ${order.orderNo}, ${order.status}: ${order.due}`,
        ),
      ...(failed > 0 ? [`${failed} workflows failed`] : []),
      ...(await findBrokenPromises(db, promised)),
    ]
  } finally {
    await connection.close()
    await db.destroy()
  }
}

/** What is still under way. */
async function findPending(db: Db): Promise<string[]> {
  const { rows } = await sql<{ what: string }>`
    select 'attempt ' || order_no || ' has no outcome' as what from exchange_attempts where state = 'pending'
    union all
    select 'order ' || order_no || ' is ' || status || ', ' || payment_status from points_exchange_orders
      where status in ('exchanged', 'order_created') or payment_status in ('unpaid', 'closing', 'refunding')
        or needs_attention is not null
    union all
    select 'payment ' || out_trade_no || ' is ' || state from payments where state in ('unpaid', 'closing', 'refunding')
    union all
    select 'event ' || event_id || ' is not delivered' from webhook_inbox where delivered_at is null
    union all
    select 'a request of ' || order_no || ' has no outcome' from order_requests`.execute(db)
  return rows.map(({ what }) => what)
}

async function countLive(db: Db): Promise<number> {
  const { count } = await db
    .selectFrom('points_exchange_orders')
    .select((eb) => eb.fn.countAll<string>().as('count'))
    .where('status', 'not in', ['order_finished', 'order_canceled'])
    .executeTakeFirstOrThrow()
  return Number(count)
}

/** Every promise is kept, and there is no order that was not promised. */
async function findBrokenPromises(db: Db, promised: readonly Promised[]): Promise<string[]> {
  const orders = await db
    .selectFrom('points_exchange_orders')
    .select(['order_no', 'owner_id', 'status', 'cancel_reason'])
    .execute()
  const found = new Map(orders.map((order) => [order.order_no, order]))
  const wanted = new Set(promised.map(({ orderNo }) => orderNo))
  return [
    ...promised.flatMap(({ owner, journey, orderNo, status }) => {
      const order = found.get(orderNo)
      if (!order) return [`${orderNo} (${journey} of ${owner}) is lost`]
      const reason = order.cancel_reason ? ` (${order.cancel_reason})` : ''
      if (order.status === status) return []
      return [`${orderNo} (${journey} of ${owner}) is ${order.status}${reason} instead of ${status}`]
    }),
    ...orders
      .filter(({ order_no }) => !wanted.has(order_no))
      .map(({ order_no, owner_id }) => `${order_no} of ${owner_id} was never asked for`),
  ]
}
