import { readFile, stat } from 'node:fs/promises'
import { extname, join, resolve, sep } from 'node:path'
import { Hono } from 'hono'
import type { ApiEnv } from '../deps.ts'
import { ApiError } from '../problems.ts'

const TYPES: Readonly<Record<string, string>> = {
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.jpg': 'image/jpeg',
  '.webp': 'image/webp',
  '.ico': 'image/x-icon',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.woff2': 'font/woff2',
}

/** Pictures, styles and scripts of the pages. A file of no known kind is not served. */
export function assetRoutes(root = resolve(import.meta.dirname, '../../web/public')) {
  return new Hono<ApiEnv>().get('/*', async (c) => {
    const path = resolve(root, `.${c.req.path.replace(/^\/assets/, '')}`)
    const type = TYPES[extname(path)]
    const inside = path.startsWith(root + sep) && !path.slice(root.length).includes(`${sep}.`)
    const info = type !== undefined && inside ? await stat(path).catch(() => undefined) : undefined
    if (type === undefined || !info?.isFile()) throw new ApiError('NOT_FOUND')
    const etag = `"${info.size.toString(36)}-${Math.trunc(info.mtimeMs).toString(36)}"`
    const headers = {
      'Content-Type': type,
      'Cache-Control': 'public, max-age=3600',
      ETag: etag,
      // An SVG opened by itself is a document: it may run nothing.
      'Content-Security-Policy': "default-src 'none'; style-src 'unsafe-inline'",
    }
    if (c.req.header('If-None-Match') === etag) return c.body(null, 304, headers)
    return c.body(new Uint8Array(await readFile(join(path))), 200, headers)
  })
}
