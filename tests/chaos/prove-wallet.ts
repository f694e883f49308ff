import fc from 'fast-check'
import { findBroken, openBooks, operation, pass } from '../models/wallet-books.ts'
import { startDatabase } from '../support/database.ts'
import { crashEverywhere, playAtOnce, playInTurn } from '../wallet/wallet-laws.ts'

/** What a run has played, each without a broken invariant. */
export interface WalletProof {
  readonly seed: number
  readonly inTurn: number
  readonly atOnce: number
  readonly cutOff: number
}

const CLIENTS = 16

/**
 * Plays ledger operations on its own PostgreSQL: sequentially against a model, with many concurrent clients,
 * and interrupted after each statement. The same seed plays the same operations.
 * @throws at the first broken invariant, with the operations that lead to it
 */
export async function proveWallet(options: {
  readonly minutes: number
  readonly seed: number
}): Promise<WalletProof> {
  const { seed } = options
  const end = Date.now() + options.minutes * 60_000
  const steps = fc.array(fc.oneof({ weight: 9, arbitrary: operation }, { weight: 1, arbitrary: pass }), {
    minLength: 30,
    maxLength: 120,
  })
  const operations = fc.array(operation, { minLength: 100, maxLength: 400 })
  const database = await startDatabase()
  const played = { inTurn: 0, atOnce: 0, cutOff: 0 }
  try {
    for (let round = 0; Date.now() < end; round += 1) {
      const books = await openBooks(database.url, CLIENTS)
      // Kept small: whole tables are compared repeatedly.
      const few = await openBooks(database.url, 2)
      const how = { seed: seed + round, endOnFailure: false }
      await fc.assert(
        fc.asyncProperty(steps, async (some) => {
          await playInTurn(books, some)
          played.inTurn += some.length
        }),
        { ...how, numRuns: 15 },
      )
      await fc.assert(
        fc.asyncProperty(operations, async (some) => {
          await playAtOnce(books, some, CLIENTS)
          played.atOnce += some.length
        }),
        // Another run need not fail at the same place.
        { ...how, numRuns: 10, endOnFailure: true },
      )
      await fc.assert(
        fc.asyncProperty(fc.array(operation, { maxLength: 12 }), fc.nat(12), operation, async (...some) => {
          played.cutOff += await crashEverywhere(few, ...some)
        }),
        { ...how, numRuns: 10 },
      )
      await few.close()
      const broken = await findBroken(books)
      if (broken.length > 0) throw new Error(`seed ${seed + round}: ${broken.join('; ')}`)
      await books.close()
    }
  } finally {
    await database.stop()
  }
  return { seed, ...played }
}
