import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import type {
  ApiDocument,
  DocumentedOperation,
  DocumentedResponse,
  Schema,
} from '../../api/document/document.ts'

/** Compares requests and answers with the OpenAPI document, more strictly than a client would: no unknown property. */

interface Answered {
  readonly status: number
  readonly type: string | null
  readonly body: unknown
}

export function createApiContract(document: ApiDocument) {
  const ajv = new Ajv2020({
    strict: false,
    allErrors: true,
    formats: {
      'date-time': isDateTime,
      date: /^\d{4}-\d\d-\d\d$/,
      uri: (text: string) => URL.canParse(text),
    },
  })
  const schemas = Object.entries(document.components.schemas)
  ajv.addSchema({
    $id: 'document',
    components: {
      schemas: Object.fromEntries(schemas.map(([name, schema]) => [name, closed(schema, false)])),
    },
  })
  const compiled = new Map<string, ValidateFunction>()
  const routes = Object.entries(document.paths)
    .map(([path, methods]) => ({
      path,
      methods,
      // A fixed part such as `/statistics` goes before a parameter.
      pattern: new RegExp(`^${path.replaceAll(/\{\w+\}/g, '[^/]+')}$`),
      parameters: path.split('{').length,
    }))
    .toSorted((a, b) => a.parameters - b.parameters)

  const deref = (response: DocumentedResponse | undefined) => {
    const name = response?.$ref?.split('/').at(-1)
    return name === undefined
      ? response
      : (document.components as unknown as { responses: Record<string, DocumentedResponse> }).responses[name]
  }

  function errorsOf(schema: Schema, value: unknown, isRequest: boolean): string[] {
    const text = JSON.stringify(schema)
    const key = `${isRequest} ${text}`
    const validate =
      compiled.get(key) ??
      ajv.compile(JSON.parse(JSON.stringify(isRequest ? open(schema) : closed(schema, true))))
    compiled.set(key, validate)
    return validate(value)
      ? []
      : (validate.errors ?? []).map(
          (error) => `${error.instancePath} ${error.message} ${JSON.stringify(error.params)}`,
        )
  }

  /** @returns undefined for what is no operation of the API */
  function find(method: string, url: string): DocumentedOperation | undefined {
    const path = url.split('?')[0] ?? ''
    const route = routes.find(({ pattern, methods }) => pattern.test(path) && method.toLowerCase() in methods)
    return route?.methods[method.toLowerCase()]
  }

  return {
    document,
    find,
    /** @returns a line per difference between the answer and the document */
    problemsOfAnswer(method: string, url: string, { status, type, body }: Answered): string[] {
      const operation = find(method, url)
      if (!operation) return []
      const what = `${method} ${url} ${status}`
      const response = deref(operation.responses[status])
      if (!response) return [`${what}: the document has no such status`]
      const media = type?.split(';')[0] ?? ''
      if (!response.content) return body === '' ? [] : [`${what}: the document has no body`]
      const schema = response.content[media]?.schema
      if (!schema) return [`${what}: the document has no ${media}`]
      return errorsOf(schema, body, false).map((error) => `${what}: ${error}`)
    },
    /** @returns a line per difference between the JSON body and the document */
    problemsOfRequest(method: string, url: string, body: unknown): string[] {
      const schema = find(method, url)?.requestBody?.content['application/json']?.schema
      return schema ? errorsOf(schema, body, true).map((error) => `${method} ${url} request: ${error}`) : []
    },
    /** Every pattern in the document. */
    patterns: [
      ...new Set(
        [...JSON.stringify(document).matchAll(/"pattern":("(?:[^"\\]|\\.)*")/g)].map(
          ([, text = '""']) => JSON.parse(text) as string,
        ),
      ),
    ],
  }
}

const REF = '#/components/schemas/'
const isDateTime = (text: string) =>
  /^\d{4}-\d\d-\d\dT\d\d:\d\d/.test(text) && !Number.isNaN(Date.parse(text))

function open(schema: Schema): Schema {
  return map(schema, (part) => part)
}

/** Refuses properties that the schema does not name; parts of `allOf` are closed together. */
function closed(schema: Schema, whole: boolean): Schema {
  return map(
    schema,
    (part, isWhole) => {
      const isObject = part.$ref !== undefined || part.allOf !== undefined || part.properties !== undefined
      if (!isObject || !isWhole || part.additionalProperties !== undefined) return part
      return { ...part, unevaluatedProperties: false }
    },
    whole,
  )
}

/** Applies it to each schema inside. @param whole false: the schema is a part of another */
function map(schema: Schema, change: (part: Schema, whole: boolean) => Schema, whole = true): Schema {
  const inner = (part: Schema, isWhole = true) => map(part, change, isWhole)
  const copy: Schema = { ...schema }
  if (copy.$ref?.startsWith(REF)) copy.$ref = `document${copy.$ref}`
  if (copy.properties) {
    copy.properties = Object.fromEntries(
      Object.entries(copy.properties).map(([name, part]) => [name, inner(part)]),
    )
  }
  if (copy.items) copy.items = inner(copy.items)
  if (copy.anyOf) copy.anyOf = copy.anyOf.map((part) => inner(part))
  if (copy.allOf) copy.allOf = copy.allOf.map((part) => inner(part, false))
  if (typeof copy.additionalProperties === 'object')
    copy.additionalProperties = inner(copy.additionalProperties)
  return change(copy, whole)
}
