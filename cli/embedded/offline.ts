import { join } from 'node:path'
import type { Config } from '../../config/index.ts'
import { acquireLock } from './lock.ts'
import { PortError, requireFree, USUAL } from './ports.ts'
import { startPostgres } from './postgres.ts'
import { createSupervisor } from './supervisor.ts'

const PORTS_TRIED = 100

/** Runs `work` on DATABASE_URL or the embedded database. @param running whether an installation may run meanwhile */
export async function withDatabase<T>(
  config: Config,
  running: 'beside' | 'refused',
  work: (url: string) => Promise<T>,
): Promise<T> {
  const { database, dataDir } = config
  if (database.outside && database.url) return work(database.url)
  const release = acquireLock(join(dataDir, 'start.lock'))
  if (!release) {
    if (running === 'beside' && database.url) return work(database.url)
    throw new Error(`the mall runs on ${dataDir}: stop its npm start (Ctrl-C) first`)
  }
  const supervisor = await createSupervisor({
    folder: dataDir,
    complain: (name, text) => process.stderr.write(`${name}: ${text}\n`),
  })
  try {
    const port = config.ports.postgres ?? (await freePort())
    const say = (text: string) => process.stderr.write(`${text}\n`)
    const { url } = await startPostgres(supervisor, { dataDir, port, say })
    return await work(url)
  } finally {
    await supervisor.stop()
    release()
  }
}

async function freePort(): Promise<number> {
  for (let port = USUAL.postgres; port < USUAL.postgres + PORTS_TRIED; port += 1) {
    try {
      await requireFree(port, '127.0.0.1', 'POSTGRES_PORT')
      return port
    } catch (error) {
      if (!(error instanceof PortError)) throw error
    }
  }
  throw new PortError('no free port found: set POSTGRES_PORT')
}
