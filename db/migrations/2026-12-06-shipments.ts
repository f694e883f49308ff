import { type Kysely, sql } from 'kysely'

/** Several parcels per order, each with a quantity. The parcel of an earlier order is one with all of it. */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db)
}

const STATEMENTS = [
  `create table shipments (
    id bigint generated always as identity primary key,
    order_no varchar(64) not null references points_exchange_orders (order_no),
    operation_key text,
    carrier varchar(16),
    carrier_name varchar(64),
    tracking_no varchar(64),
    quantity int not null check (quantity > 0),
    state varchar(24) not null default 'none' check (state in ('none', 'picked_up', 'in_transit', 'out_for_delivery',
      'at_station', 'signed', 'problem', 'returning', 'returned', 'refused')),
    shipped_at timestamptz,
    delivered_at timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    unique (order_no, operation_key),
    constraint sent_with_a_number check (
      (tracking_no is null) = (carrier is null) and (tracking_no is null) = (carrier_name is null)
      and (tracking_no is null) = (shipped_at is null) and (tracking_no is null) = (operation_key is null))
  )`,
  `create unique index shipments_to_send on shipments (order_no) where tracking_no is null`,
  `create index shipments_tracking on shipments (upper(tracking_no)) where tracking_no is not null`,

  // The application locks the order first; this is for whoever does not.
  `create function shipments_within_order() returns trigger language plpgsql as $$
    begin
      if (select sum(quantity) from shipments where order_no = new.order_no)
          > (select quantity from points_exchange_orders where order_no = new.order_no) then
        raise exception 'the parcels of % hold more than was ordered', new.order_no using errcode = '23514';
      end if;
      return null;
    end $$`,
  `create trigger shipments_within_order after insert or update of quantity on shipments
    for each row execute function shipments_within_order()`,

  `create table shipment_changes (
    id bigint generated always as identity primary key,
    shipment_id bigint not null references shipments (id),
    operation_key text not null,
    carrier varchar(16) not null,
    carrier_name varchar(64) not null,
    tracking_no varchar(64) not null,
    actor_type varchar(32) not null,
    actor_id varchar(64),
    created_at timestamptz not null default now(),
    unique (shipment_id, operation_key)
  )`,
  `create trigger append_only before update or delete or truncate on shipment_changes
    for each statement execute function refuse_change()`,

  `insert into shipments (order_no, operation_key, carrier, carrier_name, tracking_no, quantity, shipped_at, created_at)
    select o.order_no, 'ship',
      case
        when name ~* '顺丰|^sf' then 'sf' when name ~* '圆通|^yto' then 'yto' when name ~* '中通|^zto' then 'zto'
        when name ~* '申通|^sto' then 'sto' when name ~* '韵达|^yunda' then 'yunda' when name ~* '京东|^jd' then 'jd'
        when name ~* 'ems' then 'ems' when name ~ '邮政' then 'chinapost' when name ~* '极兔|^jt' then 'jtsd'
        when name ~ '德邦' then 'deppon' when name ~ '菜鸟' then 'cainiao' when name ~ '百世' then 'htky' else 'other' end,
      name, o.shipping_info ->> 'tracking_no', o.quantity, e.at, e.at
    from points_exchange_orders o
    cross join lateral (select o.shipping_info ->> 'carrier' as name) named
    cross join lateral (select coalesce((select created_at from order_events
      where order_no = o.order_no and event_key = 'order_shipped'), o.updated_at) as at) e
    where o.shipping_info ->> 'tracking_no' is not null and name is not null`,
]
