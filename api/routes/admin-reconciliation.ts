import { createRoute, OpenAPIHono, z } from '@hono/zod-openapi'
import { findingsTable } from '../../application/findings-csv.ts'
import {
  readReconciliation,
  readReconciliations,
  startReconciliation,
} from '../../application/reconciliation.ts'
import { FINDING_KINDS } from '../../domain/reconciliation.ts'
import type { ApiDeps, ApiEnv } from '../deps.ts'
import {
  bearer,
  idParams,
  jsonBody,
  listOf,
  listResponse,
  one,
  oneResponse,
  pageQuery,
  problemResponse,
  sliceOf,
} from '../schemas.ts'

const day = z.iso.date().openapi({ example: '2026-11-23' })

const reconciliation = z
  .object({
    id: z.string(),
    day,
    started_at: z.iso.datetime(),
    finished_at: z.iso.datetime().nullable(),
    totals: z.record(z.string(), z.string()),
    open_findings: z.int(),
    healed_findings: z.int(),
  })
  .openapi('Reconciliation')

const finding = z
  .object({
    id: z.string(),
    kind: z.enum(FINDING_KINDS),
    subject: z.string(),
    ours: z.string().nullable(),
    theirs: z.string().nullable(),
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
  summary: 'Comparisons of the books, newest first',
  security: bearer,
  request: { query: pageQuery },
  responses: { 200: listResponse(reconciliation, 'A page of comparisons'), ...problemResponse },
})

const show = createRoute({
  method: 'get',
  path: '/{id}',
  tags: ['admin: reconciliations'],
  summary: 'One comparison and what it found',
  security: bearer,
  request: { params: idParams },
  responses: {
    200: oneResponse(reconciliation.extend({ findings: z.array(finding) }), 'The comparison'),
    ...problemResponse,
  },
})

const csv = createRoute({
  method: 'get',
  path: '/{id}/findings.csv',
  tags: ['admin: reconciliations'],
  summary: 'What it found as a table for spreadsheets',
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
  summary: 'Compare the books of a day now; joins a comparison of that day that is under way',
  security: bearer,
  request: { body: jsonBody(z.object({ day })) },
  responses: {
    202: oneResponse(z.object({ day, workflow_id: z.string() }), 'Begun; the list shows it'),
    ...problemResponse,
  },
})

export function adminReconciliationRoutes(deps: ApiDeps) {
  return new OpenAPIHono<ApiEnv>()
    .openapi(list, async (c) => {
      const query = c.req.valid('query')
      const { runs, total } = await readReconciliations(deps.db, sliceOf(query))
      return c.json(listOf(runs, total, query), 200)
    })
    .openapi(csv, async (c) => {
      const { id } = c.req.valid('param')
      const { findings } = await readReconciliation(deps.db, id)
      const { body, headers } = findingsTable(id, findings, c.get('lang'))
      return c.body(body, 200, headers)
    })
    .openapi(show, async (c) => {
      const { run, findings } = await readReconciliation(deps.db, c.req.valid('param').id)
      return c.json(one({ ...run, findings }), 200)
    })
    .openapi(start, async (c) => {
      const { day } = c.req.valid('json')
      return c.json(one({ day, workflow_id: await startReconciliation(deps.temporal, day) }), 202)
    })
}
