import type { ColumnType } from 'kysely'

/** Types that columns of several tables share. */

/** bigint columns are read as text. Code that computes with a value converts it to bigint; ids stay text. */
export type Id = ColumnType<string, never, never>
export type Big = ColumnType<string, string | bigint, string | bigint>
export type Ref = ColumnType<string, string, string>
/** numeric columns: decimal text, read and written. */
export type Decimal = ColumnType<string, string, string>
export type Stamp = ColumnType<Date, Date | undefined, Date>

export interface Dated {
  created_at: Stamp
  updated_at: Stamp
}
