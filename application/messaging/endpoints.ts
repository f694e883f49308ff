import type { Db, Tx } from '../../db/client.ts'
import {
  addDelivery,
  countDeliveries,
  findDelivery,
  listDeliveries,
  sendAgain,
  sendFailedAgain,
  wakeEndpoint,
} from '../../db/messaging/deliveries.ts'
import {
  deleteEndpoint,
  drawEndpointId,
  type Endpoint,
  findEndpoint,
  findEndpointByKey,
  insertEndpoint,
  listEndpoints,
  lockEndpoint,
  lockRegistration,
  updateEndpoint,
} from '../../db/messaging/endpoints.ts'
import { keepEvents } from '../../db/messaging/outbox.ts'
import type { Encryptor } from '../../db/platform/encryption.ts'
import { DomainError, InvalidInputError } from '../../domain/errors.ts'
import { type DeliveryState, type EndpointState, RESENT_AT_ONCE } from '../../domain/messaging/deliveries.ts'
import { EVENT_TYPES, type EventType, TEST_EVENT } from '../../domain/messaging/events.ts'
import { type DeliveryView, deliveryView } from './delivery-view.ts'
import { makeSecret, openSecrets, publicKeyOf, rotateSecrets, sealSecrets } from './endpoint-secrets.ts'
import { hostOf, isPrivateHost, type Resolve } from './public-address.ts'

export const URL_MAX = 2_000
export const DESCRIPTION_MAX = 200
const ENDPOINTS_MAX = 20
export const OVERLAP_HOURS = 24
export const OVERLAP_HOURS_MAX = 168
const HOUR_MS = 3_600_000

export interface EndpointDeps {
  readonly db: Db
  readonly sealer: Encryptor
  readonly webhooks: { readonly allowPrivate: boolean; readonly resolve?: Resolve | undefined }
}

export interface EndpointFields {
  readonly url: string
  readonly events: readonly EventType[]
  readonly description: string | null
  /** A later event of an order or customer overtakes one that has failed three times. */
  readonly latest_state: boolean
}

export interface EndpointView extends EndpointFields {
  readonly id: string
  readonly state: EndpointState
  readonly state_since: string
  /** Since when every try has failed. */
  readonly failing_since: string | null
  /** It asked to be left alone until then. */
  readonly paused_until: string | null
  readonly public_key: string
  /** Until when the secret before the current one is valid. */
  readonly earlier_secret_until: string | null
  readonly pending: number
  readonly given_up: number
  readonly created_at: string
  readonly updated_at: string
}

/** With the secret, which is shown once. */
export interface EndpointWithSecret extends EndpointView {
  readonly secret: string
}

async function viewOf({ db, sealer }: EndpointDeps, endpoint: Endpoint): Promise<EndpointView> {
  const { id, url, events, description, latest_state, state } = endpoint
  const [current, ...earlier] = openSecrets(sealer, id, endpoint.sealed, Date.now())
  if (!current) throw new Error(`endpoint ${id} has no secret`)
  const [pending, given_up] = await Promise.all([
    countDeliveries(db, id, 'pending'),
    countDeliveries(db, id, 'given_up'),
  ])
  return {
    id,
    url,
    events,
    description,
    latest_state,
    state,
    state_since: endpoint.state_since.toISOString(),
    failing_since: endpoint.failing_since?.toISOString() ?? null,
    paused_until: endpoint.paused_until?.toISOString() ?? null,
    public_key: publicKeyOf(current),
    earlier_secret_until: earlier[0]?.validUntil ?? null,
    pending,
    given_up,
    created_at: endpoint.created_at.toISOString(),
    updated_at: endpoint.updated_at.toISOString(),
  }
}

async function withSecretOf(deps: EndpointDeps, endpoint: Endpoint): Promise<EndpointWithSecret> {
  const [current] = openSecrets(deps.sealer, endpoint.id, endpoint.sealed, Date.now())
  return { ...(await viewOf(deps, endpoint)), secret: current?.secret ?? '' }
}

export async function readEndpoints(deps: EndpointDeps): Promise<EndpointView[]> {
  const endpoints = await listEndpoints(deps.db)
  return Promise.all(endpoints.map((endpoint) => viewOf(deps, endpoint)))
}

