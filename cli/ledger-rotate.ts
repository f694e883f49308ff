import { readConfig } from '../config/index.ts'
import { connectDatabase } from '../db/client.ts'
import { rotateAccounts } from '../db/wallet/key-rotation.ts'
import { createLedgerCipher } from '../db/wallet/ledger-cipher.ts'

/** Uses the first of LEDGER_KEYS; the mall may run meanwhile. Exit code 1 if accounts remain. */
try {
  const { database, ledgerKeys } = readConfig()
  if (!database.url) throw new Error('DATABASE_URL: not set, and no installation runs in DATA_DIR')
  const vault = createLedgerCipher(ledgerKeys)
  const db = connectDatabase(database.url, 2)
  try {
    const { sealed, left } = await rotateAccounts(db, vault, (done) =>
      process.stdout.write(`${done.sealed} accounts encrypted with ${vault.kid}, ${done.left} left\n`),
    )
    process.stdout.write(
      left === 0
        ? `all accounts are encrypted with ${vault.kid} (${sealed} of them now); keep the old keys: entries still need them\n`
        : `${left} accounts are still being written by a process whose LEDGER_KEYS do not begin with ${vault.kid}\n`,
    )
    process.exitCode = left === 0 ? 0 : 1
  } finally {
    await db.destroy()
  }
} catch (error) {
  process.stderr.write(`ledger:rotate: ${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 1
}
