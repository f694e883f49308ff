import { copyDatabase, startDatabase } from '../support/database.ts'
import { tamperLedger } from '../wallet/tampering.ts'

const EDITS = 10_000
/** A new ledger after so many edits, for other amounts and holds. */
const EDITS_A_LEDGER = 1_000

/**
 * For `npm run prove`: 10,000 random edits of the ledger's stored bytes by a writer without keys, or as many
 * as the time allows, on its own PostgreSQL.
 * @returns how often each kind was made, and what was missed or attributed wrongly
 */
export async function proveLedger(options: { readonly minutes: number; readonly seed: number }) {
  const until = performance.now() + options.minutes * 60_000
  const database = await startDatabase()
  const made: Record<string, number> = {}
  const missed: string[] = []
  let edits = 0
  try {
    for (let seed = options.seed; edits < EDITS && performance.now() < until; seed += 1) {
      const url = await copyDatabase(database.url)
      const done = await tamperLedger({ url, seed, edits: EDITS_A_LEDGER, until })
      for (const [kind, count] of Object.entries(done.made)) {
        made[kind] = (made[kind] ?? 0) + count
        edits += count
      }
      missed.push(...done.missed.map((text) => `${text} (seed ${seed})`))
    }
  } finally {
    await database.stop()
  }
  return { edits, made, missed }
}
