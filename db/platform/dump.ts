import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { Readable, Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip, createGzip } from 'node:zlib'
import type { Client } from 'pg'

/** One JSON lines file per table, from one snapshot. The embedded PostgreSQL has no `pg_dump`. */

export interface DumpedTable {
  readonly name: string
  readonly columns: readonly string[]
  readonly rows: number
  readonly sha256: string
}

export interface Dump {
  readonly migrations: readonly string[]
  readonly tables: readonly DumpedTable[]
  readonly sequences: readonly { readonly name: string; readonly last: string | null }[]
}

export class NotLoadableError extends Error {
  override name = 'NotLoadableError'
}

const ROWS_AT_ONCE = 1_000
/** Compared instead of loaded. */
const MIGRATOR_TABLES = ['kysely_migration', 'kysely_migration_lock']
const FILLED_BY_MIGRATION = ['order_status_transitions']

const fileOf = (folder: string, table: string) => join(folder, `${table}.jsonl.gz`)

/** The client belongs to the owner role, outside a transaction. */
export async function dumpTables(client: Client, folder: string): Promise<Dump> {
  await client.query('begin isolation level repeatable read read only')
  try {
    await client.query(`set local timezone = 'UTC'`)
    const migrations = await readMigrations(client)
    const tables: DumpedTable[] = []
    for (const { name, columns } of await readTables(client)) {
      tables.push({ name, columns, ...(await dumpTable(client, name, fileOf(folder, name))) })
    }
    // Sequences have no snapshot: read last, they are ahead of every row.
    const { rows } = await client.query<{ name: string; last: string | null }>(
      `select sequencename as name, last_value::text as last from pg_sequences where schemaname = 'public' order by 1`,
    )
    return { migrations, tables, sequences: rows }
  } finally {
    await client.query('rollback')
  }
}

async function dumpTable(
  client: Client,
  name: string,
  file: string,
): Promise<{ rows: number; sha256: string }> {
  let count = 0
  async function* lines() {
    await client.query(
      `declare dumped no scroll cursor for select row_to_json(t)::text as line from ${quoted(name)} t`,
    )
    for (;;) {
      const { rows } = await client.query<{ line: string }>(`fetch ${ROWS_AT_ONCE} from dumped`)
      if (rows.length === 0) break
      count += rows.length
      yield rows.map(({ line }) => `${line}\n`).join('')
    }
    await client.query('close dumped')
  }
  const hash = createHash('sha256')
  const hashing = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk)
      done(null, chunk)
    },
  })
  await pipeline(
    Readable.from(lines()),
    createGzip({ level: 5 }),
    hashing,
    createWriteStream(file, { mode: 0o600, flags: 'wx', flush: true }),
  )
  return { rows: count, sha256: hash.digest('hex') }
}

/** @throws NotLoadableError where a file differs from its checksum */
export async function checkFiles(dump: Dump, folder: string): Promise<void> {
  for (const { name, sha256 } of dump.tables) {
    const hash = createHash('sha256')
    await pipeline(createReadStream(fileOf(folder, name)), hash)
    if (hash.digest('hex') !== sha256) {
      throw new NotLoadableError(`${fileOf(folder, name)} was changed after the backup`)
    }
  }
}

export async function readMigrations(client: Client): Promise<string[]> {
  const { rows: found } = await client.query(
    `select where to_regclass('public.kysely_migration') is not null`,
  )
  if (found.length === 0) return []
  const { rows } = await client.query<{ name: string }>('select name from kysely_migration order by name')
  return rows.map(({ name }) => name)
}

/**
 * Loads in one transaction. The client belongs to the owner role, outside a transaction.
 * @throws NotLoadableError, without changes, where tables differ, or have rows without `replace`
 */
