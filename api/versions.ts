import { z } from '@hono/zod-openapi'
import type { KnownVersions } from '../domain/versions.ts'
import type { ApiContext } from './deps.ts'
import { ApiError } from './errors.ts'

/** Entity tags (RFC 9110, 8.8.3 and 13.1.1): a change says which version it was made from. */

const ETAG_MAX = 80
const VERSIONS_MAX = 10

export const ifMatchHeader = z.object({
  'if-match': z.string().max(1000).optional().openapi({
    description: 'The ETag of the version that the change was made from; another one is 412 STALE',
    example: '"3"',
  }),
})

export const etagHeader = z.object({
  ETag: z.string().openapi({ description: 'The version of the resource', example: '"3"' }),
})

export function setEtag(c: ApiContext, version: string): void {
  c.header('ETag', `"${version}"`)
}

/** @returns undefined without `If-Match`, or with `*` @throws ApiError VALIDATION_FAILED */
export function knownVersions(c: ApiContext): KnownVersions {
  const header = c.req.header('If-Match')?.trim()
  if (header === undefined || header === '*') return undefined
  const tags = header.split(',').map((tag) => tag.trim())
  const isValid = (tag: string) => tag.length <= ETAG_MAX && /^(W\/)?"[!#-~]*"$/.test(tag)
  if (tags.length > VERSIONS_MAX || !tags.every(isValid)) {
    throw new ApiError('VALIDATION_FAILED', { errors: [{ field: 'If-Match', rule: 'format' }] })
  }
  // A weak tag never matches.
  return tags.filter((tag) => !tag.startsWith('W/')).map((tag) => tag.slice(1, -1))
}
