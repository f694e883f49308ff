import { homedir } from 'node:os'
import { delimiter, join, resolve } from 'node:path'

/** What the supervisor needs to know about the machine, and about the command that started it. */
export function readMachine(env: NodeJS.ProcessEnv) {
  return {
    searchPath: (env.PATH ?? '').split(delimiter).filter(Boolean),
    cacheDir: join(cacheHome(env), 'points-mall'),
    startedByNpm: env.npm_lifecycle_event === 'start',
  }
}

/** The environment of a child process: the one of this process, with `added` on top. */
export function partEnvironment(
  added: Record<string, string | undefined>,
  env: NodeJS.ProcessEnv = process.env,
): NodeJS.ProcessEnv {
  return { ...env, ...added }
}

/** The user's cache folder, by the convention of the operating system. */
function cacheHome(env: NodeJS.ProcessEnv): string {
  if (env.XDG_CACHE_HOME) return resolve(env.XDG_CACHE_HOME)
  if (process.platform === 'darwin') return join(homedir(), 'Library', 'Caches')
  if (process.platform === 'win32') return env.LOCALAPPDATA ?? join(homedir(), 'AppData', 'Local')
  return join(homedir(), '.cache')
}
