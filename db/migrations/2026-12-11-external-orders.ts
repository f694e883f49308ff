import { type Kysely, sql } from 'kysely'

/** Orders that the shop's own order service keeps, and what it has been told of them. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db)
}

const STATEMENTS = [
  // Which service an order started with.
  `alter table exchange_attempts add column order_service varchar(8) not null default 'mall'
    check (order_service in ('mall','outside'))`,
  `create table external_orders (
    order_no varchar(64) primary key references points_exchange_orders (order_no),
    service_no varchar(64),
    revision int not null default 0 check (revision >= 0),
    told_revision int not null default 0,
    tries int not null default 0 check (tries >= 0),
    next_at timestamptz not null default now(),
    refused_at timestamptz,
    alarmed_at timestamptz,
    failure text,
    skipped_by varchar(64),
    skipped_reason text,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint told_what_happened check (told_revision between 0 and revision)
  )`,
  `create index external_orders_due on external_orders (next_at)
    where told_revision < revision and refused_at is null`,
  `revoke delete, truncate on external_orders from points_mall_app`,
]
