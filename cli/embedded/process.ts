import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

/** A process that cannot be mistaken for a later one with the same number: `born` is when the kernel started it. */
export interface Mark {
  readonly pid: number
  readonly born: string
}

/** Takes the number of a running process; returns its mark, or undefined where it has already ended. */
export function markOf(pid: number): Mark | undefined {
  const born = bornOf(pid)
  return born === undefined ? undefined : { pid, born }
}

/** Whether this very process still runs. A zombie does not: in a container nobody may ever collect it. */
export function lives(mark: Mark): boolean {
  return bornOf(mark.pid) === mark.born
}

/** Sends a signal to a process (or, with a negative number, to its group); returns false where there is none. */
export function signal(pid: number, name: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, name)
  } catch {
    return false
  }
}

/**
 * PostgreSQL processes of this data folder. They leave the group of their postmaster (each calls setsid), but
 * all of them have the folder as working directory. Linux only; elsewhere none are found.
 */
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
      // The second field, the name, may hold spaces and brackets: count from its last closing bracket.
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
