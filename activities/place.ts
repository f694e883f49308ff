import { type Pieces, reserveStock } from '../db/catalogue/stock.ts'
import type { Db, Tx } from '../db/client.ts'
import { recordCharge } from '../db/fulfilment/charges.ts'
import {
  type Attempt,
  countUnpaid,
  findAttempt,
  lockAttempt,
  lockUnpaid,
  markRefused,
  type PrivateRequest,
  takeAttempt,
} from '../db/orders/attempts.ts'
import { contactHashes } from '../db/orders/contact-terms.ts'
import { type ProductInputs, readEligibilityInputs } from '../db/orders/eligibility-inputs.ts'
import { keepExternalOrder } from '../db/orders/external-orders.ts'
import { lockOrder, recordExchange } from '../db/orders/orders.ts'
import { recordPayment } from '../db/payments/payments.ts'
import type { Encryptor } from '../db/platform/encryption.ts'
import type { LedgerCipher } from '../db/wallet/ledger-cipher.ts'
import { hold } from '../db/wallet/order-holds.ts'
import { lockAccount } from '../db/wallet/posting.ts'
import { totalOf } from '../domain/catalogue/pricing.ts'
import {
  type Delivery,
  defaultDelivery,
  type PaymentMode,
  type ShippingType,
} from '../domain/catalogue/product.ts'
import { DomainError, type Refusal, type RefusalCode } from '../domain/errors.ts'
import { isHandedOut } from '../domain/fulfilment/delivery.ts'
import { decimalFromFen, fenOf } from '../domain/money.ts'
import { type ExchangeRules, reasonsAgainst } from '../domain/orders/eligibility.ts'
import type { ExternalStep } from '../domain/orders/external-steps.ts'
import type { OrderStatus } from '../domain/orders/status.ts'
import type { PaymentMethod } from '../domain/payments/method.ts'
import { requireCurrentRun } from './run.ts'
import { captureFromWallet, paidColumns } from './settle.ts'

export interface PlaceDeps {
  readonly db: Db
  readonly sealer: Encryptor
  readonly vault: LedgerCipher
  readonly rules: ExchangeRules
}

/** The frozen price of the whole order. Amounts are decimal CNY: it is serialized in payloads. */
export interface Quote {
  readonly productId: string
  /** Undefined: the quote of an earlier version; the product was its own SKU. */
  readonly skuId?: string
  readonly quantity: number
  readonly paymentMode: PaymentMode
  readonly points: number
  readonly pieceAmount: string
  readonly totalPoints: number
  readonly totalAmount: string
}

export type Placed =
  | {
      readonly placed: true
      readonly status: OrderStatus
      readonly outTradeNo: string | null
      /** The mall itself hands it out once it is paid. */
      readonly handsOut?: true
      /** A supplier charges it once it is paid. */
      readonly charges?: true
    }
  | { readonly placed: false; readonly refusal: Refusal }

export interface PlaceInput {
  readonly orderNo: string
  /** ISO time until which an unpaid order holds points and stock. */
  readonly payBy: string
  readonly outsideSteps: readonly ExternalStep[]
  readonly quote?: Quote
}

export const piecesOf = ({ productId, skuId = productId, quantity }: Quote): Pieces => ({
  productId,
  skuId,
  quantity,
})

/** A guarded statement matched less than was read just before. */
class RaceError extends Error {}

export function createPlaceActivities(deps: PlaceDeps) {
  const { db } = deps

  /**
   * Runs before external steps. An order that will wait for payment counts as unpaid from here on, which
   * limits external holds.
   */
  async function quoteExchange(orderNo: string): Promise<{ quote: Quote } | { refusal: Refusal }> {
    const attempt = await findAttempt(db, orderNo)
    if (!attempt) throw new Error(`no attempt ${orderNo}`)
    requireCurrentRun(attempt)
    if (attempt.refusal) return { refusal: attempt.refusal }
    try {
      return { quote: await db.transaction().execute((tx) => quoteIn(deps, tx, attempt)) }
    } catch (error) {
      if (!(error instanceof DomainError)) throw error
      await markRefused(db, orderNo, error.refusal)
      return { refusal: error.refusal }
    }
  }

  /** All local steps, in one transaction. The contended stock row comes last to keep its lock short. */
  async function placeExchange(input: PlaceInput): Promise<Placed> {
    for (let round = 0; round < 5; round += 1) {
      try {
        return await db.transaction().execute((tx) => placeIn(deps, tx, input))
      } catch (error) {
        if (error instanceof RaceError) continue
        if (!(error instanceof DomainError)) throw error
        return await refuse(input, error.refusal)
      }
    }
    return refuse(input, { code: 'UNAVAILABLE' })
  }

  async function refuse(input: PlaceInput, refusal: Refusal): Promise<Placed> {
    if (await markRefused(db, input.orderNo, refusal)) return { placed: false, refusal }
    return db.transaction().execute(async (tx) => {
      const attempt = await lockAttempt(tx, input.orderNo)
      if (attempt.state === 'placed') return earlierResult(tx, input.orderNo)
      return { placed: false, refusal: attempt.refusal ?? refusal }
    })
  }

  return { quoteExchange, placeExchange }
}

