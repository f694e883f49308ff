import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { TRACKING_SCHEMA } from './tracking/books.ts'

const SCHEMA = `
PRAGMA journal_mode = WAL;
PRAGMA synchronous = NORMAL;
PRAGMA foreign_keys = ON;

CREATE TABLE IF NOT EXISTS trades (
  ref TEXT PRIMARY KEY,
  method TEXT NOT NULL,
  out_trade_no TEXT NOT NULL,
  payment_ref TEXT NOT NULL UNIQUE,
  amount_fen INTEGER NOT NULL CHECK (amount_fen > 0),
  subject TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('unpaid', 'declined', 'paid', 'closed', 'refunded')),
  attempts INTEGER NOT NULL DEFAULT 0,
  return_url TEXT NOT NULL,
  pay_by INTEGER,
  expires_at INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  paid_at INTEGER,
  wire TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS trades_out_trade_no ON trades (out_trade_no);
CREATE INDEX IF NOT EXISTS trades_open ON trades (expires_at) WHERE state IN ('unpaid', 'declined');

CREATE TABLE IF NOT EXISTS refunds (
  ref TEXT PRIMARY KEY,
  trade_ref TEXT NOT NULL REFERENCES trades,
  amount_fen INTEGER NOT NULL CHECK (amount_fen > 0),
  state TEXT NOT NULL CHECK (state IN ('pending', 'done', 'failed')),
  created_at INTEGER NOT NULL,
  wire TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS refunds_trade ON refunds (trade_ref);

CREATE TABLE IF NOT EXISTS notifications (
  id INTEGER PRIMARY KEY,
  method TEXT NOT NULL,
  out_trade_no TEXT NOT NULL,
  event_id TEXT NOT NULL,
  body TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('waiting', 'held', 'delivered', 'given_up')),
  due_at INTEGER NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0,
  fault TEXT
) STRICT;
CREATE INDEX IF NOT EXISTS notifications_due ON notifications (due_at) WHERE state = 'waiting';
CREATE INDEX IF NOT EXISTS notifications_trade ON notifications (out_trade_no);

CREATE TABLE IF NOT EXISTS sends (
  id INTEGER PRIMARY KEY,
  notification_id INTEGER NOT NULL REFERENCES notifications,
  url TEXT NOT NULL,
  headers TEXT NOT NULL,
  status INTEGER,
  body TEXT
) STRICT;

CREATE TABLE IF NOT EXISTS answers (
  key TEXT PRIMARY KEY,
  path TEXT NOT NULL,
  fields TEXT NOT NULL,
  status INTEGER NOT NULL,
  body TEXT NOT NULL,
  created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS answers_age ON answers (created_at);

CREATE TABLE IF NOT EXISTS faults (
  id INTEGER PRIMARY KEY,
  method TEXT,
  fault TEXT NOT NULL,
  remaining INTEGER NOT NULL CHECK (remaining >= 0),
  delay_ms INTEGER
) STRICT;
`

/** `sandbox.db` in the data folder, created on the first run. */
export function openDatabase(dataDir: string): DatabaseSync {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 })
  const db = new DatabaseSync(join(dataDir, 'sandbox.db'), { timeout: 5_000 })
  db.exec(SCHEMA)
  db.exec(TRACKING_SCHEMA)
  const paidAt = db.prepare("SELECT 1 FROM pragma_table_info('trades') WHERE name = 'paid_at'")
  if (!paidAt.get()) db.exec('ALTER TABLE trades ADD COLUMN paid_at INTEGER')
  const body = db.prepare("SELECT 1 FROM pragma_table_info('sends') WHERE name = 'body'")
  if (!body.get()) db.exec('ALTER TABLE sends ADD COLUMN body TEXT')
  return db
}

/** One at a time, since everything here is synchronous. */
export function inTransaction<T>(db: DatabaseSync, work: () => T): T {
  db.exec('BEGIN IMMEDIATE')
  try {
    const result = work()
    db.exec('COMMIT')
    return result
  } catch (error) {
    db.exec('ROLLBACK')
    throw error
  }
}
