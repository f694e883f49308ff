import { type Kysely, sql } from 'kysely'

/** Codes that are handed out to customers, encrypted; who imported, saw and replaced them. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db)
}

const STATEMENTS = [
  `create table code_imports (
    id bigint generated always as identity primary key,
    product_id bigint not null references points_products (id),
    operation_key text not null unique,
    result jsonb not null,
    operator_id varchar(64) not null,
    created_at timestamptz not null default now()
  )`,
  `create index code_imports_product on code_imports (product_id)`,

  `create table product_codes (
    id bigint generated always as identity primary key,
    product_id bigint not null references points_products (id),
    import_id bigint not null references code_imports (id),
    code_mac bytea not null,
    key_id varchar(64) not null,
    sealed bytea not null,
    last varchar(8) not null,
    valid_until timestamptz,
    state varchar(16) not null default 'free' check (state in ('free','held','issued','void')),
    order_no varchar(64),
    void_reason varchar(16) check (void_reason in ('expired','replaced','canceled')),
    created_at timestamptz not null default now(),
    held_at timestamptz,
    issued_at timestamptz,
    void_at timestamptz,
    unique (product_id, code_mac),
    check (state <> 'free' or order_no is null),
    check (state not in ('held','issued') or order_no is not null),
    check ((state = 'void') = (void_reason is not null)),
    check (state <> 'issued' or issued_at is not null)
  )`,
  `create index product_codes_free on product_codes (product_id, id) where state = 'free'`,
  `create index product_codes_order on product_codes (order_no) where order_no is not null`,
  `create index product_codes_expiring on product_codes (valid_until) where state = 'free' and valid_until is not null`,
  `create index product_codes_import on product_codes (import_id)`,
  `create function check_code_state() returns trigger language plpgsql as $$
    begin
      if new.state <> old.state and not (case old.state
        when 'free' then new.state in ('held', 'void')
        when 'held' then new.state in ('free', 'issued', 'void')
        when 'issued' then new.state = 'void'
        else false end)
      then
        raise exception 'code % cannot go from % to %', old.id, old.state, new.state;
      end if;
      return new;
    end
  $$`,
  `create trigger product_codes_state before update of state on product_codes
    for each row execute function check_code_state()`,
  `revoke delete, truncate on product_codes from points_mall_app`,

  `create table code_views (
    id bigint generated always as identity primary key,
    code_id bigint not null references product_codes (id),
    viewer_id varchar(64) not null,
    at timestamptz not null default now()
  )`,
  `create index code_views_code on code_views (code_id)`,

  `create table code_replacements (
    old_code_id bigint primary key references product_codes (id),
    new_code_id bigint not null unique references product_codes (id),
    order_no varchar(64) not null,
    reason text not null,
    operator_id varchar(64) not null,
    operation_key text not null unique,
    created_at timestamptz not null default now()
  )`,
  `create index code_replacements_order on code_replacements (order_no)`,
  ...['code_imports', 'code_views', 'code_replacements'].flatMap((table) => [
    `create trigger append_only before update or delete or truncate on ${table}
      for each statement execute function refuse_change()`,
    `revoke update, delete, truncate on ${table} from points_mall_app`,
  ]),
]
