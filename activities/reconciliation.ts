import { setTimeout as pause } from 'node:timers/promises'
import type { Db } from '../db/client.ts'
import {
  findAmountViolations,
  findBrokenLedger,
  findEarningViolations,
  findOrderViolations,
  findPaymentViolations,
} from '../db/reconciliation/invariants.ts'
import {
  beginRun,
  findRun,
  findStuck,
  finishRun,
  keepFindings,
  keepTotals,
  listAtRest,
  listOpenOrders,
  listUnpaid,
  markHealed,
  markRead,
  readCounted,
  readReference,
  readRefundRef,
  readTotals,
} from '../db/reconciliation/reconciliations.ts'
import type { LedgerCipher } from '../db/wallet/ledger-cipher.ts'
import { dayInShanghai } from '../domain/business-time.ts'
import { decimalFromFen, type Fen } from '../domain/money.ts'
import { isFullyRefunded } from '../domain/payments/decision.ts'
import {
  type BilledMoney,
  type Counted,
  type CountedPayment,
  type CountedRefund,
  compareBill,
  type Finding,
  type FindingKind,
  LONG_MS,
  LONG_REFUND_MS,
  lackingIn,
  MARGIN_MS,
  missingPayment,
  missingRefund,
  type PaidMoney,
  type Totals,
} from '../domain/reconciliation/comparison.ts'
import {
  type Disagreement,
  moneySide,
  named,
  type Side,
  stateSide,
} from '../domain/reconciliation/findings.ts'
import { type PaymentProvider, ProviderRefusalError } from '../payments/port.ts'

export interface Engine {
  runningExchanges(): Promise<ReadonlySet<string>>
  /** Authoritative, unlike `runningExchanges`. */
  isRunning(orderNo: string): Promise<boolean>
  /** Starts the missing workflow. @returns whether the exchange runs now */
  adopt(orderNo: string): Promise<boolean>
  tell(source: string, subject: string, money: PaidMoney): Promise<void>
}

export interface ReconciliationDeps {
  readonly db: Db
  readonly vault: LedgerCipher
  readonly providers: readonly PaymentProvider[]
  readonly engine: Engine
}

const TRIES = 3
const TRY_AGAIN_MS = 500
/** Apparent violations are read again after this: several statements do not share one snapshot. */
const LOOK_AGAIN_MS = 2_000
/** Workflows that were told of a finding have this long to resolve it. */
const HEALS_WITHIN_MS = 10_000

class UnreachableError extends Error {
  override name = 'UnreachableError'
}

