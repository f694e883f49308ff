import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { decimalFromFen, fenFromDecimal, fenOf, moneyFromFen } from '../../domain/money.ts'
import {
  canMove,
  isPaid,
  LEADS_TO,
  ORDER_ACTIONS,
  ORDER_STATUSES,
  type Step,
} from '../../domain/orders/status.ts'

test('a malformed amount is never counted as zero', () => {
  for (const malformed of ['', 'NaN', '9,90', '9.901', ' 1', '1e3', '1234567890123456']) {
    expect(fenFromDecimal(malformed)).toBeUndefined()
    expect(() => fenOf(malformed)).toThrow(TypeError)
    expect(() => fenOf({ amount: malformed, currency: 'CNY' })).toThrow('malformed amount')
  }
})

test('an amount written by the mall is read back unchanged', () => {
  for (const fen of [0n, 1n, 990n, -300n, 99_999_999_999_999n]) {
    expect(fenOf(decimalFromFen(fen))).toBe(fen)
    expect(fenOf(moneyFromFen(fen))).toBe(fen)
  }
})

test('no module replaces a malformed amount with a default', () => {
  const rooms = [
    'activities',
    'api',
    'application',
    'cli',
    'db',
    'domain',
    'payments',
    'sandbox',
    'web',
    'workflows',
  ]
  const guesses = rooms.flatMap((room) =>
    readdirSync(room, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .map((name) => join(room, name))
      .filter((path) =>
        /fenFromDecimal\((?:[^()\n]|\([^()\n]*\))*\)\s*(?:\?\?|as Fen)/.test(readFileSync(path, 'utf8')),
      ),
  )
  expect(guesses).toEqual([])
})

test('every action leads from each status that allows it to a status of a paid order', () => {
  for (const [step, to] of Object.entries(LEADS_TO)) {
    for (const from of ORDER_ACTIONS[step as Step])
      expect([from, to, canMove(from, to)]).toEqual([from, to, true])
    expect(isPaid(to)).toBe(true)
  }
  expect(ORDER_STATUSES.filter((status) => !isPaid(status))).toEqual([
    'exchanged',
    'order_created',
    'order_canceled',
  ])
})
