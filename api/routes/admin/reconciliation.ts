import { createRoute, OpenAPIHono, z } from '@hono/zod-openapi'
import { findingsTable } from '../../../application/reconciliation/findings-csv.ts'
import {
  type FindingView,
  type ReconciliationView,
  readReconciliation,
  readReconciliations,
  startReconciliation,
} from '../../../application/reconciliation/reconciliation.ts'
import { fenOf, moneyFromFen } from '../../../domain/money.ts'
import { ORDER_STATUSES, PAYMENT_STATUSES } from '../../../domain/orders/status.ts'
import { FINDING_KINDS, type Sum } from '../../../domain/reconciliation/comparison.ts'
import type { Lang } from '../../../i18n/error-texts.ts'
import { sideText, subjectText, totalsInWords } from '../../../i18n/finding-texts.ts'
import type { ApiDeps, ApiEnv } from '../../deps.ts'
import {
  bearer,
  idParams,
  jsonBody,
  listOf,
  listResponse,
  money,
  one,
  oneResponse,
  pageQuery,
  problemResponse,
  sliceOf,
} from '../../schemas/common.ts'

const day = z.iso.date().openapi({ example: '2026-11-23' })

const sum = z.object({ count: z.int(), money })

const reconciliation = z
  .object({
    id: z.string(),
    day,
    started_at: z.iso.datetime(),
    finished_at: z.iso.datetime().nullable(),
    totals: z.record(z.string(), z.string()).openapi({ description: 'By name, as English text' }),
    sums: z
      .object({
        bills: z
          .record(z.string(), z.object({ lines: z.int(), payments: sum, refunds: sum }).nullable())
          .openapi({
            description: 'Provider statements of the day; null: not available yet and not compared',
          }),
        orders: z.partialRecord(z.enum(ORDER_STATUSES), sum.extend({ points: z.int() })),
        payments: z.partialRecord(z.enum(PAYMENT_STATUSES), sum),
      })
      .openapi({ description: 'The totals as data: all orders and payments at the time of the run' }),
    open_findings: z.int(),
    healed_findings: z.int(),
  })
  .openapi('Reconciliation')

const coded = z.object({
  code: z.string(),
  data: z.record(z.string(), z.union([z.string(), z.array(z.string()).readonly()])),
})

const finding = z
  .object({
    id: z.string(),
    kind: z.enum(FINDING_KINDS),
    subject: z.string().openapi({ description: 'What the finding is about, in the language of the request' }),
    ours: z.string().nullable().openapi({ description: 'What the mall recorded; null: no record' }),
    theirs: z.string().nullable().openapi({ description: 'What the other side recorded; null: no record' }),
    codes: z
      .object({ subject: coded, ours: coded.nullable(), theirs: coded.nullable() })
      .openapi({ description: 'The same as data' }),
    state: z.enum(['open', 'healed']),
    order_no: z.string().nullable(),
    order_url: z.string().nullable(),
    found_at: z.iso.datetime(),
  })
  .openapi('Finding')

const list = createRoute({
  method: 'get',
  path: '/',
  tags: ['admin: reconciliations'],
  summary: 'List reconciliations, newest first',
  security: bearer,
  request: { query: pageQuery },
  responses: { 200: listResponse(reconciliation, 'A page of reconciliations'), ...problemResponse },
})

const show = createRoute({
  method: 'get',
  path: '/{id}',
  tags: ['admin: reconciliations'],
  summary: 'Read a reconciliation and its findings',
  security: bearer,
  request: { params: idParams },
  responses: {
    200: oneResponse(reconciliation.extend({ findings: z.array(finding) }), 'The reconciliation'),
    ...problemResponse,
  },
})

const csv = createRoute({
  method: 'get',
  path: '/{id}/findings.csv',
  tags: ['admin: reconciliations'],
  summary: 'Download the findings as CSV',
  security: bearer,
  request: { params: idParams },
  responses: {
    200: { description: 'UTF-8 with a byte order mark', content: { 'text/csv': { schema: z.string() } } },
    ...problemResponse,
  },
})

const start = createRoute({
  method: 'post',
  path: '/',
  tags: ['admin: reconciliations'],
  summary: 'Start the reconciliation of a day, or join the one in progress',
  security: bearer,
  request: { body: jsonBody(z.strictObject({ day })) },
  responses: {
    202: oneResponse(z.object({ day, workflow_id: z.string() }), 'Begun; the list shows it'),
    ...problemResponse,
  },
})

function runFor({ totals, ...run }: ReconciliationView) {
  const { bills = {}, orders = {}, payments = {} } = totals
  return {
    ...run,
    totals: totalsInWords(totals),
    sums: {
      bills: Object.fromEntries(
        Object.entries(bills).map(([provider, bill]) => [
          provider,
          bill && { ...bill, payments: sumOf(bill.payments), refunds: sumOf(bill.refunds) },
        ]),
      ),
      orders: Object.fromEntries(Object.entries(orders).map(([status, all]) => [status, sumOf(all)])),
      payments: Object.fromEntries(Object.entries(payments).map(([state, all]) => [state, sumOf(all)])),
    },
  }
}

const sumOf = <T extends Sum>({ money: decimal, ...rest }: T) => ({
  ...rest,
  money: moneyFromFen(fenOf(decimal)),
})

function findingFor({ subject, ours, theirs, ...finding }: FindingView, lang: Lang) {
  return {
    ...finding,
    subject: subjectText(subject, lang),
    ours: ours && sideText(ours, lang),
    theirs: theirs && sideText(theirs, lang),
    codes: { subject, ours, theirs },
  }
}

export function adminReconciliationRoutes(deps: ApiDeps) {
  return new OpenAPIHono<ApiEnv>()
    .openapi(list, async (c) => {
      const query = c.req.valid('query')
      const { runs, total } = await readReconciliations(deps.db, sliceOf(query))
      return c.json(listOf(runs.map(runFor), total, query), 200)
    })
    .openapi(csv, async (c) => {
      const { id } = c.req.valid('param')
      const { findings } = await readReconciliation(deps.db, id)
      const { body, headers } = findingsTable(id, findings, c.get('lang'))
      return c.body(body, 200, headers)
    })
    .openapi(show, async (c) => {
      const { run, findings } = await readReconciliation(deps.db, c.req.valid('param').id)
      const lang = c.get('lang')
      return c.json(one({ ...runFor(run), findings: findings.map((found) => findingFor(found, lang)) }), 200)
    })
    .openapi(start, async (c) => {
      const { day } = c.req.valid('json')
      return c.json(one({ day, workflow_id: await startReconciliation(deps.temporal, day) }), 202)
    })
}
