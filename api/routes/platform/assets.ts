import { readFile, stat } from 'node:fs/promises'
import { extname, join, resolve, sep } from 'node:path'
import { Hono } from 'hono'
import { readPicture } from '../../../application/catalogue/pictures.ts'
import type { ApiDeps, ApiEnv } from '../../deps.ts'
import { ApiError } from '../../errors.ts'

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

const PUBLIC = resolve(import.meta.dirname, '../../../web/public')
/** Blocks scripts of an SVG that is opened directly. */
const RUNS_NOTHING = { 'Content-Security-Policy': "default-src 'none'; style-src 'unsafe-inline'" }
const FOR_GOOD = 'public, max-age=31536000, immutable'
const HTMX = resolve(import.meta.dirname, '../../../node_modules/htmx.org/dist')

export function assetRoutes(deps: Pick<ApiDeps, 'db' | 'publicDb'>) {
  const app = new Hono<ApiEnv>()
  app.get('/pictures/:name', async (c) => {
    const { type, bytes } = await readPicture(deps, c.req.param('name'))
    const headers = { 'Content-Type': type, 'Cache-Control': FOR_GOOD, ...RUNS_NOTHING }
    return c.body(new Uint8Array(bytes), 200, headers)
  })
  return app.get('/*', async (c) => {
    const [, folder, rest] = /^\/assets(\/htmx)?(\/.*)$/.exec(c.req.path) ?? []
    const root = folder ? HTMX : PUBLIC
    const path = resolve(root, `.${rest ?? ''}`)
    const type = TYPES[extname(path)]
    const inside = path.startsWith(root + sep) && !path.slice(root.length).includes(`${sep}.`)
    const info = type !== undefined && inside ? await stat(path).catch(() => undefined) : undefined
    if (type === undefined || !info?.isFile()) throw new ApiError('NOT_FOUND')
    const etag = `"${info.size.toString(36)}-${Math.trunc(info.mtimeMs).toString(36)}"`
    const headers = {
      'Content-Type': type,
      // `?v=` changes with the contents, so the response can be cached permanently.
      'Cache-Control': c.req.query('v') ? FOR_GOOD : 'public, max-age=3600',
      ETag: etag,
      ...RUNS_NOTHING,
    }
    if (c.req.header('If-None-Match') === etag) return c.body(null, 304, headers)
    return c.body(new Uint8Array(await readFile(join(path))), 200, headers)
  })
}
