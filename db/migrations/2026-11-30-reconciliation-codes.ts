import { type Kysely, sql } from 'kysely'

/**
 * Findings and totals of the comparisons: codes with data, where sentences stood. Words that stand for nothing known
 * are kept as they are.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of FINDINGS) await sql.raw(statement).execute(db)
  for (let after = '0'; ; ) {
    const { rows } = await sql<Row>`
      select id, kind, subject #>> '{data,words}' as subject, ours #>> '{data,words}' as ours,
        theirs #>> '{data,words}' as theirs
      from reconciliation_findings where id > ${after} order by id limit 1000`.execute(db)
    if (rows.length === 0) break
    after = rows.at(-1)?.id ?? after
    const coded = rows.map(({ id, kind, subject, ours, theirs }) => ({
      id,
      subject: codeOf(SUBJECTS, subject, kind),
      ours: ours === null ? null : codeOf(OURS, ours, kind),
      theirs: theirs === null ? null : codeOf(THEIRS, theirs, kind),
    }))
    await sql`
      update reconciliation_findings f set subject = c.subject, ours = c.ours, theirs = c.theirs
      from jsonb_to_recordset(${JSON.stringify(coded)}::jsonb) as c (id bigint, subject jsonb, ours jsonb, theirs jsonb)
      where f.id = c.id`.execute(db)
  }
  for (const statement of CHECKS) await sql.raw(statement).execute(db)

  const { rows: runs } = await sql<{ id: string; totals: Record<string, string> }>`
    select id, totals from reconciliations where totals <> '{}'`.execute(db)
  for (const { id, totals } of runs) {
    await sql`update reconciliations set totals = ${JSON.stringify(totalsOf(totals))} where id = ${id}`.execute(
      db,
    )
  }
}

const coded = (column: string) =>
  `jsonb_build_object('code', 'other', 'data', jsonb_build_object('words', ${column}))`

const FINDINGS = [
  `drop index reconciliation_findings_once`,
  `alter table reconciliation_findings
    alter column subject type jsonb using ${coded('subject')},
    alter column ours type jsonb using case when ours is not null then ${coded('ours')} end,
    alter column theirs type jsonb using case when theirs is not null then ${coded('theirs')} end`,
]

const CHECKS = [
  `alter table reconciliation_findings
    add constraint subject_has_code check (coalesce(jsonb_typeof(subject -> 'code') = 'string', false)),
    add constraint ours_has_code check (ours is null or coalesce(jsonb_typeof(ours -> 'code') = 'string', false)),
    add constraint theirs_has_code check (theirs is null or coalesce(jsonb_typeof(theirs -> 'code') = 'string', false))`,
  // A hash, since a subject may be longer than an index takes.
  `create unique index reconciliation_findings_once on reconciliation_findings
    (reconciliation_id, kind, md5(subject::text))`,
]

interface Row {
  id: string
  kind: string
  subject: string
  ours: string | null
  theirs: string | null
}

interface Coded {
  readonly code: string
  readonly data: Readonly<Record<string, string | readonly string[]>>
}

/** A sentence of that version: the groups of its pattern are the data, by their names. */
interface Sentence {
  readonly code: string
  readonly said: RegExp
  /** Where the same words mean something else elsewhere. */
  readonly kinds?: readonly string[]
}

const LAWS = [
  'order_against_books',
  'payment_against_order',
  'amount_against_ledger',
  'ledger',
  'earning_against_ledger',
]

const ORDERS = ['order_against_books']
const PAYMENTS = ['payment_against_order']
const AMOUNTS = ['amount_against_ledger']
const LEDGER = ['ledger']
const EARNINGS = ['earning_against_ledger']
const UNREAD = ['provider_unreachable', 'engine_unreachable']
const WORKFLOWS = ['workflow_missing', 'workflow_left_running']

