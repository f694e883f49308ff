import { type Insertable, type Selectable, sql, type Updateable } from 'kysely'
import type { EndpointState } from '../../domain/messaging/deliveries.ts'
import type { Db, Tx } from '../client.ts'
import type { WebhookEndpointsTable } from '../schema/webhook-endpoints.ts'

export type Endpoint = Selectable<WebhookEndpointsTable>

/** The id is bound to the encrypted secrets, so it is drawn before. */
export async function drawEndpointId(db: Db): Promise<string> {
  const { rows } = await sql<{ id: string }>`
    select nextval(pg_get_serial_sequence('webhook_endpoints', 'id'))::text as id`.execute(db)
  return rows[0]?.id ?? ''
}

/** Serializes registrations until the end of the transaction, so that their number can be limited. */
export async function lockRegistration(tx: Tx): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtextextended('webhook endpoints', 0))`.execute(tx)
}

export async function insertEndpoint(
  tx: Tx,
  id: string,
  endpoint: Pick<
    Insertable<WebhookEndpointsTable>,
    'url' | 'events' | 'description' | 'latest_state' | 'sealed' | 'operation_key'
  >,
): Promise<Endpoint> {
  const { url, events, description, latest_state, sealed, operation_key } = endpoint
  const { rows } = await sql<Endpoint>`
    insert into webhook_endpoints (id, url, events, description, latest_state, sealed, operation_key)
      overriding system value
    values (${id}, ${url}, ${events}, ${description}, ${latest_state ?? false}, ${sealed}, ${operation_key})
    returning *`.execute(tx)
  return rows[0] as Endpoint
}

export async function findEndpointByKey(db: Db, operationKey: string): Promise<Endpoint | undefined> {
  return db
    .selectFrom('webhook_endpoints')
    .selectAll()
    .where('operation_key', '=', operationKey)
    .executeTakeFirst()
}

/** Oldest first, without deleted ones. */
export async function listEndpoints(db: Db): Promise<Endpoint[]> {
  return db
    .selectFrom('webhook_endpoints')
    .selectAll()
    .where('deleted_at', 'is', null)
    .orderBy('id')
    .execute()
}

export async function findEndpoint(db: Db, id: string): Promise<Endpoint | undefined> {
  return db
    .selectFrom('webhook_endpoints')
    .selectAll()
    .where('id', '=', id)
    .where('deleted_at', 'is', null)
    .executeTakeFirst()
}

export async function lockEndpoint(tx: Tx, id: string): Promise<Endpoint | undefined> {
  return tx
    .selectFrom('webhook_endpoints')
    .selectAll()
    .where('id', '=', id)
    .where('deleted_at', 'is', null)
    .forNoKeyUpdate()
    .executeTakeFirst()
}

export async function updateEndpoint(
  tx: Tx,
  id: string,
  change: Updateable<WebhookEndpointsTable>,
): Promise<Endpoint> {
  return tx
    .updateTable('webhook_endpoints')
    .set({ ...change, updated_at: new Date() })
    .where('id', '=', id)
    .returningAll()
    .executeTakeFirstOrThrow()
}

/** Its deliveries are given up later, in batches. @returns false when there is none */
export async function deleteEndpoint(db: Db, id: string): Promise<boolean> {
  const result = await db
    .updateTable('webhook_endpoints')
    .set({ deleted_at: new Date(), updated_at: new Date() })
    .where('id', '=', id)
    .where('deleted_at', 'is', null)
    .executeTakeFirst()
  return result.numUpdatedRows === 1n
}

/** One that works again is no longer failing. */
export async function noteReached(tx: Tx, id: string): Promise<void> {
  await sql`update webhook_endpoints set failing_since = null where id = ${id} and failing_since is not null`.execute(
    tx,
  )
}

/**
 * Notes that a try has failed, and switches the endpoint off where it has failed for too long.
 * @param pauseMs how long it asked to be left alone
 * @returns whether it was switched off now
 */
export async function noteFailed(
  tx: Tx,
  id: string,
  disableAfterMs: number,
  pauseMs: number | undefined,
): Promise<boolean> {
  const { rows } = await sql<{ state: EndpointState }>`
    update webhook_endpoints set failing_since = coalesce(failing_since, clock_timestamp()),
      paused_until = case when ${pauseMs ?? null}::float8 is null then paused_until
        else greatest(paused_until, clock_timestamp() + make_interval(secs => ${(pauseMs ?? 0) / 1000}::float8)) end,
      state = case when state = 'enabled' and failing_since < clock_timestamp() - make_interval(secs => ${disableAfterMs / 1000})
        then 'failing' else state end,
      state_since = case when state = 'enabled' and failing_since < clock_timestamp() - make_interval(secs => ${disableAfterMs / 1000})
        then clock_timestamp() else state_since end
    where id = ${id} and (failing_since is null or ${pauseMs ?? null}::float8 is not null
      or (state = 'enabled' and failing_since < clock_timestamp() - make_interval(secs => ${disableAfterMs / 1000})))
    returning state`.execute(tx)
  return rows[0]?.state === 'failing'
}

/** It answered 410. @returns whether it was switched off now */
export async function noteGone(tx: Tx, id: string): Promise<boolean> {
  const result = await tx
    .updateTable('webhook_endpoints')
    .set({ state: 'gone', state_since: new Date() })
    .where('id', '=', id)
    .where('state', '=', 'enabled')
    .executeTakeFirst()
  return result.numUpdatedRows === 1n
}

/** Deleted ones without deliveries. */
export async function purgeEndpoints(db: Db): Promise<void> {
  await sql`
    with purged as (
      delete from webhook_endpoints e where deleted_at is not null
        and not exists (select from webhook_deliveries d where d.endpoint_id = e.id) returning id)
    delete from event_sequences where lane in (select 'test/' || id from purged)`.execute(db)
}
