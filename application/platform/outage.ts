import { KeySetUnavailableError } from '../access/tokens.ts'
import { isTimeout, isUnavailable } from '../temporal/client.ts'

/**
 * Temporary PostgreSQL failures: connection (08), resources (53), operator intervention and time-outs (57), lock
 * time-outs, deadlocks and serialization failures.
 */
const OUTAGE_STATES = /^(08|53|57|55P03$|40P01$|40001$)/
const OUTAGE_ERRNOS = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ENOTFOUND', 'EAI_AGAIN'])
/** Errors of `pg` that have no code. */
const OUTAGE_TEXTS =
  /^(Connection terminated|Query read timeout|timeout exceeded when trying to connect|Client has encountered a connection error|Cannot use a pool after calling end)/

/** Whether PostgreSQL, Temporal or a key set is unavailable: the same request may succeed later. */
export function isOutage(error: Error): boolean {
  if (isUnavailable(error) || isTimeout(error) || error instanceof KeySetUnavailableError) return true
  const code = 'code' in error && typeof error.code === 'string' ? error.code : ''
  return (
    OUTAGE_ERRNOS.has(code) ||
    (code.length === 5 && OUTAGE_STATES.test(code)) ||
    OUTAGE_TEXTS.test(error.message)
  )
}
