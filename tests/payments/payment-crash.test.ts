import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Db } from '../../db/client.ts'
import { CASHIERS, openLoad, type Promised } from '../chaos/load.ts'
import { checkConsistency } from '../support/consistency-check.ts'
import { connectPatiently } from '../support/database.ts'
import { createInstallation, type Installation, type PartName } from '../support/installation.ts'
import { turnOf } from '../support/sample.ts'
import { until } from '../support/test-app.ts'

/**
 * A part dies at each step of paying, closing and refunding, at every provider concurrently: promises are
 * kept, and the providers' books agree with ours. In `npm test` one part dies at each step, in turn.
 */

const STEPS = ['unpaid', 'paid', 'closing', 'refunding'] as const
const VICTIMS: readonly PartName[] = ['worker', 'api', 'sandbox']

let mall: Installation
let load: Awaited<ReturnType<typeof openLoad>>
let db: Db
/** All journeys, awaited at the end. */
const journeys: Promise<Promised>[] = []

beforeAll(async () => {
  mall = await createInstallation({ POINTS_MALL_PAYMENT_TIMEOUT_SECONDS: '20' })
  await mall.start()
  load = await openLoad(mall)
  db = connectPatiently(mall.running().databaseUrl, 2)
})
afterAll(async () => {
  await db.destroy()
  await mall.stop()
  mall.remove()
})

const lastPayment = async () =>
  (
    await db
      .selectFrom('payments')
      .select((eb) => eb.fn.max('id').as('id'))
      .executeTakeFirstOrThrow()
  ).id ?? '0'

describe('kill -9', () => {
  test.each(STEPS.map((step, n) => ({ step, victims: turnOf(VICTIMS, n) })))(
    'of $victims while a payment is $step',
    async ({ step, victims }) => {
      for (const victim of victims) {
        const before = await lastPayment()
        const batch = CASHIERS.flatMap((cashier) =>
          (['card', 'card_canceled', 'unpaid_canceled'] as const).map((journey) => load.go(journey, cashier)),
        )
        for (const journey of batch) journey.catch(() => {})
        journeys.push(...batch)
        // Waits for the first payment of this batch that reaches the step.
        await until(
          () =>
            db
              .selectFrom('payments')
              .select('id')
              .where('id', '>', before)
              .where('state', '=', step)
              .executeTakeFirst(),
          (found) => found !== undefined,
          `a payment is ${step}`,
        )
        // It may still be restarting after the previous kill.
        await until(
          () => mall.kill(victim),
          (killed) => killed,
          `the ${victim} is killed`,
        )
      }
    },
    600_000,
  )

  test('loses nothing, duplicates nothing, and all books agree in the end', async () => {
    const promised = await Promise.all(journeys)
    expect(load.mistakes).toEqual([])
    expect(promised).toHaveLength(journeys.length)
    expect(promised.length).toBeGreaterThanOrEqual(STEPS.length * CASHIERS.length * 3)
    expect(await checkConsistency(mall, promised, 150_000)).toEqual([])
  }, 600_000)
})
