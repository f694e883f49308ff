import { type Selectable, sql } from 'kysely'
import type { Carrier } from '../../domain/shipments/carriers.ts'
import {
  AFTER_ABORT_MS,
  MONTH_MS,
  pauseAfterFailures,
  SUBSCRIPTIONS_A_MONTH,
  type SubscriptionEnd,
  type SubscriptionOutcome,
  type TrackingProviderName,
} from '../../domain/shipments/tracking.ts'
import type { Db, Tx } from '../client.ts'
import { tellChange } from '../orders/external-orders.ts'
import { lockOrder, recordEvent, showParcel } from '../orders/orders.ts'
import type { ShipmentSubscriptionsTable } from '../schema/shipments.ts'
import type { Shipment } from './shipments.ts'

export type Subscription = Selectable<ShipmentSubscriptionsTable>

/** Whoever claims a parcel and ends loses it after this. */
const LEASE_MS = 5 * 60_000

/** Parcels that are due to be subscribed, the longest due first; each is claimed. */
export async function claimToSubscribe(db: Db, limit: number): Promise<Shipment[]> {
  const { rows } = await sql<Shipment>`
    update shipments set subscribe_at = now() + make_interval(secs => ${LEASE_MS / 1000}) where id in (
      select id from shipments
      where subscribe_at <= now() and subscribe_at > now() - interval '30 days'
        and tracking_no is not null and state not in ('signed', 'returned')
        and shipped_at > now() - interval '30 days'
      order by subscribe_at limit ${limit} for update skip locked)
    returning *`.execute(db)
  return rows
}

const numberOf = (trackingNo: string) => trackingNo.toUpperCase()

/** Of one number, subscriptions that begin and end must not miss each other. */
async function lockNumber(tx: Tx, provider: TrackingProviderName, trackingNo: string): Promise<void> {
  const name = `subscriptions ${provider} ${trackingNo}`
  await sql`select pg_advisory_xact_lock(hashtextextended(${name}, 0))`.execute(tx)
}

/** Sets when a parcel is due, unless it was corrected or shipped anew meanwhile. */
async function dueAt(tx: Tx, parcel: Shipment, at: Date | null): Promise<void> {
  await tx
    .updateTable('shipments')
    .set({ subscribe_at: at })
    .where('id', '=', parcel.id)
    .where('tracking_no', '=', parcel.tracking_no)
    .where('carrier', '=', parcel.carrier)
    .execute()
}

/** Nobody can be asked to follow this parcel. */
export const needsNoSubscription = (db: Db, parcel: Shipment): Promise<void> =>
  db.transaction().execute((tx) => dueAt(tx, parcel, null))

/**
 * Notes that a claimed parcel is about to be subscribed. Several parcels may have one number, which is subscribed once.
 * @returns the id of the call; undefined where none may be made now
 */
export async function beginSubscription(
  db: Db,
  provider: TrackingProviderName,
  parcel: Shipment,
): Promise<string | undefined> {
  const { carrier } = parcel
  const trackingNo = numberOf(parcel.tracking_no ?? '')
  if (carrier === null) return undefined
  return db.transaction().execute(async (tx) => {
    await lockNumber(tx, provider, trackingNo)
    const calls = await tx
      .selectFrom('shipment_subscriptions')
      .selectAll()
      .where('provider', '=', provider)
      .where('tracking_no', '=', trackingNo)
      .where('made_at', '>', new Date(Date.now() - MONTH_MS))
      .orderBy('id')
      .execute()
    const isUnderWay = (call: Subscription) =>
      call.outcome === null && call.made_at.getTime() > Date.now() - LEASE_MS
    const open = calls.filter((call) => call.ended === null && call.carrier === carrier)
    if (open.some(({ outcome }) => outcome === 'accepted')) {
      await dueAt(tx, parcel, null)
      return undefined
    }
    if (open.some(isUnderWay)) return undefined
    // What may have arrived counts.
    const counted = calls.filter(({ outcome }) => outcome !== 'refused' && outcome !== 'unreachable')
    const oldest = counted.at(-SUBSCRIPTIONS_A_MONTH)
    if (oldest) {
      await dueAt(tx, parcel, new Date(oldest.made_at.getTime() + MONTH_MS))
      return undefined
    }
    const { id } = await tx
      .insertInto('shipment_subscriptions')
      .values({ shipment_id: parcel.id, tracking_no: trackingNo, carrier, provider })
      .returning('id')
      .executeTakeFirstOrThrow()
    return id
  })
}

/**
 * Records what came of a call. A failure is retried later, the later the more of them there were.
 * @param isLasting a refusal that another call would not change
 */
export async function recordSubscription(
  db: Db,
  id: string,
  parcel: Shipment,
  { outcome, code, isLasting }: { outcome: SubscriptionOutcome; code: string | null; isLasting: boolean },
): Promise<void> {
  await db.transaction().execute(async (tx) => {
    const { provider, tracking_no, ended } = await tx
      .updateTable('shipment_subscriptions')
      .set({ outcome, code })
      .where('id', '=', id)
      .returning(['provider', 'tracking_no', 'ended'])
      .executeTakeFirstOrThrow()
    // A push was faster than the answer, and has said what follows.
    if (ended !== null) return
    if (outcome === 'accepted' || isLasting) return dueAt(tx, parcel, null)
    const { rows } = await sql<{ failures: number }>`
      select count(*)::int as failures from shipment_subscriptions
      where provider = ${provider} and tracking_no = ${tracking_no} and shipment_id = ${parcel.id}
        and outcome is distinct from 'accepted' and id > coalesce((
          select max(id) from shipment_subscriptions where provider = ${provider}
            and tracking_no = ${tracking_no} and outcome = 'accepted'), 0)`.execute(tx)
    await dueAt(tx, parcel, new Date(Date.now() + pauseAfterFailures(rows[0]?.failures ?? 1)))
  })
}

