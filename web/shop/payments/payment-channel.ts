import type { OrderRequest } from '../../../application/orders/order-request.ts'
import type { WebContext, WebDeps } from '../../shared/deps.ts'

type Channel = Extract<OrderRequest, { kind: 'pay' }>['channel']

/** Undefined inside WeChat, since only the shop knows the openid. */
export function channelOf(c: WebContext, { clientIp }: Pick<WebDeps, 'clientIp'>): Channel {
  const agent = c.req.header('user-agent') ?? ''
  if (/MicroMessenger/i.test(agent)) return undefined
  const onPhone = /Mobi|Android|iPhone|iPad/i.test(agent)
  return { client: onPhone ? 'h5' : 'desktop', clientIp: clientIp(c) }
}
