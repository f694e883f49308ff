import type { Migration } from 'kysely/migration'
import * as exchange from './2026-11-22-exchange.ts'
import * as pointsWallet from './2026-11-22-points-wallet.ts'
import * as walletLife from './2026-11-23-wallet-life.ts'
import * as walletUpdates from './2026-11-23-wallet-updates.ts'

/** In the order of their names; a landed migration is never edited. */
export const migrations: Record<string, Migration> = {
  '2026-11-22-exchange': exchange,
  '2026-11-22-points-wallet': pointsWallet,
  '2026-11-23-wallet-life': walletLife,
  '2026-11-23-wallet-updates': walletUpdates,
}
