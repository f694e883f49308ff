import { createMiddleware } from 'hono/factory'
import { COUNT_MAX, countAttention } from '../../../application/platform/needs-attention.ts'
import type { WebDeps, WebEnv } from '../../shared/deps.ts'

/** One reading serves all pages of these seconds. */
const FRESH_MS = 5_000

/** Counts what needs attention for the navigation. A count that fails is left out: the page is shown all the same. */
export function attentionCount({ replica, logger }: WebDeps) {
  let last: { readonly at: number; readonly count: Promise<number | undefined> } | undefined

  async function read(now: number): Promise<number | undefined> {
    try {
      const counts = Object.values(await countAttention(replica, now))
      return counts.reduce((sum, count) => sum + Math.min(count, COUNT_MAX), 0)
    } catch (err) {
      logger.error({ err }, 'what needs attention cannot be counted')
      return undefined
    }
  }

  return createMiddleware<WebEnv>(async (c, next) => {
    const now = Date.now()
    if (!last || now - last.at > FRESH_MS) last = { at: now, count: read(now) }
    c.set('attention', await last.count)
    await next()
  })
}
