import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { startPostgres } from '../../cli/embedded/postgres.ts'
import { removeDatabase } from '../../cli/embedded/postgres-location.ts'
import { createSupervisor } from '../../cli/embedded/supervisor.ts'
import { findTemporal, startTemporal } from '../../cli/embedded/temporal.ts'
import { obtainTemporal } from '../../cli/embedded/temporal-install.ts'
import { loadWorkflowBundle } from '../../cli/lib/workflow-bundle.ts'
import { readConfig } from '../../config/index.ts'
import { connectDatabase } from '../../db/client.ts'
import { migrateToLatest } from '../../db/migrator.ts'
import { freeLowPort } from './ports.ts'

declare module 'vitest' {
  export interface ProvidedContext {
    /** The server address of the migrated database that test databases are copied from. */
    postgresUrl: string
    temporalAddress: string
    temporalProgram: string
    bundlePath: string
  }
}

/** Nobody kills this server, and its data is removed at the end. */
const WITHOUT_DURABILITY = { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' }

/** Starts the real PostgreSQL and Temporal that all tests share. */
export default async function setup(project: TestProject) {
  const folder = mkdtempSync(join(tmpdir(), 'points-mall-tests-'))
  // The programs that tests start load the modules from this cache, which later runs use as well.
  process.env.NODE_COMPILE_CACHE ??= join(tmpdir(), 'points-mall-compile-cache')
  const say = (text: string) => process.stderr.write(`${text}\n`)
  const supervisor = await createSupervisor({ folder, complain: () => {} })
  const postgres = await startPostgres(supervisor, {
    dataDir: folder,
    port: await freeLowPort(),
    say,
    settings: WITHOUT_DURABILITY,
  })
  const db = connectDatabase(postgres.url, 2, 'owner')
  await migrateToLatest(db)
  await db.destroy()

  const environment = (added: Record<string, string>) => ({ ...process.env, ...added })
  const config = readConfig({ ...process.env, DATA_DIR: folder })
  const machine = { ...config.machine, cliPath: config.temporal.cliPath }
  const found = findTemporal(machine, say) ?? (await obtainTemporal(supervisor, machine, environment, say))
  const temporal = await startTemporal(supervisor, {
    program: found.path,
    port: await freeLowPort(),
    ui: { host: '127.0.0.1', port: await freeLowPort() },
    namespace: 'default',
    folder,
  })
  project.provide('postgresUrl', postgres.url)
  project.provide('temporalAddress', temporal.address)
  project.provide('temporalProgram', found.path)
  project.provide('bundlePath', (await loadWorkflowBundle(folder)).codePath)

  return async () => {
    await temporal.stop()
    await postgres.stop()
    await supervisor.stop()
    removeDatabase(folder)
    rmSync(folder, { recursive: true, force: true })
  }
}
