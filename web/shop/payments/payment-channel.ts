import type { OrderRequest } from '../../../application/orders/order-request.ts'
import type { WebContext, WebDeps } from '../../shared/deps.ts'

type Channel = Extract<OrderRequest, { kind: 'pay' }>['channel']

/**
 * How the customer comes to a cashier from this browser. Undefined inside WeChat: as before, since only the shop
 * knows as whom WeChat knows him.
 */
export function channelOf(c: WebContext, { clientIp }: Pick<WebDeps, 'clientIp'>): Channel {
  const agent = c.req.header('user-agent') ?? ''
  if (/MicroMessenger/i.test(agent)) return undefined
  const onPhone = /Mobi|Android|iPhone|iPad/i.test(agent)
  return { client: onPhone ? 'h5' : 'desktop', clientIp: clientIp(c) }
}
