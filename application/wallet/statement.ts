import type { Db } from '../../db/client.ts'
import { readOrderTitles } from '../../db/orders/orders.ts'
import type { Currency } from '../../db/schema/wallet-accounts.ts'
import type { EntryKind } from '../../db/schema/wallet-transfers.ts'
import { countEntries, type Listed, listEntries } from '../../db/wallet/reads.ts'
import { InvalidInputError } from '../../domain/errors.ts'
import { ownReasonText } from '../../i18n/entry-texts.ts'
import type { Lang } from '../../i18n/error-texts.ts'
import { freezesOf } from './freezes.ts'
import type { Ledger } from './wallets.ts'

export const ENTRY_KINDS = [
  'grant',
  'hold',
  'capture',
  'release',
  'reverse',
  'expire',
  'adjust',
  'freeze',
] as const satisfies readonly EntryKind[]

export interface StatementQuery {
  readonly ownerId: string
  readonly currency: Currency
  readonly kind: EntryKind | undefined
}

/** Signed amounts in points or fen. */
export interface StatementEntry {
  readonly id: string
  readonly kind: EntryKind
  readonly amount: bigint
  readonly held: bigint
  readonly balanceAfter: bigint
  readonly orderNo: string | null
  /** Of the order's product; null without an order. */
  readonly productTitle: string | null
  readonly reason: string | null
  /** Shown to the owner of the account. */
  readonly reasonText: string
  /** Whether a `freeze` entry froze; undefined if not recorded. */
  readonly freezes: boolean | undefined
  /** For staff only; null: the mall itself. */
  readonly operatorId: string | null
  readonly createdAt: Date
}

/** Newest first, from `cursor` or else `offset`. */
export async function readStatement(
  { db, vault }: Ledger,
  { ownerId, currency, kind }: StatementQuery,
  page: { readonly limit: number; readonly offset: number; readonly cursor: string | undefined },
  lang: Lang,
): Promise<{ entries: StatementEntry[]; total: number; nextCursor: string | null }> {
  const before = page.cursor === undefined ? undefined : versionOf(page.cursor, currency)
  const offset = before === undefined ? page.offset : 0
  const [booked, total] = await Promise.all([
    listEntries(db, vault, ownerId, currency, { limit: page.limit + 1, offset, before, kind }),
    countEntries(db, ownerId, currency, kind),
  ])
  const entries = booked.slice(0, page.limit)
  const last = entries.at(-1)
  return {
    entries: await viewsOf(db, entries, lang),
    total,
    nextCursor: booked.length > page.limit && last ? cursorOf(last.version, currency) : null,
  }
}

const EXPORT_PAGE = 500

/** Reads page by page, so memory does not grow with the account. */
export async function* readWholeStatement(
  { db, vault }: Ledger,
  { ownerId, currency, kind }: StatementQuery,
  lang: Lang,
): AsyncGenerator<StatementEntry[]> {
  for (let before: bigint | undefined; ; ) {
    const booked = await listEntries(db, vault, ownerId, currency, { limit: EXPORT_PAGE, before, kind })
    yield await viewsOf(db, booked, lang)
    const last = booked.at(-1)
    if (!last || booked.length < EXPORT_PAGE) return
    before = BigInt(last.version)
  }
}

async function viewsOf(db: Db, entries: readonly Listed[], lang: Lang): Promise<StatementEntry[]> {
  const titles = await readOrderTitles(
    db,
    entries.flatMap(({ order_no }) => order_no ?? []),
  )
  return entries.map((entry) => viewOf(entry, titles.get(entry.order_no ?? '') ?? null, lang))
}

function viewOf(entry: Listed, productTitle: string | null, lang: Lang): StatementEntry {
  return {
    id: `${entry.account_id}-${entry.version}`,
    kind: entry.kind,
    amount: BigInt(entry.plain.available),
    held: BigInt(entry.plain.held),
    balanceAfter: BigInt(entry.plain.available_after),
    orderNo: entry.order_no,
    productTitle,
    reason: entry.reason,
    reasonText: ownReasonText(entry.kind, entry.reason, lang),
    freezes: entry.kind === 'freeze' ? freezesOf(entry) : undefined,
    operatorId: entry.operator_id,
    createdAt: entry.created_at,
  }
}

function cursorOf(version: string, currency: Currency): string {
  return Buffer.from(`${currency}/${version}`).toString('base64url')
}

/** @throws InvalidInputError if the cursor is not valid for this currency */
function versionOf(cursor: string, currency: Currency): bigint {
  const [of, version = ''] = Buffer.from(cursor, 'base64url').toString('latin1').split('/')
  if (of !== currency || !/^\d{1,18}$/.test(version) || cursorOf(version, currency) !== cursor) {
    throw new InvalidInputError({ field: 'cursor', rule: 'format' })
  }
  return BigInt(version)
}
