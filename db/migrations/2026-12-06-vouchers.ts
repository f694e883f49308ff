import { type Kysely, sql } from 'kysely'

/** Vouchers that customers use at the counter of a store, and every use of them. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db)
}

const STATEMENTS = [
  `create table stores (
    id bigint generated always as identity primary key,
    name varchar(64) not null,
    address varchar(200),
    operation_key text not null unique,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
  )`,
  `create table store_staff (
    store_id bigint not null references stores (id),
    staff_id varchar(64) not null,
    primary key (store_id, staff_id)
  )`,
  `create table vouchers (
    id bigint generated always as identity primary key,
    order_no varchar(64) not null unique references points_exchange_orders (order_no),
    code_mac bytea not null unique,
    key_id varchar(64) not null,
    sealed bytea not null,
    last varchar(8) not null,
    uses_total int not null check (uses_total > 0),
    uses_left int not null check (uses_left between 0 and uses_total),
    valid_until timestamptz not null,
    created_at timestamptz not null default now(),
    void_at timestamptz
  )`,
  `revoke delete, truncate on vouchers from points_mall_app`,
  `create table voucher_uses (
    id bigint generated always as identity primary key,
    voucher_id bigint not null references vouchers (id),
    store_id bigint not null references stores (id),
    staff_id varchar(64) not null,
    operation_key text not null unique,
    at timestamptz not null default now()
  )`,
  `create index voucher_uses_voucher on voucher_uses (voucher_id)`,
  `create table voucher_undos (
    use_id bigint primary key references voucher_uses (id),
    staff_id varchar(64) not null,
    reason text not null,
    operation_key text not null unique,
    at timestamptz not null default now()
  )`,
  ...['voucher_uses', 'voucher_undos'].flatMap((table) => [
    `create trigger append_only before update or delete or truncate on ${table}
      for each statement execute function refuse_change()`,
    `revoke update, delete, truncate on ${table} from points_mall_app`,
  ]),
]
