import { sql } from 'kysely'
import type { Db } from '../client.ts'
import type { LedgerCipher } from './ledger-cipher.ts'
import { type AccountRow, resealAccount } from './sealed-rows.ts'

const ROWS_AT_ONCE = 500
const PASSES = 10
/** PostgreSQL's lock timeout: another process is writing the account, and encrypts it. */
const LOCK_NOT_AVAILABLE = '55P03'

export interface Rotation {
  readonly sealed: number
  /** Accounts still written under another key, by a process that lacks the new first key. */
  readonly left: number
}

/**
 * Replaces unchanged rows only, so others may write. Resumable. Entries keep their key. @throws TamperedError
 */
export async function rotateAccounts(
  db: Db,
  vault: LedgerCipher,
  progress: (done: Rotation) => void,
): Promise<Rotation> {
  let sealed = 0
  let left = await countLeft(db, vault)
  for (let pass = 1; left > 0 && pass <= PASSES; pass += 1) {
    for (let after: string | undefined = '0'; after !== undefined; ) {
      const rows: AccountRow[] = await readOthers(db, vault, after)
      for (const row of rows) if (await reseal(db, vault, row)) sealed += 1
      after = rows.length < ROWS_AT_ONCE ? undefined : rows.at(-1)?.id
      left = await countLeft(db, vault)
      progress({ sealed, left })
    }
  }
  return { sealed, left }
}

async function countLeft(db: Db, vault: LedgerCipher): Promise<number> {
  const { rows } = await sql<{ count: string }>`
    select count(*) from wallet_accounts where kid <> ${vault.kid}`.execute(db)
  return Number(rows[0]?.count)
}

async function readOthers(db: Db, vault: LedgerCipher, after: string): Promise<AccountRow[]> {
  const { rows } = await sql<AccountRow>`
    select id, owner_type, owner_id, currency, version, kid, sealed, head, next_expiry
    from wallet_accounts where kid <> ${vault.kid} and id > ${after} order by id limit ${ROWS_AT_ONCE}`.execute(
    db,
  )
  return rows
}

/** @returns false where a concurrent write won; the next pass checks that row */
async function reseal(db: Db, vault: LedgerCipher, row: AccountRow): Promise<boolean> {
  try {
    // `updated_at` stays: the balance has not changed.
    const { numAffectedRows } = await sql`
      update wallet_accounts set kid = ${vault.kid}, sealed = ${resealAccount(vault, row)}
      where id = ${row.id} and version = ${row.version} and kid = ${row.kid}`.execute(db)
    return numAffectedRows === 1n
  } catch (error) {
    if ((error as { code?: string }).code === LOCK_NOT_AVAILABLE) return false
    throw error
  }
}
