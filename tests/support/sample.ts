import { createRandom } from './random.ts'

/**
 * The share of a long exploration that runs beyond its sample: 0 by `npm test`, up to 1 by `npm run prove`,
 * which draws with the seed that it prints.
 */
export const SHARE = Number(process.env.TESTS_SHARE ?? 0)
const random = createRandom(Number(process.env.TESTS_SEED ?? 1))

/**
 * @param sample how many of the first are always taken
 * @returns these, and `SHARE` of the others
 */
export function sampleOf<T>(all: readonly T[], sample: number): T[] {
  return all.filter((_, n) => n < sample || random() < SHARE)
}

/**
 * Of variants of one case, such as "before" and "after", the sample takes each in turn.
 * @param turn the number of the case
 * @returns one of them, and `SHARE` of the others
 */
export function turnOf<T>(variants: readonly T[], turn: number): T[] {
  return variants.filter((_, n) => n === turn % variants.length || random() < SHARE)
}
