import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** What `npm start` writes into its data folder, so that other commands find the running installation. */
export interface Running {
  readonly databaseUrl: string
  readonly temporalAddress: string
  readonly temporalUiUrl: string | undefined
  /** Undefined outside demo mode: there is no sandbox provider. */
  readonly sandboxUrl: string | undefined
  readonly port: number
}

/** @returns undefined when no `npm start` has written into this data folder */
export function readRunning(dataDir: string): Running | undefined {
  const file = join(dataDir, 'running.json')
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Running) : undefined
}
