import { readFile } from 'node:fs/promises'
import { Hono } from 'hono'
import { DOCS_TEXTS } from '../../../i18n/docs-texts.ts'
import type { Lang } from '../../../i18n/error-texts.ts'
import type { ApiEnv } from '../../deps.ts'
import { ApiError } from '../../errors.ts'

/** Served locally, so that the page loads nothing from other hosts. */
const ASSETS: Readonly<Record<string, string>> = {
  'swagger-ui.css': 'text/css; charset=utf-8',
  'swagger-ui-bundle.js': 'text/javascript; charset=utf-8',
}

// Relative addresses: a proxy may serve the mall under a path.
const pageIn = (lang: Lang) => `<!doctype html>
<html lang="${lang === 'zh' ? 'zh-CN' : 'en'}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${DOCS_TEXTS[lang].title}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="docs/swagger-ui.css">
</head>
<body>
<p style="font: 14px/1.5 sans-serif; margin: 12px 20px">${DOCS_TEXTS[lang].note} <a href="openapi.json">openapi.json</a></p>
<div id="swagger-ui" lang="en"></div>
<script src="docs/swagger-ui-bundle.js"></script>
<script src="docs/start.js"></script>
</body>
</html>
`

const START = `SwaggerUIBundle({
  url: 'openapi.json',
  dom_id: '#swagger-ui',
  deepLinking: true,
  persistAuthorization: true,
  validatorUrl: null,
})
`

const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; " +
  "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

export function docsRoutes() {
  const folder = new URL('.', import.meta.resolve('swagger-ui-dist/package.json'))
  return new Hono<ApiEnv>()
    .get('/', (c) =>
      c.html(pageIn(c.get('lang')), 200, { Vary: 'Accept-Language', 'Content-Security-Policy': POLICY }),
    )
    .get('/start.js', (c) => c.body(START, 200, { 'Content-Type': 'text/javascript; charset=utf-8' }))
    .get('/:asset', async (c) => {
      const asset = c.req.param('asset')
      const type = Object.hasOwn(ASSETS, asset) ? ASSETS[asset] : undefined
      if (type === undefined) throw new ApiError('NOT_FOUND')
      const body = await readFile(new URL(asset, folder))
      return c.body(new Uint8Array(body), 200, {
        'Content-Type': type,
        'Cache-Control': 'public, max-age=3600',
      })
    })
}
