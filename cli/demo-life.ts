import { exchangeSettings } from '../application/orders/exchange-deps.ts'
import { connectTemporal } from '../application/temporal/client.ts'
import { ConfigError, readConfig } from '../config/index.ts'
import { connectDatabase } from '../db/client.ts'
import { createEncryptor } from '../db/platform/encryption.ts'
import { createLedgerCipher } from '../db/wallet/ledger-cipher.ts'
import { bringToLife } from './demo/life.ts'

/** `npm start` runs this once the mall is ready; the next start resumes it. */
async function main(): Promise<void> {
  const {
    database,
    temporal: engine,
    rules,
    outsideSteps,
    outsideWallet,
    orderService,
    ...config
  } = readConfig()
  const [ownerKey] = config.payloadKeys
  if (!database.url || !ownerKey) throw new ConfigError('no installation runs in DATA_DIR')
  // The mall cannot grant points in an external wallet, and a real order service wants no orders of a demo.
  if (outsideWallet || orderService) return
  const db = connectDatabase(database.url, 4)
  const sealer = createEncryptor(config.payloadKeys)
  const temporal = connectTemporal(engine.connection, engine.namespace, sealer)
  try {
    const deps = {
      db,
      sealer,
      vault: createLedgerCipher(config.ledgerKeys),
      temporal,
      outsideWallet: undefined,
      ownerKey,
      settings: exchangeSettings({ rules, outsideSteps, orderService }),
    }
    await bringToLife(deps, (story, error) => process.stdout.write(`${story}: ${String(error)}\n`))
  } finally {
    await temporal.client.connection.close()
    await db.destroy()
  }
}

main().catch((error: unknown) => {
  process.stderr.write(`demo-life: ${error instanceof Error ? error.message : String(error)}\n`)
  process.exit(1)
})
