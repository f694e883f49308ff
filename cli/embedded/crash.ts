import { join } from 'node:path'
import { lives, signal } from './process.ts'
import { readRegistry } from './process-registry.ts'

/** The supervisor restarts the worker. @returns false if none runs */
export function crashWorker(dataDir: string): boolean {
  const worker = readRegistry(join(dataDir, 'parts.json')).find(({ name }) => name === 'worker')
  return worker !== undefined && lives(worker) && signal(worker.pid, 'SIGKILL')
}
