import { randomBytes } from 'node:crypto'
import type { DatabaseSync } from 'node:sqlite'

/** The supplier's own books: what was ordered under each number, and what became of it. */

export type State = 'processing' | 'succeeded' | 'failed'

export interface Order {
  readonly chargeNo: string
  readonly item: string
  readonly quantity: number
  readonly account: string
}

export interface Charge extends Order {
  readonly ref: string
  readonly state: State
  readonly reason: string | null
}

const SCHEMA = `
CREATE TABLE IF NOT EXISTS supplier_charges (
  charge_no TEXT PRIMARY KEY,
  ref TEXT NOT NULL UNIQUE,
  item TEXT NOT NULL,
  quantity INTEGER NOT NULL CHECK (quantity > 0),
  account TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('processing', 'succeeded', 'failed')),
  reason TEXT,
  becomes TEXT NOT NULL,
  settles_at INTEGER,
  created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE IF NOT EXISTS supplier_requests (
  id INTEGER PRIMARY KEY,
  kind TEXT NOT NULL,
  charge_no TEXT NOT NULL,
  nonce TEXT NOT NULL UNIQUE,
  at INTEGER NOT NULL
) STRICT;

CREATE TABLE IF NOT EXISTS supplier_faults (
  id INTEGER PRIMARY KEY,
  fault TEXT NOT NULL,
  charge_no TEXT,
  remaining INTEGER NOT NULL CHECK (remaining >= 0)
) STRICT;

CREATE TABLE IF NOT EXISTS supplier_late (
  charge_no TEXT PRIMARY KEY,
  body TEXT NOT NULL
) STRICT;
`

/** What occasionally happens at real suppliers, on demand. */
export const SUPPLIER_FAULTS = [
  // The next order …
  'answer_lost', // … is taken, and the connection dropped
  'silent', // … is taken, and never answered
  'error_before', // … fails with a 500 and is not taken
  'error_after', // … is taken, and answered with a 500
  'refused', // … is refused for good with a 422
  'fails', // … is taken, and fails while it is processed
  'fails_at_once', // … is taken and fails immediately
  'stuck', // … is processed until it is settled by hand
  'late', // … is on its way until it arrives by hand; the sender gets a 504
  'twice', // … arrives twice
  'garbage', // … is taken, and answered with something that is no answer
  'stranger', // … is taken, and answered with another charge
  'redirect', // … is answered with a redirect, and not taken
  // The next query …
  'unknown', // … says that there is no such charge, even where there is
  'query_error', // … fails with a 503
] as const
export type SupplierFault = (typeof SUPPLIER_FAULTS)[number]

export function openBooks(db: DatabaseSync): void {
  db.exec(SCHEMA)
}

export function findCharge(db: DatabaseSync, chargeNo: string): Charge | undefined {
  settleDue(db)
  const row = db.prepare('SELECT * FROM supplier_charges WHERE charge_no = ?').get(chargeNo)
  return row && chargeFromRow(row)
}

/** One number is charged once: the same number again changes nothing. */
export function takeOrder(
  db: DatabaseSync,
  { chargeNo, item, quantity, account }: Order,
  fate: { readonly becomes: 'succeeded' | 'failed'; readonly settlesAt: number | null },
): Charge {
  db.prepare(
    `INSERT INTO supplier_charges (charge_no, ref, item, quantity, account, state, becomes, settles_at, created_at)
     VALUES (?, ?, ?, ?, ?, 'processing', ?, ?, ?) ON CONFLICT (charge_no) DO NOTHING`,
  ).run(
    chargeNo,
    `SP${randomBytes(8).toString('hex')}`,
    item,
    quantity,
    account,
    fate.becomes,
    fate.settlesAt,
    Date.now(),
  )
  return findCharge(db, chargeNo) as Charge
}

/** @returns false where no charge of this number is being processed */
export function settleCharge(db: DatabaseSync, chargeNo: string, state: 'succeeded' | 'failed'): boolean {
  const { changes } = db
    .prepare(
      "UPDATE supplier_charges SET state = ?, reason = ?, settles_at = NULL WHERE charge_no = ? AND state = 'processing'",
    )
    .run(state, state === 'failed' ? 'OPERATOR_REJECTED' : null, chargeNo)
  return changes > 0
}

function settleDue(db: DatabaseSync): void {
  db.prepare(
    `UPDATE supplier_charges SET state = becomes, reason = CASE becomes WHEN 'failed' THEN 'OPERATOR_REJECTED' END, settles_at = NULL
     WHERE state = 'processing' AND settles_at <= ?`,
  ).run(Date.now())
}

/** @returns false for a nonce that was used before */
export function noteRequest(db: DatabaseSync, kind: string, chargeNo: string, nonce: string): boolean {
  const { changes } = db
    .prepare(
      'INSERT INTO supplier_requests (kind, charge_no, nonce, at) VALUES (?, ?, ?, ?) ON CONFLICT (nonce) DO NOTHING',
    )
    .run(kind, chargeNo, nonce, Date.now())
  return changes > 0
}

export function readRequests(db: DatabaseSync) {
  return db.prepare('SELECT kind, charge_no FROM supplier_requests ORDER BY id').all()
}

/** Without accounts. */
export function readCharges(db: DatabaseSync) {
  settleDue(db)
  return db.prepare('SELECT charge_no, ref, item, quantity, state FROM supplier_charges ORDER BY rowid').all()
}

export function addFault(
  db: DatabaseSync,
  fault: SupplierFault,
  chargeNo: string | undefined,
  count: number,
): void {
  db.prepare('INSERT INTO supplier_faults (fault, charge_no, remaining) VALUES (?, ?, ?)').run(
    fault,
    chargeNo ?? null,
    count,
  )
}

/** Uses one fault up. */
export function takeFault(db: DatabaseSync, fault: SupplierFault, chargeNo: string): boolean {
  const { changes } = db
    .prepare(
      `UPDATE supplier_faults SET remaining = remaining - 1 WHERE id = (
         SELECT id FROM supplier_faults WHERE fault = ? AND remaining > 0 AND (charge_no IS NULL OR charge_no = ?)
         ORDER BY id LIMIT 1)`,
    )
    .run(fault, chargeNo)
  return changes > 0
}

export function clearFaults(db: DatabaseSync): void {
  db.prepare('DELETE FROM supplier_faults').run()
}

export function keepLate(db: DatabaseSync, order: Order): void {
  db.prepare(
    'INSERT INTO supplier_late (charge_no, body) VALUES (?, ?) ON CONFLICT (charge_no) DO NOTHING',
  ).run(order.chargeNo, JSON.stringify(order))
}

/** The order that was on its way under this number. */
export function takeLate(db: DatabaseSync, chargeNo: string): Order | undefined {
  const row = db.prepare('DELETE FROM supplier_late WHERE charge_no = ? RETURNING body').get(chargeNo)
  return row && (JSON.parse(row.body as string) as Order)
}

function chargeFromRow(row: Record<string, unknown>): Charge {
  return {
    chargeNo: row.charge_no as string,
    ref: row.ref as string,
    item: row.item as string,
    quantity: Number(row.quantity),
    account: row.account as string,
    state: row.state as State,
    reason: row.reason as string | null,
  }
}
