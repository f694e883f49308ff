import type { Generated } from 'kysely'
import type { Big, Dated, Id } from './columns.ts'

export type Currency = 'ZJF' | 'CNY'

export interface WalletAccountsTable extends Dated {
  id: Id
  owner_type: Generated<string>
  owner_id: string
  currency: Currency
  version: Big
  /** The id of the key that encrypted it. */
  kid: string
  /** The encrypted wallet: `domain/wallet/wallet.ts`. */
  sealed: Buffer
  /** The mac of the last entry. */
  head: Buffer
  next_expiry: Date | null
}
