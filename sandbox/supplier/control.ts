import type { DatabaseSync } from 'node:sqlite'
import { Hono } from 'hono'
import { z } from 'zod'
import {
  addFault,
  clearFaults,
  readCharges,
  readRequests,
  SUPPLIER_FAULTS,
  settleCharge,
  takeLate,
} from './books.ts'
import { type SupplierSide, take } from './wire.ts'

const charge = z.strictObject({ charge_no: z.string().min(1) })
const settle = charge.extend({ state: z.enum(['succeeded', 'failed']) })
const fault = z.strictObject({
  fault: z.enum(SUPPLIER_FAULTS),
  charge_no: z.string().optional(),
  count: z.int().min(1).max(1_000_000).default(1),
})

/** For tests only: mounted with `SANDBOX_CONTROL=1`. */
export function supplierControl(db: DatabaseSync, side: SupplierSide): Hono {
  const app = new Hono()
  app.onError((error, c) => {
    if (error instanceof z.ZodError) return c.json({ error: z.prettifyError(error) }, 422)
    throw error
  })
  app.get('/charges', (c) => c.json(readCharges(db)))
  app.get('/requests', (c) => c.json(readRequests(db)))
  app.post('/faults', async (c) => {
    const { fault: name, charge_no, count } = fault.parse(await c.req.json())
    addFault(db, name, charge_no, count)
    return c.json({ fault: name, count })
  })
  app.post('/clear-faults', (c) => {
    clearFaults(db)
    return c.json({})
  })
  app.post('/settle', async (c) => {
    const { charge_no, state } = settle.parse(await c.req.json())
    return c.json({ charge_no, settled: settleCharge(db, charge_no, state) })
  })
  app.post('/arrive', async (c) => {
    const { charge_no } = charge.parse(await c.req.json())
    const late = takeLate(db, charge_no)
    return c.json({ charge_no, state: late ? take(db, side, late).state : null })
  })
  return app
}
