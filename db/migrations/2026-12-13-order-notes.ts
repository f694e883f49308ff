import { type Kysely, sql } from 'kysely'

/** What operators note on an order, and who of them looks after it. Texts are encrypted. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db)
}

const STATEMENTS = [
  `create table order_notes (
    id bigint generated always as identity primary key,
    order_no varchar(64) not null references points_exchange_orders (order_no),
    kind varchar(16) not null check (kind in ('note', 'assigned', 'unassigned')),
    actor_id varchar(64) not null,
    assignee varchar(64),
    said bytea,
    operation_key text not null,
    created_at timestamptz not null default now(),
    unique (order_no, operation_key),
    constraint said_in_notes check ((kind = 'note') = (said is not null)),
    constraint assignee_where_assigned check ((kind = 'assigned') = (assignee is not null))
  )`,
  `create index order_notes_order on order_notes (order_no, id)`,
  `create trigger said_again before update on order_notes for each row execute function refuse_change_but_said()`,
  `create trigger append_only before delete or truncate on order_notes
    for each statement execute function refuse_change()`,
  `revoke update, delete, truncate on order_notes from points_mall_app`,
  `alter table points_exchange_orders add column assignee varchar(64)`,
  `create index points_exchange_orders_assignee on points_exchange_orders (assignee, id) where assignee is not null`,
]
