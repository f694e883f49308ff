import type {
  ApiDocument,
  DocumentedOperation,
  DocumentedResponse,
  Schema,
} from '../../api/document/document.ts'

/**
 * The types of a client, from the document alone: what an integrator's generator makes of it. Hono's own client would
 * take the server's types instead, and prove nothing about the document.
 */
export function typesOf(document: ApiDocument): string {
  const schemas = Object.entries(document.components.schemas)
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => [method, path, operation] as const),
  )
  const entries = operations.map(([, , operation]) => entryOf(operation)).join('\n')
  const used = new Set<string>()
  const use = (text: string) => {
    for (const [name, schema] of schemas) {
      if (used.has(name) || !new RegExp(`\\b${name}\\b`).test(text)) continue
      used.add(name)
      use(typeOf(schema))
    }
  }
  use(entries)
  return [
    '/** Written by `npm run openapi:types` from the OpenAPI document; not to be edited. */',
    ...schemas.filter(([name]) => used.has(name)).map(([name, schema]) => `type ${name} = ${typeOf(schema)}`),
    `export interface Operations {\n${entries}\n}`,
    `export const PATHS = {\n${operations
      .map(([method, path, { operationId }]) => `  ${operationId}: ['${method.toUpperCase()}', '${path}'],`)
      .join('\n')}\n} as const satisfies Record<keyof Operations, readonly [method: string, path: string]>`,
    '',
  ].join('\n\n')
}

function entryOf({ operationId, parameters = [], requestBody, responses }: DocumentedOperation): string {
  const fieldsIn = (place: string) =>
    parameters
      .filter((parameter) => parameter.in === place)
      .map(
        ({ name = '', required, schema = {} }) =>
          `${JSON.stringify(name)}${required ? '' : '?'}: ${typeOf(schema)}`,
      )
  const group = (name: string, fields: string[]) =>
    fields.length === 0
      ? []
      : [`${name}${fields.every((field) => field.includes('?: ')) ? '?' : ''}: { ${fields.join('; ')} }`]
  const body = requestBody?.content['application/json']?.schema
  const answers = Object.entries(responses).map(
    ([status, response]) => `{ status: ${status}; body: ${answerOf(status, response)} }`,
  )
  const parts = [
    ...group('path', fieldsIn('path')),
    ...group('query', fieldsIn('query')),
    ...(body ? [`body: ${typeOf(body)}`] : []),
    `answer: ${answers.join(' | ')}`,
  ]
  return `  ${operationId}: { ${parts.join('; ')} }`
}

function answerOf(status: string, { content }: DocumentedResponse): string {
  if (Number(status) >= 400) return 'Problem'
  const [schema] = Object.values(content ?? {}).map((media) => media.schema)
  return schema ? typeOf(schema) : 'unknown'
}

function typeOf(schema: Schema): string {
  if (schema.$ref) return schema.$ref.split('/').at(-1) ?? 'unknown'
  if (schema.allOf) {
    // A part may only describe the place.
    const parts = schema.allOf.map(typeOf).filter((type) => type !== 'unknown')
    return parts.map((type) => `(${type})`).join(' & ')
  }
  if (schema.anyOf) return schema.anyOf.map((part) => `(${typeOf(part)})`).join(' | ')
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(' | ')
  const types = [schema.type ?? []].flat().map((type) => namedType(type, schema))
  return types.length === 0 ? 'unknown' : types.join(' | ')
}

function namedType(type: string, schema: Schema): string {
  if (type === 'integer') return 'number'
  if (type === 'array') return `(${typeOf(schema.items ?? {})})[]`
  if (type !== 'object') return type
  const fields = Object.entries(schema.properties ?? {}).map(
    ([name, part]) => `${JSON.stringify(name)}${schema.required?.includes(name) ? '' : '?'}: ${typeOf(part)}`,
  )
  const rest = schema.additionalProperties
  if (fields.length === 0 && !rest) return 'Record<string, never>'
  const more = typeof rest === 'object' ? (fields.length > 0 ? 'unknown' : typeOf(rest)) : undefined
  return `{ ${[...fields, ...(more ? [`[name: string]: ${more}`] : [])].join('; ')} }`
}
