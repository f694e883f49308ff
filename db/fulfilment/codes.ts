import { type Selectable, sql } from 'kysely'
import {
  CODE_STATES,
  type CodeContent,
  type CodeState,
  lastOf,
  sameCode,
} from '../../domain/fulfilment/codes.ts'
import type { Db, Tx } from '../client.ts'
import type { Encryptor, Mac } from '../platform/encryption.ts'
import type { ImportResult } from '../schema/code-imports.ts'
import type { ProductCodesTable } from '../schema/product-codes.ts'

/**
 * Locks: the product before its codes; nothing waits for a code. The stock of such a product is the count of its free
 * codes: who changes one changes the other.
 */

export type PoolCode = Selectable<ProductCodesTable>

const ROWS_AT_ONCE = 500

const placeOf = (productId: string) => `product/${productId}`
/** The hash is part of it: a sealed code moved to another row does not open. */
const sealPlace = (productId: string, mac: Buffer) => `code/${productId}/${mac.toString('hex')}`

export interface NewCode {
  readonly content: CodeContent
  readonly validUntil: Date | null
}

/** A code with its keyed hashes. */
export interface HashedCode extends NewCode {
  readonly macs: readonly [Mac, ...Mac[]]
}

/** The keyed hash under the current key. */
export function codeHash(sealer: Encryptor, productId: string, { code }: Pick<CodeContent, 'code'>) {
  const [{ keyId, mac }] = sealer.macs(sameCode(code), placeOf(productId))
  return { key_id: keyId, code_mac: mac }
}

/**
 * Hashes the codes. Call it with the product's row locked, so that no other import comes between.
 * @returns for each code in turn its hashes; undefined when the product has it already, or an earlier one is the same
 */
export async function findNewCodes(
  tx: Tx,
  sealer: Encryptor,
  productId: string,
  codes: readonly NewCode[],
): Promise<(HashedCode | undefined)[]> {
  const seen = new Set<string>()
  const found: (HashedCode | undefined)[] = []
  for (let from = 0; from < codes.length; from += ROWS_AT_ONCE) {
    const hashed = codes
      .slice(from, from + ROWS_AT_ONCE)
      .map((code) => ({ ...code, macs: sealer.macs(sameCode(code.content.code), placeOf(productId)) }))
    const known = await tx
      .selectFrom('product_codes')
      .select('code_mac')
      .where('product_id', '=', productId)
      .where(
        'code_mac',
        'in',
        hashed.flatMap(({ macs }) => macs.map(({ mac }) => mac)),
      )
      .execute()
    for (const { code_mac } of known) seen.add(code_mac.toString('hex'))
    for (const code of hashed) {
      const names = code.macs.map(({ mac }) => mac.toString('hex'))
      found.push(names.some((name) => seen.has(name)) ? undefined : code)
      for (const name of names) seen.add(name)
    }
  }
  return found
}

export async function insertCodes(
  tx: Tx,
  sealer: Encryptor,
  productId: string,
  importId: string,
  codes: readonly HashedCode[],
): Promise<void> {
  for (let from = 0; from < codes.length; from += ROWS_AT_ONCE) {
    const rows = codes
      .slice(from, from + ROWS_AT_ONCE)
      .map(({ content, validUntil, macs: [{ keyId, mac }] }) => ({
        product_id: productId,
        import_id: importId,
        code_mac: mac,
        key_id: keyId,
        sealed: sealer.seal(content, sealPlace(productId, mac)),
        last: lastOf(content.code),
        valid_until: validUntil,
      }))
    await tx.insertInto('product_codes').values(rows).execute()
  }
}

/** @throws when the row is not what the mall wrote */
export function openCode(
  sealer: Encryptor,
  { product_id, code_mac, sealed }: Pick<PoolCode, 'product_id' | 'code_mac' | 'sealed'>,
): CodeContent {
  return sealer.open(sealed, sealPlace(product_id, code_mac)) as CodeContent
}

