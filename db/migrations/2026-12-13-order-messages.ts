import { type Kysely, sql } from 'kysely'

/** Messages between customer and shop on an order, and who has to answer or to read. Texts are encrypted. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db)
}

const STATEMENTS = [
  `create table order_messages (
    id bigint generated always as identity primary key,
    order_no varchar(64) not null references points_exchange_orders (order_no),
    sender varchar(16) not null check (sender in ('customer', 'shop')),
    actor_id varchar(64) not null,
    said bytea not null,
    operation_key text not null,
    created_at timestamptz not null default now(),
    unique (order_no, operation_key)
  )`,
  `create index order_messages_order on order_messages (order_no, id)`,
  // A rotation of keys encrypts a text anew.
  `create function refuse_change_but_said() returns trigger language plpgsql as $$
    begin
      if (to_jsonb(new) - 'said') is distinct from (to_jsonb(old) - 'said') or (new.said is null) <> (old.said is null) then
        raise exception '% is append-only', tg_table_name using errcode = 'restrict_violation';
      end if;
      return new;
    end
  $$`,
  `create trigger said_again before update on order_messages for each row execute function refuse_change_but_said()`,
  `create trigger append_only before delete or truncate on order_messages
    for each statement execute function refuse_change()`,
  `revoke update, delete, truncate on order_messages from points_mall_app`,

  // One row per order with messages; its lock puts the messages of an order in one line.
  `create table order_conversations (
    order_no varchar(64) primary key references points_exchange_orders (order_no),
    messages int not null default 0 check (messages >= 0),
    last_message_id bigint not null default 0,
    unanswered int not null default 0 check (unanswered >= 0),
    unanswered_since timestamptz,
    unread_by_customer int not null default 0 check (unread_by_customer >= 0),
    unread_by_shop int not null default 0 check (unread_by_shop >= 0),
    constraint since_while_unanswered check ((unanswered > 0) = (unanswered_since is not null))
  )`,
  `create index order_conversations_unanswered on order_conversations (unanswered_since) where unanswered > 0`,
  `revoke delete, truncate on order_conversations from points_mall_app`,
]
