import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { inject } from 'vitest'
import type { TestApp } from './test-app.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/**
 * The worker of a test app that has none, as it is started in production: in a process of its own.
 * @param settings variables besides the addresses and keys of the test app
 */
export function createWorkerProcess(mall: TestApp, settings: Readonly<Record<string, string>>) {
  const dataDir = mkdtempSync(join(tmpdir(), 'points-mall-worker-'))
  const key = `t1:${Buffer.alloc(32, 'key of the tests').toString('base64')}`
  let worker: ChildProcess | undefined

  async function kill(): Promise<void> {
    if (!worker || worker.exitCode !== null) return
    const ended = new Promise((resolve) => worker?.once('exit', resolve))
    worker.kill('SIGKILL')
    await ended
  }

  return {
    start(): void {
      worker = spawn(process.execPath, ['worker.ts'], {
        cwd: ROOT,
        stdio: 'ignore',
        env: {
          ...process.env,
          DATA_DIR: dataDir,
          DATABASE_URL: mall.databaseUrl,
          TEMPORAL_ADDRESS: inject('temporalAddress'),
          TEMPORAL_NAMESPACE: mall.name,
          SANDBOX_URL: mall.sandbox.url,
          LEDGER_KEYS: key,
          PAYLOAD_KEYS: key,
          LOG_LEVEL: 'silent',
          ...settings,
        },
      })
    },
    /** kill -9 */
    kill,
    async remove(): Promise<void> {
      await kill()
      rmSync(dataDir, { recursive: true, force: true })
    },
  }
}
