import { sql } from 'kysely'
import type { Db } from '../client.ts'
import type { LedgerCipher } from './ledger-cipher.ts'
import { type AccountRow, resealAccount } from './sealed-rows.ts'

const ROWS_AT_ONCE = 500
const PASSES = 10
/** PostgreSQL's code for a lock that did not come in time: someone works on the account, and seals it. */
const LOCK_NOT_AVAILABLE = '55P03'

export interface Rotation {
  /** Accounts sealed anew. */
  readonly sealed: number
  /** Accounts that are still under another key: a process that does not begin with the new one writes them. */
  readonly left: number
}

/**
 * Seals every account under the vault's current key, while others write: a row is replaced only if it is still
 * the one that was read. It holds no lock between two rows, and where it was stopped, the next run goes on.
 * Entries keep the key they were sealed with.
 * @param progress told after every batch
 * @throws Tampered where an account does not open; the ones before it are done
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

/** @returns false where someone was faster; what they wrote is found by the next pass, if it has to be */
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
