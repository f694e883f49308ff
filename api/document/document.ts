import type { OpenAPIHono } from '@hono/zod-openapi'
import { RIGHTS } from '../../domain/access.ts'
import { type ErrorCode, errorText } from '../../i18n/error-texts.ts'
import type { ApiEnv } from '../deps.ts'
import { STATUS } from '../errors.ts'
import { HEADERS, PARAMETERS } from './headers.ts'
import { OPERATIONS } from './operations.ts'
import { PROPERTIES } from './properties.ts'
import { TAGS } from './tags.ts'
import { RECEIVERS, registerWebhooks } from './webhooks.ts'

/** The parts of OpenAPI 3.1 that are read or changed here. */
export interface Schema {
  $ref?: string
  type?: string | string[]
  description?: string
  pattern?: string
  enum?: unknown[]
  properties?: Record<string, Schema>
  required?: string[]
  items?: Schema
  allOf?: Schema[]
  anyOf?: Schema[]
  additionalProperties?: Schema | boolean
  unevaluatedProperties?: boolean
  [more: string]: unknown
}

interface Parameter {
  $ref?: string
  name?: string
  in?: string
  required?: boolean
  description?: string
  schema?: Schema
}

export interface Content {
  readonly [type: string]: { schema?: Schema; example?: unknown; examples?: unknown }
}

export interface DocumentedResponse {
  $ref?: string
  description?: string
  headers?: object
  content?: Content
}

export interface DocumentedOperation {
  operationId?: string
  tags?: string[]
  security?: object[]
  parameters?: Parameter[]
  requestBody?: { required?: boolean; content: Content }
  responses: Record<string, DocumentedResponse>
}

export interface ApiDocument {
  readonly paths: Record<string, Record<string, DocumentedOperation>>
  readonly webhooks: Record<string, Record<string, DocumentedOperation>>
  readonly components: { readonly schemas: Record<string, Schema> } & Record<string, object>
}

interface Described {
  readonly document: ApiDocument
  /** A line for each thing that has no description, and for each description of nothing. */
  readonly problems: readonly string[]
}

/** Describes the registered routes. Calls no dependency of the app. */
export function describeApi(app: OpenAPIHono<ApiEnv>, publicUrl: string): Described {
  const roles = Object.entries(RIGHTS).map(([right, names]) => `${right} (${names.join(', ')})`)
  app.openAPIRegistry.registerComponent('securitySchemes', 'bearer', {
    type: 'http',
    scheme: 'bearer',
    bearerFormat: 'JWT',
    description: `Rights and the roles that have them: ${roles.join('; ')}. A route names its right; other shop routes need shop, other operator routes need operate.`,
  })
  registerWebhooks(app)
  const raw = app.getOpenAPI31Document({
    openapi: '3.1.0',
    info: {
      title: '积分商城 Points Mall',
      version: '1',
      description: 'Redeem products for points, cash or both, track orders and run the shop.',
      license: { name: 'MIT', url: 'https://opensource.org/license/mit' },
    },
    servers: [{ url: publicUrl }],
    tags: Object.entries(TAGS).map(([name, description]) => ({ name, description })),
  })
  const document = structuredClone(raw) as unknown as ApiDocument
  const problems: string[] = []
  const components = document.components as Record<string, object>
  components.headers = HEADERS
  components.parameters = PARAMETERS
  const examples: Record<string, object> = {}
  const responses: Record<string, object> = {}
  Object.assign(components, { examples, responses })
  for (const [path, methods] of Object.entries(document.paths)) {
    for (const [method, operation] of Object.entries(methods)) {
      problems.push(...completeOperation(document, operation, method.toUpperCase(), path))
      for (const [status, codes] of codesByStatus(operation, method.toUpperCase(), path)) {
        for (const code of codes) examples[code] = exampleOf(code)
        const [only = 'INTERNAL'] = codes
        if (codes.length === 1) responses[only] = problemResponse(codes)
        operation.responses[status] =
          codes.length === 1 ? { $ref: `#/components/responses/${only}` } : problemResponse(codes)
      }
    }
  }
  const routes = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  )
  for (const route of Object.keys(OPERATIONS)) {
    if (!routes.includes(route)) problems.push(`api/document/operations.ts: ${route} is no route`)
  }
  for (const tag of Object.keys(TAGS)) {
    const tagged = Object.values(document.paths).flatMap((methods) => Object.values(methods))
    if (!tagged.some(({ tags }) => tags?.includes(tag)))
      problems.push(`api/document/tags.ts: ${tag} is unused`)
  }
  return { document, problems: [...problems, ...describeProperties(document)] }
}

