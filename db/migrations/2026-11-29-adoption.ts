import { type Kysely, sql } from 'kysely'

/**
 * What a workflow used to know alone, so that another run can carry an order on from what the database says: which
 * run may act, the deadlines, why an order is being canceled, and what belongs to other systems.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db)
}

const STATEMENTS = [
  // A run that carries an order on writes its id; null: the first run, whichever that is.
  `alter table exchange_attempts add column run_epoch integer not null default 0, add column run_id text,
    add column outside_steps text[], add column outside_settled_at timestamptz`,
  `alter table points_exchange_orders add column run_id text, add column confirm_by timestamptz,
    add column cancel_cause jsonb`,
  `alter table payments add column paid_reported boolean not null default false`,
  `create index exchange_attempts_outside_open on exchange_attempts (order_no)
    where outside_steps <> '{}' and outside_settled_at is null`,
  `create index points_exchange_orders_open on points_exchange_orders (order_no)
    where status in ('exchanged', 'order_created', 'order_paid', 'order_accepted', 'order_shipped')`,
  `create table order_requests (
    order_no text not null,
    operation_key text not null,
    request bytea not null,
    tries integer not null default 0,
    next_try_at timestamptz not null default now() + interval '10 seconds',
    created_at timestamptz not null default now(),
    primary key (order_no, operation_key))`,
  `create index order_requests_due on order_requests (next_try_at)`,
  // A notification of money is delivered again until the books have it.
  `alter table webhook_inbox add column booked_at timestamptz, add column told_again_at timestamptz`,
  `update webhook_inbox i set booked_at = delivered_at where kind = 'paid' and delivered_at is not null and not exists (
    select from payments p where p.out_trade_no = i.event ->> 'outTradeNo' and p.state in ('unpaid', 'closing', 'closed'))`,
  `create index webhook_inbox_unbooked on webhook_inbox (delivered_at)
    where kind = 'paid' and source <> 'orders' and order_no is not null and booked_at is null`,
  `create index payments_open on payments (order_no) where state in ('unpaid', 'closing')`,
]
