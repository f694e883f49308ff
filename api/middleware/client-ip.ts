import { isIP } from 'node:net'
import { getConnInfo } from '@hono/node-server/conninfo'
import type { Context } from 'hono'

/** @param trustedProxies only their `X-Forwarded-For` counts */
export function clientIp(c: Context, trustedProxies: readonly string[]): string | undefined {
  const peer = plain(getConnInfo(c).remote.address ?? '')
  if (peer === undefined || !trustedProxies.includes(peer)) return peer
  const named = (c.req.header('x-forwarded-for') ?? '').split(',').map((part) => plain(part.trim()))
  return named.findLast((address) => address !== undefined && !trustedProxies.includes(address)) ?? peer
}

/** An IPv4 address may arrive mapped into IPv6. */
function plain(address: string): string | undefined {
  const mapped = /^::ffff:([\d.]+)$/i.exec(address)?.[1]
  const found = mapped ?? address
  return isIP(found) === 0 ? undefined : found
}
