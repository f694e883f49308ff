import { type Kysely, sql } from 'kysely'

/** What of an order was taken back, in parts or whole, and money that an operator gave back outside. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db)
}

const STATEMENTS = [
  `create table order_refunds (
    refund_no varchar(80) primary key,
    order_no varchar(64) not null references points_exchange_orders (order_no),
    kind varchar(16) not null check (kind in ('part','rest')),
    points int not null check (points >= 0),
    money numeric(14,2) not null check (money >= 0),
    reason text not null,
    operation_key text not null unique,
    actor_type varchar(32) not null,
    actor_id varchar(64),
    created_at timestamptz not null default now(),
    check (points > 0 or money > 0)
  )`,
  `create index order_refunds_order on order_refunds (order_no)`,
  `create unique index order_refunds_rest on order_refunds (order_no) where kind = 'rest'`,
  `create trigger append_only before update or delete or truncate on order_refunds
    for each statement execute function refuse_change()`,
  `revoke update, delete, truncate on order_refunds from points_mall_app`,

  `alter table payment_refunds
    add column order_refund varchar(80) references order_refunds (refund_no),
    add column replaces varchar(96) unique,
    add column settled_by varchar(64),
    add column settled_reason text,
    drop constraint payment_refunds_state_check,
    add constraint payment_refunds_state_check check (state in ('pending','done','failed','done_by_hand')),
    add constraint by_hand_has_a_reason check (
      (state = 'done_by_hand') = (settled_by is not null) and (settled_by is null) = (settled_reason is null))`,
  // The number after a failed one stood in its place before it was written down.
  String.raw`update payment_refunds later set replaces = earlier.refund_no from payment_refunds earlier
    where earlier.state = 'failed' and later.out_trade_no = earlier.out_trade_no
      and later.refund_no = earlier.out_trade_no || '-R' || (substring(earlier.refund_no from '-R(\d+)$')::int + 1)`,
  `create index payment_refunds_order on payment_refunds (order_refund)`,
]