export async function loadTables(
  client: Client,
  dump: Dump,
  folder: string,
  replace: boolean,
): Promise<void> {
  await client.query('begin')
  try {
    const there = await readTables(client)
    const strange = dump.tables.filter(
      ({ name, columns }) => there.find((table) => table.name === name)?.columns.join() !== columns.join(),
    )
    if (strange.length > 0 || there.length !== dump.tables.length) {
      throw new NotLoadableError('the tables of the backup are not those of this version of the program')
    }
    await client.query(
      `lock table ${there.map(({ name }) => quoted(name)).join(', ')} in access exclusive mode`,
    )
    if (!replace) await requireEmpty(client, there)
    await emptyTables(client, there)
    for (const name of await inOrderOfReferences(client, there)) {
      const table = dump.tables.find((one) => one.name === name)
      if (table) await loadTable(client, table, fileOf(folder, name))
    }
    for (const { name, last } of dump.sequences) {
      await client.query('select setval($1::regclass, $2::bigint, $3)', [
        quoted(name),
        last ?? 1,
        last !== null,
      ])
    }
    await client.query('commit')
  } catch (error) {
    await client.query('rollback')
    throw error
  }
}

async function requireEmpty(client: Client, tables: readonly { name: string }[]): Promise<void> {
  for (const { name } of tables.filter((table) => !FILLED_BY_MIGRATION.includes(table.name))) {
    const { rows } = await client.query(`select from ${quoted(name)} limit 1`)
    if (rows.length > 0) {
      throw new NotLoadableError(
        `the database is not empty (${name} has rows): --replace removes all that is there`,
      )
    }
  }
}

/** A trigger, which only the owner can disable, protects the ledger's tables from deletion. */
async function emptyTables(client: Client, tables: readonly { name: string }[]): Promise<void> {
  const { rows } = await client.query<{ relation: string; name: string }>(
    `select tgrelid::regclass::text as relation, quote_ident(tgname) as name from pg_trigger
    where not tgisinternal and tgtype & 32 <> 0 and tgrelid = any($1::regclass[])`,
    [tables.map(({ name }) => quoted(name))],
  )
  for (const { relation, name } of rows) await client.query(`alter table ${relation} disable trigger ${name}`)
  await client.query(`truncate ${tables.map(({ name }) => quoted(name)).join(', ')}`)
  for (const { relation, name } of rows) await client.query(`alter table ${relation} enable trigger ${name}`)
}

async function loadTable(client: Client, table: DumpedTable, file: string): Promise<void> {
  const name = quoted(table.name)
  const columns = table.columns.map(quoted).join(', ')
  const insert = (lines: readonly string[]) =>
    client.query(
      `insert into ${name} (${columns}) overriding system value
      select ${columns} from json_populate_recordset(null::${name}, $1::json)`,
      [`[${lines.join(',')}]`],
    )
  const reader = createInterface({ input: createReadStream(file).pipe(createGunzip()) })
  let count = 0
  let lines: string[] = []
  for await (const line of reader) {
    count += 1
    lines.push(line)
    if (lines.length < ROWS_AT_ONCE) continue
    await insert(lines)
    lines = []
  }
  if (lines.length > 0) await insert(lines)
  if (count !== table.rows)
    throw new NotLoadableError(`${file} has ${count} rows, and ${table.rows} were written`)
}

async function readTables(client: Client): Promise<{ name: string; columns: string[] }[]> {
  const { rows } = await client.query<{ name: string; columns: string[] }>(
    `select c.relname::text as name, array_agg(a.attname::text order by a.attnum) as columns
    from pg_class c join pg_attribute a on a.attrelid = c.oid
    where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
      and a.attnum > 0 and not a.attisdropped and a.attgenerated = '' and c.relname <> all($1)
    group by c.relname order by c.relname`,
    [MIGRATOR_TABLES],
  )
  return rows
}

async function inOrderOfReferences(client: Client, tables: readonly { name: string }[]): Promise<string[]> {
  const { rows } = await client.query<{ from: string; to: string }>(
    `select f.relname::text as from, t.relname::text as to from pg_constraint
    join pg_class f on f.oid = conrelid join pg_class t on t.oid = confrelid
    where contype = 'f' and conrelid <> confrelid and f.relnamespace = 'public'::regnamespace`,
  )
  const ordered: string[] = []
  let waiting = tables.map(({ name }) => name)
  while (waiting.length > 0) {
    const free = waiting.filter((name) => !rows.some((row) => row.from === name && waiting.includes(row.to)))
    if (free.length === 0)
      throw new NotLoadableError(`these tables refer to each other: ${waiting.join(', ')}`)
    ordered.push(...free)
    waiting = waiting.filter((name) => !free.includes(name))
  }
  return ordered
}

const quoted = (name: string) => `"${name.replaceAll('"', '""')}"`
