import { randomBytes } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import { WithStartWorkflowOperation, WorkflowExecutionAlreadyStartedError } from '@temporalio/client'
import type { Db } from '../../db/client.ts'
import {
  type Attempt,
  findAttempt,
  findAttemptByKey,
  forgetRefused,
  keepAttempt,
  markRefused,
  type PaymentChannel,
  type PrivateRequest,
  sealChannel,
} from '../../db/orders/attempts.ts'
import { readEligibilityInputs } from '../../db/orders/eligibility-inputs.ts'
import type { Encryptor } from '../../db/platform/encryption.ts'
import {
  type CustomAnswer,
  type CustomValues,
  fieldsOfSchema,
  isAnsweredBy,
  readAnswers,
} from '../../domain/catalogue/custom-fields.ts'
import { type Total, totalOf } from '../../domain/catalogue/pricing.ts'
import type { PaymentMode } from '../../domain/catalogue/product.ts'
import { DomainError, InvalidInputError, type Refusal } from '../../domain/errors.ts'
import { decimalFromFen, type Fen } from '../../domain/money.ts'
import {
  type EligibilityInputs,
  type ExchangeWish,
  reasonsAgainst,
  unpaidReasons,
} from '../../domain/orders/eligibility.ts'
import { newOrderNo } from '../../domain/orders/number.ts'
import type { PaymentMethod } from '../../domain/payments/method.ts'
import { isVisible } from '../../domain/text.ts'
import type { PointsWallet } from '../../wallets/port.ts'
import { EXCHANGE_WORKFLOW, placedUpdate, type Verdict } from '../../workflows/messages.ts'
import { isGone, isTimeout, isUnavailable, retryUnavailable } from '../temporal/client.ts'
import { adoptOrder, outsideStepsOf, startOptions } from './adoption.ts'
import type { ExchangeDeps } from './exchange-deps.ts'
import { keepFirstOrAgreed } from './recent.ts'

/** Below this margin a repeat may already have been answered 202 with the number. */
const FORGET_MARGIN_MS = 1_000

export interface Customer {
  readonly ownerId: string
  readonly level: number
}

export interface ExchangeCommand extends Omit<PrivateRequest, 'custom'> {
  readonly productId: string
  /** Undefined: the product has one. */
  readonly skuId?: string | undefined
  readonly quantity: number
  readonly cashFen?: Fen | undefined
  /** The order's total in points that the customer agreed to. */
  readonly expectedPoints?: number | undefined
  /** What the product's fields ask for. */
  readonly custom?: CustomValues | undefined
  readonly method?: PaymentMethod | undefined
  readonly channel?: PaymentChannel | undefined
  /** The order that was shown, where a second one of the product within minutes is asked about; undefined: it is not. */
  readonly asks?: { readonly shown: string | undefined } | undefined
}

/** Only the number while the result is unknown. */
export interface Exchanged {
  readonly attempt: Attempt
  readonly known: boolean
}

/**
 * Redeems a product; one idempotency key creates one order. The result is unknown after `temporal.answerMs`.
 * @throws DomainError the first failed rule, and nothing is stored; OverloadedError; InvalidInputError; RecentExchangeError
 * with `asks`
 */
export async function exchange(
  deps: ExchangeDeps,
  customer: Customer,
  command: ExchangeCommand,
  idempotencyKey: string | undefined,
): Promise<Exchanged> {
  const deadline = Date.now() + deps.temporal.answerMs
  return deps.temporal.gate.run(deadline, async () => {
    const { mode, refusal, invalid, answers } = await assess(deps, customer, command)
    const error = invalid ?? (refusal && new DomainError(refusal))
    // A repeat returns the placed order, even if the rules would refuse it now.
    const kept =
      error && idempotencyKey ? await findAttemptByKey(deps.db, customer.ownerId, idempotencyKey) : undefined
    if (error && !kept) throw error
    const fresh = newAttempt(deps, customer, command, answers, idempotencyKey)
    const keep = () =>
      command.asks ? keepFirstOrAgreed(deps.db, fresh, command.asks.shown) : keepAttempt(deps.db, fresh)
    const attempt = kept ?? (await keep())
    const isRepeat = attempt.order_no !== fresh.order_no
    if (isRepeat && !isSame(deps.sealer, attempt, command, deps.settings.defaultMethod)) {
      throw new DomainError({ code: 'IDEMPOTENCY_KEY_REUSED' })
    }
    if (attempt.state === 'placed') return { attempt, known: true }
    const verdict = await askVerdict(deps, attempt, mode, deadline)
    if (!verdict) return { attempt, known: false }
    if (verdict.placed) return { attempt, known: true }
    // The customer may have the number, so it must keep showing the refusal.
    if (!isRepeat && Date.now() < deadline - FORGET_MARGIN_MS) await forgetRefused(deps.db, attempt.order_no)
    throw new DomainError(verdict.refusal)
  })
}

