import { readConfig } from '../../config/index.ts'
import { connectDatabase, type Db } from '../../db/client.ts'
import { createLedgerCipher, type LedgerCipher } from '../../db/wallet/ledger-cipher.ts'

export interface Findings {
  readonly totals: Readonly<Record<string, string>>
  readonly broken: readonly string[]
}

export async function report(
  name: string,
  look: (db: Db, vault: LedgerCipher) => Promise<Findings>,
): Promise<void> {
  try {
    const { database, ledgerKeys } = readConfig()
    if (!database.url) throw new Error('DATABASE_URL: not set, and no installation runs in DATA_DIR')
    const db = connectDatabase(database.url, 2)
    const { totals, broken } = await look(db, createLedgerCipher(ledgerKeys))
    await db.destroy()
    for (const [what, total] of Object.entries(totals)) process.stdout.write(`${what.padEnd(24)} ${total}\n`)
    for (const row of broken) process.stdout.write(`WRONG ${row}\n`)
    process.stdout.write(broken.length === 0 ? 'no errors\n' : `${broken.length} errors\n`)
    process.exitCode = broken.length === 0 ? 0 : 1
  } catch (error) {
    process.stderr.write(`${name}: ${error instanceof Error ? error.message : String(error)}\n`)
    process.exitCode = 1
  }
}
