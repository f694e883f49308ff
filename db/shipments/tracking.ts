import { createHash } from 'node:crypto'
import { sql } from 'kysely'
import { isLastState, type Tracked } from '../../domain/shipments/tracking.ts'
import type { Db } from '../client.ts'
import type { Encryptor } from '../platform/encryption.ts'
import type { Shipment } from './shipments.ts'

const placeOf = (shipmentId: string) => `shipment-event/${shipmentId}`

export interface KeptEvent {
  readonly shipmentId: string
  readonly at: Date
  readonly state: string
  readonly text: string
}

/** Events of each parcel's present number, newest first. */
export async function listEvents(
  db: Db,
  sealer: Encryptor,
  shipmentIds: readonly string[],
): Promise<KeptEvent[]> {
  if (shipmentIds.length === 0) return []
  const rows = await db
    .selectFrom('shipment_events as event')
    .innerJoin('shipments as parcel', 'parcel.id', 'event.shipment_id')
    .select(['event.shipment_id', 'event.at', 'event.state', 'event.said'])
    .where('event.shipment_id', 'in', shipmentIds)
    .whereRef('event.tracking_no', '=', 'parcel.tracking_no')
    .orderBy('event.at', 'desc')
    .orderBy('event.id', 'desc')
    .execute()
  return rows.map(({ shipment_id, at, state, said }) => ({
    shipmentId: shipment_id,
    at,
    state,
    text: sealer.open(said, placeOf(shipment_id)) as string,
  }))
}

/**
 * Keeps what a carrier says of a number. Events count once; what is older than what is known changes no state.
 * @returns how many parcels have this number
 */
export async function keepTracked(
  db: Db,
  sealer: Encryptor,
  trackingNo: string,
  { state, events, deliveredAt }: Tracked,
): Promise<number> {
  return db.transaction().execute(async (tx) => {
    const parcels = await tx
      .selectFrom('shipments')
      .selectAll()
      .where(sql`upper(tracking_no)`, '=', trackingNo.toUpperCase())
      .where('tracking_no', 'is not', null)
      .orderBy('id')
      .forUpdate()
      .execute()
    for (const parcel of parcels) {
      const { newest } = await tx
        .selectFrom('shipment_events')
        .select((eb) => eb.fn.max('at').as('newest'))
        .where('shipment_id', '=', parcel.id)
        .where('tracking_no', '=', parcel.tracking_no ?? '')
        .executeTakeFirstOrThrow()
      for (const event of events) {
        const digest = createHash('sha256')
          .update(`${parcel.tracking_no}\n${event.at.toISOString()}\n${event.text}`)
          .digest()
        await tx
          .insertInto('shipment_events')
          .values({
            shipment_id: parcel.id,
            tracking_no: parcel.tracking_no ?? '',
            digest,
            at: event.at,
            state: event.state,
            said: sealer.seal(event.text, placeOf(parcel.id)),
          })
          .onConflict((conflict) => conflict.columns(['shipment_id', 'digest']).doNothing())
          .execute()
      }
      const last = Math.max(...events.map(({ at }) => at.getTime()))
      if (events.length === 0 || (newest && last < newest.getTime())) continue
      await tx
        .updateTable('shipments')
        .set({
          state,
          updated_at: new Date(),
          ...(state === 'signed' && deliveredAt ? { delivered_at: deliveredAt } : {}),
          ...(isLastState(state) ? { subscribe_at: null } : {}),
        })
        .where('id', '=', parcel.id)
        .execute()
    }
    return parcels.length
  })
}

/**
 * Parcels on their way that were not asked about for some time, longest first; each is claimed.
 * @param gapSeconds between two questions about one parcel
 */
export async function claimToAsk(db: Db, gapSeconds: number, limit: number): Promise<Shipment[]> {
  // After "signed" and "returned" nothing more is expected; written as the index has it.
  const { rows } = await sql<Shipment>`
    update shipments set asked_at = now() where id in (
      select id from shipments
      where tracking_no is not null and state not in ('signed', 'returned') and shipped_at > now() - interval '30 days'
        and (asked_at is null or asked_at < now() - make_interval(secs => ${gapSeconds}))
      order by asked_at nulls first limit ${limit} for update skip locked)
    returning *`.execute(db)
  return rows
}
