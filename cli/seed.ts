import { ConfigError, readConfig } from '../config/index.ts'
import { connectDatabase } from '../db/client.ts'
import { createEncryptor } from '../db/platform/encryption.ts'
import { createLedgerCipher } from '../db/wallet/ledger-cipher.ts'
import { seedDemo } from './demo/seed.ts'

async function main(): Promise<void> {
  const { database, ledgerKeys, payloadKeys, supplier } = readConfig()
  if (!database.url) throw new ConfigError('DATABASE_URL: not set, and no installation runs in DATA_DIR')
  const db = connectDatabase(database.url, 2)
  try {
    const [vault, sealer] = [createLedgerCipher(ledgerKeys), createEncryptor(payloadKeys)]
    const fresh = await seedDemo(db, vault, sealer, supplier !== undefined)
    process.stdout.write(fresh > 0 ? `seeded ${fresh} products\n` : 'the demo data already exists\n')
  } finally {
    await db.destroy()
  }
}

main().catch((error: unknown) => {
  process.stderr.write(`seed: ${error instanceof Error ? error.message : String(error)}\n`)
  process.exit(1)
})
