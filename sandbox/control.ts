import { Hono } from 'hono'
import { z } from 'zod'
import { PROVIDER_METHODS, type ProviderMethod } from '../domain/payments/method.ts'
import { findRefund, findTradeByNumber, refundsOf } from './books.ts'
import { inTransaction } from './database.ts'
import { addFault, clearFaults, FAULTS, pendingFaults } from './faults.ts'
import { readSends } from './notify.ts'
import { type Desk, forcePay, settleRefund } from './teller.ts'
import { SERVICES } from './tracking/books.ts'
import { trackingControl } from './tracking/control.ts'
import type { TrackingDesk } from './tracking/desk.ts'

const tradeOf = z.strictObject({ out_trade_no: z.string().min(1) })
const settle = tradeOf.extend({ state: z.enum(['done', 'failed']).default('done') })
const faultsOf = z.strictObject({
  method: z.enum([...(Object.keys(PROVIDER_METHODS) as ProviderMethod[]), ...SERVICES]).optional(),
  fault: z.enum(FAULTS),
  count: z.int().min(1).max(1_000_000).default(1),
  delay_ms: z.int().min(0).max(86_400_000).optional(),
})

/** For tests only: mounted with `SANDBOX_CONTROL=1`. */
export function controlRoutes(desk: Desk, tracking: TrackingDesk): Hono {
  const { db } = desk
  const app = new Hono()

  app.onError((error, c) => {
    if (error instanceof z.ZodError) return c.json({ error: z.prettifyError(error) }, 422)
    if (error instanceof SyntaxError) return c.json({ error: 'the body is no JSON' }, 400)
    throw error
  })

  app.route('/tracking', trackingControl(tracking))
  app.get('/notifications', (c) => c.json(readSends(db)))
  app.get('/queries', (c) => c.json(Object.fromEntries(desk.queries)))

  app.post('/resend', async (c) => {
    const { out_trade_no } = tradeOf.parse(await c.req.json())
    if (!findTradeByNumber(db, out_trade_no)) return c.json({ error: 'no such trade' }, 404)
    return c.json({ out_trade_no, notifications: desk.notifier.resend(out_trade_no) })
  })

  app.post('/force-pay', async (c) => {
    const { out_trade_no } = tradeOf.parse(await c.req.json())
    const trade = findTradeByNumber(db, out_trade_no)
    const paid = trade && forcePay(desk, trade.ref)
    if (!paid) return c.json({ error: 'no such trade' }, 404)
    return c.json({ out_trade_no, state: paid.state })
  })

  app.post('/settle-refunds', async (c) => {
    const { out_trade_no, state } = settle.parse(await c.req.json())
    const trade = findTradeByNumber(db, out_trade_no)
    if (!trade) return c.json({ error: 'no such trade' }, 404)
    const pending = inTransaction(db, () =>
      refundsOf(db, trade.ref)
        .filter((refund) => refund.state === 'pending')
        .map((refund) => settleRefund(desk, trade, refund, state)),
    )
    desk.notifier.wake()
    return c.json({ out_trade_no, refunds: pending.map(({ ref }) => findRefund(db, ref)?.state) })
  })

  app.get('/faults', (c) => c.json(pendingFaults(db)))
  app.post('/faults', async (c) => {
    const { delay_ms: delayMs, ...fault } = faultsOf.parse(await c.req.json())
    addFault(db, { ...fault, delayMs })
    return c.json({ faults: pendingFaults(db) })
  })
  app.post('/clear-faults', (c) => {
    clearFaults(db)
    return c.json({ faults: pendingFaults(db) })
  })
  return app
}
