import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { removeDatabase } from '../../cli/embedded/postgres-location.ts'
import { lives, type Mark, markOf } from '../../cli/embedded/process.ts'
import { readRegistry } from '../../cli/embedded/process-registry.ts'
import { signAccessToken } from '../../cli/lib/access-token.ts'
import { type Running, readConfig } from '../../config/index.ts'
import type { Role } from '../../domain/access.ts'
import { freeLowPort } from './ports.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

export type PartName = 'api' | 'worker' | 'sandbox' | 'temporal' | 'postgres'
export type Installation = Awaited<ReturnType<typeof createInstallation>>

/**
 * A whole installation in its own processes, as `npm start` runs it, in a temporary data folder.
 * @param environment variables besides ports and folder; with the ports of another, stopped installation,
 * this one replaces it
 * @param secretsOf the data folder whose generated secrets it uses
 */
export async function createInstallation(environment: Record<string, string> = {}, secretsOf?: string) {
  const dataDir = mkdtempSync(join(tmpdir(), 'points-mall-installation-'))
  const ports = {
    PORT: String(await freeLowPort()),
    SANDBOX_PORT: String(await freeLowPort()),
    TEMPORAL_PORT: String(await freeLowPort()),
    TEMPORAL_UI_PORT: String(await freeLowPort()),
    POSTGRES_PORT: String(await freeLowPort()),
  }
  const env = {
    ...process.env,
    LOG_LEVEL: 'warn',
    SANDBOX_CONTROL: '1',
    ...ports,
    ...environment,
    DATA_DIR: dataDir,
  }
  if (secretsOf !== undefined) copyFileSync(join(secretsOf, 'secrets.json'), join(dataDir, 'secrets.json'))
  const { auth } = readConfig({ ...env, LOG_LEVEL: 'warn' })
  const seen = new Map<string, Mark>()
  let child: ChildProcess | undefined

  /** The parts that run now. Every process ever seen is remembered: none may remain at the end. */
  function parts(): Map<string, number> {
    const entries = readRegistry(join(dataDir, 'parts.json')).filter(lives)
    for (const { pid, born } of entries) seen.set(`${pid}/${born}`, { pid, born })
    return new Map(entries.map(({ name, pid }) => [name, pid]))
  }

  return {
    dataDir,
    url: `http://127.0.0.1:${env.PORT}`,
    ports,
    parts,
    /** The environment of its programs. */
    environment: env,

    /**
     * Starts it, by default without the demo, and waits for the line `ready`.
     * @returns all lines until then
     * @throws after `limitMs`
     */
    async start(limitMs = 240_000, { demo = false } = {}): Promise<string[]> {
      const started = spawn(process.execPath, ['cli/start.ts', ...(demo ? [] : ['--no-demo'])], {
        cwd: ROOT,
        env,
        stdio: ['ignore', 'pipe', 'pipe'],
      })
      child = started
      const mark = started.pid === undefined ? undefined : markOf(started.pid)
      if (mark) seen.set('npm start', mark)
      const lines: string[] = []
      const complaints: string[] = []
      createInterface(started.stderr).on('line', (line) => complaints.push(line))
      await new Promise<void>((resolve, reject) => {
        const fail = (how: string) => reject(new Error(`${how}:\n${[...lines, ...complaints].join('\n')}`))
        const timer = setTimeout(() => fail(`not ready after ${limitMs} ms`), limitMs)
        started.once('exit', (code) => fail(`ended with code ${code}`))
        createInterface(started.stdout).on('line', (line) => {
          lines.push(line)
          if (line !== 'ready') return
          clearTimeout(timer)
          resolve()
        })
      })
      parts()
      return lines
    },

    /** Runs another program of the project in this installation's environment. @throws if it fails */
    run(script: string, args: readonly string[] = []): string {
      const done = spawnSync(process.execPath, [script, ...args], { cwd: ROOT, env, encoding: 'utf8' })
      if (done.status !== 0)
        throw new Error(`${script} ended with ${done.status}:\n${done.stdout}${done.stderr}`)
      return done.stdout
    },

    /** Removes all data of Temporal. The parts must be stopped. */
    loseEngine(): void {
      for (const file of ['temporal.db', 'temporal.db-wal', 'temporal.db-shm']) {
        rmSync(join(dataDir, file), { force: true })
      }
    },

    running: () => JSON.parse(readFileSync(join(dataDir, 'running.json'), 'utf8')) as Running,

    /** Kills a part as a crash does. @returns false if it does not run */
    kill(part: PartName): boolean {
      const pid = parts().get(part)
      if (pid === undefined) return false
      // PostgreSQL's children end with their postmaster; Temporal and node have none.
      return process.kill(pid, 'SIGKILL')
    },

    /** Stops it cleanly. @returns the exit code, and how long it took (ms) */
    async stop(): Promise<{ code: number | null; ms: number }> {
      parts()
      const from = performance.now()
      const code = await new Promise<number | null>((resolve) => {
        if (!child || child.exitCode !== null) return resolve(child?.exitCode ?? null)
        child.removeAllListeners('exit').once('exit', resolve)
        child.kill('SIGTERM')
      })
      return { code, ms: performance.now() - from }
    },

    /** Processes ever seen that still run. */
    leftovers: () => [...seen.values()].filter(lives).map(({ pid }) => pid),

    remove(): void {
      removeDatabase(dataDir)
      rmSync(dataDir, { recursive: true, force: true })
    },

    token: (sub: string, role: Role = 'customer') =>
      signAccessToken({ ...auth, secret: auth.secret ?? '' }, { sub, role, level: 1 }),
  }
}
