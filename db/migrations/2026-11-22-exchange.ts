import { type Kysely, sql } from 'kysely'

/** The seed's tables (section 10) in PostgreSQL terms, and what stands beside them. Frozen: never edited once landed. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db)
}

const ORDER_STATUS = `('exchanged','order_created','order_paid','order_accepted','order_shipped','order_finished','order_canceled')`
const METHOD = `('wallet','alipay','wechat','bank_card')`
const MODE = `('points_only','money_only','mixed')`

const STATEMENTS = [
  // Two-character Chinese searches cannot use a trigram index, so products carry their letter pairs.
  `create function bigrams(value text) returns text[] language sql immutable strict parallel safe as $$
    select coalesce(array_agg(distinct substr(lower(value), i, 2)), '{}')
    from generate_series(1, greatest(length(value) - 1, 1)) as i
  $$`,

  `create table users (
    owner_id text primary key check (length(owner_id) between 1 and 64),
    level int not null default 1 check (level between 0 and 1000),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
  )`,

  `create table categories (
    id bigint generated always as identity primary key,
    name text not null check (length(name) between 1 and 100),
    sort int not null default 0,
    operation_key text unique,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    deleted_at timestamptz
  )`,
  `create unique index categories_name on categories (name) where deleted_at is null`,

  `create table points_products (
    id bigint generated always as identity primary key,
    title varchar(255) not null check (length(title) > 0),
    description text,
    image varchar(500),
    point int not null default 0 check (point >= 0),
    price_currency varchar(3) not null default 'CNY',
    price_amount numeric(12,2) not null default 0 check (price_amount >= 0),
    original_price_amount numeric(12,2) check (original_price_amount >= 0),
    payment_mode varchar(32) not null default 'points_only' check (payment_mode in ${MODE}),
    stock_quantity int not null default 0 check (stock_quantity >= 0),
    exchange_limit int not null default 0 check (exchange_limit >= 0),
    status varchar(32) not null default 'draft' check (status in ('draft','on_sale','off_sale','sold_out')),
    sort int not null default 0,
    category_id bigint references categories (id),
    product_type varchar(32) not null default 'physical' check (product_type in ('physical','virtual','service','customized')),
    shipping_type varchar(32) not null default 'logistics' check (shipping_type in ('logistics','pickup','none')),
    outer_id varchar(64),
    properties jsonb,
    owner_type varchar(32) not null default 'shop',
    owner_id varchar(64) not null default 'shop',
    operator_type varchar(32),
    operator_id varchar(64),
    operation_key text unique,
    search_bigrams text[] generated always as (bigrams(title || ' ' || coalesce(description, ''))) stored,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    deleted_at timestamptz,
    constraint sold_out_means_no_stock check (status not in ('on_sale','sold_out') or (status = 'sold_out') = (stock_quantity = 0)),
    constraint price_fits_payment_mode check (
      status = 'draft' or
      (payment_mode = 'points_only' and point > 0) or
      (payment_mode = 'money_only' and price_amount > 0) or
      (payment_mode = 'mixed' and point > 0 and price_amount > 0))
  ) with (fillfactor = 80)`,
  `create index points_products_status_sort on points_products (status, sort, id)`,
  `create index points_products_category on points_products (category_id)`,
  `create index points_products_payment_mode on points_products (payment_mode)`,
  `create index points_products_owner on points_products (owner_type, owner_id)`,
  `create index points_products_search on points_products using gin (search_bigrams)`,

  // The standard order that the order domain works on; an exchange order points at it.
  `create table orders (
    id bigint generated always as identity primary key,
    order_no varchar(64) not null unique,
    order_type varchar(32) not null default 'points_exchange',
    status varchar(32) not null check (status in ${ORDER_STATUS}),
    currency varchar(3) not null default 'CNY',
    amount numeric(12,2) not null check (amount >= 0),
    owner_type varchar(32) not null,
    owner_id varchar(64) not null,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
  )`,
  `create index orders_owner on orders (owner_type, owner_id, id desc)`,

  `create table points_exchange_orders (
    id bigint primary key,
    order_no varchar(64) not null constraint uk_order_no unique check (order_no !~ '^[0-9]+$'),
    order_id bigint references orders (id),
    product_id bigint not null references points_products (id),
    product_title varchar(255) not null,
    product_image varchar(500),
    shipping_type varchar(32) not null,
    points_price int not null default 0 check (points_price >= 0),
    money_price numeric(12,2) not null default 0 check (money_price >= 0),
    quantity int not null default 1 check (quantity > 0),
    total_points int not null default 0 check (total_points >= 0),
    total_money numeric(14,2) not null default 0 check (total_money >= 0),
    payment_mode varchar(32) not null check (payment_mode in ${MODE}),
    payment_method varchar(32) check (payment_method in ${METHOD}),
    status varchar(32) not null default 'exchanged' check (status in ${ORDER_STATUS}),
    payment_status varchar(32) not null default 'unpaid'
      check (payment_status in ('unpaid','paid','closing','closed','refunding','refunded')),
    cancel_reason text,
    needs_attention text,
    exchange_time timestamptz not null default now(),
    pay_by timestamptz,
    shipping_info jsonb,
    address_info bytea,
    customer_notes bytea,
    payment_info jsonb,
    owner_type varchar(32) not null,
    owner_id varchar(64) not null,
    operator_type varchar(32),
    operator_id varchar(64),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    deleted_at timestamptz
  ) with (fillfactor = 80)`,
  `create index points_exchange_orders_order_id on points_exchange_orders (order_id)`,
  `create index points_exchange_orders_product_id on points_exchange_orders (product_id)`,
  `create index points_exchange_orders_status on points_exchange_orders (status, id desc)`,
  `create index points_exchange_orders_owner on points_exchange_orders (owner_type, owner_id, id desc)`,
  // What the per-customer limits count.
  `create index points_exchange_orders_limit on points_exchange_orders (owner_id, product_id, exchange_time)
    where status <> 'order_canceled'`,

  // The transition table of domain/orders/status.ts, enforced where a slip would be a wrong book.
  `create table order_status_transitions (
    from_status varchar(32) not null, to_status varchar(32) not null, primary key (from_status, to_status)
  )`,
  `insert into order_status_transitions values
    ('exchanged','order_created'), ('exchanged','order_canceled'),
    ('order_created','order_paid'), ('order_created','order_canceled'),
    ('order_paid','order_accepted'), ('order_paid','order_shipped'), ('order_paid','order_canceled'),
    ('order_accepted','order_shipped'), ('order_accepted','order_finished'), ('order_accepted','order_canceled'),
    ('order_shipped','order_finished'), ('order_shipped','order_canceled'),
    ('order_finished','order_canceled')`,
  `create function check_order_transition() returns trigger language plpgsql as $$
    begin
      if not exists (select from order_status_transitions where from_status = old.status and to_status = new.status) then
        raise exception 'order % may not move from % to %', old.order_no, old.status, new.status using errcode = 'check_violation';
      end if;
      return new;
    end
  $$`,
  `create trigger order_transition before update of status on points_exchange_orders
    for each row when (old.status is distinct from new.status) execute function check_order_transition()`,
  `create trigger order_transition before update of status on orders
    for each row when (old.status is distinct from new.status) execute function check_order_transition()`,

  `create table order_events (
    id bigint generated always as identity primary key,
    order_no varchar(64) not null,
    event_key text not null,
    status varchar(32) not null check (status in ${ORDER_STATUS}),
    note text,
    actor_type varchar(32) not null,
    actor_id varchar(64),
    created_at timestamptz not null default now(),
    unique (order_no, event_key)
  )`,

  `create table stock_reservations (
    order_no varchar(64) primary key,
    product_id bigint not null references points_products (id),
    quantity int not null check (quantity > 0),
    state varchar(16) not null check (state in ('held','committed','released')),
    created_at timestamptz not null default now(),
    resolved_at timestamptz
  )`,
  `create index stock_reservations_product on stock_reservations (product_id) where state = 'held'`,
  `create table stock_movements (
    id bigint generated always as identity primary key,
    product_id bigint not null references points_products (id),
    delta int not null,
    operation_key text not null unique,
    operator_id varchar(64),
    created_at timestamptz not null default now()
  )`,

  // An account's balances are sealed; every column is bound to them, so that no part can be changed alone.
  `create table wallet_accounts (
    id bigint generated always as identity primary key,
    owner_type varchar(32) not null default 'user',
    owner_id varchar(64) not null,
    currency varchar(3) not null check (currency in ('ZJF','CNY')),
    version bigint not null check (version >= 0),
    kid varchar(32) not null,
    sealed bytea not null,
    head bytea not null check (length(head) = 32),
    next_expiry timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    unique (owner_type, owner_id, currency)
  ) with (fillfactor = 70)`,
  `create index wallet_accounts_expiry on wallet_accounts (next_expiry) where next_expiry is not null`,
  `create index wallet_accounts_changed on wallet_accounts (updated_at)`,
  `create table wallet_transfers (
    operation_key text primary key,
    kind varchar(16) not null
      check (kind in ('grant','hold','capture','release','reverse','expire','adjust','freeze')),
    from_account varchar(32) not null,
    to_account varchar(32) not null,
    order_no varchar(64),
    reason text,
    operator_id varchar(64),
    created_at timestamptz not null default now()
  )`,
  `create index wallet_transfers_order on wallet_transfers (order_no)`,
  `create table wallet_entries (
    account_id bigint not null references wallet_accounts (id),
    version bigint not null check (version > 0),
    operation_key text not null unique references wallet_transfers (operation_key),
    kid varchar(32) not null,
    sealed bytea not null,
    mac bytea not null check (length(mac) = 32),
    created_at timestamptz not null default now(),
    primary key (account_id, version)
  )`,
  `create function refuse_change() returns trigger language plpgsql as $$
    begin raise exception '% is append-only', tg_table_name using errcode = 'restrict_violation'; end
  $$`,
  `create trigger append_only before update or delete or truncate on wallet_entries
    for each statement execute function refuse_change()`,
  `create trigger append_only before update or delete or truncate on wallet_transfers
    for each statement execute function refuse_change()`,

  `create table payments (
    id bigint generated always as identity primary key,
    order_no varchar(64) not null,
    attempt_no int not null check (attempt_no > 0),
    out_trade_no varchar(80) not null unique,
    method varchar(32) not null check (method in ${METHOD}),
    amount numeric(14,2) not null check (amount > 0),
    state varchar(16) not null default 'unpaid'
      check (state in ('unpaid','paid','closing','closed','refunding','refunded')),
    provider_ref varchar(255),
    payment_ref varchar(255),
    pay_url text,
    refunded_amount numeric(14,2) not null default 0 check (refunded_amount between 0 and amount),
    paid_at timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    unique (order_no, attempt_no)
  )`,
  `create table payment_refunds (
    refund_no varchar(96) primary key,
    out_trade_no varchar(80) not null references payments (out_trade_no),
    amount numeric(14,2) not null check (amount > 0),
    state varchar(16) not null default 'pending' check (state in ('pending','done','failed')),
    refund_ref varchar(255),
    reason text not null,
    failure text,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
  )`,
  `create index payment_refunds_payment on payment_refunds (out_trade_no)`,

  `create table webhook_inbox (
    id bigint generated always as identity primary key,
    source varchar(32) not null,
    event_id varchar(255) not null,
    kind varchar(64) not null,
    order_no varchar(64),
    event jsonb not null,
    received_at timestamptz not null default now(),
    delivered_at timestamptz,
    outcome text,
    deliveries int not null default 0,
    next_delivery_at timestamptz not null default now(),
    unique (source, event_id)
  )`,
  `create index webhook_inbox_undelivered on webhook_inbox (next_delivery_at) where delivered_at is null`,

  // One row per POST exchange, written before the workflow engine is called.
  // It draws the order's id, too, so that an answer can name the order before it exists.
  `create table exchange_attempts (
    id bigint generated always as identity unique,
    order_no varchar(64) primary key check (order_no !~ '^[0-9]+$'),
    owner_id varchar(64) not null,
    idempotency_key text,
    product_id bigint not null,
    quantity int not null check (quantity > 0),
    payment_method varchar(32) check (payment_method in ${METHOD}),
    cash_amount numeric(14,2),
    level int not null,
    request bytea not null,
    state varchar(16) not null default 'pending' check (state in ('pending','placed','refused')),
    refusal jsonb,
    created_at timestamptz not null default now(),
    resolved_at timestamptz,
    check ((state = 'refused') = (refusal is not null))
  )`,
  `create unique index exchange_attempts_key on exchange_attempts (owner_id, idempotency_key) where state <> 'refused'`,
  `create index exchange_attempts_pending on exchange_attempts (created_at) where state = 'pending'`,

  `create table idempotency_keys (
    owner_id varchar(64) not null,
    method varchar(8) not null,
    path varchar(512) not null,
    key varchar(255) not null,
    body_hash bytea not null,
    operation_key text not null,
    lease_until timestamptz not null,
    status int,
    response bytea,
    created_at timestamptz not null default now(),
    primary key (owner_id, method, path, key)
  )`,
  `create index idempotency_keys_age on idempotency_keys (created_at)`,

  // The owner of the tables migrates; the application acts as a role that cannot rewrite what is booked. The
  // role belongs to the cluster, so another database may have made it.
  `do $$ begin
    if not exists (select from pg_roles where rolname = 'points_mall_app') then create role points_mall_app nologin; end if;
  exception when duplicate_object or unique_violation then null;
  end $$`,
  `do $$ begin execute format('grant points_mall_app to %I', current_user); end $$`,
  `do $$ begin execute format('grant usage on schema %I to points_mall_app', current_schema()); end $$`,
  `grant select, insert, update, delete on all tables in schema public to points_mall_app`,
  `grant usage on all sequences in schema public to points_mall_app`,
  `alter default privileges in schema public grant select, insert, update, delete on tables to points_mall_app`,
  `alter default privileges in schema public grant usage on sequences to points_mall_app`,
  `revoke update, delete, truncate on wallet_entries, wallet_transfers from points_mall_app`,
  `revoke delete, truncate on wallet_accounts from points_mall_app`,
]