/** @throws DomainError NOT_FOUND */
export async function readEndpoint(deps: EndpointDeps, id: string): Promise<EndpointView> {
  return viewOf(deps, await mustFind(deps.db, id))
}

async function mustFind(db: Db, id: string): Promise<Endpoint> {
  const found = await findEndpoint(db, id)
  if (!found) throw new DomainError({ code: 'NOT_FOUND' })
  return found
}

/**
 * A repeated operation key returns the first endpoint.
 * @throws InvalidInputError if events may not be sent to the URL
 * @throws DomainError TOO_MANY_ENDPOINTS
 */
export async function createEndpoint(
  deps: EndpointDeps,
  fields: EndpointFields,
  operationKey: string,
): Promise<EndpointWithSecret> {
  const { db, sealer } = deps
  const url = await allowedUrl(deps, fields.url)
  const id = await drawEndpointId(db)
  const made = await db.transaction().execute(async (tx) => {
    await lockRegistration(tx)
    const before = await findEndpointByKey(tx, operationKey)
    if (before) return before
    if ((await listEndpoints(tx)).length >= ENDPOINTS_MAX) {
      const available = `${ENDPOINTS_MAX}`
      throw new DomainError({ code: 'TOO_MANY_ENDPOINTS', required: `${ENDPOINTS_MAX + 1}`, available })
    }
    return insertEndpoint(tx, id, {
      url,
      events: inOrder(fields.events),
      description: fields.description,
      latest_state: fields.latest_state,
      sealed: sealSecrets(sealer, id, [makeSecret()]),
      operation_key: operationKey,
    })
  })
  return withSecretOf(deps, made)
}

/** Each once, in the order of the list. */
const inOrder = (events: readonly EventType[]): EventType[] =>
  EVENT_TYPES.filter((type) => events.includes(type))

/**
 * @returns the URL as it is kept
 * @throws InvalidInputError if it is not `https`, has a password or fragment, or is, or resolves to, a private address
 */
async function allowedUrl({ webhooks }: EndpointDeps, text: string): Promise<string> {
  const url = URL.parse(text)
  const { allowPrivate, resolve } = webhooks
  if (!url || !/^https?:$/.test(url.protocol) || url.username || url.password || url.hash) {
    throw new InvalidInputError({ field: 'url', rule: 'format' })
  }
  if (allowPrivate) return url.href
  if (url.protocol !== 'https:') throw new InvalidInputError({ field: 'url', rule: 'https' })
  if (await isPrivateHost(hostOf(url), resolve)) {
    throw new InvalidInputError({ field: 'url', rule: 'public_address' })
  }
  return url.href
}

export interface EndpointChange {
  readonly url?: string | undefined
  readonly events?: readonly EventType[] | undefined
  readonly description?: string | null | undefined
  readonly latest_state?: boolean | undefined
  readonly enabled?: boolean | undefined
}

/** Switching it on, or to the latest state, makes due what no longer waits. @throws DomainError NOT_FOUND @throws InvalidInputError */
export async function changeEndpoint(
  deps: EndpointDeps,
  id: string,
  { url, events, description, latest_state, enabled }: EndpointChange,
): Promise<EndpointView> {
  const { db } = deps
  const allowed = url === undefined ? undefined : await allowedUrl(deps, url)
  await db.transaction().execute(async (tx) => {
    const before = await mustLock(tx, id)
    const isSwitched = enabled !== undefined && enabled !== (before.state === 'enabled')
    const isMeant = enabled === false && before.state !== 'disabled'
    await updateEndpoint(tx, id, {
      ...(allowed === undefined ? {} : { url: allowed }),
      ...(events === undefined ? {} : { events: inOrder(events) }),
      ...(description === undefined ? {} : { description }),
      ...(latest_state === undefined ? {} : { latest_state }),
      ...(isSwitched || isMeant
        ? {
            state: enabled ? ('enabled' as const) : ('disabled' as const),
            state_since: new Date(),
            failing_since: null,
            paused_until: null,
          }
        : {}),
    })
  })
  // Apart: deliveries are locked before their endpoint.
  if (enabled || latest_state) await wakeEndpoint(db, id)
  return readEndpoint(deps, id)
}

