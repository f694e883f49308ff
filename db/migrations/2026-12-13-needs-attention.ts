import { type Kysely, sql } from 'kysely'

/** What cannot go on by itself: since when, how often, and what operators did about it. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db)
}

const STATEMENTS = [
  `alter table points_exchange_orders
    add column attention_since timestamptz,
    add column attention_times int not null default 0`,
  `update points_exchange_orders set attention_since = updated_at, attention_times = 1 where needs_attention is not null`,
  // Several places set the flag: the database notes when it came and how often.
  `create function note_attention() returns trigger language plpgsql as $$
    begin
      if new.needs_attention is null then
        new.attention_since := null;
      elsif old.needs_attention is distinct from new.needs_attention then
        new.attention_since := coalesce(old.attention_since, clock_timestamp());
        new.attention_times := old.attention_times + 1;
      end if;
      return new;
    end
  $$`,
  `create trigger attention_noted before update of needs_attention on points_exchange_orders
    for each row execute function note_attention()`,

  `create table attention_acts (
    id bigint generated always as identity primary key,
    kind varchar(16) not null,
    subject varchar(64) not null,
    action varchar(16) not null check (action in ('retry', 'skip', 'refund')),
    reason text not null,
    actor_id varchar(64) not null,
    operation_key text not null unique,
    created_at timestamptz not null default now()
  )`,
  `create index attention_acts_subject on attention_acts (kind, subject, action)`,
  `create trigger append_only before update or delete or truncate on attention_acts
    for each statement execute function refuse_change()`,
  `revoke update, delete, truncate on attention_acts from points_mall_app`,

  `create index after_sales_overdue_id on after_sales (id) where overdue_at is not null`,
  `create index webhook_inbox_waiting on webhook_inbox (id) where delivered_at is null`,
  `create index webhook_inbox_no_order on webhook_inbox (id) where outcome = 'no_order' and kind = 'paid'`,
  `create index webhook_deliveries_given_up on webhook_deliveries (id) where state = 'given_up'`,
  `create index payment_refunds_pending_no on payment_refunds (refund_no) where state = 'pending'`,
  `create index exchange_attempts_pending_id on exchange_attempts (id) where state = 'pending'`,
]
