import { createRoute, OpenAPIHono, z } from '@hono/zod-openapi'
import type { DeliveryView } from '../../../application/messaging/delivery-view.ts'
import {
  changeEndpoint,
  createEndpoint,
  DESCRIPTION_MAX,
  type EndpointView,
  OVERLAP_HOURS,
  OVERLAP_HOURS_MAX,
  readDeliveries,
  readDelivery,
  readEndpoint,
  readEndpoints,
  removeEndpoint,
  resendDelivery,
  resendFailed,
  rotateSecret,
  sendTest,
  URL_MAX,
} from '../../../application/messaging/endpoints.ts'
import { DELIVERY_STATES, ENDPOINT_STATES, TRY_OUTCOMES } from '../../../domain/messaging/deliveries.ts'
import { EVENT_TYPES, TEST_EVENT } from '../../../domain/messaging/events.ts'
import type { ApiDeps, ApiEnv } from '../../deps.ts'
import {
  bearer,
  id,
  idParams,
  jsonBody,
  listOf,
  listResponse,
  one,
  oneResponse,
  pageQuery,
  problemResponse,
  sliceOf,
  text,
} from '../../schemas/common.ts'

const time = z.iso.datetime()
const eventType = z.enum(EVENT_TYPES)

const endpoint = z
  .object({
    id: z.string(),
    url: z.string(),
    events: z.array(eventType),
    description: z.string().nullable(),
    latest_state: z.boolean(),
    state: z.enum(ENDPOINT_STATES),
    state_since: time,
    failing_since: time.nullable(),
    paused_until: time.nullable(),
    public_key: z.string(),
    earlier_secret_until: time.nullable(),
    pending: z.int(),
    given_up: z.int(),
    created_at: time,
    updated_at: time,
  })
  .openapi('WebhookEndpoint')

const withSecret = endpoint.extend({ secret: z.string() }).openapi('WebhookEndpointWithSecret')

/** What is posted to an endpoint. */
const outgoingEvent = z
  .object({
    type: z.enum([...EVENT_TYPES, TEST_EVENT]),
    timestamp: time,
    sequence: z.int(),
    data: z.record(z.string(), z.unknown()),
  })
  .openapi('OutgoingEvent')

const delivery = z
  .object({
    id: z.string(),
    endpoint_id: z.string(),
    event_id: z.string(),
    event: outgoingEvent,
    order_no: z.string().nullable(),
    state: z.enum(DELIVERY_STATES),
    is_behind: z.boolean(),
    tries: z.int(),
    next_try_at: time.nullable(),
    outcome: z.enum(TRY_OUTCOMES).nullable(),
    response_status: z.int().nullable(),
    created_at: time,
    ended_at: time.nullable(),
    attempts: z.array(
      z.object({
        at: time,
        outcome: z.enum(TRY_OUTCOMES).nullable(),
        response_status: z.int().nullable(),
        duration_ms: z.number().nullable(),
      }),
    ),
  })
  .openapi('WebhookDelivery')

const fields = {
  url: text(1, URL_MAX),
  events: z.array(eventType).min(1).max(EVENT_TYPES.length),
  description: text(0, DESCRIPTION_MAX).nullable(),
  latest_state: z.boolean(),
}

const tags = ['admin: webhooks']

const list = createRoute({
  method: 'get',
  path: '/',
  tags,
  summary: 'List the endpoints that receive events',
  security: bearer,
  responses: { 200: oneResponse(z.array(endpoint), 'The endpoints'), ...problemResponse },
})

const create = createRoute({
  method: 'post',
  path: '/',
  tags,
  summary: 'Register an endpoint; the secret is answered here only',
  security: bearer,
  request: {
    body: jsonBody(
      z.strictObject({
        ...fields,
        description: fields.description.default(null),
        latest_state: fields.latest_state.default(false),
      }),
    ),
  },
  responses: { 201: oneResponse(withSecret, 'The endpoint with its secret'), ...problemResponse },
})

const show = createRoute({
  method: 'get',
  path: '/{id}',
  tags,
  summary: 'Read an endpoint',
  security: bearer,
  request: { params: idParams },
  responses: { 200: oneResponse(endpoint, 'The endpoint'), ...problemResponse },
})

const change = createRoute({
  method: 'patch',
  path: '/{id}',
  tags,
  summary: 'Change an endpoint, or switch it on or off',
  security: bearer,
  request: {
    params: idParams,
    body: jsonBody(z.strictObject({ ...fields, enabled: z.boolean() }).partial()),
  },
  responses: { 200: oneResponse(endpoint, 'The endpoint'), ...problemResponse },
})

const remove = createRoute({
  method: 'delete',
  path: '/{id}',
  tags,
  summary: 'Delete an endpoint; what it has not received is given up',
  security: bearer,
  request: { params: idParams },
  responses: { 200: oneResponse(z.object({ id }), 'Deleted'), ...problemResponse },
})

