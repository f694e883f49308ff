import { sql } from 'kysely'
import type { ProviderMethod } from '../../domain/payments/method.ts'
import type { Db } from '../client.ts'

/** Open attempts whose result the provider is asked for, because a notification may be lost. */

/** However often the customer comes back, the provider is asked for an attempt no more often than this. */
const RETURN_GAP = '5 seconds'
/** How long a return counts as a payment that is being confirmed, while the provider does not answer. */
const CONFIRMING = '1 minute'

export interface DueQuery {
  readonly order_no: string
  readonly out_trade_no: string
  readonly method: ProviderMethod
  readonly provider_ref: string
  readonly created_at: Date
  /** When it was claimed, for `noteAnswer`: a text, since a `Date` has no microseconds. */
  readonly queried_at: string
}

/**
 * Claims the attempts whose query is due; one caller gets each. The next query is due after the next gap, so a crash
 * only delays. Leaves `updated_at`: it tells how long the cashier's address lives.
 * @param gapsMs from the opening to the first query, then between two; after the last, each gap doubles
 */
export async function claimDueQueries(db: Db, gapsMs: readonly number[], limit: number): Promise<DueQuery[]> {
  const [first = 0] = gapsMs
  const last = gapsMs.at(-1) ?? 0
  const { rows } = await sql<DueQuery>`
    update payments set queried_at = now(), query_step = query_step + 1,
      next_query_at = now() + make_interval(secs => 0.001 * coalesce(
        (${gapsMs}::float8[])[query_step + 1], ${last} * power(2, least(query_step + 1 - ${gapsMs.length}::int, 16))))
    where id in (
      select id from payments where state = 'unpaid' and provider_ref is not null
        and (next_query_at <= now()
          or next_query_at is null and updated_at <= now() - make_interval(secs => 0.001 * ${first}))
      order by coalesce(next_query_at, updated_at) limit ${limit} for update skip locked)
    returning order_no, out_trade_no, method, provider_ref, created_at, queried_at::text`.execute(db)
  return rows
}

/** The provider answered the query that was claimed at `queriedAt`. */
export async function noteAnswer(db: Db, outTradeNo: string, queriedAt: string): Promise<void> {
  await sql`
    update payments set answered_query_at = greatest(answered_query_at, ${queriedAt}::timestamptz)
    where out_trade_no = ${outTradeNo}`.execute(db)
}

/**
 * Has the provider asked next, and starts the schedule again: the customer has come back from the cashier.
 * @returns whether an opened attempt waits
 */
export async function noteReturn(db: Db, orderNo: string): Promise<boolean> {
  const { numAffectedRows } = await sql`
    update payments set returned_at = now(), query_step = 0,
      next_query_at = least(next_query_at, greatest(now(), queried_at + ${RETURN_GAP}::interval))
    where order_no = ${orderNo} and state = 'unpaid' and provider_ref is not null`.execute(db)
  return numAffectedRows !== undefined && numAffectedRows > 0n
}

/**
 * Whether the open attempt may be paid, so that it should not be paid again now: its money was reported and is not
 * booked yet, or the customer is back and the provider has not answered since.
 */
export async function isBeingConfirmed(db: Db, orderNo: string): Promise<boolean> {
  const { rows } = await sql`
    select from payments p where p.order_no = ${orderNo} and p.state = 'unpaid' and (
      p.returned_at > greatest(now() - ${CONFIRMING}::interval, p.answered_query_at)
      or exists (select from webhook_inbox i where i.order_no = p.order_no and i.kind = 'paid'
        and i.booked_at is null and i.event ->> 'outTradeNo' = p.out_trade_no))
    limit 1`.execute(db)
  return rows.length > 0
}
