import { type Operations, PATHS } from './api-types.ts'

type Id = keyof Operations
type Request<I extends Id> = Omit<Operations[I], 'answer'>

/** A client as an integrator would generate it. @param url the mall's address */
export function createApiClient(url: string, token: string) {
  return async function call<I extends Id>(id: I, request: Request<I>): Promise<Operations[I]['answer']> {
    const [method, path] = PATHS[id]
    const {
      path: params = {},
      query = {},
      body,
    } = request as {
      path?: Record<string, string>
      query?: Record<string, string>
      body?: unknown
    }
    const filled = path.replaceAll(/\{(\w+)\}/g, (_all, name: string) =>
      encodeURIComponent(params[name] ?? ''),
    )
    const entries = Object.entries(query).map(([name, value]) => [name, String(value)] as const)
    const search = new URLSearchParams(Object.fromEntries(entries)).toString()
    const response = await fetch(`${url}${filled}?${search}`, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    return { status: response.status, body: await response.json() } as Operations[I]['answer']
  }
}
