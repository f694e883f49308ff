import { cors } from 'hono/cors'

/**
 * Lets pages of other sites call the API. Tokens go in a header, so credentials are never allowed.
 * @param origins exact; none of them may be `*`
 */
export const allowOrigins = (origins: readonly string[]) =>
  cors({
    origin: [...origins],
    allowMethods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
    allowHeaders: [
      'Authorization',
      'Content-Type',
      'Accept-Language',
      'Idempotency-Key',
      'If-Match',
      'X-Request-Id',
    ],
    exposeHeaders: [
      'X-Request-Id',
      'Idempotency-Replayed',
      'Retry-After',
      'WWW-Authenticate',
      'ETag',
      'Content-Disposition',
    ],
    maxAge: 600,
  })