export function createReconciliationActivities({ db, vault, providers, engine }: ReconciliationDeps) {
  async function beginReconciliation({
    day,
    runKey,
  }: {
    readonly day: string
    readonly runKey: string
  }): Promise<{ id: string; providers: string[] }> {
    return { id: await beginRun(db, day, runKey), providers: providers.map(({ name }) => name) }
  }

  /**
   * @returns `later` where the bill is not available yet or the provider is unreachable; a finding until a
   * repeat reads it
   */
  async function reconcileProvider({
    id,
    day,
    provider: name,
  }: {
    readonly id: string
    readonly day: string
    readonly provider: string
  }): Promise<'compared' | 'later'> {
    const provider = providers.find((candidate) => candidate.name === name)
    if (!provider) return 'compared'
    const isOver = dayInShanghai(day).to.getTime() <= Date.now()
    const unread = (kind: FindingKind, theirs: Side): Finding[] => [
      { kind, subject: named(name), ours: null, theirs, orderNo: null },
    ]
    try {
      const bill = await withRetries(() => provider.downloadBill(day))
      const findings = bill ? await compareWithBill(provider, day, bill) : await askForUnpaid(provider, day)
      const isAwaited = !bill && isOver && (await hasCounted(provider, day))
      await keepFindings(db, id, findings)
      await keepTotals(db, id, totalsOf(name, bill))
      await markRead(db, id, named(name), ['provider_unreachable'])
      for (const { subject, tell } of findings) {
        if (tell && subject.code === 'named') await engine.tell(name, subject.data.no, tell)
      }
      if (!isAwaited) await markRead(db, id, named(name), ['bill_missing'])
      else await keepFindings(db, id, unread('bill_missing', { code: 'no_bill', data: { day } }))
      return isAwaited ? 'later' : 'compared'
    } catch (error) {
      if (!(error instanceof UnreachableError)) throw error
      await keepFindings(db, id, unread('provider_unreachable', sideOfError(error)))
      return isOver ? 'later' : 'compared'
    }
  }

  async function compareWithBill(provider: PaymentProvider, day: string, bill: readonly BilledMoney[]) {
    // Ours is read second: what was recorded meanwhile is on both sides.
    const counted = await readCounted(
      db,
      provider.method,
      {
        tradeNos: [...new Set(bill.map(({ outTradeNo }) => outTradeNo))],
        refundNos: bill.flatMap(({ refundNo }) => refundNo ?? []),
      },
      dayInShanghai(day),
    )
    const now = new Date()
    const lacking = lackingIn(bill, counted, day, now)
    const findings: Finding[] = []
    for (const finding of compareBill(bill, counted, now)) {
      findings.push(await withoutRefundedPayment(provider, finding, counted))
    }
    return [...findings, ...(await askForLacking(provider, lacking))]
  }

  /** Skips payments that were since refunded in the provider's console. */
  async function withoutRefundedPayment(
    provider: PaymentProvider,
    finding: Finding,
    counted: Counted,
  ): Promise<Finding> {
    const { tell, ...untold } = finding
    const payment = counted.payments.find(({ outTradeNo }) => outTradeNo === tell?.outTradeNo)
    if (finding.kind !== 'payment_not_counted' || !payment) return finding
    const reference = await readReference(db, payment)
    const found = await askProvider(() => provider.query({ outTradeNo: payment.outTradeNo, ...reference }))
    return !(found instanceof ProviderRefusalError) && isFullyRefunded(found) ? untold : finding
  }

  /** Another day's bill may have what this one lacks: the provider itself is asked. */
  async function askForLacking(provider: PaymentProvider, { payments, refunds }: Counted) {
    const findings: Finding[] = []
    for (const payment of payments) {
      const theirs = await askForPayment(provider, payment)
      const isThere = theirs.state === 'paid' && theirs.amountFen === payment.amountFen
      if (!isThere) findings.push(missingPayment(payment, theirs.side))
    }
    for (const refund of refunds) {
      const theirs = await askForRefund(provider, refund)
      if (theirs.state !== 'done') findings.push(missingRefund(refund, theirs.side))
    }
    return findings
  }

  async function askForPayment(provider: PaymentProvider, payment: CountedPayment): Promise<Asked> {
    const { outTradeNo } = payment
    const reference = await readReference(db, payment)
    const found = await askProvider(() => provider.query({ outTradeNo, ...reference }))
    if (found instanceof ProviderRefusalError) return answerOfRefusal(found)
    const { state, amountFen } = found
    return state === 'paid' && amountFen !== undefined
      ? { state, amountFen, side: moneySide(state, decimalFromFen(amountFen)) }
      : { state, side: stateSide(state) }
  }

  async function askForRefund(provider: PaymentProvider, refund: CountedRefund): Promise<Asked> {
    const { outTradeNo, refundNo } = refund
    const refundRef = await readRefundRef(db, refundNo)
    if (refundRef === undefined) return { state: 'unknown', side: stateSide('unknown') }
    const found = await askProvider(() => provider.queryRefund({ outTradeNo, refundNo, refundRef }))
    if (found instanceof ProviderRefusalError) return answerOfRefusal(found)
    return { state: found.state, side: stateSide(found.state) }
  }

  /** A day without business never gets a bill. */
  async function hasCounted({ method }: PaymentProvider, day: string): Promise<boolean> {
    const none = { tradeNos: [], refundNos: [] }
    const { payments, refunds } = await readCounted(db, method, none, dayInShanghai(day))
    return payments.length + refunds.length > 0
  }

  async function askForUnpaid(provider: PaymentProvider, day: string): Promise<Finding[]> {
    const { from, to } = dayInShanghai(day)
    const settledBy = new Date(Math.min(to.getTime(), Date.now() - MARGIN_MS))
    const findings: Finding[] = []
    for (const payment of await listUnpaid(db, provider.method, from, settledBy)) {
      const { outTradeNo } = payment
      const reference = await readReference(db, payment)
      const found = await askProvider(() => provider.query({ outTradeNo, ...reference }))
      if (found instanceof ProviderRefusalError || found.state !== 'paid' || isFullyRefunded(found)) continue
      const { amountFen = payment.amountFen, paymentRef } = found
      const line = {
        kind: 'payment' as const,
        outTradeNo,
        amountFen,
        at: from,
        ...(paymentRef && { paymentRef }),
      }
      const now = await readCounted(
        db,
        provider.method,
        { tradeNos: [outTradeNo], refundNos: [] },
        { from, to: from },
      )
      findings.push(...compareBill([line], now, new Date()))
    }
    return findings
  }

  async function reconcileBooks(id: string): Promise<void> {
    await keepTotals(db, id, await readTotals(db))
    const broken = await findViolations()
    if (broken.length === 0) return
    await pause(LOOK_AGAIN_MS)
    const before = new Set(broken.map(keyOf))
    await keepFindings(
      db,
      id,
      (await findViolations()).filter((finding) => before.has(keyOf(finding))),
    )
  }

  async function findViolations(): Promise<Finding[]> {
    const as = (kind: FindingKind, broken: readonly Disagreement[]) =>
      broken.map((one): Finding => ({ kind, ...one }))
    return [
      ...as('order_against_books', await findOrderViolations(db)),
      ...as('ledger', await findBrokenLedger(db, vault)),
      ...as('payment_against_order', await findPaymentViolations(db)),
      ...as('amount_against_ledger', await findAmountViolations(db, vault)),
      ...as('earning_against_ledger', await findEarningViolations(db, vault)),
    ]
  }

  async function reconcileWorkflows(id: string): Promise<void> {
    const now = Date.now()
    const longAgo = new Date(now - LONG_MS)
    await keepFindings(db, id, await findStuck(db, longAgo, new Date(now - LONG_REFUND_MS)))
    try {
      const unattended = await findUnattended(new Date(now - MARGIN_MS), longAgo)
      await keepFindings(db, id, unattended)
      for (const { kind, subject, orderNo } of unattended) {
        if (kind !== 'workflow_missing' || orderNo === null) continue
        if (await askEngine(() => engine.adopt(orderNo))) await markRead(db, id, subject, [kind])
      }
    } catch (error) {
      if (!(error instanceof UnreachableError)) throw error
      const unread = { subject: named('workflows'), ours: null, theirs: sideOfError(error), orderNo: null }
      await keepFindings(db, id, [{ kind: 'engine_unreachable', ...unread }])
    }
  }

  async function findUnattended(recently: Date, longAgo: Date): Promise<Finding[]> {
    const open = await listOpenOrders(db, recently)
    const running = await askEngine(() => engine.runningExchanges())
    const findings: Finding[] = []
    for (const { order_no, status } of open) {
      if (running.has(order_no) || (await askEngine(() => engine.isRunning(order_no)))) continue
      // It may have ended meanwhile.
      const [still] = await listOpenOrders(db, recently, order_no)
      if (!still) continue
      const about = { subject: named(order_no), orderNo: order_no, ours: stateSide(status) }
      findings.push({ kind: 'workflow_missing', ...about, theirs: { code: 'not_running', data: {} } })
    }
    for (const { order_no, status } of await listAtRest(db, [...running], longAgo)) {
      if (!(await askEngine(() => engine.isRunning(order_no)))) continue
      const about = {
        subject: named(order_no),
        orderNo: order_no,
        ours: status === null ? null : stateSide(status),
      }
      findings.push({ kind: 'workflow_left_running', ...about, theirs: { code: 'running', data: {} } })
    }
    return findings
  }

  /** Gives notified workflows a moment to resolve their findings. */
  async function finishReconciliation(id: string): Promise<{ open: number; healed: number }> {
    for (const deadline = Date.now() + HEALS_WITHIN_MS; ; await pause(200)) {
      const left = await markHealed(db, id)
      if (left === 0 || Date.now() > deadline) break
    }
    await finishRun(db, id)
    const run = await findRun(db, id)
    return { open: run?.open ?? 0, healed: run?.healed ?? 0 }
  }

  return { beginReconciliation, reconcileProvider, reconcileBooks, reconcileWorkflows, finishReconciliation }
}

