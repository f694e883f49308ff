import { DomainError } from '../../domain/errors.ts'
import type { ErrorCode } from '../../i18n/error-texts.ts'
import { OverloadedError } from '../temporal/client.ts'

/** What many orders in one request have in common: some at a time, within a limit, and a result for each. */

/** Orders at a time. */
const AT_ONCE = 8
/** After this, what is left is not tried: the batch can be sent again. */
const BUDGET_MS = 20_000

export interface LineRefusal {
  readonly code: ErrorCode
  readonly required?: string | undefined
  readonly available?: string | undefined
}

export interface Outcome<Result extends string> {
  readonly result: Result | 'not_tried' | 'refused'
  readonly refusal: LineRefusal | null
}

const NOT_TRIED = { result: 'not_tried', refusal: { code: 'UNAVAILABLE' } } as const

/**
 * @param groups lines that follow each other, such as those of one order; groups run concurrently
 * @param act a refusal is a DomainError
 * @param keep takes the outcome of each line, in any order
 */
export async function runBatch<Line, Result extends string>(
  groups: readonly (readonly Line[])[],
  act: (line: Line) => Promise<Outcome<Result>>,
  keep: (line: Line, outcome: Outcome<Result>) => void,
): Promise<void> {
  const deadline = Date.now() + BUDGET_MS
  const waiting = [...groups]
  async function work(): Promise<void> {
    for (let group = waiting.shift(); group; group = waiting.shift()) {
      for (const line of group) keep(line, Date.now() < deadline ? await outcomeOf(line, act) : NOT_TRIED)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work))
}

async function outcomeOf<Line, Result extends string>(
  line: Line,
  act: (line: Line) => Promise<Outcome<Result>>,
): Promise<Outcome<Result>> {
  try {
    return await act(line)
  } catch (error) {
    if (error instanceof OverloadedError) return NOT_TRIED
    if (!(error instanceof DomainError)) throw error
    const { code, required, available } = error.refusal
    return { result: 'refused', refusal: { code, required, available } }
  }
}
