import { type CustomerQuery, listLevels, listOwners } from '../../db/customers/customers.ts'
import type { Money } from '../../domain/money.ts'
import { type Ledger, readWallet } from '../wallet/wallets.ts'

export interface CustomerView {
  readonly owner_id: string
  /** Null: the level of the access token applies. */
  readonly level: number | null
  readonly available: number
  readonly held: number
  readonly cash: Money
}

/** Customers with a wallet or a level. @returns a null cursor on the last page @throws OverloadedError */
export async function readCustomers(
  ledger: Ledger,
  query: CustomerQuery,
): Promise<{ customers: CustomerView[]; next: string | null }> {
  const found = await listOwners(ledger.db, { ...query, limit: query.limit + 1 })
  const owners = found.slice(0, query.limit)
  const [levels, wallets] = await Promise.all([
    listLevels(ledger.db, owners),
    Promise.all(owners.map((ownerId) => readWallet(ledger, ownerId))),
  ])
  const customers = wallets.map(({ available, held, cash }, n) => {
    const owner_id = owners[n] ?? ''
    return { owner_id, level: levels.get(owner_id) ?? null, available, held, cash }
  })
  return { customers, next: found.length > owners.length ? (owners.at(-1) ?? null) : null }
}