function isSame(sealer: Encryptor, kept: Attempt, command: ExchangeCommand, method: PaymentMethod): boolean {
  const { custom = [], ...request } = sealer.open(kept.request, `request/${kept.order_no}`) as PrivateRequest
  return (
    kept.product_id === command.productId &&
    kept.sku_id === (command.skuId ?? null) &&
    kept.quantity === command.quantity &&
    kept.payment_method === (command.method ?? method) &&
    kept.cash_amount === (command.cashFen === undefined ? null : decimalFromFen(command.cashFen)) &&
    kept.expected_points === (command.expectedPoints ?? null) &&
    isAnsweredBy(custom, command.custom ?? {}) &&
    isDeepStrictEqual(request, JSON.parse(JSON.stringify(privateOf(command, []))))
  )
}

function privateOf(command: ExchangeCommand, answers: readonly CustomAnswer[]): PrivateRequest {
  const { address, account, buyer_remarks, buyer_message, customized } = command
  const custom = answers.length > 0 ? answers : undefined
  return { address, account, buyer_remarks, buyer_message, customized, custom }
}

interface Assessed {
  readonly mode: PaymentMode
  readonly refusal: Refusal | undefined
  /** Comes before the refusal. */
  readonly invalid: InvalidInputError | undefined
  readonly answers: readonly CustomAnswer[]
}

async function assess(
  { db, vault, settings, outsideWallet }: ExchangeDeps,
  customer: Customer,
  command: ExchangeCommand,
): Promise<Assessed> {
  const { facts, product } = await readEligibilityInputs(db, vault, customer.ownerId, command, customer.level)
  const first = (known: EligibilityInputs) =>
    reasonsAgainst(
      known,
      {
        quantity: command.quantity,
        address: command.address ?? null,
        account: command.account ?? null,
        method: command.method ?? settings.defaultMethod,
        cashFen: command.cashFen,
        expectedPoints: command.expectedPoints,
      },
      settings.rules,
    )[0]
  const mode = facts.product?.paymentMode ?? 'points_only'
  const unlessOutside = first(outsideWallet ? { ...facts, pointsAvailable: null } : facts)
  const isThere = unlessOutside?.code !== 'NOT_FOUND' && unlessOutside?.code !== 'PRODUCT_NOT_ON_SALE'
  const fields = fieldsOfSchema(product?.customFields ?? null)
  const { answers, errors } = readAnswers(fields, command.custom ?? {})
  if (product?.productType === 'customized' && fields.length === 0 && !saysSomething(command.customized)) {
    errors.push({ field: 'customized', rule: 'required' })
  }
  if (command.account !== undefined && product && product.delivery !== 'charge') {
    errors.push({ field: 'account', rule: 'charge_only' })
  }
  const invalid = isThere && errors.length > 0 ? new InvalidInputError(...errors) : undefined
  // Do not call the external wallet for a refusal that is certain without it.
  const decided = invalid || (unlessOutside && unlessOutside.code !== 'INSUFFICIENT_BALANCE')
  if (!outsideWallet || decided || mode === 'money_only') {
    return { mode, refusal: unlessOutside, invalid, answers }
  }
  const refusal = first(await withOutsidePoints(outsideWallet, customer.ownerId, facts))
  return { mode, refusal, invalid, answers }
}

function saysSomething(wish: unknown): boolean {
  if (typeof wish === 'string') return isVisible(wish)
  if (typeof wish === 'object' && wish !== null) return Object.values(wish).some(saysSomething)
  return wish !== undefined && wish !== null
}

/** The balance is null when the external wallet does not respond. */
async function withOutsidePoints(
  wallet: PointsWallet,
  ownerId: string,
  facts: EligibilityInputs,
): Promise<EligibilityInputs> {
  try {
    return { ...facts, pointsAvailable: (await wallet.balance(ownerId)).available }
  } catch {
    return { ...facts, pointsAvailable: null }
  }
}

function newAttempt(
  { sealer, settings, outsideWallet }: ExchangeDeps,
  customer: Customer,
  command: ExchangeCommand,
  answers: readonly CustomAnswer[],
  idempotencyKey: string | undefined,
) {
  const order_no = newOrderNo(new Date(), randomBytes(12))
  const { orderService: order_service } = settings
  const pointsWallet = outsideWallet ? ('outside' as const) : ('ledger' as const)
  return {
    order_no,
    owner_id: customer.ownerId,
    idempotency_key: idempotencyKey ?? null,
    product_id: command.productId,
    sku_id: command.skuId ?? null,
    quantity: command.quantity,
    payment_method: command.method ?? settings.defaultMethod,
    cash_amount: command.cashFen === undefined ? null : decimalFromFen(command.cashFen),
    expected_points: command.expectedPoints ?? null,
    level: customer.level,
    request: sealer.seal(privateOf(command, answers), `request/${order_no}`),
    channel: command.channel ? sealChannel(sealer, order_no, command.channel) : null,
    points_wallet: pointsWallet,
    order_service,
    outside_steps: outsideStepsOf(
      { settings },
      { outside_steps: null, points_wallet: pointsWallet, order_service },
    ),
    refusal: null,
    resolved_at: null,
  }
}

