import type { OrderStatus, PaymentStatus } from '../../domain/orders/status.ts'
import type * as rules from '../../domain/payments/decision.ts'
import type { PaymentMethod } from '../../domain/payments/method.ts'

/**
 * One order, its payment attempts and a provider, as values: the flow of workflows/pay.ts with the decisions of
 * domain/payments/decision.ts. Events may occur between any two steps.
 */

export type Rules = Pick<
  typeof rules,
  'decideMoney' | 'canShowAgain' | 'decideClose' | 'afterCancel' | 'afterRefund'
>

/**
 * - `strict`: a closed trade cannot be paid
 * - `unseen`: an unopened cashier is unknown, and can be opened until it expires, as at Alipay
 * - `lax`: money may arrive although the trade is closed
 */
export const PROVIDERS = ['strict', 'unseen', 'lax'] as const
export type Provider = (typeof PROVIDERS)[number]

export const EVENTS = [
  'pay',
  'pay the first',
  'notify',
  'notify again',
  'deadline',
  'cancel',
  'close lost',
  'close answer lost',
  'method changed',
] as const
export type Event = (typeof EVENTS)[number]

interface Trade {
  open: boolean
  seen: boolean
  paid: boolean
  refunds: number
  /** Replaced before the provider knew it: its expiry closes it, not the mall. */
  left: boolean
}

interface Attempt {
  readonly method: PaymentMethod
  state: PaymentStatus
  readonly trade: Trade
}

type Letter =
  | { readonly kind: 'paid'; readonly attempt: Attempt }
  | { readonly kind: 'deadline' | 'cancel' | 'change' }

export interface World {
  readonly provider: Provider
  order: OrderStatus
  readonly attempts: Attempt[]
  readonly undelivered: Attempt[]
  lastDelivered: Attempt | undefined
  readonly mailbox: Letter[]
  /** The attempt that is being closed, and why. */
  closing: { readonly attempt: Attempt; readonly why: 'deadline' | 'cancel' | 'change' } | undefined
  /** What is lost of the next close calls. */
  readonly toLose: ('all of it' | 'the answer')[]
  /** Steps since the deadline; the provider's expiry comes after it. */
  overdue: number | undefined
  /** The provider said that it was paid, and the mall ignored it. */
  wronged: boolean
  /** What happened, to prove that a run covers something. */
  readonly seen: Set<string>
}

export function newWorld(provider: Provider): World {
  const world: World = {
    provider,
    order: 'order_created',
    attempts: [],
    undelivered: [],
    lastDelivered: undefined,
    mailbox: [],
    closing: undefined,
    toLose: [],
    overdue: undefined,
    wronged: false,
    seen: new Set(),
  }
  open(world, 'bank_card')
  return world
}

function open(world: World, method: PaymentMethod): void {
  const trade = { open: true, seen: world.provider !== 'unseen', paid: false, refunds: 0, left: false }
  world.attempts.push({ method, state: 'unpaid', trade })
}

const isPayable = ({ provider }: World, { trade }: Attempt) =>
  !trade.paid && (trade.open || provider === 'lax')

/** One event, and everything that the mall does before the next one. */
export function happen(world: World, event: Event, by: Rules): void {
  switch (event) {
    case 'pay':
      customerPays(
        world,
        world.attempts.findLast((attempt) => isPayable(world, attempt)),
      )
      break
    case 'pay the first':
      customerPays(
        world,
        world.attempts.find((attempt) => isPayable(world, attempt)),
      )
      break
    case 'notify':
      deliver(world, world.undelivered.shift())
      break
    case 'notify again':
      deliver(world, world.lastDelivered)
      break
    case 'deadline':
      if (world.overdue === undefined) {
        world.overdue = 0
        world.mailbox.push({ kind: 'deadline' })
      }
      break
    case 'cancel':
      world.mailbox.push({ kind: 'cancel' })
      break
    case 'close lost':
      world.toLose.push('all of it')
      break
    case 'close answer lost':
      world.toLose.push('the answer')
      break
    case 'method changed':
      world.mailbox.push({ kind: 'change' })
      break
  }
  tell(world, by)
  if (world.overdue === undefined) return
  world.overdue += 1
  // Expiry at the provider closes what the mall could not.
  if (world.overdue > 1) for (const { trade } of world.attempts) trade.open = false
}

function customerPays(world: World, attempt: Attempt | undefined): void {
  if (!attempt) return
  Object.assign(attempt.trade, { paid: true, seen: true })
  world.undelivered.push(attempt)
}

function deliver(world: World, attempt: Attempt | undefined): void {
  if (!attempt) return
  world.lastDelivered = attempt
  world.mailbox.push({ kind: 'paid', attempt })
}

/** The flow continues until it waits for a message or for a provider's answer. */
function tell(world: World, by: Rules): void {
  for (;;) {
    if (world.closing) {
      if (!close(world, world.closing, by)) return
      continue
    }
    const letter = world.mailbox.shift()
    if (!letter) return
    if (letter.kind === 'paid') take(world, letter.attempt, by)
    else if (world.order === 'order_created') begin(world, letter.kind, by)
    else if (world.order === 'order_paid' && letter.kind === 'cancel') cancel(world, by)
  }
}

