import { type Kysely, sql } from 'kysely'

/** Returns and refunds by quantity, each with a timeline of its own. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db)
}

const STATE = `('requested','refused','awaiting_return','returning','receipt_refused','refunding','completed','closed')`

const STATEMENTS = [
  `create table after_sales (
    id bigint generated always as identity primary key,
    order_no varchar(64) not null references points_exchange_orders (order_no),
    owner_id varchar(64) not null,
    type varchar(16) not null check (type in ('refund_only','return_refund')),
    stage varchar(16) not null check (stage in ('in_sale','after_sale')),
    sent boolean not null,
    quantity int not null check (quantity > 0),
    state varchar(16) not null default 'requested' check (state in ${STATE}),
    reason text not null,
    pictures jsonb not null default '[]' check (jsonb_typeof(pictures) = 'array'),
    points int not null check (points >= 0),
    money numeric(14,2) not null check (money >= 0),
    refund_no varchar(80) unique references order_refunds (refund_no),
    sellable boolean,
    return_shipment jsonb,
    due_at timestamptz,
    overdue_at timestamptz,
    operation_key text not null unique,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint refunded_once_it_is_agreed check (refund_no is null or state in ('refunding','completed')),
    constraint deadline_while_open check (due_at is null or state not in ('refunding','completed','closed'))
  )`,
  `create index after_sales_order on after_sales (order_no)`,
  `create index after_sales_owner on after_sales (owner_id, id desc)`,
  `create index after_sales_state on after_sales (state, id desc)`,
  `create index after_sales_open on after_sales (id) where state not in ('completed','closed')`,
  `create index after_sales_overdue on after_sales (order_no) where overdue_at is not null`,
  // The transition table of domain/orders/after-sale.ts.
  `create function check_after_sale_transition() returns trigger language plpgsql as $$
    begin
      if (old.state, new.state) not in (
        ('requested','refused'), ('requested','awaiting_return'), ('requested','refunding'), ('requested','closed'),
        ('refused','requested'), ('refused','closed'),
        ('awaiting_return','returning'), ('awaiting_return','closed'),
        ('returning','receipt_refused'), ('returning','refunding'), ('returning','closed'),
        ('receipt_refused','returning'), ('receipt_refused','refunding'), ('receipt_refused','closed'),
        ('refunding','completed')) then
        raise exception 'after-sale % may not move from % to %', old.id, old.state, new.state using errcode = 'check_violation';
      end if;
      return new;
    end
  $$`,
  `create trigger after_sale_transition before update of state on after_sales
    for each row when (old.state is distinct from new.state) execute function check_after_sale_transition()`,

  `create table after_sale_events (
    id bigint generated always as identity primary key,
    after_sale_id bigint not null references after_sales (id),
    event_key text not null,
    state varchar(16) not null check (state in ${STATE}),
    code varchar(32) not null,
    data jsonb not null default '{}',
    actor_type varchar(32) not null,
    actor_id varchar(64),
    created_at timestamptz not null default now(),
    unique (after_sale_id, event_key)
  )`,
  `create trigger append_only before update or delete or truncate on after_sale_events
    for each statement execute function refuse_change()`,
  `revoke update, delete, truncate on after_sale_events from points_mall_app`,
  `revoke delete, truncate on after_sales from points_mall_app`,

  // Since when an open after-sale keeps receipt from being confirmed by itself.
  `alter table points_exchange_orders add column confirm_paused_at timestamptz`,
  // Pieces that an after-sale has decided on: they are back in the stock, or never will be.
  `alter table stock_reservations add column settled int not null default 0,
    add constraint settled_within_quantity check (settled between 0 and quantity)`,
]