/** Oldest first. Call it with the product's row locked. @returns how many are held: fewer when others are expired */
export async function holdCodes(
  tx: Tx,
  orderNo: string,
  productId: string,
  quantity: number,
): Promise<number> {
  const { numAffectedRows } = await sql`
    update product_codes set state = 'held', order_no = ${orderNo}, held_at = now()
    where id in (${freeCodes(productId, quantity)})`.execute(tx)
  return Number(numAffectedRows ?? 0)
}

const freeCodes = (productId: string, limit: number) => sql`
  select id from product_codes
  where product_id = ${productId} and state = 'free' and (valid_until is null or valid_until > now())
  order by id limit ${limit} for update skip locked`

/**
 * Frees what the order holds; what was issued is void, as somebody may have seen it. Repeatable.
 * @param limit of so many pieces; undefined: all
 * @returns how many are free now; undefined when the order has no code
 */
export async function releaseCodes(tx: Tx, orderNo: string, limit?: number): Promise<number | undefined> {
  const { rows } = await sql<{ state: CodeState }>`
    update product_codes set
      state = case when state = 'held' and (valid_until is null or valid_until > now()) then 'free' else 'void' end,
      order_no = case when state = 'held' then null else order_no end,
      void_reason = case when state = 'issued' then 'canceled' when valid_until <= now() then 'expired' end,
      void_at = case when state = 'issued' or valid_until <= now() then now() end,
      held_at = case when state = 'issued' then held_at end
    where id in (select id from product_codes where order_no = ${orderNo} and state in ('held', 'issued')
      order by state = 'issued', id limit ${limit ?? null}::bigint)
    returning state`.execute(tx)
  if (rows.length === 0) return undefined
  return rows.filter(({ state }) => state === 'free').length
}

/** Makes the codes that the order holds visible to its owner. Repeatable. @returns how many became so */
export async function issueCodes(tx: Tx, orderNo: string): Promise<number> {
  const { numUpdatedRows } = await tx
    .updateTable('product_codes')
    .set({ state: 'issued', issued_at: sql`now()` })
    .where('order_no', '=', orderNo)
    .where('state', '=', 'held')
    .executeTakeFirst()
  return Number(numUpdatedRows)
}

export async function listOrderCodes(db: Db, orderNo: string): Promise<PoolCode[]> {
  return db.selectFrom('product_codes').selectAll().where('order_no', '=', orderNo).orderBy('id').execute()
}

/** Append-only: evidence in a dispute. */
export async function recordViews(db: Db, codeIds: readonly string[], viewerId: string): Promise<void> {
  if (codeIds.length === 0) return
  await db
    .insertInto('code_views')
    .values(codeIds.map((code_id) => ({ code_id, viewer_id: viewerId })))
    .execute()
}

export interface CodeViews {
  readonly code_id: string
  readonly views: number
  readonly first_at: Date
  readonly last_at: Date
}

export async function countViews(db: Db, orderNo: string): Promise<CodeViews[]> {
  const { rows } = await sql<CodeViews>`
    select v.code_id, count(*)::int as views, min(v.at) as first_at, max(v.at) as last_at
    from code_views v join product_codes c on c.id = v.code_id
    where c.order_no = ${orderNo} group by v.code_id`.execute(db)
  return rows
}

/** @returns the import of this operation, if it is a repeat */
export async function findImport(db: Db, operationKey: string) {
  return db
    .selectFrom('code_imports')
    .select(['id', 'result'])
    .where('operation_key', '=', operationKey)
    .executeTakeFirst()
}

export async function findImportById(db: Db, productId: string, importId: string) {
  return db
    .selectFrom('code_imports')
    .select('result')
    .where('id', '=', importId)
    .where('product_id', '=', productId)
    .executeTakeFirst()
}

export async function insertImport(
  tx: Tx,
  row: { readonly productId: string; readonly operationKey: string; readonly operatorId: string },
  result: ImportResult,
): Promise<string> {
  const { id } = await tx
    .insertInto('code_imports')
    .values({
      product_id: row.productId,
      operation_key: row.operationKey,
      operator_id: row.operatorId,
      result: JSON.stringify(result),
    })
    .returning('id')
    .executeTakeFirstOrThrow()
  return id
}