const rotate = createRoute({
  method: 'post',
  path: '/{id}/rotate-secret',
  tags,
  summary: 'Make a new secret; the current one stays valid for a while',
  security: bearer,
  request: {
    params: idParams,
    body: jsonBody(
      z.strictObject({ overlap_hours: z.int().min(0).max(OVERLAP_HOURS_MAX).default(OVERLAP_HOURS) }),
    ),
  },
  responses: { 200: oneResponse(withSecret, 'The endpoint with its new secret'), ...problemResponse },
})

const test = createRoute({
  method: 'post',
  path: '/{id}/test',
  tags,
  summary: 'Send a test event to an endpoint',
  security: bearer,
  request: { params: idParams, body: jsonBody(z.strictObject({})) },
  responses: { 200: oneResponse(delivery, 'Its delivery, which is about to begin'), ...problemResponse },
})

const resendAll = createRoute({
  method: 'post',
  path: '/{id}/resend-failed',
  tags,
  summary: 'Send what was given up again, at most 500 events at once',
  security: bearer,
  request: { params: idParams, body: jsonBody(z.strictObject({ since: z.iso.datetime({ offset: true }) })) },
  responses: {
    200: oneResponse(z.object({ resent: z.int(), left: z.int() }), 'How many are sent again'),
    ...problemResponse,
  },
})

const log = createRoute({
  method: 'get',
  path: '/{id}/deliveries',
  tags,
  summary: 'List the deliveries of an endpoint, newest first',
  security: bearer,
  request: { params: idParams, query: pageQuery.extend({ state: z.enum(DELIVERY_STATES).optional() }) },
  responses: { 200: listResponse(delivery, 'A page of deliveries'), ...problemResponse },
})

const showDelivery = createRoute({
  method: 'get',
  path: '/{id}',
  tags,
  summary: 'Read a delivery',
  security: bearer,
  request: { params: idParams },
  responses: { 200: oneResponse(delivery, 'The delivery'), ...problemResponse },
})

const resend = createRoute({
  method: 'post',
  path: '/{id}/resend',
  tags,
  summary: 'Send an event to its endpoint once more',
  security: bearer,
  request: { params: idParams, body: jsonBody(z.strictObject({})) },
  responses: { 200: oneResponse(delivery, 'The delivery, which is about to begin'), ...problemResponse },
})

const endpointFor = (view: EndpointView) => ({ ...view, events: [...view.events] })
const deliveryFor = (view: DeliveryView) => ({ ...view, attempts: [...view.attempts] })

export function adminEndpointRoutes(deps: ApiDeps) {
  return new OpenAPIHono<ApiEnv>()
    .openapi(list, async (c) => c.json(one((await readEndpoints(deps)).map(endpointFor)), 200))
    .openapi(create, async (c) => {
      const made = await createEndpoint(deps, c.req.valid('json'), c.get('operationKey'))
      return c.json(one({ ...made, events: [...made.events] }), 201)
    })
    .openapi(show, async (c) =>
      c.json(one(endpointFor(await readEndpoint(deps, c.req.valid('param').id))), 200),
    )
    .openapi(change, async (c) => {
      const changed = await changeEndpoint(deps, c.req.valid('param').id, c.req.valid('json'))
      return c.json(one(endpointFor(changed)), 200)
    })
    .openapi(remove, async (c) => {
      const endpointId = c.req.valid('param').id
      await removeEndpoint(deps, endpointId)
      return c.json(one({ id: endpointId }), 200)
    })
    .openapi(rotate, async (c) => {
      const { overlap_hours } = c.req.valid('json')
      const rotated = await rotateSecret(deps, c.req.valid('param').id, overlap_hours, c.get('operationKey'))
      return c.json(one({ ...rotated, events: [...rotated.events] }), 200)
    })
    .openapi(test, async (c) => {
      const sent = await sendTest(deps, c.req.valid('param').id, c.get('operationKey'))
      return c.json(one(deliveryFor(sent)), 200)
    })
    .openapi(resendAll, async (c) => {
      const since = new Date(c.req.valid('json').since)
      return c.json(one(await resendFailed(deps, c.req.valid('param').id, since)), 200)
    })
    .openapi(log, async (c) => {
      const { state, ...page } = c.req.valid('query')
      const { id } = c.req.valid('param')
      const { deliveries, total } = await readDeliveries(deps, id, state, sliceOf(page))
      return c.json(listOf(deliveries.map(deliveryFor), total, page), 200)
    })
}

export function adminDeliveryRoutes(deps: ApiDeps) {
  return new OpenAPIHono<ApiEnv>()
    .openapi(showDelivery, async (c) =>
      c.json(one(deliveryFor(await readDelivery(deps, c.req.valid('param').id))), 200),
    )
    .openapi(resend, async (c) =>
      c.json(one(deliveryFor(await resendDelivery(deps, c.req.valid('param').id))), 200),
    )
}
