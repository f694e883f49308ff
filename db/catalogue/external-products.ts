import { type Selectable, sql } from 'kysely'
import type { Db, Tx } from '../client.ts'
import type { ExternalProductsTable } from '../schema/external-products.ts'
import { lastMovement } from './stock.ts'

/** Products that are linked to a product of the shop's own system, and what was last read of it. */

export type ExternalProduct = Selectable<ExternalProductsTable>

/**
 * Under the product's lock. Linked to the same one again, it goes on with the pieces counted before; linked to another
 * one it starts anew.
 * @param externalId null: linked no more
 */
export async function linkProduct(tx: Tx, productId: string, externalId: string | null): Promise<void> {
  const fresh = {
    problems: '[]',
    is_paused: false,
    tries: 0,
    failure: null,
    next_at: new Date(),
    updated_at: new Date(),
  }
  if (externalId === null) {
    await keepOwnStock(tx, productId)
    await tx
      .updateTable('external_products')
      .set({ ...fresh, state: 'unlinked' })
      .where('product_id', '=', productId)
      .where('state', '<>', 'unlinked')
      .execute()
    return
  }
  const isSame = sql`external_products.external_id = ${externalId}`
  await tx
    .insertInto('external_products')
    .values({
      ...fresh,
      product_id: productId,
      external_id: externalId,
      allotted: null,
      own_since: null,
      refreshed_at: null,
    })
    .onConflict((conflict) =>
      conflict
        .column('product_id')
        .doUpdateSet({
          ...fresh,
          external_id: externalId,
          state: 'new',
          refreshed_at: null,
          allotted: sql`case when ${isSame} then external_products.allotted end`,
          short: sql`case when ${isSame} then external_products.short else 0 end`,
          own_since: sql`case when ${isSame} then external_products.own_since end`,
        })
        .where((eb) =>
          eb.or([
            eb('external_products.external_id', '<>', externalId),
            eb('external_products.state', '=', 'unlinked'),
          ]),
        ),
    )
    .execute()
}

/** From now on the stock is the mall's; the shop's pieces in it stay counted. Under the product's lock. */
export async function keepOwnStock(tx: Tx, productId: string): Promise<void> {
  const since = await lastMovement(tx, productId)
  await tx
    .updateTable('external_products')
    .set({ own_since: since })
    .where('product_id', '=', productId)
    .where('allotted', 'is not', null)
    .where('own_since', 'is', null)
    .execute()
}

/** @returns undefined where it is not linked */
export async function findExternalProduct(db: Db, productId: string): Promise<ExternalProduct | undefined> {
  return db
    .selectFrom('external_products')
    .selectAll()
    .where('product_id', '=', productId)
    .where('state', '<>', 'unlinked')
    .executeTakeFirst()
}

/** @returns the product that is linked to it */
export async function findLinkedTo(tx: Tx, externalId: string): Promise<string | undefined> {
  const row = await tx
    .selectFrom('external_products')
    .select('product_id')
    .where('external_id', '=', externalId)
    .where('state', '<>', 'unlinked')
    .executeTakeFirst()
  return row?.product_id
}

/** @param leaseMs after this an unfinished try is repeated */
export async function takeDueProducts(db: Db, limit: number, leaseMs: number): Promise<ExternalProduct[]> {
  return db
    .with('due', (from) =>
      from
        .selectFrom('external_products')
        .select('product_id')
        .where('state', '<>', sql.lit('unlinked'))
        .where('next_at', '<=', new Date())
        .orderBy('next_at')
        .limit(limit)
        .forUpdate()
        .skipLocked(),
    )
    .updateTable('external_products')
    .set({ next_at: new Date(Date.now() + leaseMs) })
    .where('product_id', 'in', (eb) => eb.selectFrom('due').select('product_id'))
    .returningAll()
    .execute()
}

/** What was read has been applied. @param change.problems codes */
export async function noteRefreshed(
  tx: Tx,
  productId: string,
  change: Pick<ExternalProduct, 'state' | 'allotted' | 'short' | 'own_since' | 'is_paused'> & {
    readonly problems: readonly string[]
    readonly nextAt: Date
  },
): Promise<void> {
  const { problems, nextAt, ...columns } = change
  await tx
    .updateTable('external_products')
    .set({
      ...columns,
      problems: JSON.stringify(problems),
      next_at: nextAt,
      changes: sql`changes + 1`,
      tries: 0,
      failure: null,
      refreshed_at: new Date(),
      updated_at: new Date(),
    })
    .where('product_id', '=', productId)
    .execute()
}

/** Does nothing for a product that was linked to another one since. */
export async function noteUnread(
  db: Db,
  read: readonly ExternalProduct[],
  failure: string,
  nextAt: Date,
): Promise<void> {
  if (read.length === 0) return
  await db
    .updateTable('external_products')
    .set({ tries: sql`tries + 1`, failure, next_at: nextAt, updated_at: new Date() })
    .where((eb) =>
      eb(
        eb.refTuple('product_id', 'external_id'),
        'in',
        read.map(({ product_id, external_id }) => eb.tuple(product_id, external_id)),
      ),
    )
    .where('state', '<>', 'unlinked')
    .execute()
}

/** The worker reads it next. @returns false where it is not linked */
export async function askRefresh(db: Db, productId: string): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('external_products')
    .set({ next_at: new Date() })
    .where('product_id', '=', productId)
    .where('state', '<>', 'unlinked')
    .executeTakeFirst()
  return numUpdatedRows === 1n
}

/** An operator decides whether it is on sale. */
export async function forgetPause(tx: Tx, productId: string): Promise<void> {
  await tx
    .updateTable('external_products')
    .set({ is_paused: false })
    .where('product_id', '=', productId)
    .where('is_paused', '=', true)
    .execute()
}

export interface TroubledProduct
  extends Pick<
    ExternalProduct,
    'product_id' | 'external_id' | 'state' | 'short' | 'own_since' | 'problems' | 'tries'
  > {
  readonly title: string
}

/** Linked products that an operator should look at. */
export async function listTroubled(db: Db, limit: number): Promise<TroubledProduct[]> {
  return db
    .selectFrom('external_products as e')
    .innerJoin('points_products as p', 'p.id', 'e.product_id')
    .select([
      'e.product_id',
      'e.external_id',
      'e.state',
      'e.short',
      'e.own_since',
      'e.problems',
      'e.tries',
      'p.title',
    ])
    .where(
      sql<boolean>`e.state <> 'unlinked' and (e.state = 'gone' or (e.short > 0 and e.own_since is null) or e.tries >= 3 or e.problems <> '[]')`,
    )
    .where('p.deleted_at', 'is', null)
    .orderBy('e.product_id')
    .limit(limit)
    .execute()
}