export async function countCodes(db: Db, productId: string): Promise<Record<CodeState, number>> {
  const rows = await db
    .selectFrom('product_codes')
    .select(['state', (eb) => eb.fn.countAll<string>().as('count')])
    .where('product_id', '=', productId)
    .groupBy('state')
    .execute()
  const counts = new Map(rows.map(({ state, count }) => [state, Number(count)]))
  return Object.fromEntries(CODE_STATES.map((state) => [state, counts.get(state) ?? 0])) as Record<
    CodeState,
    number
  >
}

export type ListedCode = Pick<
  PoolCode,
  | 'id'
  | 'last'
  | 'state'
  | 'order_no'
  | 'void_reason'
  | 'valid_until'
  | 'created_at'
  | 'issued_at'
  | 'void_at'
>

/** Newest first; nothing is decrypted. */
export async function listCodes(
  db: Db,
  productId: string,
  state: CodeState | undefined,
  { limit, offset }: { readonly limit: number; readonly offset: number },
): Promise<{ codes: ListedCode[]; total: number }> {
  let query = db.selectFrom('product_codes').where('product_id', '=', productId)
  if (state) query = query.where('state', '=', state)
  const [codes, { total }] = await Promise.all([
    query
      .select([
        'id',
        'last',
        'state',
        'order_no',
        'void_reason',
        'valid_until',
        'created_at',
        'issued_at',
        'void_at',
      ])
      .orderBy('id', 'desc')
      .limit(limit)
      .offset(offset)
      .execute(),
    query.select((eb) => eb.fn.countAll<string>().as('total')).executeTakeFirstOrThrow(),
  ])
  return { codes, total: Number(total) }
}

export async function findReplacement(db: Db, operationKey: string) {
  return db
    .selectFrom('code_replacements')
    .select(['old_code_id', 'new_code_id'])
    .where('operation_key', '=', operationKey)
    .executeTakeFirst()
}

export async function listReplacements(db: Db, orderNo: string) {
  return db
    .selectFrom('code_replacements')
    .selectAll()
    .where('order_no', '=', orderNo)
    .orderBy('created_at')
    .execute()
}

export interface Replacement {
  readonly orderNo: string
  readonly codeId: string
  readonly productId: string
  readonly reason: string
  readonly operatorId: string
  readonly operationKey: string
}

/**
 * The old code becomes void, and the oldest free one is issued. Call it with order and product locked.
 * @returns the new code's id; undefined when none is free: then nothing has changed
 */
export async function replaceCode(tx: Tx, wanted: Replacement): Promise<string | undefined> {
  const { orderNo, codeId, productId, reason, operatorId, operationKey } = wanted
  const { rows } = await sql<{ id: string }>`
    update product_codes set state = 'held', order_no = ${orderNo}, held_at = now()
    where id in (${freeCodes(productId, 1)}) returning id`.execute(tx)
  const next = rows[0]?.id
  if (next === undefined) return undefined
  await tx
    .updateTable('product_codes')
    .set({ state: 'void', void_reason: 'replaced', void_at: sql`now()` })
    .where('id', '=', codeId)
    .execute()
  await issueCodes(tx, orderNo)
  await tx
    .insertInto('code_replacements')
    .values({
      old_code_id: codeId,
      new_code_id: next,
      order_no: orderNo,
      reason,
      operator_id: operatorId,
      operation_key: operationKey,
    })
    .execute()
  return next
}

/** Products that have free codes past their date. */
export async function findExpiredPools(db: Db, limit: number): Promise<string[]> {
  const rows = await db
    .selectFrom('product_codes')
    .select('product_id')
    .distinct()
    .where('state', '=', 'free')
    .where('valid_until', '<=', sql<Date>`now()`)
    .limit(limit)
    .execute()
  return rows.map(({ product_id }) => product_id)
}

/** Call it with the product's row locked. @returns how many left the pool */
export async function voidExpired(tx: Tx, productId: string): Promise<number> {
  const { numUpdatedRows } = await tx
    .updateTable('product_codes')
    .set({ state: 'void', void_reason: 'expired', void_at: sql`now()` })
    .where('product_id', '=', productId)
    .where('state', '=', 'free')
    .where('valid_until', '<=', sql<Date>`now()`)
    .executeTakeFirst()
  return Number(numUpdatedRows)
}