const SUBJECTS: readonly Sentence[] = [
  { code: 'stock', said: /^stock of (?<no>\S+)$/, kinds: ORDERS },
  { code: 'points', said: /^points of (?<no>\S+)$/, kinds: ORDERS },
  { code: 'order_without_points', said: /^order without points (?<no>\S+)$/, kinds: ORDERS },
  { code: 'points_booked_twice', said: /^points booked twice for (?<no>\S+)$/, kinds: ORDERS },
  { code: 'order_without_stock', said: /^order without stock (?<no>\S+)$/, kinds: ORDERS },
  { code: 'standard_order', said: /^standard order of (?<no>\S+)$/, kinds: ORDERS },
  { code: 'reservation_without_order', said: /^reservation without order (?<no>\S+)$/, kinds: ORDERS },
  { code: 'hold_without_order', said: /^hold without order (?<no>\S+)$/, kinds: ORDERS },
  { code: 'money', said: /^money of (?<no>\S+)$/, kinds: PAYMENTS },
  { code: 'open_payments', said: /^open payments of (?<no>\S+)$/, kinds: PAYMENTS },
  { code: 'cash', said: /^cash of (?<no>\S+)$/, kinds: PAYMENTS },
  { code: 'cash_held', said: /^cash held for (?<no>\S+)$/, kinds: PAYMENTS },
  { code: 'refund', said: /^refund of (?<no>\S+)$/, kinds: PAYMENTS },
  { code: 'wallet_refund', said: /^refund of (?<no>\S+) by wallet$/, kinds: PAYMENTS },
  { code: 'taken_back', said: /^taken back of (?<no>\S+)$/, kinds: PAYMENTS },
  {
    code: 'refund_not_replaced',
    said: /^refund number (?<no>\S+) has nothing in its place$/,
    kinds: PAYMENTS,
  },
  { code: 'payment_without_order', said: /^payment without order (?<no>\S+)$/, kinds: PAYMENTS },
  { code: 'amounts', said: /^amounts of (?<no>\S+)$/, kinds: AMOUNTS },
  { code: 'booked', said: /^(?<currency>ZJF|CNY) of (?<no>\S+)$/, kinds: AMOUNTS },
  { code: 'named', said: /^(?<no>PM\d{14}[0-9A-Z]{12})$/, kinds: AMOUNTS },
  { code: 'earning', said: /^earning (?<id>\d+) \((?<key>.+)\)$/s, kinds: EARNINGS },
  {
    code: 'entry_missing',
    said: /^account (?<id>-?\d+) \((?<ref>.+)\), entry (?<entry>\d+) is missing$/s,
    kinds: LEDGER,
  },
  { code: 'entry', said: /^account (?<id>-?\d+) \((?<ref>.+)\), entry (?<entry>-?\d+)$/s, kinds: LEDGER },
  { code: 'account', said: /^account (?<id>-?\d+) \((?<ref>.+)\)$/s, kinds: LEDGER },
  { code: 'account_gone', said: /^account (?<ref>.+) is gone$/s, kinds: LEDGER },
  { code: 'stray_entry', said: /^entry (?<id>-?\d+)\/(?<entry>-?\d+) has no account$/, kinds: LEDGER },
  {
    code: 'stray_entries',
    said: /^entry (?<id>-?\d+)\/(?<entry>-?\d+) and those after it have no account$/,
    kinds: LEDGER,
  },
  { code: 'stray_transfer', said: /^transfer (?<key>.+) has no entry$/s, kinds: LEDGER },
  { code: 'currency', said: /^(?<currency>ZJF|CNY)$/, kinds: LEDGER },
]

const STATE: Sentence = { code: 'state', said: /^(?<state>[a-z_]+)$/ }
const MONEY: Sentence = {
  code: 'money',
  said: /^(?<state>[a-z_]+) (?<amounts>-?\d+\.\d\d(?: and -?\d+\.\d\d)*)$/,
}

const OURS: readonly Sentence[] = [
  { code: 'paid_times', said: /^paid (?<times>\d+) times$/, kinds: PAYMENTS },
  { code: 'open_attempts', said: /^(?<count>\d+)$/, kinds: PAYMENTS },
  { code: 'booked_for', said: /^booked for (?<owner>.+)$/s, kinds: [...AMOUNTS, ...EARNINGS] },
  { code: 'balance', said: /^(?<available>-?\d+), held (?<held>-?\d+)$/, kinds: AMOUNTS },
  {
    code: 'earned',
    said: /^(?<granted>-?\d+) granted and (?<taken>-?\d+) taken back$/,
    kinds: EARNINGS,
  },
  { code: 'earning_not_ours', said: /^it is not what the mall wrote$/, kinds: EARNINGS },
  { code: 'sealed_shut', said: /^the sealed part does not open$/, kinds: LAWS },
  { code: 'key_unknown', said: /^LEDGER_KEYS has no key (?<kid>.+)$/s, kinds: LAWS },
  { code: 'unreadable', said: /^it cannot be read \((?<said>.*)\)$/s, kinds: LEDGER },
  { code: 'entry_of_another', said: /^it is not one of this account$/, kinds: LEDGER },
  { code: 'transfer_missing', said: /^its transfer is missing$/, kinds: LEDGER },
  { code: 'chain_broken', said: /^the chain does not carry it$/, kinds: LEDGER },
  {
    code: 'balance_does_not_follow',
    said: /^its balance does not follow from the one before$/,
    kinds: LEDGER,
  },
  { code: 'not_as_in_heads', said: /^it was another one when the heads were written$/, kinds: LEDGER },
  { code: 'out_of_nothing', said: /^points came out of nothing$/, kinds: LEDGER },
  { code: 'malformed', said: /^it is not as the mall writes it$/, kinds: LEDGER },
  {
    code: 'entries_lost',
    said: /^(?<count>\d+) entries, and there were (?<before>\d+) when the heads were written$/,
    kinds: LEDGER,
  },
  { code: 'version_differs', said: /^version (?<version>-?\d+), (?<count>\d+) entries$/, kinds: LEDGER },
  { code: 'head_differs', said: /^its head is not its last entry$/, kinds: LEDGER },
  { code: 'lots_differ', said: /^its lots do not add up to its balance$/, kinds: LEDGER },
  { code: 'holds_differ', said: /^its holds do not add up to what is held$/, kinds: LEDGER },
  {
    code: 'outstanding',
    said: /^(?<outstanding>-?\d+) are outstanding, transfers gave (?<given>-?\d+)$/,
    kinds: LEDGER,
  },
  STATE,
  MONEY,
]

