import { type Kysely, sql } from 'kysely'

/** What became of a notice: codes, where sentences stood. Its kinds have always been these. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db)
}

const STATEMENTS = [
  `update webhook_inbox set outcome = case outcome
    when 'nothing to tell' then 'not_relevant'
    when 'no order of ours' then 'no_order'
    when 'the exchange has ended' then 'exchange_ended'
    when 'refund started' then 'refund_started' end
    where outcome in ('nothing to tell', 'no order of ours', 'the exchange has ended', 'refund started')`,
  `alter table webhook_inbox add constraint outcome_is_known
    check (outcome in ('signalled', 'not_relevant', 'no_order', 'exchange_ended', 'refund_started'))`,
  `alter table webhook_inbox add constraint kind_is_known check (kind in ('paid', 'declined', 'closed', 'refunded',
    'refund_failed', 'ignored', 'accepted', 'shipped', 'finished', 'canceled'))`,
]