function begin(world: World, why: 'deadline' | 'cancel' | 'change', by: Rules): void {
  // Repeated requests do not move the deadline.
  if (why === 'change' && world.overdue !== undefined) return
  const current = world.attempts.findLast(({ state }) => state === 'unpaid' || state === 'closing')
  if (!current) {
    if (why === 'change') open(world, 'bank_card')
    else cancel(world, by)
    return
  }
  const shown = {
    state: current.state as 'unpaid' | 'closing',
    method: current.method,
    client: null,
    opened: true,
  }
  if (why === 'change' && by.canShowAgain(shown, { client: 'h5', method: other(current.method) })) return
  current.state = 'closing'
  world.closing = { attempt: current, why }
}

const other = (method: PaymentMethod): PaymentMethod => (method === 'bank_card' ? 'alipay' : 'bank_card')

/** Calls the provider once. @returns false if it has to be called again later */
function close(world: World, { attempt, why }: NonNullable<World['closing']>, by: Rules): boolean {
  const word = wordOf(world, attempt.trade)
  const decision = by.decideClose(word, why === 'change')
  world.seen.add(`${word}, ${decision}`)
  if (decision === 'ask_again') return false
  world.closing = undefined
  if (decision === 'release') {
    if (word === 'not_known_yet' && why === 'change') attempt.trade.left = true
    if (attempt.state === 'closing') attempt.state = 'closed'
  }
  if (why === 'cancel') {
    // Everything else is undone first; then a received payment is refunded.
    cancel(world, by)
    if (decision === 'take') take(world, attempt, by)
    return true
  }
  if (decision === 'take' && take(world, attempt, by) === 'settle') return true
  // Amounts are always right here, so a payment found by the close settles the order.
  if (word === 'paid') world.wronged = true
  if (why === 'deadline') cancel(world, by)
  else open(world, other(attempt.method))
  return true
}

function wordOf(world: World, trade: Trade): 'closed' | 'paid' | 'not_known_yet' | 'no_answer' {
  if (!trade.seen && trade.open) return 'not_known_yet'
  const lost = world.toLose.shift()
  if (lost !== 'all of it') trade.open = false
  if (lost) return 'no_answer'
  return trade.paid ? 'paid' : 'closed'
}

function take(world: World, attempt: Attempt, by: Rules): ReturnType<Rules['decideMoney']> {
  const decision = by.decideMoney({ order: world.order, payment: attempt.state, amountMatches: true })
  world.seen.add(`${decision} while ${world.order}`)
  if (decision === 'settle') {
    attempt.state = 'paid'
    world.order = 'order_paid'
  } else if (decision === 'refund') {
    attempt.state = 'refunding'
    giveBack(attempt, by)
  }
  return decision
}

function cancel(world: World, by: Rules): void {
  world.order = 'order_canceled'
  for (const attempt of world.attempts) {
    const before = attempt.state
    attempt.state = by.afterCancel(before, attempt.method)
    if (before !== 'refunding' && attempt.state === 'refunding') giveBack(attempt, by)
  }
}

function giveBack(attempt: Attempt, by: Rules): void {
  attempt.trade.refunds += 1
  attempt.state = by.afterRefund(attempt.state, 0)
}

/** The customer stops, every notification arrives, and the deadline passes. */
export function rest(world: World, by: Rules): void {
  while (world.undelivered.length > 0) happen(world, 'notify', by)
  if (world.order === 'order_created') happen(world, 'deadline', by)
  for (let n = 0; n < 9 && (world.closing || world.order === 'order_created'); n += 1)
    happen(world, 'notify', by)
  while (world.undelivered.length > 0) happen(world, 'notify', by)
}

/** What must hold between any two steps. @returns what does not */
export function brokenUnderWay(world: World): string[] {
  const paid = world.attempts.filter(({ state }) => state === 'paid').length
  const waiting = world.attempts.filter(({ state }) => state === 'unpaid' || state === 'closing').length
  const payable = world.attempts.some(
    (attempt) => isPayable(world, attempt) && !attempt.trade.left && world.provider !== 'lax',
  )
  return [
    ...(paid === (world.order === 'order_paid' ? 1 : 0) ? [] : [`paid ${paid} times while ${world.order}`]),
    ...(world.wronged ? ['canceled although it was paid in time'] : []),
    ...(waiting > 1 ? [`${waiting} attempts are open`] : []),
    ...(world.order === 'order_canceled' && payable ? ['released while it could be paid'] : []),
    ...world.attempts.flatMap(({ trade }) => {
      if (trade.refunds > 1) return ['refunded twice']
      return trade.refunds === 1 && !trade.paid ? ['refunded what was never paid'] : []
    }),
  ]
}

/** What must also hold at the end. @returns what does not */
export function brokenAtRest(world: World): string[] {
  const ended = world.order === 'order_paid' || world.order === 'order_canceled'
  const net = world.attempts.reduce((sum, { trade }) => sum + (trade.paid ? 1 : 0) - trade.refunds, 0)
  const due = world.order === 'order_paid' ? 1 : 0
  return [
    ...(ended && !world.closing ? [] : [`still ${world.order}`]),
    ...(net === due ? [] : [`the provider keeps ${net} while ${world.order}`]),
    ...world.attempts.flatMap(({ state, trade }) => {
      if (['unpaid', 'closing', 'refunding'].includes(state)) return [`an attempt is ${state}`]
      if (!trade.paid) return state === 'closed' ? [] : [`an attempt is ${state} and was never paid`]
      const once = (state === 'paid' && trade.refunds === 0) || (state === 'refunded' && trade.refunds === 1)
      return once ? [] : [`money is ${state}, refunded ${trade.refunds} times`]
    }),
  ]
}
