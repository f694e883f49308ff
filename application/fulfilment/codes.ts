import { randomUUID } from 'node:crypto'
import { findProductForUpdate } from '../../db/catalogue/products.ts'
import { moveStock } from '../../db/catalogue/stock.ts'
import type { Db, Tx } from '../../db/client.ts'
import {
  type CodeViews,
  countCodes,
  countViews,
  findExpiredPools,
  findImport,
  findImportById,
  findNewCodes,
  findReplacement,
  insertCodes,
  insertImport,
  listCodes,
  listOrderCodes,
  listReplacements,
  openCode,
  type PoolCode,
  recordViews,
  replaceCode,
  voidExpired,
} from '../../db/fulfilment/codes.ts'
import { findOrderForUpdate, recordEvent } from '../../db/orders/orders.ts'
import type { Encryptor } from '../../db/platform/encryption.ts'
import type { ImportResult } from '../../db/schema/code-imports.ts'
import { mustNotBeOwn } from '../../domain/access.ts'
import { DomainError } from '../../domain/errors.ts'
import {
  type CodeContent,
  type CodeState,
  type CodeVoidReason,
  masked,
} from '../../domain/fulfilment/codes.ts'
import type { OrderView } from '../orders/view.ts'
import { type GivenLine, readLines } from './code-lines.ts'

export type { ImportResult }

export interface CodeDeps {
  readonly db: Db
  readonly sealer: Encryptor
}

export interface CodeCause {
  readonly operationKey: string
  readonly operatorId: string
}

/**
 * Adds codes to the product's pool, and so to its stock. A repeat of the operation answers the same.
 * @throws DomainError NOT_FOUND; DELIVERY_MISMATCH where the product is not delivered by codes
 */
export async function importCodes(
  { db, sealer }: CodeDeps,
  productId: string,
  given: readonly GivenLine[],
  { operationKey, operatorId }: CodeCause,
): Promise<{ readonly importId: string; readonly result: ImportResult }> {
  const read = readLines(given, new Date())
  return db.transaction().execute(async (tx) => {
    await mustBePool(tx, productId)
    const earlier = await findImport(tx, operationKey)
    if (earlier) return { importId: earlier.id, result: earlier.result }
    const valid = read.flatMap((one) => ('code' in one ? [one] : []))
    const found = await findNewCodes(
      tx,
      sealer,
      productId,
      valid.map(({ code }) => code),
    )
    const fresh = found.filter((one) => one !== undefined)
    const duplicates = valid.flatMap(({ line }, n) =>
      found[n] ? [] : [{ line, result: 'duplicate' as const }],
    )
    const invalid = read.flatMap((one) =>
      'wrong' in one ? [{ line: one.line, result: 'invalid' as const, ...one.wrong }] : [],
    )
    const result: ImportResult = {
      imported: fresh.length,
      duplicates: duplicates.length,
      invalid: invalid.length,
      lines: [...duplicates, ...invalid].toSorted((a, b) => a.line - b.line),
    }
    const importId = await insertImport(tx, { productId, operationKey, operatorId }, result)
    await insertCodes(tx, sealer, productId, importId, fresh)
    const imported = { delta: fresh.length, operationKey: `codes/${importId}`, operatorId }
    if (fresh.length > 0) await moveStock(tx, productId, { kind: 'adjusted', ...imported })
    return { importId, result }
  })
}

/** @returns undefined for what is no import of this product */
export async function readImport(
  db: Db,
  productId: string,
  importId: string,
): Promise<ImportResult | undefined> {
  if (!/^[1-9]\d{0,17}$/.test(importId)) return undefined
  return (await findImportById(db, productId, importId))?.result
}

/** Locks the product's row. */
async function mustBePool(tx: Tx, productId: string): Promise<void> {
  const product = await findProductForUpdate(tx, productId)
  if (!product) throw new DomainError({ code: 'NOT_FOUND' })
  if (product.delivery !== 'codes') throw new DomainError({ code: 'DELIVERY_MISMATCH' })
}

export interface PoolView {
  readonly counts: Readonly<Record<CodeState, number>>
  readonly codes: readonly {
    readonly id: string
    readonly masked: string
    readonly state: CodeState
    readonly void_reason: CodeVoidReason | null
    readonly order_no: string | null
    readonly valid_until: string | null
    readonly created_at: string
    readonly issued_at: string | null
  }[]
  readonly total: number
}

/** Newest first; no code can be read in it. */
export async function readPool(
  db: Db,
  productId: string,
  state: CodeState | undefined,
  page: { readonly limit: number; readonly offset: number },
): Promise<PoolView> {
  const [counts, { codes, total }] = await Promise.all([
    countCodes(db, productId),
    listCodes(db, productId, state, page),
  ])
  return {
    counts,
    total,
    codes: codes.map((code) => ({
      id: code.id,
      masked: masked(code.last),
      state: code.state,
      void_reason: code.void_reason,
      order_no: code.order_no,
      valid_until: code.valid_until?.toISOString() ?? null,
      created_at: code.created_at.toISOString(),
      issued_at: code.issued_at?.toISOString() ?? null,
    })),
  }
}

export interface ShownCode extends CodeContent {
  readonly valid_until?: string
}

