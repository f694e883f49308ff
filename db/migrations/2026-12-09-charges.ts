import { type Kysely, sql } from 'kysely'

/** Accounts that a supplier charges, such as phone credit: one charge per order, under one number. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db)
}

const STATEMENTS = [
  // The article's number at the supplier.
  `alter table points_products add column charge jsonb check (charge is null or jsonb_typeof(charge) = 'object')`,

  `create table charges (
    order_no varchar(64) primary key references points_exchange_orders (order_no),
    item varchar(64) not null,
    quantity int not null check (quantity > 0),
    account bytea not null,
    state varchar(16) not null default 'created'
      check (state in ('created','sent','processing','unknown','succeeded','failed')),
    answer varchar(16) check (answer in ('processing','succeeded','failed','not_found','none')),
    sends int not null default 0 check (sends >= 0),
    queries int not null default 0 check (queries >= 0),
    supplier_ref varchar(64),
    failure varchar(64),
    sent_at timestamptz,
    answered_at timestamptz,
    succeeded_at timestamptz,
    next_at timestamptz,
    deadline_at timestamptz,
    overdue_at timestamptz,
    watch_until timestamptz,
    acknowledged_at timestamptz,
    acknowledged_by varchar(64),
    acknowledged_why text,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint sent_once_it_left check ((state = 'created') = (sends = 0)),
    constraint succeeded_has_its_time check ((state = 'succeeded') = (succeeded_at is not null)),
    constraint acknowledged_by_somebody check ((acknowledged_at is null) = (acknowledged_by is null))
  )`,
  `create index charges_due on charges (next_at) where next_at is not null`,
  // The transition table of domain/fulfilment/charge.ts; what is asked of the supplier never changes.
  `create function check_charge_change() returns trigger language plpgsql as $$
    begin
      if (old.order_no, old.item, old.quantity) is distinct from (new.order_no, new.item, new.quantity) then
        raise exception 'charge % may not become another one', old.order_no using errcode = 'check_violation';
      end if;
      if old.state <> new.state and (old.state, new.state) not in (
        ('created','sent'),
        ('sent','processing'), ('sent','unknown'), ('sent','succeeded'), ('sent','failed'),
        ('processing','sent'), ('processing','unknown'), ('processing','succeeded'), ('processing','failed'),
        ('unknown','sent'), ('unknown','processing'), ('unknown','succeeded'), ('unknown','failed'),
        ('failed','succeeded')) then
        raise exception 'charge % may not move from % to %', old.order_no, old.state, new.state using errcode = 'check_violation';
      end if;
      return new;
    end
  $$`,
  `create trigger charge_change before update on charges for each row execute function check_charge_change()`,
  `revoke delete, truncate on charges from points_mall_app`,
]
