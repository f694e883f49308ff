import { createHash } from 'node:crypto'
import { InvalidInputError } from '../../domain/errors.ts'
import { TRACKING_NO } from '../../domain/shipments/carriers.ts'
import { isVisible, lengthOf, plainCode, plainText } from '../../domain/text.ts'
import type { Requester } from '../../workflows/messages.ts'
import { actOnOrder } from '../orders/actions.ts'
import { type LineRefusal, type Outcome, runBatch } from '../orders/batch.ts'
import type { OrderActor } from '../orders/order-request.ts'
import { getOrder } from '../orders/reads.ts'
import { readCsv } from '../platform/csv-reader.ts'
import { mustFitCarrier } from './carrier-check.ts'

/** Lines of one batch. */
export const BATCH_MAX = 500

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
  readonly refusal: LineRefusal | null
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
  const results: LineResult[] = []
  const numbered = lines.map((line, n) => ({ line, n: n + 1 }))
  await runBatch(
    [...Map.groupBy(numbered, ({ line }) => line.order_no).values()],
    ({ line }) => shipLine(actor, by, line),
    ({ line, n }, outcome) => results.push({ line: n, order_no: line.order_no, ...outcome }),
  )
  return results.toSorted((a, b) => a.line - b.line)
}

type LineOutcome = Outcome<'shipped' | 'already_shipped' | 'pending'>

async function shipLine(actor: OrderActor, by: Requester, line: BatchLine): Promise<LineOutcome> {
  const { order_no, carrier, tracking_no: trackingNo } = line
  const isCarrier = isVisible(carrier) && lengthOf(carrier) <= 64
  if (!isCarrier || !TRACKING_NO.test(trackingNo) || !/^[0-9A-Za-z]{1,64}$/.test(order_no)) {
    return { result: 'refused', refusal: { code: 'VALIDATION_FAILED' } }
  }
  const order = await getOrder(actor, order_no, undefined)
  const isThere = order.shipments.some((parcel) => parcel.tracking_no === trackingNo)
  if (isThere) return { result: 'already_shipped', refusal: null }
  mustFitCarrier(carrier, trackingNo, line.confirm === true)
  const what = `${order.order_no}\n${carrier}\n${trackingNo}`
  const key = `batch/${createHash('sha256').update(what).digest('hex').slice(0, 40)}`
  const isKnown = await actOnOrder(actor, order, by, { kind: 'shipment', carrier, trackingNo }, key)
  return { result: isKnown ? 'shipped' : 'pending', refusal: null }
}
