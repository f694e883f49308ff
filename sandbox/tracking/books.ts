import type { DatabaseSync } from 'node:sqlite'
import { type Ending, LIFE_S, LIVES, type Step } from './life.ts'

export const SERVICES = ['kuaidi100', 'kdniao'] as const
export type Service = (typeof SERVICES)[number]

/** Parcels, subscriptions and pushes; in the sandbox's database, next to those of the payments. */
export const TRACKING_SCHEMA = `
CREATE TABLE IF NOT EXISTS parcels (
  service TEXT NOT NULL,
  num TEXT NOT NULL,
  born_at INTEGER NOT NULL,
  ending TEXT NOT NULL DEFAULT 'signed',
  steps INTEGER,
  right_com TEXT,
  queries INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (service, num)
) STRICT;
CREATE TABLE IF NOT EXISTS subscriptions (
  id INTEGER PRIMARY KEY,
  service TEXT NOT NULL,
  num TEXT NOT NULL,
  com TEXT NOT NULL,
  url TEXT NOT NULL,
  salt TEXT NOT NULL,
  callback TEXT NOT NULL,
  made_at INTEGER NOT NULL,
  pushed INTEGER NOT NULL DEFAULT 0,
  state TEXT NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'aborted', 'shut_down'))
) STRICT;
CREATE INDEX IF NOT EXISTS subscriptions_open ON subscriptions (service, num) WHERE state = 'open';
CREATE TABLE IF NOT EXISTS pushes (
  id INTEGER PRIMARY KEY,
  subscription_id INTEGER NOT NULL REFERENCES subscriptions,
  content TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('waiting', 'held', 'delivered', 'given_up')),
  due_at INTEGER NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0,
  status INTEGER,
  fault TEXT
) STRICT;
CREATE INDEX IF NOT EXISTS pushes_due ON pushes (due_at) WHERE state = 'waiting';
`

export interface ParcelRow {
  readonly service: Service
  readonly num: string
  readonly born_at: number
  readonly ending: Ending
  /** Fixed by control; null: the clock goes on. */
  readonly steps: number | null
  /** The carrier whose number it is, where it is followed at another one. */
  readonly right_com: string | null
  readonly queries: number
}

export interface SubscriptionRow {
  readonly id: number
  readonly service: Service
  readonly num: string
  readonly com: string
  /** Where it is pushed to. */
  readonly url: string
  readonly salt: string
  /** What the subscriber wants to read again. */
  readonly callback: string
  readonly made_at: number
  readonly pushed: number
  readonly state: 'open' | 'aborted' | 'shut_down'
}

/** A number that nobody has named before begins its life now. */
export function parcelOf(db: DatabaseSync, service: Service, num: string): ParcelRow {
  db.prepare('INSERT OR IGNORE INTO parcels (service, num, born_at) VALUES (?, ?, ?)').run(
    service,
    num.toUpperCase(),
    Date.now(),
  )
  return db
    .prepare('SELECT * FROM parcels WHERE service = ? AND num = ?')
    .get(service, num.toUpperCase()) as unknown as ParcelRow
}

export function countParcelQuery(db: DatabaseSync, { service, num }: ParcelRow): void {
  db.prepare('UPDATE parcels SET queries = queries + 1 WHERE service = ? AND num = ?').run(service, num)
}

export interface Happened {
  readonly step: Step
  /** `ms` since 1970. */
  readonly at: number
}

/** What has happened to a parcel so far, oldest first. */
export function happenedTo({ ending, steps, born_at }: ParcelRow, clockScale: number): Happened[] {
  const scale = steps === null ? clockScale : 1
  const happened = LIVES[ending].map((step) => ({ step, at: born_at + (step.afterS * 1000) / scale }))
  return steps === null ? happened.filter(({ at }) => at <= Date.now()) : happened.slice(0, steps)
}

export const isAtEnd = (parcel: ParcelRow, happened: readonly Happened[]): boolean =>
  happened.length === LIVES[parcel.ending].length

/** Stops the clock of a parcel at a step, and changes what else is said of it. */
export function setParcel(
  db: DatabaseSync,
  service: Service,
  num: string,
  to: { steps?: number | undefined; ending?: Ending | undefined; right_com?: string | undefined },
): ParcelRow {
  const { ending, steps, right_com, born_at } = parcelOf(db, service, num)
  // Its whole life is in the past.
  const bornAt = to.steps === undefined || steps !== null ? born_at : Date.now() - LIFE_S * 1000
  db.prepare(
    'UPDATE parcels SET steps = ?, ending = ?, right_com = ?, born_at = ? WHERE service = ? AND num = ?',
  ).run(to.steps ?? steps, to.ending ?? ending, to.right_com ?? right_com, bornAt, service, num.toUpperCase())
  return parcelOf(db, service, num)
}

const MONTH_MS = 31 * 86_400_000
const SUBSCRIPTIONS_A_MONTH = 4

/** @returns undefined where the number is followed already, or was subscribed too often this month */
export function addSubscription(
  db: DatabaseSync,
  made: Omit<SubscriptionRow, 'id' | 'made_at' | 'pushed' | 'state'>,
): SubscriptionRow | undefined {
  const num = made.num.toUpperCase()
  const { count, open } = db
    .prepare(
      `SELECT count(*) AS count, coalesce(sum(state = 'open'), 0) AS open FROM subscriptions
        WHERE service = ? AND num = ? AND com = ? AND made_at > ?`,
    )
    .get(made.service, num, made.com, Date.now() - MONTH_MS) as { count: number; open: number }
  if (open > 0 || count >= SUBSCRIPTIONS_A_MONTH) return undefined
  return db
    .prepare(
      `INSERT INTO subscriptions (service, num, com, url, salt, callback, made_at)
        VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING *`,
    )
    .get(
      made.service,
      num,
      made.com,
      made.url,
      made.salt,
      made.callback,
      Date.now(),
    ) as unknown as SubscriptionRow
}

export function openSubscriptions(db: DatabaseSync): SubscriptionRow[] {
  return db
    .prepare("SELECT * FROM subscriptions WHERE state = 'open' ORDER BY id")
    .all() as unknown as SubscriptionRow[]
}

/** Also tells how far it has been pushed. */
export function setSubscription(
  db: DatabaseSync,
  { id }: SubscriptionRow,
  state: SubscriptionRow['state'],
  pushed: number,
): void {
  db.prepare('UPDATE subscriptions SET state = ?, pushed = ? WHERE id = ?').run(state, pushed, id)
}

/** What control shows; each in the order in which it came. */
export function readTracking(db: DatabaseSync) {
  return {
    parcels: db.prepare('SELECT * FROM parcels ORDER BY rowid').all(),
    subscriptions: db.prepare('SELECT id, service, num, com, callback, state FROM subscriptions').all(),
    pushes: db
      .prepare(
        `SELECT s.service, s.num, p.content, p.state, p.attempts, p.status FROM pushes p
          JOIN subscriptions s ON s.id = p.subscription_id ORDER BY p.id`,
      )
      .all(),
  }
}
