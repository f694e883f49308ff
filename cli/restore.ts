import { copyFileSync, existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { Client } from 'pg'
import { type Config, readConfig } from '../config/index.ts'
import { connectDatabase } from '../db/client.ts'
import { migrateTo, migrateToLatest } from '../db/migrator.ts'
import { checkFiles, type Dump, loadTables, NotLoadableError, readMigrations } from '../db/platform/dump.ts'
import {
  createCheckpointFiles,
  createCheckpointKeeper,
  HEADS_FOLDER,
  setAsideCheckpoints,
} from '../db/wallet/checkpoints.ts'
import { createLedgerCipher } from '../db/wallet/ledger-cipher.ts'
import { walkLedger } from '../db/wallet/verification.ts'
import { disagreementLine } from '../i18n/finding-texts.ts'
import { withDatabase } from './embedded/offline.ts'
import { openManifest } from './lib/backup-manifest.ts'
import { holds, type KeyFile, keysOf, readKeyFile } from './lib/key-file.ts'

const USAGE = `usage: npm run restore -- --from DIR [--keys FILE] [--replace]
  --from     what npm run backup has written
  --keys     the file with its keys, where they are not those of the configuration
  --replace  removes all that is in the database; without it, the database has to be empty`

/** All or nothing, into an empty database. API and workers must be stopped: they have the old keys. */
async function restore(): Promise<string> {
  const { values } = parseArgs({
    args: process.argv.slice(2).filter((arg) => arg !== '--'),
    options: {
      from: { type: 'string' },
      keys: { type: 'string' },
      replace: { type: 'boolean', default: false },
    },
  })
  if (values.from === undefined) throw new Error(USAGE)
  const folder = resolve(values.from)
  const given = values.keys === undefined ? undefined : readKeyFile(resolve(values.keys))
  const config = given ? takeKeys(given) : readConfig()
  const vault = createLedgerCipher(config.ledgerKeys)
  const dump = openManifest(vault, readFileSync(join(folder, 'manifest.json'), 'utf8'))
  await checkFiles(dump, folder)
  return withDatabase(config, 'refused', async (url) => {
    await load(url, dump, folder, values.replace)
    const aside = setAsideCheckpoints(config.dataDir)
    const db = connectDatabase(url, 2)
    try {
      const { broken, entries } = await walkLedger(db, vault, new Map())
      if (broken.length > 0)
        throw new Error(`the restored ledger is broken: ${broken.map(disagreementLine)[0]}`)
      const store = createCheckpointFiles(join(config.dataDir, HEADS_FOLDER))
      const alarm = (text: string) => process.stderr.write(`${text}\n`)
      await createCheckpointKeeper({ db, vault, store, alarm }).round()
      return [
        `${dump.tables.reduce((sum, table) => sum + table.rows, 0)} rows restored; all ${entries} entries of the ledger are valid.`,
        ...(aside === undefined
          ? []
          : [`The checkpoints of the previous ledger are in ${aside}: they show what is lost.`]),
        'Workflows are not part of a backup: a worker that starts continues every open order from the restored data.',
      ].join('\n')
    } finally {
      await db.destroy()
    }
  })
}

async function load(url: string, dump: Dump, folder: string, replace: boolean): Promise<void> {
  const owner = connectDatabase(url, 1, 'owner')
  const client = new Client({ connectionString: url })
  await client.connect()
  try {
    await requireNobodyElse(client)
    const last = dump.migrations.at(-1)
    if (last === undefined) throw new NotLoadableError('the backup is of a database without tables')
    const there = await readMigrations(client)
    if (there.length === 0) await migrateTo(owner, last)
    else if (there.join() !== dump.migrations.join()) {
      throw new NotLoadableError(
        `the backup's tables are of ${last}, those of the database of ${there.at(-1)}: restore into a database without tables`,
      )
    }
    await loadTables(client, dump, folder, replace)
    await migrateToLatest(owner)
  } finally {
    await client.end()
    await owner.destroy()
  }
}

/** A running API or worker would keep the old keys and the state of replaced data. */
async function requireNobodyElse(client: Client): Promise<void> {
  const { rows } = await client.query(`select from pg_stat_activity
    where datname = current_database() and application_name = 'points-mall' limit 1`)
  if (rows.length > 0)
    throw new NotLoadableError('API or workers are connected to the database: stop them first')
}

/** Only for an installation that keeps its keys in DATA_DIR. */
function takeKeys(given: KeyFile): Config {
  const config = readConfig()
  if (holds(keysOf(config), given)) return config
  const file = join(config.dataDir, 'secrets.json')
  const before = `${file}.before-restore-${Date.now()}`
  if (existsSync(file)) {
    const secrets = JSON.parse(readFileSync(file, 'utf8')) as Record<string, string>
    const changed = { ...secrets, ledgerKeys: given.LEDGER_KEYS, payloadKeys: given.PAYLOAD_KEYS }
    writeFileSync(`${file}.new`, `${JSON.stringify(changed, null, 2)}\n`, { mode: 0o600, flush: true })
    copyFileSync(file, before)
    renameSync(`${file}.new`, file)
    const taken = readConfig()
    if (holds(keysOf(taken), given)) return taken
    renameSync(before, file)
  }
  throw new Error('the environment has other keys: set LEDGER_KEYS and PAYLOAD_KEYS to what --keys FILE says')
}

try {
  process.stdout.write(`${await restore()}\n`)
} catch (error) {
  process.stderr.write(`restore: ${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 1
}
