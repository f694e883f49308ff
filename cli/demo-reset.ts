import { readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { ConfigError, readConfig } from '../config/index.ts'
import { HEADS_FOLDER } from '../db/wallet/checkpoints.ts'
import { acquireLock } from './embedded/lock.ts'
import { removeDatabase } from './embedded/postgres-location.ts'
import { readRegistry, stopAll } from './embedded/process-registry.ts'

const BOOKS = /^(temporal|sandbox)\.db(-wal|-shm|-journal)?$/

try {
  process.stdout.write(`${await reset()}\n`)
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 1
}

async function reset(): Promise<string> {
  const { demo, dataDir, database, temporal } = readConfig()
  if (!demo) {
    throw new ConfigError(
      'this would remove every order and wallet: refused where HOST is not loopback or NODE_ENV is production (DEMO=1 allows it)',
    )
  }
  if (database.outside || temporal.outside) {
    throw new ConfigError('only the embedded parts can be reset: unset DATABASE_URL and TEMPORAL_ADDRESS')
  }
  const release = acquireLock(join(dataDir, 'start.lock'))
  if (!release) throw new ConfigError(`the mall runs on ${dataDir}: stop its npm start (Ctrl-C) first`)
  await stopAll(readRegistry(join(dataDir, 'parts.json')))
  removeDatabase(dataDir)
  rmSync(join(dataDir, HEADS_FOLDER), { recursive: true, force: true })
  for (const name of readdirSync(dataDir).filter((entry) => BOOKS.test(entry))) rmSync(join(dataDir, name))
  for (const name of ['parts.json', 'running.json']) rmSync(join(dataDir, name), { force: true })
  release()
  return `removed the database, the Temporal state and the sandbox data in ${dataDir}; kept the secrets. npm start seeds the demo again`
}