function completeOperation(
  document: ApiDocument,
  operation: DocumentedOperation,
  method: string,
  path: string,
): string[] {
  const known = OPERATIONS[`${method} ${path}`]
  if (known) operation.operationId = known.id
  operation.security ??= []
  const isJson = /^\/api\/(points-mall|admin)\//.test(path)
  const isIdempotent = takesKey(operation, method, path)
  const receives = RECEIVERS[path]
  if (receives) takeBodies(document, operation, receives)
  const content = operation.requestBody?.content['application/json']
  if (content && known?.example) content.example = known.example

  const responses = operation.responses
  delete responses.default
  for (const response of Object.values(responses)) {
    response.headers = {
      ...headerRefs('X-Request-Id'),
      ...(isIdempotent ? headerRefs('Idempotency-Replayed') : {}),
    }
  }
  operation.parameters = [
    ...(operation.parameters ?? []),
    { $ref: '#/components/parameters/Accept-Language' },
    { $ref: '#/components/parameters/X-Request-Id' },
    ...(isIdempotent ? [{ $ref: '#/components/parameters/Idempotency-Key' }] : []),
  ]
  const hasBody = content?.schema !== undefined && isJson
  return [
    ...(known ? [] : [`api/document/operations.ts: ${method} ${path} is missing`]),
    ...(known && hasBody && !known.example ? [`api/document/operations.ts: ${known.id} has no example`] : []),
    ...(operation.tags ?? [])
      .filter((tag) => !(tag in TAGS))
      .map((tag) => `api/document/tags.ts: ${tag} is missing`),
  ]
}

const needsToken = ({ security = [] }: DocumentedOperation) => security.length > 0

/** Where `api/app.ts` mounts the idempotency middleware. */
const takesKey = (operation: DocumentedOperation, method: string, path: string) =>
  ['POST', 'PATCH'].includes(method) && needsToken(operation) && !path.endsWith('/check-exchange')

/** What the form of a request can be refused for, and what the operation itself refuses. */
function codesByStatus(operation: DocumentedOperation, method: string, path: string) {
  const isWrite = /^\/api\/(points-mall|admin)\//.test(path) && method !== 'GET'
  const codes: ErrorCode[] = [
    'VALIDATION_FAILED',
    'INTERNAL',
    ...(path === '/health/live' ? [] : (['UNAVAILABLE'] as const)),
    ...(needsToken(operation) ? (['UNAUTHENTICATED', 'FORBIDDEN'] as const) : []),
    ...(path.includes('{') ? (['NOT_FOUND'] as const) : []),
    ...(isWrite ? (['MALFORMED_JSON', 'UNSUPPORTED_MEDIA_TYPE', 'PAYLOAD_TOO_LARGE'] as const) : []),
    ...(takesKey(operation, method, path) ? (['IDEMPOTENCY_KEY_REUSED'] as const) : []),
    ...(operation.parameters?.some(({ name }) => name?.toLowerCase() === 'if-match')
      ? (['STALE'] as const)
      : []),
    ...(OPERATIONS[`${method} ${path}`]?.problems ?? []),
  ]
  const byStatus = Map.groupBy([...new Set(codes)], (code) => STATUS[code])
  return [...byStatus].toSorted(([a], [b]) => a - b)
}

/** The route takes what its webhooks send. */
function takeBodies(document: ApiDocument, operation: DocumentedOperation, names: readonly string[]): void {
  const sent = names.map((name) => document.webhooks[name]?.post)
  const content: Record<string, { schema?: Schema; examples?: object }> = {}
  for (const body of sent.flatMap((one) => one?.requestBody ?? [])) {
    for (const [type, { schema = {}, examples = {} }] of Object.entries(body.content)) {
      const before = content[type]
      content[type] = {
        schema: before?.schema ? { anyOf: [before.schema, schema] } : schema,
        examples: { ...before?.examples, ...(examples as object) },
      }
    }
  }
  const only = names.length === 1
  const headers = sent.flatMap((one) => one?.parameters ?? [])
  operation.parameters = [
    ...(operation.parameters ?? []),
    ...structuredClone(headers).map((header) => ({ ...header, required: only })),
  ]
  operation.requestBody = { required: true, content }
}

