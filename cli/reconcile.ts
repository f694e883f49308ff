import { sql } from 'kysely'
import type { Db } from '../db/client.ts'
import {
  findBrokenAmounts,
  findBrokenEarnings,
  findBrokenLedger,
  findBrokenOrders,
  findBrokenPayments,
} from '../db/laws.ts'
import { report } from './report.ts'

/** Composition root: compares orders, stock, ledger and payments; exit code 1 where two books disagree. */
await report('reconcile', async (db, vault) => ({
  totals: await readTotals(db),
  broken: [
    ...(await findBrokenOrders(db)),
    ...(await findBrokenLedger(db, vault)),
    ...(await findBrokenPayments(db)),
    ...(await findBrokenAmounts(db, vault)),
    ...(await findBrokenEarnings(db, vault)),
  ],
}))

async function readTotals(db: Db): Promise<Record<string, string>> {
  const { rows } = await sql<{ what: string; orders: string; points: string; money: string }>`
    select status as what, count(*) as orders, sum(total_points) as points, sum(total_money) as money
    from points_exchange_orders group by 1
    union all
    select 'payments ' || state, count(*), 0, sum(amount) from payments group by state
    order by 1`.execute(db)
  return Object.fromEntries(
    rows.map((row) => [row.what, `${row.orders}: ${row.points} points, ${row.money} CNY`]),
  )
}
