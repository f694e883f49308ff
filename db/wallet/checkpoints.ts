import { randomBytes } from 'node:crypto'
import { existsSync, readdirSync, renameSync } from 'node:fs'
import { mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { sql } from 'kysely'
import type { Db } from '../client.ts'
import type { LedgerCipher } from './ledger-cipher.ts'
import { type AccountRow, openAccount, refOf } from './sealed-rows.ts'
import type { Checkpoint, Checkpoints } from './verification.ts'

/**
 * The heads of the accounts' chains, signed and kept outside the database. Chains show every change but a
 * return to an earlier whole: of an account with its last entries, or of all tables. Against that stands what
 * was written here.
 *
 * The window: a keeper looks every `HEADS_EVERY_MS` for accounts that changed, and once more at shutdown, so
 * that a change stands here within 10 s of its commit. A return that takes back younger changes only is not
 * found. Who also dates entries back hides a change until the keeper's turn through all accounts comes to
 * it, `SCANNED_A_ROUND` of them a round.
 */

/** Time between two rounds, in ms; a round itself is short. */
export const HEADS_EVERY_MS = 5_000
/** Where a worker keeps heads, below its DATA_DIR. */
export const HEADS_FOLDER = 'ledger-heads'

const SCANNED_A_ROUND = 2_000
const ROWS_AT_ONCE = 2_000
const HEADS_A_LINE = 500
/** An entry's `created_at` is when its transaction began; it may commit so much later. In seconds. */
const OVERLAP_S = 20
const COMPACT_FROM = 10_000
/** A file that nobody has written to for so long is taken over by the next keeper that starts. */
const LEFT_AFTER_MS = 60_000

/** Where signed lines go: a file of ours, or an object store that nobody can rewrite. */
export interface CheckpointStore {
  /** All lines of all keepers, each with a name for it. What a crash cut short is not among them. */
  read(): Promise<readonly { readonly name: string; readonly line: string }[]>
  /** Lasting when it returns. @returns false when what was there before is gone: then `replace` */
  append(lines: readonly string[]): Promise<boolean>
  /** Puts these in the place of all that this keeper wrote. */
  replace(lines: readonly string[]): Promise<void>
  /** Removes what keepers that are gone had left when `read` was called. */
  dropLeft(): Promise<void>
}

/**
 * Heads in a folder, one file for each keeper, so that several workers on one machine never write to the same
 * one; workers on other machines have folders of their own, each of which alone catches a return. A keeper
 * that starts takes over the files of those that are gone.
 */
export function createCheckpointFiles(folder: string): CheckpointStore {
  const own = join(folder, `${hostname()}-${Date.now()}-${randomBytes(4).toString('hex')}.jsonl`)
  let left: string[] = []

  async function readAll() {
    const names = existsSync(folder) ? (await readdir(folder)).filter((name) => name.endsWith('.jsonl')) : []
    const found: { name: string; line: string }[] = []
    const old: string[] = []
    for (const name of names.sort()) {
      const file = join(folder, name)
      if (file !== own && Date.now() - (await stat(file)).mtimeMs > LEFT_AFTER_MS) old.push(file)
      const lines = (await readFile(file, 'utf8')).split('\n')
      // Without its end, the last line is one that a crash cut short.
      found.push(...lines.slice(0, -1).map((line, at) => ({ name: `${file}:${at + 1}`, line })))
    }
    left = old
    return found
  }

  return {
    async read() {
      for (let tries = 1; ; tries += 1) {
        try {
          return await readAll()
        } catch (error) {
          // Another keeper has just taken the file over.
          if (!isMissing(error) || tries === 10) throw error
        }
      }
    },
    async append(lines) {
      const file = await open(own, 'r+').catch((error: unknown) => {
        if (isMissing(error)) return undefined
        throw error
      })
      if (!file) return false
      try {
        const { size, ino } = await file.stat()
        await file.write(joined(lines), size)
        await file.sync()
        return existsSync(own) && (await stat(own)).ino === ino
      } finally {
        await file.close()
      }
    },
    async replace(lines) {
      await mkdir(folder, { recursive: true, mode: 0o700 })
      const fresh = `${own}.new`
      const file = await open(fresh, 'w', 0o600)
      await file.writeFile(joined(lines))
      await file.sync()
      await file.close()
      await rename(fresh, own)
      // The new name, too, has to outlast a power cut.
      const directory = await open(folder, 'r')
      await directory.sync()
      await directory.close()
    },
    async dropLeft() {
      for (const file of left) await rm(file, { force: true })
      left = []
    },
  }
}

/** Puts the heads of a database that is no more out of the way. @returns where they are now, if there were any */
export function setAsideCheckpoints(dataDir: string): string | undefined {
  const folder = join(dataDir, HEADS_FOLDER)
  if (!existsSync(folder) || readdirSync(folder).length === 0) return undefined
  const aside = `${folder}.until-${new Date().toISOString().replaceAll(':', '')}`
  renameSync(folder, aside)
  return aside
}

/** All heads of these stores. @returns them, and what in the stores the mall did not write */
export async function readCheckpoints(
  stores: readonly CheckpointStore[],
  vault: LedgerCipher,
): Promise<{ readonly heads: Checkpoints; readonly broken: readonly string[] }> {
  const heads = new Map<string, Map<string, string>>()
  const broken: string[] = []
  const lines = (await Promise.all(stores.map((store) => store.read()))).flat()
  for (const { name, line } of lines) {
    const found = parseLine(vault, line)
    if (!found) broken.push(`${name}: the mall has not signed this`)
    for (const [ref, version, head] of found ?? []) {
      const known = heads.get(ref) ?? new Map<string, string>()
      if ((known.get(version) ?? head) !== head) broken.push(`${name}: ${ref} had two versions ${version}`)
      else heads.set(ref, known.set(version, head))
    }
  }
  return { heads, broken }
}

export interface CheckpointKeeper {
  /** Writes the heads of the accounts that changed since the last round. @returns how many */
  round(): Promise<number>
}

/**
 * Takes the application's database, and `alarm`, which is told once of each account that is not what it was:
 * such an account's last good head stays in the store, so that `ledger:verify` names it. It costs about 300
 * bytes of memory an account.
 */
export function createCheckpointKeeper(deps: {
  readonly db: Db
  readonly vault: LedgerCipher
  readonly store: CheckpointStore
  readonly alarm: (text: string) => void
}): CheckpointKeeper {
  const { db, vault, store } = deps
  /** Normally one for each account; more until it is known that they are of one chain. */
  let known: Map<string, Checkpoint[]> | undefined
  let since: string | undefined
  let scannedTo = '0'
  let appended = 0
  /** What is in the store is not known: a write has failed. */
  let torn = false
  const alarmed = new Set<string>()
  const alarm = (key: string, text: string) => {
    if (alarmed.has(key)) return
    alarmed.add(key)
    deps.alarm(text)
  }

  async function begin(): Promise<Map<string, Checkpoint[]>> {
    const { heads, broken } = await readCheckpoints([store], vault)
    for (const text of broken) alarm(text, text)
    const fresh = new Map(
      [...heads].map(([ref, own]) => [ref, [...own].map(([version, head]) => ({ version, head }))]),
    )
    await store.replace(linesOf(vault, flat(fresh)))
    // Lines that the mall has not signed are evidence.
    if (broken.length === 0) await store.dropLeft()
    return fresh
  }

  /** @returns the heads to write: of accounts that have moved on along their chain */
  async function check(rows: readonly AccountRow[], all: Map<string, Checkpoint[]>): Promise<WrittenHead[]> {
    const moved = rows.filter((row) => {
      const before = all.get(refOf(row)) ?? []
      if (before.length === 0) return row.version !== '0'
      const head = row.head.toString('base64')
      return before.some((one) => one.version !== row.version || one.head !== head)
    })
    const macs = await readMacs(
      db,
      moved.flatMap((row) => (all.get(refOf(row)) ?? []).map(({ version }) => [row.id, version] as const)),
    )
    return moved.flatMap((row) => {
      const ref = refOf(row)
      const before = all.get(ref) ?? []
      const lost = before.find(
        ({ version, head }) =>
          BigInt(row.version) < BigInt(version) || macs.get(`${row.id}/${version}`) !== head,
      )
      if (lost) {
        alarm(ref, `account ${row.id} (${ref}) is not what it was at version ${lost.version}`)
        return []
      }
      try {
        openAccount(vault, row)
      } catch (error) {
        alarm(ref, `account ${row.id} (${ref}): ${error instanceof Error ? error.message : String(error)}`)
        return []
      }
      const head = row.head.toString('base64')
      all.set(ref, [{ version: row.version, head }])
      return before.some(({ version }) => version === row.version) ? [] : [[ref, row.version, head] as const]
    })
  }

  async function write(fresh: readonly WrittenHead[], all: Map<string, Checkpoint[]>): Promise<void> {
    if (fresh.length === 0 && !torn) return
    appended += fresh.length
    const full = torn || appended > Math.max(COMPACT_FROM, 4 * all.size)
    torn = true
    if (full || !(await store.append(linesOf(vault, fresh)))) {
      await store.replace(linesOf(vault, flat(all)))
      appended = 0
    }
    torn = false
  }

  return {
    async round() {
      known ??= await begin()
      const { rows: times } = await sql<{ from: string }>`
        select (now() - make_interval(secs => ${OVERLAP_S}))::text as from`.execute(db)
      let count = 0
      for (let after: string | undefined = '0'; after !== undefined; ) {
        const rows: AccountRow[] = await readChanged(db, since, after, ROWS_AT_ONCE)
        const fresh = await check(rows, known)
        await write(fresh, known)
        count += fresh.length
        after = rows.length < ROWS_AT_ONCE ? undefined : rows.at(-1)?.id
      }
      since = times[0]?.from
      const scanned = await readChanged(db, undefined, scannedTo, SCANNED_A_ROUND)
      const fresh = await check(scanned, known)
      await write(fresh, known)
      scannedTo = scanned.length < SCANNED_A_ROUND ? '0' : (scanned.at(-1)?.id ?? '0')
      return count + fresh.length
    },
  }
}

type WrittenHead = readonly [ref: string, version: string, head: string]

/** Accounts that have entries since then, or all of them. */
async function readChanged(
  db: Db,
  since: string | undefined,
  after: string,
  limit: number,
): Promise<AccountRow[]> {
  const { rows } = await sql<AccountRow>`
    select id, owner_type, owner_id, currency, version, kid, sealed, head, next_expiry
    from wallet_accounts where id > ${after} ${
      since === undefined
        ? sql``
        : sql`and id in (select account_id from wallet_entries where created_at >= ${since} and account_id > ${after})`
    } order by id limit ${limit}`.execute(db)
  return rows
}

/** The chain's links of these entries, in base64, by `account/version`. */
async function readMacs(
  db: Db,
  entries: readonly (readonly [id: string, version: string])[],
): Promise<Map<string, string>> {
  if (entries.length === 0) return new Map()
  const { rows } = await sql<{ account_id: string; version: string; mac: Buffer }>`
    select e.account_id, e.version, e.mac from wallet_entries e
    join unnest(${entries.map(([id]) => id)}::bigint[], ${entries.map(([, version]) => version)}::bigint[])
      as wanted (account_id, version) using (account_id, version)`.execute(db)
  return new Map(rows.map((row) => [`${row.account_id}/${row.version}`, row.mac.toString('base64')]))
}

const flat = (all: ReadonlyMap<string, readonly Checkpoint[]>): WrittenHead[] =>
  [...all].flatMap(([ref, own]) => own.map(({ version, head }) => [ref, version, head] as const))

const signed = (at: string, heads: readonly WrittenHead[]) => `ledger heads ${JSON.stringify([at, heads])}`

function linesOf(vault: LedgerCipher, heads: readonly WrittenHead[]): string[] {
  const at = new Date().toISOString()
  const lines: string[] = []
  for (let from = 0; from < heads.length; from += HEADS_A_LINE) {
    const some = heads.slice(from, from + HEADS_A_LINE)
    lines.push(JSON.stringify({ at, heads: some, signature: vault.sign(signed(at, some)) }))
  }
  return lines
}

/** @returns undefined where the mall has not written it */
function parseLine(vault: LedgerCipher, line: string): readonly WrittenHead[] | undefined {
  try {
    const { at, heads, signature } = JSON.parse(line) as {
      at: string
      heads: WrittenHead[]
      signature: string
    }
    return vault.isSigned(signed(at, heads), signature) ? heads : undefined
  } catch {
    return undefined
  }
}

const joined = (lines: readonly string[]) => lines.map((line) => `${line}\n`).join('')

function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ENOENT'
}
