import { type Kysely, sql } from 'kysely'

/**
 * The words by which a product is found, with the pinyin of its title. The application computes them; products without
 * them, and those that an earlier version changes, are indexed by `npm run migrate` and the worker.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of STATEMENTS) await sql.raw(statement).execute(db)
}

const STATEMENTS = [
  'alter table points_products add column search_terms tsvector',
  'create index points_products_terms on points_products using gin (search_terms)',
  'create index points_products_to_index on points_products (id) where search_terms is null',
  `create function forget_search_terms() returns trigger language plpgsql as $$
    begin
      if new.search_terms is not distinct from old.search_terms
        and (new.title, new.description) is distinct from (old.title, old.description)
      then
        new.search_terms := null;
      end if;
      return new;
    end
  $$`,
  `create trigger points_products_search_terms before update of title, description on points_products
    for each row execute function forget_search_terms()`,
  'drop index points_products_search',
  'drop index points_products_letters',
]
