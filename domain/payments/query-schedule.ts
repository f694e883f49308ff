const SECOND_MS = 1_000

/**
 * Gaps (ms) between the queries of an open attempt, so that the provider is asked 10 s, 30 s, 1, 2, 5 and 10 minutes
 * after it was opened. Each later gap is twice the one before.
 */
export const QUERY_GAPS_MS: readonly number[] = [10, 20, 30, 60, 180, 300].map((gap) => gap * SECOND_MS)