async function quoteIn(deps: PlaceDeps, tx: Tx, attempt: Attempt): Promise<Quote> {
  await lockUnpaid(tx, attempt.owner_id)
  const { reasons, quote } = await assess(deps, tx, attempt)
  if (reasons[0]) throw new DomainError(reasons[0])
  if (!quote) throw new DomainError({ code: 'NOT_FOUND' })
  if (isDueLater(attempt, quote.quote)) await countUnpaid(tx, attempt.order_no)
  return quote.quote
}

function isDueLater({ payment_method }: Attempt, { totalAmount }: Quote): boolean {
  return payment_method !== 'wallet' && fenOf(totalAmount) > 0n
}

async function placeIn(deps: PlaceDeps, tx: Tx, input: PlaceInput): Promise<Placed> {
  const { sealer, vault } = deps
  const { orderNo } = input
  const attempt = await takeAttempt(tx, orderNo)
  if (!attempt) return earlierResult(tx, orderNo)
  requireCurrentRun(attempt)
  // This lock also protects the owner's counts below, such as unpaid orders.
  const account = await lockAccount(tx, vault, attempt.owner_id, 'ZJF')
  const assessed = await assess(deps, tx, attempt, input)
  const reason = assessed.reasons.find(({ code }) => !isReservedExternally(code, input))
  if (reason) throw new DomainError(reason)
  if (!assessed.quote) throw new DomainError({ code: 'NOT_FOUND' })
  const { product, shippingType, request } = assessed.quote
  const quote = input.quote ?? assessed.quote.quote
  const cashFen = fenOf(quote.totalAmount)
  const method = cashFen > 0n ? attempt.payment_method : null
  const ours = (step: ExternalStep) => !input.outsideSteps.includes(step)
  const dueLater = isDueLater(attempt, quote)
  const settled = !dueLater && input.outsideSteps.length === 0

  if (ours('points') && quote.totalPoints > 0) {
    const spend = {
      ownerId: attempt.owner_id,
      currency: 'ZJF' as const,
      amount: BigInt(quote.totalPoints),
      orderNo,
    }
    if (!(await hold(tx, vault, spend, settled ? 'capture' : 'keep', account))) throw new RaceError()
  }
  // Points before cash: see `settle`.
  const order = { order_no: orderNo, owner_id: attempt.owner_id, total_money: quote.totalAmount }
  const tradeNo = settled && cashFen > 0n ? await captureFromWallet(tx, vault, order, cashFen) : null
  const payBy = dueLater ? new Date(input.payBy) : null
  const passed: OrderStatus[] = ours('orders') ? ['exchanged', 'order_created'] : ['exchanged']
  if (settled) passed.push('order_paid')
  await recordExchange(
    tx,
    {
      id: attempt.id,
      ...order,
      product_id: quote.productId,
      sku_id: quote.skuId ?? quote.productId,
      sku_specs: product.specs && JSON.stringify(product.specs),
      product_title: product.title,
      product_image: product.image,
      shipping_type: shippingType,
      delivery: product.delivery ?? defaultDelivery(shippingType),
      returnable: JSON.stringify(product.returnable),
      points_price: quote.paymentMode === 'money_only' ? 0 : quote.points,
      money_price: quote.paymentMode === 'points_only' ? '0.00' : quote.pieceAmount,
      quantity: quote.quantity,
      total_points: quote.totalPoints,
      payment_mode: quote.paymentMode,
      cancel_reason: null,
      needs_attention: null,
      pay_by: payBy,
      run_id: attempt.run_id,
      shipping_info: null,
      address_info: request.address ? sealer.seal(request.address, `address/${orderNo}`) : null,
      contact_terms: contactHashes(sealer, request.address),
      customer_notes: sealer.seal(notesOf(request), `notes/${orderNo}`),
      owner_type: 'user',
      operator_type: null,
      operator_id: null,
      deleted_at: null,
      ...(settled
        ? paidColumns(method, tradeNo, payBy)
        : { payment_status: 'unpaid', payment_method: method, payment_info: null }),
    },
    passed,
  )
  if (attempt.order_service === 'outside') await keepExternalOrder(tx, orderNo)
  if (product.delivery === 'charge' && product.charge && request.account !== undefined) {
    const { item } = product.charge
    await recordCharge(tx, sealer, { orderNo, item, quantity: quote.quantity, account: request.account })
  }
  const payment = dueLater
    ? await recordPayment(tx, orderNo, method as PaymentMethod, quote.totalAmount, 'unpaid')
    : undefined
  if (ours('stock')) {
    const piece = { points: quote.points, fen: fenOf(quote.pieceAmount), delivery: product.delivery }
    const state = settled ? 'committed' : 'held'
    if (!(await reserveStock(tx, orderNo, piecesOf(quote), piece, state))) throw new RaceError()
  }
  return {
    placed: true,
    status: passed.at(-1) ?? 'exchanged',
    outTradeNo: payment?.out_trade_no ?? null,
    ...fulfilmentOf(product),
  }
}

