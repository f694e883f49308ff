import { type Kysely, sql } from 'kysely'

/**
 * Keyed hashes by which operators find an order by its receiver: phone, last four digits, name. The application computes
 * them; orders without them, and those whose address an earlier version changes, are indexed by `npm run migrate` and the worker.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db)
}

const STATEMENTS = [
  'alter table points_exchange_orders add column contact_terms bytea[]',
  'create index points_exchange_orders_contacts on points_exchange_orders using gin (contact_terms)',
  `create index points_exchange_orders_to_index on points_exchange_orders (id)
    where contact_terms is null and address_info is not null`,
  `create function forget_contact_terms() returns trigger language plpgsql as $$
    begin
      if new.contact_terms is not distinct from old.contact_terms
        and new.address_info is distinct from old.address_info
      then
        new.contact_terms := null;
      end if;
      return new;
    end
  $$`,
  `create trigger points_exchange_orders_contact_terms before update of address_info on points_exchange_orders
    for each row execute function forget_contact_terms()`,
]
