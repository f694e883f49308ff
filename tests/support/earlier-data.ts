import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { sql } from 'kysely'
import { Client } from 'pg'
import { openManifest } from '../../cli/lib/backup-manifest.ts'
import { readKeyFile } from '../../cli/lib/key-file.ts'
import { connectDatabase } from '../../db/client.ts'
import { migrateTo, migrateToLatest } from '../../db/migrator.ts'
import { checkFiles, loadTables } from '../../db/platform/dump.ts'
import { createEncryptor, type Key } from '../../db/platform/encryption.ts'
import { createLedgerCipher } from '../../db/wallet/ledger-cipher.ts'
import { emptyDatabase } from './database.ts'
import { SENTENCES } from './earlier-sentences.ts'

const FOLDER = join(import.meta.dirname, '../fixtures/backup-2026-11-28')

/** The last migration of the version that stored its state as sentences. */
const LAST_WITH_SENTENCES = '2026-11-29-unpaid-orders'

/**
 * A database of an earlier version, migrated: the demo's orders and what else its pages can show.
 * @param server the address of any database of the server
 */
export async function openEarlierData(server: string) {
  const url = await emptyDatabase(server)
  const { LEDGER_KEYS, PAYLOAD_KEYS } = readKeyFile(join(FOLDER, 'keys'))
  const vault = createLedgerCipher(keysIn(LEDGER_KEYS))
  const dump = openManifest(vault, readFileSync(join(FOLDER, 'manifest.json'), 'utf8'))
  await checkFiles(dump, FOLDER)
  const owner = connectDatabase(url, 1, 'owner')
  await migrateTo(owner, dump.migrations.at(-1) ?? '')
  const client = new Client({ connectionString: url })
  await client.connect()
  await loadTables(client, dump, FOLDER, false)
  await client.end()
  await migrateTo(owner, LAST_WITH_SENTENCES)
  for (const statement of MORE) await sql.raw(statement).execute(owner)
  for (const { kind, words } of SENTENCES) {
    const [subject, ours, theirs] = words
    await sql`insert into reconciliation_findings (reconciliation_id, kind, subject, ours, theirs)
      values (2, ${kind}, ${subject}, ${ours}, ${theirs})`.execute(owner)
  }
  await sql.raw(readFileSync(join(FOLDER, 'freezes.sql'), 'utf8')).execute(owner)
  await migrateToLatest(owner)
  await owner.destroy()
  return { url, db: connectDatabase(url, 4), vault, sealer: createEncryptor(keysIn(PAYLOAD_KEYS)) }
}

const keysIn = (text: string): Key[] =>
  text.split(',').map((pair) => {
    const [id = '', key = ''] = pair.split(':')
    return { id, key: Buffer.from(key, 'base64') }
  })

const event = (orderNo: string, key: string, status: string, note: string, actor = `'system', null`) =>
  `insert into order_events (order_no, event_key, status, note, actor_type, actor_id, created_at)
    values ('${orderNo}', '${key}', '${status}', '${note}', ${actor}, '2026-11-28 09:00:00+00')`

const PART = 'PM20261128162523NA1B7JYBNVDD'
const CANCELED = 'PM20261128162528FRSQF56MD06K'
const LATE = 'PM20261128162528Z045XA9ZNTS7'

/** Rows that version wrote outside the demo's orders, word for word. */
const MORE = [
  `update points_exchange_orders set needs_attention = 'refund: ACQ.SELLER_BALANCE_NOT_ENOUGH: 余额不足' where order_no = '${PART}'`,
  `update points_exchange_orders set needs_attention = 'late money: connect ECONNREFUSED' where order_no = '${LATE}'`,
  `update points_exchange_orders set needs_attention = 'somebody has to look' where order_no = '${CANCELED}'`,
  event(PART, `settled/${PART}-1-R1`, 'order_shipped', 'refund settled by hand', `'operator', 'demo'`),
  event(PART, `refund/${PART}-R2`, 'order_shipped', 'refund in part: 少发: 1 件', `'operator', 'demo'`),
  event(PART, 'order_finished', 'order_finished', 'auto_confirm'),
  event(CANCELED, 'declined/late', 'order_canceled', 'payment declined'),
  `update order_events set note = 'canceled_by_operator' where order_no = '${CANCELED}' and event_key = 'order_canceled'`,
  ...['signalled', 'nothing to tell', 'refund started', 'the exchange has ended', 'no order of ours'].map(
    (outcome, n) =>
      `insert into webhook_inbox (source, event_id, kind, order_no, event, received_at, delivered_at, outcome)
        values ('stripe', 'evt_${n}', 'closed', '${PART}', '{}', '2026-11-28 09:00:0${n}+00', '2026-11-28 09:00:0${n}+00', '${outcome}')`,
  ),
  `insert into reconciliations (day, run_key, totals, started_at, finished_at) values ('2026-11-28', 'before', '${JSON.stringify(
    {
      'alipay bill': '2 lines',
      'alipay payments': '2: 19.80 CNY',
      'alipay refunds': '0: 0.00 CNY',
      'stripe bill': 'not made yet',
      order_paid: '3: 1200 points, 9.90 CNY',
      order_canceled: '4: 3600 points, 1029.70 CNY',
      'payments paid': '5: 0 points, 109.50 CNY',
      'what nobody knows': 'as it was',
    },
  )}', '2026-11-28 16:10:00+00', '2026-11-28 16:10:09+00')`,
  ...[
    ['order_against_books', `stock of ${PART}`, 'held', 'order_shipped', PART],
    ['order_against_books', `order without points ${PART}`, null, null, PART],
    ['payment_against_order', `money of ${LATE}`, 'paid 2 times', 'order_canceled', LATE],
    ['payment_against_order', `refund of ${PART}-1 by wallet`, null, 'paid', PART],
    ['amount_against_ledger', `ZJF of ${PART}`, '-100, held 0', '-200, held 0 is due', PART],
    ['amount_against_ledger', PART, 'booked for mallory', null, PART],
    ['ledger', 'account user/alice/ZJF', 'the row is not what the mall wrote', null, null],
    ['ledger', 'entry 7/3 has no account', null, null, null],
    [
      'earning_against_ledger',
      'earning 3 (earn/order/77)',
      '5 granted and 0 taken back',
      '6 and 0 are due',
      null,
    ],
    ['payment_missing', `${PART}-1`, 'paid 9.90', 'unpaid', PART],
    ['payment_unknown', 'PM20261128000000AAAAAAAAAAAA-1', null, 'paid 9.90 and 9.90', null],
    ['workflow_missing', LATE, 'order_paid', 'not running', LATE],
  ].map(
    (
      finding,
    ) => `insert into reconciliation_findings (reconciliation_id, kind, subject, ours, theirs, order_no, found_at)
      values (1, ${finding.map((text) => (text === null ? 'null' : `'${text}'`)).join(', ')}, '2026-11-28 16:10:05+00')`,
  ),
  `insert into reconciliations (day, run_key) values ('2026-11-29', 'sentences')`,
]