/** What happens by itself once it is paid. */
function fulfilmentOf({ delivery }: { readonly delivery: Delivery | null }): {
  readonly handsOut?: true
  readonly charges?: true
} {
  if (isHandedOut(delivery)) return { handsOut: true }
  return delivery === 'charge' ? { charges: true } : {}
}

/** An earlier step already reserved these pieces in an external system. */
function isReservedExternally(code: RefusalCode, { quote, outsideSteps }: PlaceInput): boolean {
  return code === 'OUT_OF_STOCK' && quote !== undefined && outsideSteps.includes('stock')
}

async function earlierResult(tx: Tx, orderNo: string): Promise<Placed> {
  const attempt = await findAttempt(tx, orderNo)
  if (!attempt) throw new Error(`no attempt ${orderNo}`)
  if (attempt.refusal) return { placed: false, refusal: attempt.refusal }
  const order = await lockOrder(tx, orderNo)
  requireCurrentRun(order)
  const payment = await tx
    .selectFrom('payments')
    .select('out_trade_no')
    .where('order_no', '=', orderNo)
    .where('state', '=', 'unpaid')
    .executeTakeFirst()
  return {
    placed: true,
    status: order.status,
    outTradeNo: payment?.out_trade_no ?? null,
    ...fulfilmentOf(order),
  }
}

interface Assessed {
  readonly reasons: Refusal[]
  readonly quote:
    | {
        readonly quote: Quote
        readonly product: ProductInputs
        readonly shippingType: ShippingType
        readonly request: PrivateRequest
      }
    | undefined
}

async function assess(
  { sealer, vault, rules }: PlaceDeps,
  db: Db,
  attempt: Attempt,
  input?: PlaceInput,
): Promise<Assessed> {
  const { owner_id, product_id, sku_id, level, order_no } = attempt
  const request = sealer.open(attempt.request, `request/${order_no}`) as PrivateRequest
  const sku = { productId: product_id, skuId: sku_id }
  const read = await readEligibilityInputs(db, vault, owner_id, sku, level, order_no)
  const { product } = read
  // An external system keeps these points: its hold decides, or has decided.
  const holdDecides =
    attempt.points_wallet === 'outside' || (input?.quote && input.outsideSteps.includes('points'))
  const facts = holdDecides ? { ...read.facts, pointsAvailable: null } : read.facts
  const reasons = reasonsAgainst(
    facts,
    {
      quantity: attempt.quantity,
      address: request.address ?? null,
      account: request.account ?? null,
      ...(attempt.payment_method ? { method: attempt.payment_method } : {}),
      cashFen: attempt.cash_amount === null ? undefined : fenOf(attempt.cash_amount),
      expectedPoints: attempt.expected_points ?? undefined,
    },
    rules,
  )
  if (!facts.product || !product) return { reasons, quote: undefined }
  const total = totalOf(facts.product, attempt.quantity)
  return {
    reasons,
    quote: {
      product,
      shippingType: facts.product.shippingType,
      request,
      quote: {
        productId: product.id,
        skuId: product.skuId,
        quantity: attempt.quantity,
        paymentMode: facts.product.paymentMode,
        points: facts.product.points,
        pieceAmount: decimalFromFen(facts.product.fen),
        totalPoints: total.points,
        totalAmount: decimalFromFen(total.fen),
      },
    },
  }
}

function notesOf({ buyer_remarks, buyer_message, customized, custom }: PrivateRequest) {
  return { buyer_remarks, buyer_message, customized, custom }
}
