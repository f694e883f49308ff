import { type Selectable, sql } from 'kysely'
import { type DeliveryState, OVERTAKEN_AFTER, type TryResult } from '../../domain/messaging/deliveries.ts'
import type { EventType, TEST_EVENT } from '../../domain/messaging/events.ts'
import type { Db, Tx } from '../client.ts'
import type { WebhookDeliveriesTable } from '../schema/webhook-deliveries.ts'

type Delivery = Selectable<WebhookDeliveriesTable>

/** A delivery with what it delivers. */
export interface EventDelivery extends Delivery {
  readonly kind: EventType | typeof TEST_EVENT
  readonly payload: Readonly<Record<string, unknown>>
  readonly occurred_at: Date
  /** An earlier event of its lane is sent first. */
  readonly is_behind: boolean
}

const EVENT_COLUMNS = sql`o.kind, o.payload, o.created_at as occurred_at,
  (d.state = 'pending' and d.next_try_at is null) as is_behind`

/** Of one lane, the events that are handed on and those that end must not miss each other. */
async function lockLanes(tx: Tx, lanes: readonly string[]): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtextextended('webhook lane ' || lane, 0))
    from (select distinct lane from unnest(${[...lanes]}::text[]) as lane order by lane) as lanes`.execute(tx)
}

/** Whether an earlier delivery `p` of a lane holds up the later ones of the endpoint `e`. */
const HOLDS_UP = sql`p.state = 'pending' and (p.failures < ${sql.lit(OVERTAKEN_AFTER)} or not e.latest_state)`

/** The first of each lane is due; the others wait for it. */
async function wakeFirst(tx: Db, where: ReturnType<typeof sql>): Promise<void> {
  await sql`update webhook_deliveries d set next_try_at = clock_timestamp() from webhook_endpoints e
    where ${where} and e.id = d.endpoint_id and d.state = 'pending' and d.next_try_at is null and not exists (
      select from webhook_deliveries p where p.endpoint_id = d.endpoint_id and p.lane = d.lane
        and ${HOLDS_UP} and p.sequence < d.sequence)`.execute(tx)
}

/**
 * Makes a delivery for each endpoint that wants an event of the outbox. One at a time: of two that hand on events of
 * one lane, the second could be first.
 * @param isOff types that are not sent
 * @returns how many events were handed on
 */
export async function handOnEvents(db: Db, isOff: (kind: string) => boolean, limit: number): Promise<number> {
  // Most rounds find nothing: one query, and no transaction.
  const { rows: waiting } = await sql`select from outbox where delivered_at is null limit 1`.execute(db)
  if (waiting.length === 0) return 0
  return db.transaction().execute(async (tx) => {
    const lock = await sql<{ mine: boolean }>`
      select pg_try_advisory_xact_lock(hashtextextended('webhook hand on', 0)) as mine`.execute(tx)
    if (!lock.rows[0]?.mine) return 0
    const events = await tx
      .selectFrom('outbox')
      .select(['id', 'kind', 'lane'])
      .where('delivered_at', 'is', null)
      .orderBy('id')
      .limit(limit)
      .execute()
    if (events.length === 0) return 0
    const sent = events.filter(({ kind }) => !isOff(kind))
    const ids = sent.map(({ id }) => id)
    const lanes = sent.map(({ lane }) => lane)
    await lockLanes(tx, lanes)
    const { rows } = await sql<{ id: string }>`
      insert into webhook_deliveries (endpoint_id, event_id, lane, sequence)
      select e.id, o.id, o.lane, o.sequence from outbox o
        join webhook_endpoints e on o.kind = any(e.events) and e.state = 'enabled' and e.deleted_at is null
      where o.id = any(${ids}::bigint[]) order by o.id
      on conflict (endpoint_id, event_id) do nothing returning id`.execute(tx)
    const made = rows.map(({ id }) => id)
    if (made.length > 0) await wakeFirst(tx, sql`d.id = any(${made}::bigint[])`)
    await tx
      .updateTable('outbox')
      .set({ delivered_at: new Date() })
      .where(
        'id',
        'in',
        events.map(({ id }) => id),
      )
      .execute()
    return events.length
  })
}

/** An event for one endpoint alone; the relay hands on no other. @returns its delivery */
export async function addDelivery(tx: Tx, endpointId: string, eventKey: string): Promise<string> {
  const event = await tx
    .updateTable('outbox')
    .set({ delivered_at: new Date() })
    .where('key', '=', eventKey)
    .returning(['id', 'lane', 'sequence'])
    .executeTakeFirstOrThrow()
  await lockLanes(tx, [event.lane])
  const made = await tx
    .insertInto('webhook_deliveries')
    .values({
      endpoint_id: endpointId,
      event_id: event.id,
      lane: event.lane,
      sequence: event.sequence,
      next_try_at: null,
      leased_until: null,
      status: null,
      outcome: null,
      ended_at: null,
    })
    .onConflict((conflict) => conflict.columns(['endpoint_id', 'event_id']).doNothing())
    .returning('id')
    .executeTakeFirst()
  if (made) {
    await wakeFirst(tx, sql`d.id = ${made.id}`)
    return made.id
  }
  const { id } = await tx
    .selectFrom('webhook_deliveries')
    .select('id')
    .where('endpoint_id', '=', endpointId)
    .where('event_id', '=', event.id)
    .executeTakeFirstOrThrow()
  return id
}

/** Endpoints to which something is due now. */
export async function findDueEndpoints(db: Db): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`
    select id from webhook_endpoints e
    where state = 'enabled' and deleted_at is null and (paused_until is null or paused_until <= clock_timestamp())
      and exists (select from webhook_deliveries d where d.endpoint_id = e.id and d.state = 'pending'
        and d.next_try_at <= clock_timestamp() and (d.leased_until is null or d.leased_until < clock_timestamp()))
    order by random()`.execute(db)
  return rows.map(({ id }) => id)
}

export interface Claimed extends EventDelivery {
  readonly url: string
  readonly sealed: Buffer
}

/** Tries that a delivery shows. */
const ATTEMPTS_MAX = 30

/**
 * Takes due deliveries of an endpoint, of each lane what no earlier one holds up, and notes that each is being tried. Whoever ends
 * while it tries loses them after the lease.
 */
export async function claimDeliveries(
  db: Db,
  endpointId: string,
  limit: number,
  leaseMs: number,
): Promise<Claimed[]> {
  const { rows } = await sql<Claimed>`
    with claimed as (
      update webhook_deliveries set tries = tries + 1,
        leased_until = clock_timestamp() + make_interval(secs => ${leaseMs / 1000}),
        attempts = (case when jsonb_array_length(attempts) < ${ATTEMPTS_MAX} then attempts else attempts - 0 end)
          || jsonb_build_array(jsonb_build_object('at', to_json(clock_timestamp())))
      where id in (
        select c.id from webhook_deliveries c
          join webhook_endpoints e on e.id = c.endpoint_id and e.state = 'enabled' and e.deleted_at is null
            and (e.paused_until is null or e.paused_until <= clock_timestamp())
        where c.endpoint_id = ${endpointId} and c.state = 'pending' and c.next_try_at <= clock_timestamp()
          and (c.leased_until is null or c.leased_until < clock_timestamp())
          and not exists (select from webhook_deliveries p where p.endpoint_id = c.endpoint_id
            and p.lane = c.lane and ${HOLDS_UP} and p.sequence < c.sequence)
        order by c.next_try_at limit ${limit} for update of c skip locked)
      returning *)
    select d.*, ${EVENT_COLUMNS}, e.url, e.sealed from claimed d
      join outbox o on o.id = d.event_id join webhook_endpoints e on e.id = d.endpoint_id`.execute(db)
  return rows
}

/**
 * Records what came of a try, and makes the next event of the lane due where this one holds it up no more.
 * @param pauseMs until the next try; undefined: there is none
 * @returns false when the lease was lost: then nothing is recorded
 */
export async function recordTry(
  tx: Tx,
  claimed: Pick<Claimed, 'id' | 'endpoint_id' | 'lane' | 'tries' | 'sequence'>,
  { outcome, status }: TryResult,
  ms: number,
  pauseMs: number | undefined,
): Promise<boolean> {
  const isDelivered = outcome === 'delivered'
  const state: DeliveryState = isDelivered ? 'delivered' : pauseMs === undefined ? 'given_up' : 'pending'
  await lockLanes(tx, [claimed.lane])
  const { rows } = await sql<{ failures: number }>`
    update webhook_deliveries set state = ${state}, outcome = ${outcome}, status = ${status}, leased_until = null,
      failures = failures + ${isDelivered ? 0 : 1},
      attempts = jsonb_set(attempts, array[(jsonb_array_length(attempts) - 1)::text],
        (attempts -> -1) || ${JSON.stringify({ outcome, status, ms })}::jsonb),
      next_try_at = case when ${state} = 'pending'
        then clock_timestamp() + make_interval(secs => ${(pauseMs ?? 0) / 1000}) end,
      ended_at = case when ${state} <> 'pending' then clock_timestamp() end
    where id = ${claimed.id} and tries = ${claimed.tries} and state = 'pending'
    returning failures`.execute(tx)
  const [recorded] = rows
  if (!recorded) return false
  if (state !== 'pending' || recorded.failures >= OVERTAKEN_AFTER) {
    await wakeFirst(tx, sql`d.endpoint_id = ${claimed.endpoint_id} and d.lane = ${claimed.lane}`)
  }
  return true
}

/** @param state only those in this state @returns the newest first */
export async function listDeliveries(
  db: Db,
  endpointId: string,
  state: DeliveryState | undefined,
  page: { readonly limit: number; readonly offset: number },
): Promise<{ deliveries: EventDelivery[]; total: number }> {
  const where = sql`d.endpoint_id = ${endpointId} ${state === undefined ? sql`` : sql`and d.state = ${state}`}`
  const [{ rows }, counted] = await Promise.all([
    sql<EventDelivery>`
      select d.*, ${EVENT_COLUMNS} from webhook_deliveries d join outbox o on o.id = d.event_id
      where ${where} order by d.id desc limit ${page.limit} offset ${page.offset}`.execute(db),
    sql<{ total: number }>`
      select count(*)::int as total from (
        select from webhook_deliveries d where ${where} limit ${COUNTED_MAX}) as counted`.execute(db),
  ])
  return { deliveries: rows, total: counted.rows[0]?.total ?? 0 }
}

/** Counting all of a large log takes longer than showing a page. */
const COUNTED_MAX = 10_000

export async function findDelivery(db: Db, id: string): Promise<EventDelivery | undefined> {
  const { rows } = await sql<EventDelivery>`
    select d.*, ${EVENT_COLUMNS} from webhook_deliveries d join outbox o on o.id = d.event_id
      join webhook_endpoints e on e.id = d.endpoint_id and e.deleted_at is null
    where d.id = ${id}`.execute(db)
  return rows[0]
}

/** From its first pause again. One that is being tried, or waits for an earlier one, is left alone. */
export async function sendAgain(tx: Tx, { id, lane, endpoint_id }: EventDelivery): Promise<void> {
  await lockLanes(tx, [lane])
  await sql`
    update webhook_deliveries set state = 'pending', failures = 0, ended_at = null,
      next_try_at = case when state = 'pending' then clock_timestamp() end
    where id = ${id} and (leased_until is null or leased_until < clock_timestamp())
      and (state <> 'pending' or next_try_at is not null)`.execute(tx)
  await wakeFirst(tx, sql`d.endpoint_id = ${endpoint_id} and d.lane = ${lane}`)
}

/**
 * Sends what was given up again, each lane in its order.
 * @param since when it was given up, or later @returns how many, and how many are left
 */
export async function sendFailedAgain(
  tx: Tx,
  endpointId: string,
  since: Date,
  limit: number,
): Promise<{ resent: number; left: number }> {
  const failed = sql`endpoint_id = ${endpointId} and state = 'given_up' and ended_at >= ${since}`
  const { rows } = await sql<{ id: string; lane: string }>`
    select id, lane from webhook_deliveries where ${failed} order by id limit ${limit}`.execute(tx)
  const ids = rows.map(({ id }) => id)
  if (ids.length > 0) {
    await lockLanes(
      tx,
      rows.map(({ lane }) => lane),
    )
    await sql`update webhook_deliveries set state = 'pending', failures = 0, ended_at = null, next_try_at = null
      where id = any(${ids}::bigint[]) and state = 'given_up'`.execute(tx)
    await wakeFirst(tx, sql`d.id = any(${ids}::bigint[])`)
  }
  const counted = await sql<{ left: number }>`
    select count(*)::int as left from (
      select from webhook_deliveries where ${failed} limit ${COUNTED_MAX}) as counted`.execute(tx)
  return { resent: ids.length, left: counted.rows[0]?.left ?? 0 }
}

/** After an endpoint was switched on again, or wants the latest state. */
export async function wakeEndpoint(db: Db, endpointId: string): Promise<void> {
  await wakeFirst(db, sql`d.endpoint_id = ${endpointId}`)
}

/** Gives up what waits for endpoints that are switched off or deleted. @returns how many */
export async function giveUpUnwanted(db: Db, limit: number): Promise<number> {
  const { rows } = await sql`
    update webhook_deliveries set state = 'given_up', outcome = 'endpoint_disabled', next_try_at = null,
      leased_until = null, ended_at = clock_timestamp()
    where id in (
      select d.id from webhook_deliveries d join webhook_endpoints e on e.id = d.endpoint_id
      where d.state = 'pending' and (e.state <> 'enabled' or e.deleted_at is not null)
        and (d.leased_until is null or d.leased_until < clock_timestamp())
      limit ${limit} for update of d skip locked)
    returning id`.execute(db)
  return rows.length
}

/** Numbers of deliveries by endpoint; many are counted up to a limit. */
export async function countDeliveries(db: Db, endpointId: string, state: DeliveryState): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select count(*)::int as count from (
      select from webhook_deliveries where endpoint_id = ${endpointId} and state = ${state} limit ${COUNTED_MAX}
    ) as counted`.execute(db)
  return rows[0]?.count ?? 0
}

/**
 * Deletes ended deliveries, and events without deliveries. A warning of expiry is kept until the points have
 * expired, because its key says that it was given.
 * @returns how many rows were deleted
 */
export async function purgeEvents(db: Db, olderThanMs: number, limit: number): Promise<number> {
  const cutoff = sql`clock_timestamp() - make_interval(secs => ${olderThanMs / 1000})`
  const deliveries = await sql`
    delete from webhook_deliveries where id in (
      select id from webhook_deliveries where state <> 'pending' and ended_at < ${cutoff} limit ${limit})
    returning id`.execute(db)
  const events = await sql`
    delete from outbox where id in (
      select id from outbox o where delivered_at is not null and created_at < ${cutoff}
        and not exists (select from webhook_deliveries d where d.event_id = o.id)
        and not (kind = 'points.expiring' and (payload ->> 'expires_at')::timestamptz > clock_timestamp())
      order by id limit ${limit})
    returning id`.execute(db)
  return deliveries.rows.length + events.rows.length
}
