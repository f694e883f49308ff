import { spawnSync } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { PartError } from './supervisor.ts'

export interface PostgresLocation {
  readonly initdb: string
  readonly postgres: string
  readonly dataFolder: string
  readonly user: SystemUser | undefined
}

interface SystemUser {
  readonly uid: number
  readonly gid: number
}

/** Used when the database user cannot reach root's own folder. */
export const ELSEWHERE = '/var/lib/points-mall'
const USER = 'postgres'

/** PostgreSQL refuses to run as root, so root needs another user who can read these folders. @throws PartError */
export function locatePostgres(
  dataDir: string,
  binaries: { readonly folder: string; readonly version: string },
  say: (text: string) => void,
): PostgresLocation {
  const home = realpathSync(dataDir)
  const known = databaseFolder(home)
  const owner = existsSync(known) ? statSync(known) : undefined
  const me = process.getuid?.()
  if (me !== 0) {
    if (owner && me !== undefined && owner.uid !== me) {
      throw new PartError(`${known} belongs to user ${owner.uid}: start as that user, or as root`)
    }
    return { ...programs(binaries.folder, undefined), dataFolder: known, user: undefined }
  }
  const user = owner && owner.uid !== 0 ? { uid: owner.uid, gid: owner.gid } : databaseUser(say)
  const folder = runs(binaries.folder, user) ? binaries.folder : copyPrograms(binaries, user, say)
  const dataFolder = placeData(home, known, user, say)
  return { ...programs(folder, user), dataFolder, user }
}

export function databaseFolder(dataDir: string): string {
  const note = join(dataDir, 'place.json')
  return existsSync(note)
    ? (JSON.parse(readFileSync(note, 'utf8')) as { postgres: string }).postgres
    : join(dataDir, 'postgres')
}

export function removeDatabase(dataDir: string): void {
  const folder = databaseFolder(dataDir)
  const elsewhere = dirname(dirname(folder)) === ELSEWHERE
  rmSync(elsewhere ? dirname(folder) : folder, { recursive: true, force: true })
  rmSync(join(dataDir, 'place.json'), { force: true })
}

export function runs(folder: string, user: SystemUser | undefined): boolean {
  const { status } = spawnSync(join(folder, 'bin', 'postgres'), ['--version'], { cwd: '/', env: {}, ...user })
  return status === 0
}

function programs(folder: string, user: SystemUser | undefined) {
  if (!runs(folder, user)) {
    throw new PartError(
      `the PostgreSQL programs in ${folder} do not run here: run npm rebuild --ignore-scripts=false, then npm run doctor, or set DATABASE_URL`,
    )
  }
  return { initdb: join(folder, 'bin', 'initdb'), postgres: join(folder, 'bin', 'postgres') }
}

function databaseUser(say: (text: string) => void): SystemUser {
  const found = findUser()
  if (found) return found
  // Most distributions have the first command, BusyBox the second.
  const made =
    spawnSync('useradd', ['--system', '--user-group', '--no-create-home', '--shell', '/bin/false', USER])
      .status === 0 || spawnSync('adduser', ['-S', '-D', '-H', '-s', '/bin/false', USER]).status === 0
  const user = made ? findUser() : undefined
  if (!user) {
    throw new PartError(
      `PostgreSQL does not run as root, and no system user "${USER}" could be created: create one, start as an ordinary user, or set DATABASE_URL`,
    )
  }
  say(`created the system user "${USER}", because PostgreSQL does not run as root`)
  return user
}

function findUser(): SystemUser | undefined {
  const id = (flag: string) => spawnSync('id', [flag, USER], { encoding: 'utf8' })
  const uid = id('-u')
  const gid = id('-g')
  return uid.status === 0 && gid.status === 0
    ? { uid: Number(uid.stdout), gid: Number(gid.stdout) }
    : undefined
}

function copyPrograms(
  binaries: { readonly folder: string; readonly version: string },
  user: SystemUser,
  say: (text: string) => void,
): string {
  const target = join(ELSEWHERE, `postgresql-${binaries.version}`)
  if (!runs(target, user)) {
    const making = `${target}.${process.pid}`
    cpSync(binaries.folder, making, { recursive: true, verbatimSymlinks: true })
    openToAll(making)
    rmSync(target, { recursive: true, force: true })
    renameSync(making, target)
  }
  chmodSync(ELSEWHERE, 0o755)
  say(`database user ${user.uid} cannot reach ${binaries.folder}: the PostgreSQL programs run from ${target}`)
  return target
}

function placeData(home: string, known: string, user: SystemUser, say: (text: string) => void): string {
  const inside = join(home, 'postgres')
  if (known !== inside) {
    claim(known, home)
    say(`the database is in ${known}`)
    return known
  }
  // Traverse permission reveals nothing: secrets have mode 0600.
  chmodSync(home, statSync(home).mode | 0o011)
  if (reaches(inside, user)) return inside
  if (existsSync(join(inside, 'PG_VERSION'))) {
    throw new PartError(
      `database user ${user.uid} cannot reach ${inside}: open the folders above it (chmod a+x), or move it`,
    )
  }
  const hash = createHash('sha256').update(home).digest('hex').slice(0, 12)
  // Random, so that a recreated data folder does not find the old database.
  const elsewhere = join(ELSEWHERE, `${hash}-${randomBytes(3).toString('hex')}`)
  mkdirSync(elsewhere, { recursive: true, mode: 0o755 })
  chmodSync(ELSEWHERE, 0o755)
  chmodSync(elsewhere, 0o755)
  writeFileSync(join(elsewhere, 'data-dir'), home)
  const dataFolder = join(elsewhere, 'postgres')
  writeFileSync(join(home, 'place.json'), `${JSON.stringify({ postgres: dataFolder })}\n`)
  say(`database user ${user.uid} cannot reach ${home}: the database is in ${dataFolder}`)
  return dataFolder
}

/** A copied data folder must not share the database of the original. */
function claim(dataFolder: string, home: string): void {
  const note = join(dirname(dataFolder), 'data-dir')
  const origin = existsSync(note) ? readFileSync(note, 'utf8') : home
  if (origin === home) return
  if (existsSync(join(origin, 'place.json'))) {
    throw new PartError(
      `${home} is a copy of ${origin}, and both use the database in ${dataFolder}: use another DATA_DIR`,
    )
  }
  writeFileSync(note, home)
}

function reaches(folder: string, user: SystemUser): boolean {
  const fresh = !existsSync(folder)
  if (fresh) {
    mkdirSync(folder, { mode: 0o700 })
    chownSync(folder, user.uid, user.gid)
  }
  const went = spawnSync('/bin/sh', ['-c', 'cd "$0" && test -O .', folder], { cwd: '/', env: {}, ...user })
  if (fresh) rmSync(folder, { recursive: true })
  return went.status === 0
}

function openToAll(path: string): void {
  const { mode } = lstatSync(path)
  if (lstatSync(path).isSymbolicLink()) return
  if (!lstatSync(path).isDirectory()) {
    chmodSync(path, mode & 0o100 ? 0o755 : 0o644)
    return
  }
  chmodSync(path, 0o755)
  for (const name of readdirSync(path)) openToAll(join(path, name))
}
