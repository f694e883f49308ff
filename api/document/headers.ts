/** Headers that many operations share. */

export const PARAMETERS = {
  'Accept-Language': {
    name: 'Accept-Language',
    in: 'header',
    description: 'Language of texts for people: `zh` (the default) or `en`',
    schema: { type: 'string', example: 'en' },
  },
  'X-Request-Id': {
    name: 'X-Request-Id',
    in: 'header',
    description: 'Identifies the request in logs; the response repeats it. Generated when it is absent',
    schema: { type: 'string', pattern: '^[\\w\\-=]{1,64}$' },
  },
  'Idempotency-Key': {
    name: 'Idempotency-Key',
    in: 'header',
    description:
      'A new value for each intention, such as a UUID, with or without double quotes. A repeat with the same key and body has no further effect and gets the first answer',
    schema: { type: 'string', pattern: '^[!-~]{1,257}$', example: '"8e03978e-40d5-43e8-bc93-6894a57f9324"' },
  },
}

export const HEADERS = {
  'X-Request-Id': { description: 'Identifies the request in logs', schema: { type: 'string' } },
  'Content-Language': {
    description: 'Language of the texts',
    schema: { type: 'string', enum: ['zh-CN', 'en'] },
  },
  'Retry-After': { description: 'Seconds to wait before a repeat', schema: { type: 'integer', minimum: 1 } },
  'WWW-Authenticate': {
    description: 'How to authenticate (RFC 6750)',
    schema: { type: 'string', example: 'Bearer realm="points-mall", error="invalid_token"' },
  },
  'Idempotency-Replayed': {
    description: '`true` when this is the stored answer to the same `Idempotency-Key`',
    schema: { type: 'string', enum: ['true'] },
  },
}
