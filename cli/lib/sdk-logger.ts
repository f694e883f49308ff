import type { Logger as SdkLogger } from '@temporalio/worker'
import type { Logger } from 'pino'

const LEVELS = { TRACE: 'trace', DEBUG: 'debug', INFO: 'info', WARN: 'warn', ERROR: 'error' } as const
/** What the SDK tells about where a line comes from, by the names that our own lines use. */
const NAMES = {
  workflowId: 'workflow_id',
  runId: 'run_id',
  workflowType: 'workflow',
  activityType: 'activity',
  attempt: 'attempt',
  sdkComponent: 'component',
  target: 'target',
  state: 'state',
} as const

/** Lets Temporal's SDK log into the log of the worker: its own logger writes text over many lines. */
export function sdkLogger(log: Logger): SdkLogger {
  const write: SdkLogger['log'] = (level, message, meta = {}) => {
    const fields = Object.entries(NAMES).flatMap(([from, to]) => (from in meta ? [[to, meta[from]]] : []))
    const { error } = meta
    log[LEVELS[level]](
      {
        ...Object.fromEntries(fields),
        ...orderOf(meta.workflowId),
        ...(error === undefined ? {} : { err: error }),
      },
      message,
    )
  }
  return {
    log: write,
    trace: (message, meta) => write('TRACE', message, meta),
    debug: (message, meta) => write('DEBUG', message, meta),
    info: (message, meta) => write('INFO', message, meta),
    warn: (message, meta) => write('WARN', message, meta),
    error: (message, meta) => write('ERROR', message, meta),
  }
}

/** The workflows of an order are named after it: `exchange/{order_no}`, `refund/{order_no}/{n}`. */
function orderOf(workflowId: unknown): { readonly order_no?: string } {
  const [, orderNo] = /^(?:exchange|refund)\/([^/]+)/.exec(String(workflowId)) ?? []
  return orderNo === undefined ? {} : { order_no: orderNo }
}
