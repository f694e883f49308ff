import { sql } from 'kysely'
import type { Db } from '../db/client.ts'
import { findBrokenLedger } from '../db/laws.ts'
import { report } from './report.ts'

/** Composition root: walks the whole ledger and prints its totals; exit code 1 where a row is wrong. */
await report('ledger:verify', async (db) => ({
  totals: await readTotals(db),
  broken: await findBrokenLedger(db),
}))

/** Points (ZJF) and fen (CNY), by kind of entry. */
async function readTotals(db: Db): Promise<Record<string, string>> {
  const { rows } = await sql<{ currency: string; kind: string; entries: string; total: string }>`
    select a.currency, e.kind, count(*) as entries, coalesce(sum(e.amount), 0) as total
    from wallet_entries e join wallet_accounts a on a.id = e.account_id
    group by 1, 2
    union all
    select currency, 'outstanding', count(*), sum(available + held) from wallet_accounts group by 1
    union all
    select currency, 'held', count(*), sum(held) from wallet_accounts group by 1
    order by 1, 2`.execute(db)
  return Object.fromEntries(
    rows.map((row) => [`${row.currency} ${row.kind}`, `${row.total} (${row.entries})`]),
  )
}