/**
 * A service follows a number no more. After `aborted` its parcels are due again, after a pause. A repeat changes nothing.
 * @param id the subscription that the service names; undefined: the newest one
 * @returns false where no such subscription is open
 */
export async function endSubscription(
  db: Db,
  provider: TrackingProviderName,
  trackingNo: string,
  id: string | undefined,
  ended: SubscriptionEnd,
): Promise<boolean> {
  const number = numberOf(trackingNo)
  return db.transaction().execute(async (tx) => {
    await lockNumber(tx, provider, number)
    const open = await tx
      .selectFrom('shipment_subscriptions')
      .select('id')
      .where('provider', '=', provider)
      .where('tracking_no', '=', number)
      .where('ended', 'is', null)
      .where((eb) =>
        eb.or([eb('outcome', 'is', null), eb('outcome', 'in', ['accepted', 'unknown'] as const)]),
      )
      .$if(id !== undefined, (query) => query.where('id', '=', id ?? ''))
      .orderBy('id', 'desc')
      .limit(1)
      .executeTakeFirst()
    if (!open) return false
    await tx
      .updateTable('shipment_subscriptions')
      .set({ ended, ended_at: new Date() })
      .where('id', '=', open.id)
      .execute()
    await tx
      .updateTable('shipments')
      .set({ subscribe_at: ended === 'aborted' ? new Date(Date.now() + AFTER_ABORT_MS) : null })
      .where(sql`upper(tracking_no)`, '=', number)
      .where('tracking_no', 'is not', null)
      .where('state', 'not in', ['signed', 'returned'])
      .execute()
    return true
  })
}

/**
 * A service found that a number is another carrier's, and follows it there. Once per parcel and pair of carriers, so that
 * what an operator corrects afterwards stays.
 * @param name of the right carrier @returns how many parcels were corrected
 */
export async function correctCarrier(
  db: Db,
  provider: TrackingProviderName,
  trackingNo: string,
  { from, to, name }: { readonly from: Carrier; readonly to: Carrier; readonly name: string },
): Promise<number> {
  const isWrong = await db
    .selectFrom('shipments')
    .select(['id', 'order_no'])
    .where(sql`upper(tracking_no)`, '=', numberOf(trackingNo))
    .where('tracking_no', 'is not', null)
    .where('carrier', '=', from)
    .orderBy('id')
    .execute()
  const actor = { type: 'system', id: provider } as const
  let corrected = 0
  for (const { id, order_no: orderNo } of isWrong) {
    corrected += await db.transaction().execute(async (tx) => {
      const order = await lockOrder(tx, orderNo)
      const parcel = await tx
        .selectFrom('shipments')
        .selectAll()
        .where('id', '=', id)
        .where('carrier', '=', from)
        .where(sql`upper(tracking_no)`, '=', numberOf(trackingNo))
        .forUpdate()
        .executeTakeFirst()
      if (!parcel?.carrier_name || !parcel.tracking_no) return 0
      const key = `${provider}/${numberOf(trackingNo)}/${from}/${to}`
      const noted = await tx
        .insertInto('shipment_changes')
        .values({
          shipment_id: id,
          operation_key: key,
          carrier: from,
          carrier_name: parcel.carrier_name,
          tracking_no: parcel.tracking_no,
          actor_type: actor.type,
          actor_id: actor.id,
        })
        .onConflict((conflict) => conflict.columns(['shipment_id', 'operation_key']).doNothing())
        .returning('id')
        .executeTakeFirst()
      if (!noted) return 0
      await tellChange(tx, orderNo).execute()
      await tx
        .updateTable('shipments')
        .set({ carrier: to, carrier_name: name, updated_at: new Date() })
        .where('id', '=', id)
        .execute()
      if (order.shipping_info?.tracking_no === parcel.tracking_no) {
        await showParcel(tx, orderNo, { carrier: name, tracking_no: parcel.tracking_no })
      }
      await recordEvent(tx, orderNo, `corrected/${id}/${key}`, order.status, actor, {
        code: 'tracking_corrected',
        data: {
          before: `${parcel.carrier_name} ${parcel.tracking_no}`,
          after: `${name} ${parcel.tracking_no}`,
        },
      })
      return 1
    })
  }
  return corrected
}

/** The newest call for each parcel's present number, by the parcel's id. */
export async function findSubscriptions(
  db: Db,
  shipmentIds: readonly string[],
): Promise<Map<string, Subscription & { readonly subscribe_at: Date | null }>> {
  if (shipmentIds.length === 0) return new Map()
  const { rows } = await sql<Subscription & { parcel: string; subscribe_at: Date | null }>`
    select p.id as parcel, p.subscribe_at, newest.* from shipments p
      cross join lateral (
        select * from shipment_subscriptions s where s.tracking_no = upper(p.tracking_no)
          and s.provider in ('kuaidi100', 'kdniao') order by s.id desc limit 1) newest
    where p.id = any(${[...shipmentIds]}::bigint[])`.execute(db)
  return new Map(rows.map((row) => [row.parcel, row]))
}
