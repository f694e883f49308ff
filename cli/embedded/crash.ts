import { join } from 'node:path'
import { lives, signal } from './process.ts'
import { readRegistry } from './process-registry.ts'

/**
 * Kills the worker of the installation that runs in this data folder, as a crash does; its supervisor starts
 * another one.
 * @returns false where none runs at this moment
 */
export function crashWorker(dataDir: string): boolean {
  const worker = readRegistry(join(dataDir, 'parts.json')).find(({ name }) => name === 'worker')
  return worker !== undefined && lives(worker) && signal(worker.pid, 'SIGKILL')
}