const THEIRS: readonly Sentence[] = [
  { code: 'said', said: /^(?<said>.*)$/s, kinds: UNREAD },
  { code: 'no_bill', said: /^no bill of (?<day>\S+) yet$/, kinds: ['bill_missing'] },
  { code: 'running', said: /^running$/, kinds: WORKFLOWS },
  { code: 'not_running', said: /^not running$/, kinds: WORKFLOWS },
  {
    code: 'refused',
    said: /^refused: (?<reason>.*)$/s,
    kinds: ['payment_missing', 'refund_missing'],
  },
  { code: 'no_order', said: /^there is no order$/, kinds: PAYMENTS },
  { code: 'balance_due', said: /^(?<available>-?\d+), held (?<held>-?\d+) is due$/, kinds: AMOUNTS },
  { code: 'earned_due', said: /^(?<granted>-?\d+) and (?<taken>-?\d+) are due$/, kinds: EARNINGS },
  STATE,
  MONEY,
]

function codeOf(sentences: readonly Sentence[], words: string, kind: string): Coded {
  // What is not about a law names its row by a number or a name alone.
  if (sentences === SUBJECTS && !LAWS.includes(kind)) return { code: 'named', data: { no: words } }
  for (const { code, said, kinds } of sentences) {
    const match = kinds === undefined || kinds.includes(kind) ? said.exec(words) : null
    if (!match) continue
    const { amounts, ...data } = match.groups ?? {}
    return { code, data: amounts === undefined ? data : { ...data, amounts: amounts.split(' and ') } }
  }
  return { code: 'other', data: { words } }
}

const ORDER = /^(?:exchanged|order_(?:created|paid|accepted|shipped|finished|canceled))$/
const PAYMENT = /^payments (unpaid|paid|closing|closed|refunding|refunded)$/

function totalsOf(totals: Readonly<Record<string, string>>) {
  const bills: Record<string, unknown> = {}
  const orders: Record<string, unknown> = {}
  const payments: Record<string, unknown> = {}
  const others: Record<string, string> = {}
  const sumIn = (said: string | undefined) => {
    const [, count, points, money] = /^(\d+): (?:(\d+) points, )?(-?\d+\.\d\d) CNY$/.exec(said ?? '') ?? []
    return money === undefined
      ? undefined
      : { count: Number(count), ...(points === undefined ? {} : { points: Number(points) }), money }
  }
  const told = new Set<string>()
  for (const [name, said] of Object.entries(totals)) {
    const provider = /^(\w+) bill$/.exec(name)?.[1]
    if (provider === undefined) continue
    const parts = [`${provider} payments`, `${provider} refunds`]
    const [paid, back] = parts.map((part) => sumIn(totals[part]))
    const lines = /^(\d+) lines$/.exec(said)?.[1]
    if (said === 'not made yet') bills[provider] = null
    else if (lines !== undefined && paid && back) {
      bills[provider] = { lines: Number(lines), payments: paid, refunds: back }
      for (const part of parts) told.add(part)
    } else continue
    told.add(name)
  }
  for (const [name, said] of Object.entries(totals)) {
    const state = PAYMENT.exec(name)?.[1]
    const sum = sumIn(said)
    if (told.has(name)) continue
    if (sum && state !== undefined) payments[state] = { count: sum.count, money: sum.money }
    else if (sum && 'points' in sum && ORDER.test(name)) orders[name] = sum
    else others[name] = said
  }
  return Object.fromEntries(
    Object.entries({ bills, orders, payments, others }).filter(([, part]) => Object.keys(part).length > 0),
  )
}
