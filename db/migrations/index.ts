import type { Migration } from 'kysely/migration'
import * as exchange from './2026-11-22-exchange.ts'

/** In the order of their names; a landed migration is never edited. */
export const migrations: Record<string, Migration> = {
  '2026-11-22-exchange': exchange,
}
