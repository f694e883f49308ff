import { createHash } from 'node:crypto'
import { DomainError, InvalidInputError } from '../../domain/errors.ts'
import { TRACKING_NO } from '../../domain/shipments/carriers.ts'
import { isVisible, lengthOf, plainCode, plainText } from '../../domain/text.ts'
import type { ErrorCode } from '../../i18n/error-texts.ts'
import type { Requester } from '../../workflows/messages.ts'
import { actOnOrder } from '../orders/actions.ts'
import type { OrderActor } from '../orders/order-request.ts'
import { getOrder } from '../orders/reads.ts'
import { readCsv } from '../platform/csv-reader.ts'
import { OverloadedError } from '../temporal/client.ts'
import { mustFitCarrier } from './carrier-check.ts'

/** Lines of one batch. */
export const BATCH_MAX = 500
/** Orders at a time. */
const AT_ONCE = 8
/** After this, what is left is not tried: the batch can be sent again. */
const BUDGET_MS = 20_000

export interface BatchLine {
  readonly order_no: string
  readonly carrier: string
  readonly tracking_no: string
  /** The number is right although it looks like another carrier's. */
  readonly confirm?: boolean | null | undefined
}

/** `already_shipped`: by this very number. `pending`: the result is not known yet. */
export const LINE_RESULTS = ['shipped', 'already_shipped', 'pending', 'not_tried', 'refused'] as const

export interface LineResult {
  /** From 1. */
  readonly line: number
  readonly order_no: string
  readonly result: (typeof LINE_RESULTS)[number]
  readonly refusal: {
    readonly code: ErrorCode
    readonly required?: string | undefined
    readonly available?: string | undefined
  } | null
}

const FIELDS = ['order_no', 'carrier', 'tracking_no', 'confirm'] as const

/**
 * Reads `order_no,carrier,tracking_no` and perhaps `confirm`, with or without a line of these names, as spreadsheets
 * write it: a pasted table has tabs. @throws InvalidInputError where it has no line, too many, or an open quote
 */
export function readBatch(csv: string): BatchLine[] {
  const rows = readCsv(plainText(csv), 'lines', ',\t')
    .map(({ cells }) => cells.map(unmarked))
    .filter((row) => row.some((cell) => cell !== ''))
  const [head] = rows
  const isHead = head?.[0]?.toLowerCase() === FIELDS[0]
  const lines = (isHead ? rows.slice(1) : rows).map(
    ([order_no = '', carrier = '', tracking_no = '', confirm = '']) => ({
      order_no: plainCode(order_no),
      carrier,
      tracking_no: plainCode(tracking_no),
      confirm: /^(1|true|yes|confirm|是)$/i.test(confirm),
    }),
  )
  if (lines.length === 0) throw new InvalidInputError({ field: 'lines', rule: 'required' })
  if (lines.length > BATCH_MAX)
    throw new InvalidInputError({ field: 'lines', rule: 'max', bound: `${BATCH_MAX}` })
  return lines
}

/** The apostrophe before what a spreadsheet must not rewrite is not part of a cell. */
const unmarked = (cell: string) => cell.replace(/^'/, '')

/** Ships each order in one parcel with all that is left of it. The same batch again ships nothing twice. */
export async function shipBatch(
  actor: OrderActor,
  by: Requester,
  lines: readonly BatchLine[],
): Promise<LineResult[]> {
  const deadline = Date.now() + BUDGET_MS
  const results: LineResult[] = []
  // Lines of one order follow each other.
  const numbered = lines.map((line, n) => ({ line, n: n + 1 }))
  const waiting = [...Map.groupBy(numbered, ({ line }) => line.order_no).values()]
  async function work(): Promise<void> {
    for (let group = waiting.shift(); group; group = waiting.shift()) {
      for (const { line, n } of group) {
        const rest = Date.now() < deadline ? await shipLine(actor, by, line) : NOT_TRIED
        results.push({ line: n, order_no: line.order_no, ...rest })
      }
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work))
  return results.toSorted((a, b) => a.line - b.line)
}

type Outcome = Pick<LineResult, 'result' | 'refusal'>
const NOT_TRIED: Outcome = { result: 'not_tried', refusal: { code: 'UNAVAILABLE' } }

async function shipLine(actor: OrderActor, by: Requester, line: BatchLine): Promise<Outcome> {
  const { order_no, carrier, tracking_no: trackingNo } = line
  const isCarrier = isVisible(carrier) && lengthOf(carrier) <= 64
  if (!isCarrier || !TRACKING_NO.test(trackingNo) || !/^[0-9A-Za-z]{1,64}$/.test(order_no)) {
    return { result: 'refused', refusal: { code: 'VALIDATION_FAILED' } }
  }
  try {
    const order = await getOrder(actor, order_no, undefined)
    const isThere = order.shipments.some((parcel) => parcel.tracking_no === trackingNo)
    if (isThere) return { result: 'already_shipped', refusal: null }
    mustFitCarrier(carrier, trackingNo, line.confirm === true)
    const what = `${order.order_no}\n${carrier}\n${trackingNo}`
    const key = `batch/${createHash('sha256').update(what).digest('hex').slice(0, 40)}`
    const isKnown = await actOnOrder(actor, order, by, { kind: 'shipment', carrier, trackingNo }, key)
    return { result: isKnown ? 'shipped' : 'pending', refusal: null }
  } catch (error) {
    if (error instanceof OverloadedError) return NOT_TRIED
    if (!(error instanceof DomainError)) throw error
    const { code, required, available } = error.refusal
    return { result: 'refused', refusal: { code, required, available } }
  }
}