const keyOf = ({ kind, subject, ours, theirs }: Finding) => JSON.stringify([kind, subject, ours, theirs])

/** Temporal's client retries by itself. */
const askEngine = <T>(ask: () => Promise<T>): Promise<T> => withRetries(ask, 1)

/** @throws UnreachableError after `tries` failures in a row */
async function withRetries<T>(ask: () => Promise<T>, tries = TRIES): Promise<T> {
  for (let tried = 1; ; tried += 1) {
    try {
      return await ask()
    } catch (error) {
      if (tried >= tries) throw new UnreachableError(messageOf(error))
    }
    await pause(TRY_AGAIN_MS)
  }
}

async function askProvider<T>(ask: () => Promise<T>): Promise<T | ProviderRefusalError> {
  return withRetries(async () => {
    try {
      return await ask()
    } catch (error) {
      if (error instanceof ProviderRefusalError) return error
      throw error
    }
  })
}

function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const { cause } = error
  return cause instanceof Error && cause.message !== '' ? cause.message : error.message
}

interface Asked {
  readonly state?: string
  readonly amountFen?: Fen
  readonly side: Side
}

const answerOfRefusal = ({ code }: ProviderRefusalError): Asked => ({
  side: { code: 'refused', data: { reason: code } },
})

const sideOfError = ({ message }: Error): Side => ({ code: 'said', data: { said: message } })

function totalsOf(name: string, bill: readonly BilledMoney[] | undefined): Totals {
  if (!bill) return { bills: { [name]: null } }
  const sumOf = (kind: BilledMoney['kind']) => {
    const lines = bill.filter((line) => line.kind === kind)
    const sum = lines.reduce((total, { amountFen }) => total + amountFen, 0n)
    return { count: lines.length, money: decimalFromFen(sum) }
  }
  return { bills: { [name]: { lines: bill.length, payments: sumOf('payment'), refunds: sumOf('refund') } } }
}