const headerRefs = (...names: readonly string[]) =>
  Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }]))

/** @param codes all of one status */
function problemResponse(codes: readonly ErrorCode[]): DocumentedResponse {
  const [first] = codes
  const status = first && STATUS[first]
  return {
    description: codes.map((code) => errorText(code, 'en').title).join('; '),
    headers: headerRefs(
      'X-Request-Id',
      'Content-Language',
      ...(status === 401 ? ['WWW-Authenticate'] : []),
      ...(status === 429 || status === 503 ? ['Retry-After'] : []),
    ),
    content: {
      'application/problem+json': {
        schema: {
          allOf: [
            { $ref: '#/components/schemas/Problem' },
            { type: 'object', properties: { code: { type: 'string', enum: [...codes] } } },
          ],
        },
        examples: Object.fromEntries(codes.map((code) => [code, { $ref: `#/components/examples/${code}` }])),
      },
    },
  }
}

function exampleOf(code: ErrorCode) {
  const { title, detail } = errorText(code, 'en')
  return {
    summary: title,
    value: {
      success: false,
      type: `urn:points-mall:problem:${code.toLowerCase().replaceAll('_', '-')}`,
      title,
      status: STATUS[code],
      detail,
      code,
      request_id: '6f1c2f0e-1d2b-4c3a-9a53-3c1d1f6b7a10',
      errors:
        code === 'VALIDATION_FAILED'
          ? [{ field: 'quantity', code: 'min', message: 'The quantity must be greater than 0' }]
          : [],
    },
  }
}

/** Describes each property and parameter by the longest end of its path that `PROPERTIES` has. */
function describeProperties(document: ApiDocument): string[] {
  const unused = new Set(Object.keys(PROPERTIES))
  const missing = new Set<string>()
  const describe = (target: { description?: string }, path: readonly string[]) => {
    const names = path.map((_, index) => path.slice(index).join('.'))
    const name = names.find((one) => Object.hasOwn(PROPERTIES, one))
    const description = name === undefined ? undefined : PROPERTIES[name]
    if (name !== undefined) unused.delete(name)
    if (target.description !== undefined) return
    if (description === undefined) missing.add(path.join('.'))
    else target.description = description
  }
  const walk = (schema: Schema, path: readonly string[]): void => {
    allowNull(schema)
    for (const [name, property] of Object.entries(schema.properties ?? {})) {
      describe(property, [...path, name])
      walk(property, [...path, name])
    }
    const { additionalProperties: rest } = schema
    const parts = [
      schema.items,
      ...(schema.allOf ?? []),
      ...(schema.anyOf ?? []),
      typeof rest === 'object' ? rest : undefined,
    ]
    for (const part of parts) if (part) walk(part, path)
  }
  for (const [name, schema] of Object.entries(document.components.schemas)) walk(schema, [name])
  for (const methods of [...Object.values(document.paths), ...Object.values(document.webhooks)]) {
    for (const { operationId = '', parameters = [], requestBody, responses } of Object.values(methods)) {
      for (const parameter of parameters) {
        if (parameter.name) describe(parameter, [operationId, parameter.in ?? '', parameter.name])
      }
      for (const { schema } of Object.values(requestBody?.content ?? {})) {
        if (schema) walk(schema, [operationId, 'request'])
      }
      for (const [status, { content = {} }] of Object.entries(responses)) {
        if (Number(status) >= 400) continue
        for (const { schema } of Object.values(content)) if (schema) walk(schema, [operationId, 'response'])
      }
    }
  }
  return [
    ...[...missing].map((path) => `api/document/properties.ts: ${path} is missing`),
    ...[...unused].map((path) => `api/document/properties.ts: ${path} describes nothing`),
  ]
}

/** The generator makes "all of" a component and null, which nothing satisfies. */
function allowNull(schema: Schema): void {
  const [component, other] = schema.allOf ?? []
  if (!component?.$ref || !Array.isArray(other?.type) || !other.type.includes('null')) return
  if (Object.keys(other).length > 1) return
  delete schema.allOf
  schema.anyOf = [component, { type: 'null' }]
}
