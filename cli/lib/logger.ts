import { type Logger, pino } from 'pino'
import { createLogDestination } from './log-destination.ts'

/**
 * The log of a part, on standard output: one JSON object per line, also for what would otherwise be text of Node on
 * standard error, crashes and warnings. Call it once, first of all. It never makes its caller wait
 * (`createLogDestination`).
 */
export function startLog(part: string): Logger {
  const destination = createLogDestination(
    1,
    (count) =>
      `${JSON.stringify({ level: 40, time: Date.now(), part, dropped: count, msg: 'log lines dropped: nobody took them' })}\n`,
  )
  const log = pino({ base: { part } }, destination)
  process.on('exit', () => destination.flushSync())
  process.on('uncaughtException', (error) => {
    log.fatal({ err: error }, `${part} crashed`)
    process.exit(1)
  })
  process.removeAllListeners('warning')
  process.on('warning', (warning) => log.warn({ err: warning }, warning.message))
  return log
}

/**
 * Says why a part does not start, and ends it with exit code 1: as text to a person at a terminal, otherwise as a line of
 * JSON on standard error.
 */
export function refuseToStart(part: string, why: string): never {
  const line = process.stderr.isTTY ? why : JSON.stringify({ level: 60, time: Date.now(), part, msg: why })
  process.stderr.write(`${line}\n`)
  process.exit(1)
}
