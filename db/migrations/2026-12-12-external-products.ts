import { type Kysely, sql } from 'kysely'

/** Products that are linked to a product of the shop's own system. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db)
}

const STATEMENTS = [
  `create table external_products (
    product_id bigint primary key references points_products (id),
    external_id varchar(64) not null,
    state varchar(16) not null default 'new' check (state in ('new','current','gone','unlinked')),
    allotted int check (allotted >= 0),
    short int not null default 0 check (short >= 0),
    problems jsonb not null default '[]' check (jsonb_typeof(problems) = 'array'),
    is_paused boolean not null default false,
    changes int not null default 0,
    tries int not null default 0,
    failure text,
    refreshed_at timestamptz,
    next_at timestamptz not null default now(),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
  )`,
  `create index external_products_due on external_products (next_at) where state <> 'unlinked'`,
  `create index external_products_troubled on external_products (product_id)
    where state = 'gone' or short > 0 or tries >= 3 or problems <> '[]'`,
  `revoke delete, truncate on external_products from points_mall_app`,
  `insert into external_products (product_id, external_id)
    select distinct on (outer_id) id, outer_id from points_products
    where outer_id is not null and deleted_at is null order by outer_id, id`,
  // Two products would both take what the shop gives to one.
  `create unique index external_products_link on external_products (external_id) where state <> 'unlinked'`,
]
