import type { Context } from 'hono'
import { html } from 'hono/html'
import { HTTPException } from 'hono/http-exception'
import { isOutage } from '../../application/platform/outage.ts'
import { OverloadedError } from '../../application/temporal/client.ts'
import { DomainError } from '../../domain/errors.ts'
import { errorText } from '../../i18n/error-texts.ts'
import { consolePage } from '../console/layout.ts'
import { ForeignFormError } from '../form/form.ts'
import { showFormAgain } from '../form/form-again.ts'
import { shopPage } from '../shop/layout.ts'
import { COMMON, textsIn } from '../texts/common/common.ts'
import { FRAME } from '../texts/console/frame.ts'
import type { WebContext, WebDeps, WebEnv } from './deps.ts'
import { interpolateText } from './interpolate.ts'
import { ForeignOriginError } from './same-origin.ts'

export function showError(logger: WebDeps['logger']) {
  return (error: Error, context: Context<WebEnv>) => {
    const c: WebContext = context
    if (error instanceof DomainError) {
      const { code } = error.refusal
      if (code === 'NOT_FOUND') return showMissing(c)
      const text = errorText(code, c.get('lang'), error.refusal)
      return show(c, text.title, text.detail, code === 'FORBIDDEN' ? 403 : 409)
    }
    if (error instanceof ForeignFormError) return showFormAgain(c, isInConsole(c))
    const t = textsIn(c.get('lang'))
    if (error instanceof ForeignOriginError) {
      const hint = interpolateText(t(COMMON.foreignOriginHint), { url: error.publicUrl })
      return show(c, t(COMMON.foreignOrigin), hint, 403)
    }
    if (error instanceof HTTPException && error.status < 500) {
      return show(c, t(COMMON.malformed), t(COMMON.malformedHint), 400)
    }
    if (error instanceof OverloadedError) return showUnavailable(c)
    if (isOutage(error)) {
      logger.error({ request_id: c.get('requestId'), err: error }, 'page unavailable')
      return showUnavailable(c)
    }
    logger.error({ request_id: c.get('requestId'), err: error }, 'page failed')
    const hint = `${t(COMMON.brokenHint)} ${t(COMMON.requestId)} ${c.get('requestId')}`
    return show(c, t(COMMON.broken), hint, 500)
  }
}

function showUnavailable(c: WebContext) {
  const { title, detail } = errorText('UNAVAILABLE', c.get('lang'))
  c.header('Retry-After', '1')
  return show(c, title, detail, 503)
}

export function showMissing(c: WebContext) {
  const t = textsIn(c.get('lang'))
  if (isInConsole(c)) return show(c, t(COMMON.notFound), t(FRAME.missing), 404)
  const ofProducts = c.req.path.startsWith('/points-mall/products')
  return show(c, t(COMMON.notFound), t(ofProducts ? COMMON.productGoneHint : COMMON.notFoundHint), 404)
}

function isInConsole(c: WebContext): boolean {
  const role = c.get('viewer')?.role
  return c.req.path.startsWith('/admin') && role !== undefined && role !== 'customer'
}

function show(c: WebContext, title: string, hint: string, status: 400 | 403 | 404 | 409 | 500 | 503) {
  const t = textsIn(c.get('lang'))
  const inConsole = isInConsole(c)
  const [home, text] = inConsole ? ['/admin', t(FRAME.toToday)] : ['/points-mall/products', t(COMMON.home)]
  const main = html`<div class="empty"><h1>${title}</h1><p>${hint}</p>
    <p><a class="button" href="${home}">${text}</a></p></div>`
  return inConsole ? consolePage(c, { title, main }, status) : shopPage(c, { title, main }, status)
}
