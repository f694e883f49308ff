import { type RawBuilder, sql } from 'kysely'
import type { Db } from '../client.ts'
import type { Encryptor } from './encryption.ts'
import { boundColumns, contextOf, type Row, SEALED_COLUMNS, type SealedColumn } from './sealed-columns.ts'

/** Of 8 KiB: a statement reads so much of a table. */
const BLOCKS_AT_ONCE = 512
const PASSES = 10
/** PostgreSQL's lock timeout: another process is writing the row. */
const LOCK_NOT_AVAILABLE = '55P03'

export interface RotatedColumn {
  /** `table.column` */
  readonly name: string
  readonly sealed: number
  /** Texts still encrypted with another key: of a process that lacks the new first key, or unreadable. */
  readonly left: number
  /** Why the first of them does not open. */
  readonly problem?: string
}

/**
 * Encrypts every text of PAYLOAD_KEYS with the first key, and rewrites the keyed hashes that go with it. A row that somebody
 * else writes meanwhile stays theirs, and is read again. Can be stopped, and continues where it stopped.
 */
export async function rotatePayloads(
  db: Db,
  sealer: Encryptor,
  progress: (done: RotatedColumn) => void,
): Promise<RotatedColumn[]> {
  const done: RotatedColumn[] = []
  for (const column of SEALED_COLUMNS) {
    const rotated = await rotateColumn(db, sealer, column)
    progress(rotated)
    done.push(rotated)
  }
  return done
}

async function rotateColumn(db: Db, sealer: Encryptor, column: SealedColumn): Promise<RotatedColumn> {
  const name = `${column.table}.${column.column}`
  let sealed = 0
  for (let pass = 1; ; pass += 1) {
    const left = await countLeft(db, sealer, column)
    if (left === 0) return { name, sealed, left }
    let problem: string | undefined
    let moved = 0
    for (const range of rangesOf(await readBlocks(db, column))) {
      const names = [column.column, ...boundColumns(column)].map((name) => sql.ref(name))
      const { rows } = await sql<SealedRow>`
        select ctid::text as place, ${sql.join(names)}
        from ${sql.table(column.table)} where ${others(column, sealer, range)}`.execute(db)
      for (const row of rows) {
        const change = reseal(sealer, column, row)
        if ('problem' in change) problem ??= change.problem
        else if (await replace(db, column, row, change.set)) moved += 1
      }
    }
    sealed += moved
    // What does not open stays as it is, and so does what another process writes with its own key.
    if (pass === PASSES || (moved === 0 && problem !== undefined)) {
      const now = await countLeft(db, sealer, column)
      return { name, sealed, left: now, ...(problem === undefined ? {} : { problem }) }
    }
  }
}

interface SealedRow extends Row {
  /** Where the row is in its table; another version of it is elsewhere. */
  readonly place: string
}

const blobOf = ({ column }: SealedColumn, row: Row) => row[column] as Buffer

interface Range {
  readonly from: string
  readonly to: string
}

/** @param blocks of the table now; what is written later is written with the first key */
function rangesOf(blocks: number): Range[] {
  const count = Math.ceil(blocks / BLOCKS_AT_ONCE)
  return Array.from({ length: count }, (_, n) => ({
    from: `(${n * BLOCKS_AT_ONCE},0)`,
    to: `(${(n + 1) * BLOCKS_AT_ONCE},0)`,
  }))
}

async function readBlocks(db: Db, { table }: SealedColumn): Promise<number> {
  const { rows } = await sql<{ blocks: string }>`
    select pg_relation_size(${table}::regclass) / current_setting('block_size')::bigint as blocks`.execute(db)
  return Number(rows[0]?.blocks)
}

/** The texts in these blocks that another key encrypted. */
function others({ column }: SealedColumn, sealer: Encryptor, { from, to }: Range): RawBuilder<unknown> {
  const blob = sql.ref(column)
  return sql`ctid >= ${from}::tid and ctid < ${to}::tid and ${blob} is not null
    and substring(${blob} from 2 for get_byte(${blob}, 0)) <> ${Buffer.from(sealer.keyId)}`
}

/** In one snapshot: a row that moves in the table is counted once. */
async function countLeft(db: Db, sealer: Encryptor, column: SealedColumn): Promise<number> {
  return db
    .transaction()
    .setIsolationLevel('repeatable read')
    .execute(async (tx) => {
      let left = 0
      for (const range of rangesOf(await readBlocks(tx, column))) {
        const { rows } = await sql<{ count: string }>`
          select count(*) from ${sql.table(column.table)} where ${others(column, sealer, range)}`.execute(tx)
        left += Number(rows[0]?.count)
      }
      return left
    })
}

function reseal(
  sealer: Encryptor,
  column: SealedColumn,
  row: SealedRow,
): { readonly set: Row } | { readonly problem: string } {
  let value: unknown
  try {
    value = sealer.open(blobOf(column, row), contextOf(column, row))
  } catch (error) {
    return { problem: error instanceof Error ? error.message : String(error) }
  }
  const hashes = column.hashes?.(sealer, value, row) ?? {}
  const sealed = sealer.seal(value, contextOf(column, { ...row, ...hashes }))
  return { set: { ...hashes, [column.column]: sealed } }
}

/** @returns false where a concurrent write won; the next pass checks that row */
async function replace(db: Db, sealed: SealedColumn, row: SealedRow, set: Row): Promise<boolean> {
  const changes = Object.entries(set).map(([name, value]) => sql`${sql.ref(name)} = ${value}`)
  try {
    const { numAffectedRows } = await sql`
      update ${sql.table(sealed.table)} set ${sql.join(changes)}
      where ctid = ${row.place}::tid and ${sql.ref(sealed.column)} = ${blobOf(sealed, row)}`.execute(db)
    return numAffectedRows === 1n
  } catch (error) {
    if ((error as { code?: string }).code === LOCK_NOT_AVAILABLE) return false
    throw error
  }
}
