import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import type { DatabaseSync } from 'node:sqlite'
import type { HttpBindings } from '@hono/node-server'
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response'
import { type Context, Hono } from 'hono'
import { z } from 'zod'
import {
  type Charge,
  findCharge,
  keepLate,
  noteRequest,
  type Order,
  settleCharge,
  takeFault,
  takeOrder,
} from './books.ts'

/** A supplier of phone credit, written from docs/supplier.md: it shares no code with the mall. */

export interface SupplierSide {
  readonly keyId: string
  readonly secret: string
  /** How long a charge is processed, in milliseconds. */
  readonly processingMs?: number | undefined
}

const PROCESSING_MS = 8_000
const WINDOW_S = 300
/** Numbers with this end are taken and fail, so that a failure can be tried out. */
const FAILING_TAIL = '0000'

const order = z.object({
  charge_no: z.string().regex(/^[\w-]{1,64}$/),
  item: z.string().min(1).max(64),
  quantity: z.int().min(1).max(10_000),
  account: z.string().regex(/^1[3-9]\d{9}$/),
})

type Env = { Bindings: HttpBindings }

export function supplierRoutes(db: DatabaseSync, side: SupplierSide) {
  return new Hono<Env>()
    .post('/charges', async (c) => {
      const body = await c.req.text()
      const parsed = order.safeParse(parseJson(body))
      const chargeNo = parsed.data?.charge_no ?? ''
      const why = whyRefused(c, side, body) ?? replayed(db, c, 'charge', chargeNo)
      if (why) return c.json({ code: why }, 401)
      if (!parsed.success) return c.json({ code: 'INVALID_ORDER' }, 400)
      const { item, quantity, account } = parsed.data
      return charge(c, db, side, { chargeNo, item, quantity, account })
    })
    .get('/charges/:no', (c) => {
      const chargeNo = c.req.param('no')
      const why = whyRefused(c, side, '') ?? replayed(db, c, 'find', chargeNo)
      if (why) return c.json({ code: why }, 401)
      if (takeFault(db, 'query_error', chargeNo)) return c.json({ code: 'BUSY' }, 503)
      const found = findCharge(db, chargeNo)
      const isHidden = takeFault(db, 'unknown', chargeNo)
      return found && !isHidden ? c.json(shown(found)) : c.json({ code: 'UNKNOWN_CHARGE' }, 404)
    })
}

function charge(c: Context<Env>, db: DatabaseSync, side: SupplierSide, given: Order): Response {
  const { chargeNo } = given
  if (takeFault(db, 'error_before', chargeNo)) return c.json({ code: 'INTERNAL' }, 500)
  if (takeFault(db, 'redirect', chargeNo)) return c.redirect('/supplier/elsewhere', 307)
  if (takeFault(db, 'refused', chargeNo)) return c.json({ code: 'ACCOUNT_NOT_SUPPORTED' }, 422)
  if (takeFault(db, 'late', chargeNo)) {
    keepLate(db, given)
    return c.json({ code: 'TIMEOUT' }, 504)
  }
  const known = findCharge(db, chargeNo)
  if (known && !isSame(known, given)) return c.json({ code: 'CHARGE_NO_REUSED' }, 409)
  const taken = known ?? take(db, side, given)
  if (takeFault(db, 'twice', chargeNo)) take(db, side, given)
  if (takeFault(db, 'answer_lost', chargeNo)) {
    c.env.incoming.socket.destroy()
    return RESPONSE_ALREADY_SENT
  }
  if (takeFault(db, 'silent', chargeNo)) return RESPONSE_ALREADY_SENT
  if (takeFault(db, 'error_after', chargeNo)) return c.json({ code: 'INTERNAL' }, 500)
  if (takeFault(db, 'garbage', chargeNo)) return c.text('<html>OK</html>')
  if (takeFault(db, 'stranger', chargeNo)) return c.json({ ...shown(taken), charge_no: 'another' })
  return c.json(shown(taken))
}

/** An order that arrives. */
export function take(db: DatabaseSync, { processingMs = PROCESSING_MS }: SupplierSide, given: Order): Charge {
  const { chargeNo, account } = given
  const failsNow = takeFault(db, 'fails_at_once', chargeNo)
  const fails = failsNow || takeFault(db, 'fails', chargeNo) || account.endsWith(FAILING_TAIL)
  const isStuck = takeFault(db, 'stuck', chargeNo)
  const taken = takeOrder(db, given, {
    becomes: fails ? 'failed' : 'succeeded',
    settlesAt: isStuck ? null : Date.now() + processingMs,
  })
  if (!failsNow || !settleCharge(db, chargeNo, 'failed')) return taken
  return findCharge(db, chargeNo) ?? taken
}

const isSame = (known: Charge, given: Order): boolean =>
  known.item === given.item && known.quantity === given.quantity && known.account === given.account

const shown = ({ chargeNo, item, quantity, state, ref, reason }: Charge) => ({
  charge_no: chargeNo,
  item,
  quantity,
  state,
  ref,
  ...(reason === null ? {} : { reason }),
})

function whyRefused(c: Context<Env>, { keyId, secret }: SupplierSide, body: string): string | undefined {
  const header = (name: string) => c.req.header(`x-supplier-${name}`) ?? ''
  if (header('key-id') !== keyId) return 'UNKNOWN_KEY'
  const hash = createHash('sha256').update(body).digest('hex')
  const { pathname, search } = new URL(c.req.url)
  const lines = ['v1', c.req.method, `${pathname}${search}`, header('timestamp'), header('nonce'), hash]
  const right = Buffer.from(`v1=${createHmac('sha256', secret).update(lines.join('\n')).digest('hex')}`)
  const given = Buffer.from(header('signature'))
  if (given.length !== right.length || !timingSafeEqual(given, right)) return 'WRONG_SIGNATURE'
  const isStale = !(Math.abs(Date.now() / 1000 - Number(header('timestamp'))) <= WINDOW_S)
  return isStale ? 'TOO_OLD' : undefined
}

function replayed(db: DatabaseSync, c: Context<Env>, kind: string, chargeNo: string): string | undefined {
  return noteRequest(db, kind, chargeNo, c.req.header('x-supplier-nonce') ?? '') ? undefined : 'REPLAYED'
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
