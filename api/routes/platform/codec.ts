import { Hono } from 'hono'
import { cors } from 'hono/cors'
import { z } from 'zod'
import { createPayloadCodec } from '../../../application/temporal/payload-codec.ts'
import type { ApiDeps, ApiEnv } from '../../deps.ts'
import { ApiError } from '../../errors.ts'
import { requireRight, requireToken } from '../../middleware/auth.ts'

const base64 = z.string().transform((text) => Buffer.from(text, 'base64'))
const body = z.object({
  payloads: z
    .array(z.object({ metadata: z.record(z.string(), base64).optional(), data: base64.optional() }))
    .max(1_000)
    // The CLI leaves an empty list out.
    .default([]),
})

/** Decrypts payloads for the Temporal Web UI. Requires an operator token, except in a local demo. */
export function codecRoutes(deps: Pick<ApiDeps, 'sealer' | 'temporalUiUrl' | 'authenticate' | 'demo'>) {
  const codec = createPayloadCodec(deps.sealer)
  const routes = new Hono<ApiEnv>()
  const uiOrigins = deps.temporalUiUrl ? originsOf(deps.temporalUiUrl) : []
  routes.use(
    cors({
      origin: uiOrigins,
      allowHeaders: ['content-type', 'x-namespace', 'authorization'],
      allowMethods: ['POST'],
      credentials: true,
    }),
  )
  if (!deps.demo) routes.use(requireToken(deps.authenticate), requireRight('operate'))
  // Registered only so that `knownRoutes` lets the preflight through to `cors`.
  routes.options('/decode', (c) => c.body(null, 204))
  routes.post('/decode', async (c) => {
    const parsed = body.safeParse(await c.req.json().catch(() => undefined))
    if (!parsed.success) throw new ApiError('MALFORMED_JSON')
    const payloads = await codec
      .decode(
        parsed.data.payloads.map(({ metadata, data }) => ({ metadata: metadata ?? {}, data: data ?? null })),
      )
      .catch(() => {
        // Not encrypted by the mall, or with an unknown key.
        throw new ApiError('VALIDATION_FAILED')
      })
    return c.json({
      payloads: payloads.map(({ metadata, data }) => ({
        metadata: Object.fromEntries(
          Object.entries(metadata ?? {}).map(([name, value]) => [
            name,
            Buffer.from(value).toString('base64'),
          ]),
        ),
        ...(data ? { data: Buffer.from(data).toString('base64') } : {}),
      })),
    })
  })
  return routes
}

/** Browsers treat `localhost` and `127.0.0.1` as different origins. */
function originsOf(uiUrl: string): string[] {
  const { origin } = new URL(uiUrl)
  return [origin, origin.replace('//127.0.0.1', '//localhost')]
}
