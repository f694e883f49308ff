import { sql } from 'kysely'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { readOrderAuditTrail } from '../../application/orders/audit-trail.ts'
import { listOrders } from '../../application/orders/reads.ts'
import { forCustomer, type OrderReader } from '../../application/orders/view.ts'
import { findingsTable } from '../../application/reconciliation/findings-csv.ts'
import { readReconciliation } from '../../application/reconciliation/reconciliation.ts'
import { readStatement } from '../../application/wallet/statement.ts'
import { connectDatabase, type Db } from '../../db/client.ts'
import { findBrokenLedger, findOrderViolations } from '../../db/reconciliation/invariants.ts'
import { listFindings } from '../../db/reconciliation/reconciliations.ts'
import type { Side } from '../../domain/reconciliation/findings.ts'
import { sideText, subjectText } from '../../i18n/finding-texts.ts'
import { attentionText } from '../../i18n/note-texts.ts'
import { auditTrail } from '../../web/console/orders/audit-trail.ts'
import { totalsTables } from '../../web/console/reconciliation/totals.ts'
import type { Html } from '../../web/shared/page.ts'
import { timeline } from '../../web/shop/orders/order-timeline.ts'
import { openEarlierData } from '../support/earlier-data.ts'
import { SENTENCES } from '../support/earlier-sentences.ts'

let mall: OrderReader
let owner: Db

beforeAll(async () => {
  const { url, ...opened } = await openEarlierData(inject('postgresUrl'))
  mall = opened
  owner = connectDatabase(url, 1, 'owner')
})
afterAll(() => Promise.all([mall.db.destroy(), owner.destroy()]))

/** The visible lines of a page. */
async function linesOf(markup: Html): Promise<string> {
  return String(await markup)
    .replaceAll(/<\/(?:li|tr|table|p|caption)>/g, '\n')
    .replaceAll(/<\/t[dh]>/g, ' | ')
    .replaceAll(/<[^>]*>/g, '')
    .replaceAll(/[^\S\n]+/g, ' ')
    .replaceAll(/ ?\n[\s]*/g, '\n')
    .trim()
}

test('orders of an earlier version are shown as that version showed them', async () => {
  const { orders } = await listOrders(mall, {}, { limit: 100, offset: 0 })
  const shown: string[] = []
  for (const order of orders.toReversed()) {
    for (const lang of ['zh', 'en'] as const) {
      const books = await readOrderAuditTrail(mall, order, lang)
      shown.push(
        `# ${order.order_no} ${lang}`,
        await linesOf(timeline(forCustomer(order), lang)),
        order.needs_attention === null ? '' : attentionText(order.needs_attention, lang),
        await linesOf(auditTrail(order, books, lang)),
      )
    }
  }
  await expect(shown.join('\n')).toMatchFileSnapshot('../fixtures/backup-2026-11-28/orders.txt')
})

test('the parcel of an order of an earlier version is one with all of it', async () => {
  const { orders } = await listOrders(mall, {}, { limit: 100, offset: 0 })
  const sent = orders.filter(({ shipping_info }) => shipping_info !== null)
  expect(sent.length).toBeGreaterThan(0)
  for (const { shipping_info: info, quantity, shipments } of sent) {
    expect(shipments).toMatchObject([
      { carrier_name: info?.carrier, tracking_no: info?.tracking_no, quantity },
    ])
  }
})

test('comparisons of an earlier version are shown as that version showed them', async () => {
  const { run, findings } = await readReconciliation(mall.db, '1')
  const shown: string[] = []
  for (const lang of ['zh', 'en'] as const) {
    shown.push(`# ${lang}`, await linesOf(totalsTables(run.totals, lang)))
    shown.push(findingsTable(run.id, findings, lang).body)
  }
  await expect(shown.join('\n')).toMatchFileSnapshot('../fixtures/backup-2026-11-28/comparison.txt')
})

test('each sentence of an earlier version is read as its code', async () => {
  const kept = await listFindings(mall.db, '2')
  expect(kept.map(({ kind, subject, ours, theirs }) => ({ kind, codes: [subject, ours, theirs] }))).toEqual(
    SENTENCES.map(({ kind, codes }) => ({ kind, codes })),
  )
  const said = (side: Side | null) => (side ? sideText(side, 'en') : '')
  const lines = kept.map(({ subject, ours, theirs }) =>
    [subjectText(subject, 'en'), said(ours), said(theirs)].join(' | '),
  )
  await expect(lines.join('\n')).toMatchFileSnapshot('../fixtures/backup-2026-11-28/findings.txt')
})

test('a freeze of an earlier version, which only its key shows, is shown as one', async () => {
  const ledger = { ...mall, outsideWallet: undefined }
  for (const currency of ['ZJF', 'CNY'] as const) {
    const { entries } = await readStatement(
      ledger,
      { ownerId: 'alice', currency, kind: 'freeze' },
      { limit: 10, offset: 0, cursor: undefined },
      'zh',
    )
    expect(entries.map(({ freezes, reason }) => [freezes, reason])).toEqual([
      [true, '司法冻结'],
      [false, '核查完毕'],
      [true, '风控核查'],
    ])
  }
})

test('the database accepts no sentence in a column of codes', async () => {
  const word = sql`to_jsonb('payment declined'::text)`
  for (const put of [
    sql`update order_events set note = ${word}`,
    sql`update points_exchange_orders set needs_attention = ${word}`,
    sql`update webhook_inbox set kind = 'something paid'`,
    sql`update webhook_inbox set outcome = 'nothing to tell'`,
    sql`update reconciliation_findings set subject = ${word}`,
    sql`update reconciliation_findings set ours = ${word}`,
    sql`update reconciliation_findings set theirs = ${word}`,
  ]) {
    await expect(put.execute(owner)).rejects.toThrow(/violates check constraint/)
  }
})

test('the ledger of an earlier version is valid', async () => {
  expect(await findBrokenLedger(mall.db, mall.vault)).toEqual([])
  expect(await findOrderViolations(mall.db)).toEqual([])
})
