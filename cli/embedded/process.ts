import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

/** The start time distinguishes processes, since pids are reused. */
export interface Mark {
  readonly pid: number
  readonly born: string
}

export function markOf(pid: number): Mark | undefined {
  const born = bornOf(pid)
  return born === undefined ? undefined : { pid, born }
}

/** A zombie does not count: in a container nobody may reap it. */
export function lives(mark: Mark): boolean {
  return bornOf(mark.pid) === mark.born
}

/** @param pid negative: a process group @returns false if there is none */
export function signal(pid: number, name: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, name)
  } catch {
    return false
  }
}

/** By working directory: PostgreSQL processes call setsid, which removes them from the group. Linux only. */
export function postgresIn(folder: string): number[] {
  if (process.platform !== 'linux') return []
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => {
      try {
        const cwd = readlinkSync(`/proc/${name}/cwd`)
        if (cwd !== folder && cwd !== `${folder} (deleted)`) return false
        return /\/postgres( \(deleted\))?$/.test(readlinkSync(`/proc/${name}/exe`))
      } catch {
        return false
      }
    })
    .map(Number)
}

function bornOf(pid: number): string | undefined {
  if (process.platform === 'linux') {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
      // The process name may contain spaces and parentheses, so parse after the last parenthesis.
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
      return fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[19]
    } catch {
      return undefined
    }
  }
  if (process.platform === 'win32') return signal(pid, 0 as unknown as NodeJS.Signals) ? 'unknown' : undefined
  const ps = spawnSync('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], { encoding: 'utf8' })
  const [state = '', ...born] = ps.stdout.trim().split(/\s+/)
  return state === '' || state.startsWith('Z') ? undefined : born.join(' ')
}
