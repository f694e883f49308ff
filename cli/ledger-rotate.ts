import { connectTemporal } from '../application/temporal/client.ts'
import { listRunsOfOldKeys } from '../application/temporal/old-keys.ts'
import { readConfig } from '../config/index.ts'
import { connectDatabase } from '../db/client.ts'
import { createEncryptor } from '../db/platform/encryption.ts'
import { rotatePayloads } from '../db/platform/payload-rotation.ts'
import { rotateAccounts } from '../db/wallet/key-rotation.ts'
import { createLedgerCipher } from '../db/wallet/ledger-cipher.ts'

/**
 * Uses the first of LEDGER_KEYS and of PAYLOAD_KEYS; the mall may run meanwhile. Exit code 1 while accounts, texts or running
 * workflows need another key.
 */
try {
  const { database, ledgerKeys, payloadKeys, temporal: engine } = readConfig()
  if (!database.url) throw new Error('DATABASE_URL: not set, and no installation runs in DATA_DIR')
  const vault = createLedgerCipher(ledgerKeys)
  const sealer = createEncryptor(payloadKeys)
  const db = connectDatabase(database.url, 2)
  // The application cannot change texts that are append-only.
  const owner = connectDatabase(database.url, 2, 'owner')
  const say = (line: string) => process.stdout.write(`${line}\n`)
  try {
    const { sealed, left } = await rotateAccounts(db, vault, (done) =>
      say(`${done.sealed} accounts encrypted with ${vault.kid}, ${done.left} left`),
    )
    say(
      left === 0
        ? `all accounts are encrypted with ${vault.kid} (${sealed} of them now); keep the old keys of LEDGER_KEYS: entries still need them`
        : `${left} accounts are still being written by a process whose LEDGER_KEYS do not begin with ${vault.kid}`,
    )
    const columns = await rotatePayloads(owner, sealer, (done) => {
      if (done.sealed > 0 || done.left > 0) {
        const why = done.problem === undefined ? '' : ` (${done.problem})`
        say(`${done.name}: ${done.sealed} encrypted with ${sealer.keyId}, ${done.left} left${why}`)
      }
    })
    const texts = columns.reduce((sum, column) => sum + column.left, 0)
    if (texts > 0) say(`${texts} texts still need another key of PAYLOAD_KEYS`)
    const runs = texts > 0 || payloadKeys.length < 2 ? 0 : await countRuns(engine)
    if (texts === 0 && runs === 0) {
      say(`everything is encrypted with ${sealer.keyId}: the other keys of PAYLOAD_KEYS can be removed`)
    } else if (runs > 0) {
      say(`${runs} running workflows began under another key of PAYLOAD_KEYS: keep it until they end`)
    }
    process.exitCode = left + texts + runs === 0 ? 0 : 1

    async function countRuns({ connection, namespace }: typeof engine): Promise<number> {
      const temporal = connectTemporal(connection, namespace, sealer)
      try {
        return (await listRunsOfOldKeys(temporal, sealer.keyId)).length
      } finally {
        await temporal.client.connection.close()
      }
    }
  } finally {
    await db.destroy()
    await owner.destroy()
  }
} catch (error) {
  process.stderr.write(`ledger:rotate: ${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 1
}