/** @returns undefined when the workflow has no verdict in time */
async function askVerdict(
  deps: ExchangeDeps,
  attempt: Attempt,
  mode: PaymentMode,
  deadline: number,
): Promise<Verdict | undefined> {
  const { db, temporal } = deps
  const outsideSteps = outsideStepsOf(deps, attempt)
  const options = startOptions(deps, {
    orderNo: attempt.order_no,
    ownerId: attempt.owner_id,
    outsideSteps,
    status: 'exchanged',
    mode,
  })
  const ask = () =>
    temporal.client.withDeadline(deadline, () =>
      temporal.client.workflow.executeUpdateWithStart(placedUpdate, {
        updateId: 'placed',
        startWorkflowOperation: new WithStartWorkflowOperation(EXCHANGE_WORKFLOW, {
          ...options,
          // Local placement runs once; with external steps a further run has to check first.
          workflowIdReusePolicy:
            outsideSteps.length === 0 ? 'ALLOW_DUPLICATE_FAILED_ONLY' : 'REJECT_DUPLICATE',
        }),
      }),
    )
  try {
    return await retryUnavailable(deadline, () =>
      ask().catch((error: unknown) => {
        // The workflow ended during the call: a new one reads what is already done.
        if (isGone(error)) return ask()
        throw error
      }),
    )
  } catch (error) {
    // The workflow may have started or starts later, so "try again" would create a second order.
    if (isTimeout(error) || isUnavailable(error)) return undefined
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error
    // External systems may hold something for the order; a further run releases it first.
    if ((await adoptOrder(deps, attempt.order_no)).is === 'running') return undefined
    return verdictAtEnd(db, attempt.order_no)
  }
}

/** An ended workflow has stored its verdict, unless it was terminated. */
async function verdictAtEnd(db: Db, orderNo: string): Promise<Verdict> {
  await markRefused(db, orderNo, { code: 'UNAVAILABLE' })
  const attempt = await findAttempt(db, orderNo)
  if (attempt?.state === 'placed') return { placed: true, status: 'order_created' }
  return { placed: false, refusal: attempt?.refusal ?? { code: 'UNAVAILABLE' } }
}

export interface Check {
  readonly reasons: readonly Refusal[]
  /** Reasons against paying later when cash is due: only the wallet pays immediately. */
  readonly unpaidReasons: readonly Refusal[]
  readonly total: Total
  readonly facts: EligibilityInputs
}

/**
 * Returns every failed rule; changes nothing.
 * @param wish method undefined: a rule fails only if it fails for every method; custom undefined: not checked
 * @throws DomainError NOT_FOUND; InvalidInputError on `custom`
 */
export async function checkExchange(
  { db, vault, settings, outsideWallet }: Pick<ExchangeDeps, 'db' | 'vault' | 'settings' | 'outsideWallet'>,
  customer: Customer,
  sku: { readonly productId: string; readonly skuId?: string | undefined },
  {
    custom,
    ...wish
  }: Pick<ExchangeWish, 'quantity' | 'method' | 'expectedPoints'> & {
    readonly custom?: CustomValues | undefined
  },
): Promise<Check> {
  const { quantity } = wish
  const read = await readEligibilityInputs(db, vault, customer.ownerId, sku, customer.level)
  const facts = outsideWallet
    ? await withOutsidePoints(outsideWallet, customer.ownerId, read.facts)
    : read.facts
  if (!facts.product || facts.product.sku === 'unknown') throw new DomainError({ code: 'NOT_FOUND' })
  if (custom) {
    const { errors } = readAnswers(fieldsOfSchema(read.product?.customFields ?? null), custom)
    if (errors.length > 0) throw new InvalidInputError(...errors)
  }
  const { rules } = settings
  const total = facts.product.sku === 'chosen' ? totalOf(facts.product, quantity) : { points: 0, fen: 0n }
  return {
    reasons: reasonsAgainst(facts, wish, rules),
    unpaidReasons: total.fen > 0n ? unpaidReasons(facts.product, facts, quantity, rules) : [],
    total,
    facts,
  }
}

/** For attempts whose start was lost to a crash or an outage. @param onError called per failure; others continue */
export async function resumeAttempts(
  deps: ExchangeDeps,
  olderThanMs: number,
  onError: (orderNo: string, error: unknown) => void,
): Promise<number> {
  const rows = await deps.db
    .selectFrom('exchange_attempts as attempt')
    .innerJoin('points_products as product', 'product.id', 'attempt.product_id')
    .selectAll('attempt')
    .select('product.payment_mode')
    .where('attempt.state', '=', 'pending')
    .where('attempt.created_at', '<', new Date(Date.now() - olderThanMs))
    .orderBy('attempt.created_at')
    .limit(50)
    .execute()
  const deadline = Date.now() + deps.temporal.answerMs
  const outcomes = await Promise.allSettled(
    rows.map(({ payment_mode, ...attempt }) => askVerdict(deps, attempt, payment_mode, deadline)),
  )
  for (const [n, outcome] of outcomes.entries()) {
    if (outcome.status === 'rejected') onError(rows[n]?.order_no ?? '', outcome.reason)
  }
  return outcomes.filter(({ status }) => status === 'fulfilled').length
}