async function mustLock(tx: Tx, id: string): Promise<Endpoint> {
  const found = await lockEndpoint(tx, id)
  if (!found) throw new DomainError({ code: 'NOT_FOUND' })
  return found
}

/** Nothing more is sent to it. @throws DomainError NOT_FOUND */
export async function removeEndpoint({ db }: EndpointDeps, id: string): Promise<void> {
  if (!(await deleteEndpoint(db, id))) throw new DomainError({ code: 'NOT_FOUND' })
}

/**
 * Makes a new secret and key pair; the current ones stay valid for the overlap. A repeated operation key returns the
 * same.
 * @throws DomainError NOT_FOUND
 */
export async function rotateSecret(
  deps: EndpointDeps,
  id: string,
  overlapHours: number,
  operationKey: string,
): Promise<EndpointWithSecret> {
  const { db, sealer } = deps
  const rotated = await db.transaction().execute(async (tx) => {
    const endpoint = await mustLock(tx, id)
    if (endpoint.rotation_key === operationKey) return endpoint
    const now = Date.now()
    const secrets = openSecrets(sealer, id, endpoint.sealed, now)
    return updateEndpoint(tx, id, {
      sealed: sealSecrets(sealer, id, rotateSecrets(secrets, now, overlapHours * HOUR_MS)),
      rotation_key: operationKey,
    })
  })
  return withSecretOf(deps, rotated)
}

/** @returns the newest first @throws DomainError NOT_FOUND */
export async function readDeliveries(
  { db }: EndpointDeps,
  endpointId: string,
  state: DeliveryState | undefined,
  page: { readonly limit: number; readonly offset: number },
): Promise<{ deliveries: DeliveryView[]; total: number }> {
  await mustFind(db, endpointId)
  const { deliveries, total } = await listDeliveries(db, endpointId, state, page)
  return { deliveries: deliveries.map(deliveryView), total }
}

/** Sends an event that means nothing, to this endpoint alone. @throws DomainError NOT_FOUND, ENDPOINT_DISABLED */
export async function sendTest(
  { db }: EndpointDeps,
  endpointId: string,
  operationKey: string,
): Promise<DeliveryView> {
  const id = await db.transaction().execute(async (tx) => {
    mustBeEnabled(await mustFind(tx, endpointId))
    const key = `${TEST_EVENT}/${operationKey}`
    const payload = { endpoint_id: endpointId }
    await keepEvents(tx, [{ kind: TEST_EVENT, key, lane: `test/${endpointId}`, payload }])
    return addDelivery(tx, endpointId, key)
  })
  return readOne(db, id)
}

/**
 * Sends an event once more, also one that was delivered; the receiver knows it by its id.
 * @throws DomainError NOT_FOUND, ENDPOINT_DISABLED
 */
export async function resendDelivery({ db }: EndpointDeps, id: string): Promise<DeliveryView> {
  await db.transaction().execute(async (tx) => {
    const delivery = await findDelivery(tx, id)
    if (!delivery) throw new DomainError({ code: 'NOT_FOUND' })
    mustBeEnabled(await mustFind(tx, delivery.endpoint_id))
    await sendAgain(tx, delivery)
  })
  return readOne(db, id)
}

/**
 * Sends again what was given up since a time, a limited number at once.
 * @returns how many, and how many are left for another request
 * @throws DomainError NOT_FOUND, ENDPOINT_DISABLED
 */
export async function resendFailed(
  { db }: EndpointDeps,
  endpointId: string,
  since: Date,
): Promise<{ readonly resent: number; readonly left: number }> {
  return db.transaction().execute(async (tx) => {
    mustBeEnabled(await mustFind(tx, endpointId))
    return sendFailedAgain(tx, endpointId, since, RESENT_AT_ONCE)
  })
}

function mustBeEnabled({ state }: Endpoint): void {
  if (state !== 'enabled') throw new DomainError({ code: 'ENDPOINT_DISABLED' })
}

/** @throws DomainError NOT_FOUND */
export async function readDelivery({ db }: EndpointDeps, id: string): Promise<DeliveryView> {
  return readOne(db, id)
}

async function readOne(db: Db, id: string): Promise<DeliveryView> {
  const found = await findDelivery(db, id)
  if (!found) throw new DomainError({ code: 'NOT_FOUND' })
  return deliveryView(found)
}
