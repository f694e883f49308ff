import { Migrator } from 'kysely/migration'
import type { Db } from './client.ts'
import { migrations } from './migrations/index.ts'

/**
 * Brings the tables up to date, under the migrator's lock: of two processes at once the second waits and
 * finds nothing to do. Returns the names of the migrations that ran.
 * @throws the error of the first migration that failed; nothing of it stays.
 */
export async function migrateToLatest(db: Db): Promise<string[]> {
  const migrator = new Migrator({ db, provider: { getMigrations: async () => migrations } })
  const { error, results } = await migrator.migrateToLatest()
  if (error) throw error
  return (results ?? [])
    .filter(({ status }) => status === 'Success')
    .map(({ migrationName }) => migrationName)
}

/** Brings a database without tables to where this migration had left another one. @throws as `migrateToLatest` */
export async function migrateTo(db: Db, name: string): Promise<void> {
  const migrator = new Migrator({ db, provider: { getMigrations: async () => migrations } })
  const { error } = await migrator.migrateTo(name)
  if (error) throw error
}
