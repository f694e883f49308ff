import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { Client } from 'pg'
import { readConfig } from '../config/index.ts'
import { connectDatabase } from '../db/client.ts'
import { type Dump, dumpTables } from '../db/platform/dump.ts'
import { createCheckpointFiles, HEADS_FOLDER, readCheckpoints } from '../db/wallet/checkpoints.ts'
import { createLedgerCipher, type LedgerCipher } from '../db/wallet/ledger-cipher.ts'
import { walkLedger } from '../db/wallet/verification.ts'
import { disagreementLine } from '../i18n/finding-texts.ts'
import { withDatabase } from './embedded/offline.ts'
import { signManifest } from './lib/backup-manifest.ts'
import { keysOf, writeKeyFile } from './lib/key-file.ts'

const USAGE = `usage: npm run backup -- --to DIR [--keys FILE]
  --to    a new or empty folder for the database
  --keys  a new file for the keys, kept elsewhere: without them the backup is worth nothing, with them
          beside it nothing is secret`

/** A consistent snapshot while the mall runs. A broken ledger must not replace a good backup. */
async function backup(): Promise<string> {
  const { values } = parseArgs({
    args: process.argv.slice(2).filter((arg) => arg !== '--'),
    options: { to: { type: 'string' }, keys: { type: 'string' } },
  })
  if (values.to === undefined) throw new Error(USAGE)
  const folder = resolve(values.to)
  const keyFile = values.keys === undefined ? undefined : resolve(values.keys)
  if (keyFile !== undefined && !relative(folder, keyFile).startsWith('..')) {
    throw new Error(`${keyFile} is inside the backup: store the keys elsewhere`)
  }
  if (keyFile !== undefined && existsSync(keyFile)) throw new Error(`${keyFile} already exists`)
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  if (readdirSync(folder).length > 0) throw new Error(`${folder} is not empty`)

  const config = readConfig()
  const vault = createLedgerCipher(config.ledgerKeys)
  const rows = await withDatabase(config, 'beside', async (url) => {
    await requireWhole(url, vault, config.dataDir)
    const client = new Client({ connectionString: url })
    await client.connect()
    let dump: Dump
    try {
      dump = await dumpTables(client, folder)
    } finally {
      await client.end()
    }
    writeFileSync(join(folder, 'manifest.json'), signManifest(vault, dump), {
      mode: 0o600,
      flag: 'wx',
      flush: true,
    })
    return dump.tables.reduce((sum, table) => sum + table.rows, 0)
  })
  if (keyFile === undefined) {
    return `${rows} rows are in ${folder}.\nThe keys are NOT: without LEDGER_KEYS and PAYLOAD_KEYS nobody can read a wallet or an address in it. --keys FILE writes them, or keep those of your configuration.`
  }
  writeKeyFile(keyFile, keysOf(config))
  return `${rows} rows are in ${folder}, the keys in ${keyFile}.\nMove that file to another place: with both, anybody can read and forge every wallet.`
}

/** @throws if the ledger is broken, with the first bad row */
async function requireWhole(url: string, vault: LedgerCipher, dataDir: string): Promise<void> {
  const db = connectDatabase(url, 2)
  try {
    const { heads, broken } = await readCheckpoints(
      [createCheckpointFiles(join(dataDir, HEADS_FOLDER))],
      vault,
    )
    const [wrong] = [...(await walkLedger(db, vault, heads)).broken.map(disagreementLine), ...broken]
    if (wrong !== undefined) throw new Error(`the ledger is broken (npm run ledger:verify): ${wrong}`)
  } finally {
    await db.destroy()
  }
}

try {
  process.stdout.write(`${await backup()}\n`)
} catch (error) {
  process.stderr.write(`backup: ${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 1
}
