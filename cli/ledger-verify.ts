import { walkLedger } from '../db/verify.ts'
import { report } from './report.ts'

/** Composition root: walks the whole ledger and prints its totals; exit code 1 where a row is wrong. */
await report('ledger:verify', async (db, vault) => {
  const walk = await walkLedger(db, vault, new Map())
  const totals = Object.entries(walk.totals).sort(([a], [b]) => (a < b ? -1 : 1))
  return {
    totals: {
      accounts: `${walk.accounts}`,
      entries: `${walk.entries}`,
      ...Object.fromEntries(totals.map(([name, total]) => [name, `${total}`])),
    },
    broken: walk.broken,
  }
})