/** How many codes the owner can look at. */
export async function countIssued(db: Db, orderNo: string): Promise<number> {
  return (await listOrderCodes(db, orderNo)).filter(isIssued).length
}

const isIssued = ({ state }: Pick<PoolCode, 'state'>) => state === 'issued'

/**
 * The codes of an order, in clear. Records who saw them.
 * @param order read for this owner: nobody else may see them
 */
export async function showCodes(
  { db, sealer }: CodeDeps,
  order: Pick<OrderView, 'order_no' | 'owner_id'>,
  viewerId: string,
): Promise<ShownCode[]> {
  if (order.owner_id !== viewerId) throw new DomainError({ code: 'NOT_FOUND' })
  const codes = (await listOrderCodes(db, order.order_no)).filter(isIssued)
  // Recorded first: nobody sees a code of which there is no record.
  await recordViews(
    db,
    codes.map(({ id }) => id),
    viewerId,
  )
  return codes.map((code) => ({
    ...openCode(sealer, code),
    ...(code.valid_until ? { valid_until: code.valid_until.toISOString() } : {}),
  }))
}

export interface OrderCodeView {
  readonly id: string
  readonly masked: string
  readonly state: CodeState
  readonly void_reason: CodeVoidReason | null
  readonly valid_until: string | null
  readonly issued_at: string | null
  readonly views: number
  readonly first_viewed_at: string | null
  readonly last_viewed_at: string | null
  /** Why and by whom it was replaced, and by which. */
  readonly replaced: { readonly by: string; readonly reason: string; readonly code_id: string } | null
}

/** For operators: what became of the codes, none in clear. */
export async function readOrderCodes(db: Db, orderNo: string): Promise<OrderCodeView[]> {
  const codes = await listOrderCodes(db, orderNo)
  if (codes.length === 0) return []
  const [views, replacements] = await Promise.all([countViews(db, orderNo), listReplacements(db, orderNo)])
  const viewsOf = new Map<string, CodeViews>(views.map((one) => [one.code_id, one]))
  const replacementOf = new Map(replacements.map((one) => [one.old_code_id, one]))
  return codes.map((code) => {
    const seen = viewsOf.get(code.id)
    const replaced = replacementOf.get(code.id)
    return {
      id: code.id,
      masked: masked(code.last),
      state: code.state,
      void_reason: code.void_reason,
      valid_until: code.valid_until?.toISOString() ?? null,
      issued_at: code.issued_at?.toISOString() ?? null,
      views: seen?.views ?? 0,
      first_viewed_at: seen?.first_at.toISOString() ?? null,
      last_viewed_at: seen?.last_at.toISOString() ?? null,
      replaced: replaced
        ? { by: replaced.operator_id, reason: replaced.reason, code_id: replaced.new_code_id }
        : null,
    }
  })
}

/**
 * Gives the order another code; the old one is void. A repeat of the operation answers the same.
 * @returns the new code's id
 * @throws DomainError NOT_FOUND; ORDER_STATE_CONFLICT unless the code is issued; OUT_OF_STOCK where none is free;
 *   FORBIDDEN for the operator's own order
 */
export async function replaceOrderCode(
  { db }: Pick<CodeDeps, 'db'>,
  order: Pick<OrderView, 'order_no' | 'owner_id' | 'product_id'>,
  codeId: string,
  reason: string,
  { operationKey, operatorId }: CodeCause,
): Promise<string> {
  mustNotBeOwn(operatorId, order.owner_id)
  const { order_no: orderNo, product_id: productId } = order
  return db.transaction().execute(async (tx) => {
    const current = await findOrderForUpdate(tx, orderNo)
    if (!current) throw new DomainError({ code: 'NOT_FOUND' })
    const earlier = await findReplacement(tx, operationKey)
    if (earlier) return earlier.new_code_id
    const code = (await listOrderCodes(tx, orderNo)).find(({ id }) => id === codeId)
    if (!code) throw new DomainError({ code: 'NOT_FOUND' })
    if (!isIssued(code)) throw new DomainError({ code: 'ORDER_STATE_CONFLICT' })
    await mustBePool(tx, productId)
    const next = await replaceCode(tx, { orderNo, codeId, productId, reason, operatorId, operationKey })
    if (next === undefined) throw new DomainError({ code: 'OUT_OF_STOCK', required: '1', available: '0' })
    const replaced = { delta: -1, operationKey: `code-replaced/${codeId}`, operatorId }
    await moveStock(tx, productId, { kind: 'adjusted', ...replaced })
    const by = { type: 'operator' as const, id: operatorId }
    await recordEvent(tx, orderNo, `code/${next}`, current.status, by, { code: 'code_replaced' })
    return next
  })
}

const POOLS_AT_ONCE = 20

/** Free codes past their date leave the pool and the stock. */
export async function sweepExpiredCodes(db: Db): Promise<number> {
  let left = 0
  for (const productId of await findExpiredPools(db, POOLS_AT_ONCE)) {
    left += await db.transaction().execute(async (tx) => {
      const product = await findProductForUpdate(tx, productId)
      const count = await voidExpired(tx, productId)
      if (count === 0 || product?.delivery !== 'codes') return count
      const expired = { delta: -count, operationKey: `codes-expired/${randomUUID()}`, operatorId: null }
      await moveStock(tx, productId, { kind: 'adjusted', ...expired })
      return count
    })
  }
  return left
}
