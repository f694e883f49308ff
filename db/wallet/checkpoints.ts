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
 * Signed checkpoints of account chains, kept outside the database. Hash chains detect every change except a
 * rollback to an earlier consistent state; checkpoints detect that too.
 * - Changes are recorded within 10 s of their commit; a rollback of younger ones only is not detected.
 * - Backdated entries stay hidden until the full scan reaches their account, `SCANNED_A_ROUND` per round.
 */

export const HEADS_EVERY_MS = 5_000
/** Below DATA_DIR. */
export const HEADS_FOLDER = 'ledger-heads'

const SCANNED_A_ROUND = 2_000
const ROWS_AT_ONCE = 2_000
const HEADS_A_LINE = 500
/** Seconds: `created_at` is the start of a transaction, which may commit this much later. */
const OVERLAP_S = 20
const COMPACT_FROM = 10_000
/** A new keeper takes over files that were not written to for this long. */
const LEFT_AFTER_MS = 60_000

export interface CheckpointStore {
  /** All keepers' lines, without those that a crash truncated. */
  read(): Promise<readonly { readonly name: string; readonly line: string }[]>
  /** Durable on return. @returns false when earlier lines are gone: call `replace` */
  append(lines: readonly string[]): Promise<boolean>
  replace(lines: readonly string[]): Promise<void>
  dropLeft(): Promise<void>
}

/** One file per keeper, so that workers never share one. New keepers take over the files of stopped ones. */
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
      // An incomplete last line was truncated by a crash.
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
        await file.write(joinLines(lines), size)
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
      await file.writeFile(joinLines(lines))
      await file.sync()
      await file.close()
      await rename(fresh, own)
      // The rename must also survive a power failure.
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

/** For a new database. @returns the new path of old checkpoints, if there were any */
export function setAsideCheckpoints(dataDir: string): string | undefined {
  const folder = join(dataDir, HEADS_FOLDER)
  if (!existsSync(folder) || readdirSync(folder).length === 0) return undefined
  const aside = `${folder}.until-${new Date().toISOString().replaceAll(':', '')}`
  renameSync(folder, aside)
  return aside
}

/** @returns also lines that the mall did not write */
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
  round(): Promise<number>
}

/**
 * `alarm` is called once per account that contradicts its checkpoint; the last good one is kept. Needs about
 * 300 bytes of memory per account.
 */
export function createCheckpointKeeper(deps: {
  readonly db: Db
  readonly vault: LedgerCipher
  readonly store: CheckpointStore
  readonly alarm: (text: string) => void
}): CheckpointKeeper {
  const { db, vault, store } = deps
  /** Several per account until they are known to be of one chain. */
  let known: Map<string, Checkpoint[]> | undefined
  let since: string | undefined
  let scannedTo = '0'
  let appended = 0
  /** A write has failed, so the store's content is unknown. */
  let storeUnknown = false
  const alarmed = new Set<string>()
  const alarm = (key: string, text: string) => {
    if (alarmed.has(key)) return
    alarmed.add(key)
    deps.alarm(text)
  }

  async function loadCheckpoints(): Promise<Map<string, Checkpoint[]>> {
    const { heads, broken } = await readCheckpoints([store], vault)
    for (const text of broken) alarm(text, text)
    const fresh = new Map(
      [...heads].map(([ref, own]) => [ref, [...own].map(([version, head]) => ({ version, head }))]),
    )
    await store.replace(linesOf(vault, flattened(fresh)))
    // Unsigned lines are evidence.
    if (broken.length === 0) await store.dropLeft()
    return fresh
  }

  /** @returns checkpoints of accounts whose chain has grown */
  async function checkAccounts(
    rows: readonly AccountRow[],
    all: Map<string, Checkpoint[]>,
  ): Promise<WrittenHead[]> {
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

  async function storeCheckpoints(
    fresh: readonly WrittenHead[],
    all: Map<string, Checkpoint[]>,
  ): Promise<void> {
    if (fresh.length === 0 && !storeUnknown) return
    appended += fresh.length
    const full = storeUnknown || appended > Math.max(COMPACT_FROM, 4 * all.size)
    storeUnknown = true
    if (full || !(await store.append(linesOf(vault, fresh)))) {
      await store.replace(linesOf(vault, flattened(all)))
      appended = 0
    }
    storeUnknown = false
  }

  return {
    async round() {
      known ??= await loadCheckpoints()
      const { rows: times } = await sql<{ from: string }>`
        select (now() - make_interval(secs => ${OVERLAP_S}))::text as from`.execute(db)
      let count = 0
      for (let after: string | undefined = '0'; after !== undefined; ) {
        const rows: AccountRow[] = await readChanged(db, since, after, ROWS_AT_ONCE)
        const fresh = await checkAccounts(rows, known)
        await storeCheckpoints(fresh, known)
        count += fresh.length
        after = rows.length < ROWS_AT_ONCE ? undefined : rows.at(-1)?.id
      }
      since = times[0]?.from
      const scanned = await readChanged(db, undefined, scannedTo, SCANNED_A_ROUND)
      const fresh = await checkAccounts(scanned, known)
      await storeCheckpoints(fresh, known)
      scannedTo = scanned.length < SCANNED_A_ROUND ? '0' : (scanned.at(-1)?.id ?? '0')
      return count + fresh.length
    },
  }
}

type WrittenHead = readonly [ref: string, version: string, head: string]

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

/** Base64 by `account/version`. */
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

const flattened = (all: ReadonlyMap<string, readonly Checkpoint[]>): WrittenHead[] =>
  [...all].flatMap(([ref, own]) => own.map(({ version, head }) => [ref, version, head] as const))

const signedText = (at: string, heads: readonly WrittenHead[]) =>
  `ledger heads ${JSON.stringify([at, heads])}`

function linesOf(vault: LedgerCipher, heads: readonly WrittenHead[]): string[] {
  const at = new Date().toISOString()
  const lines: string[] = []
  for (let from = 0; from < heads.length; from += HEADS_A_LINE) {
    const some = heads.slice(from, from + HEADS_A_LINE)
    lines.push(JSON.stringify({ at, heads: some, signature: vault.sign(signedText(at, some)) }))
  }
  return lines
}

function parseLine(vault: LedgerCipher, line: string): readonly WrittenHead[] | undefined {
  try {
    const { at, heads, signature } = JSON.parse(line) as {
      at: string
      heads: WrittenHead[]
      signature: string
    }
    return vault.isSigned(signedText(at, heads), signature) ? heads : undefined
  } catch {
    return undefined
  }
}

const joinLines = (lines: readonly string[]) => lines.map((line) => `${line}\n`).join('')

function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ENOENT'
}
