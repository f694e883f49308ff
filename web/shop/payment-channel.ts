import type { OrderRequest } from '../../application/orders.ts'
import type { PaymentMethod } from '../../domain/payment.ts'
import type { WebContext, WebDeps } from '../deps.ts'

type Channel = Extract<OrderRequest, { kind: 'pay' }>['channel']

/**
 * How the customer comes to a cashier from this browser. Undefined inside WeChat: as before, since only the shop
 * knows as whom WeChat knows him. At a desk WeChat would give a code to scan, which is no page to go to.
 */
export function channelOf(
  c: WebContext,
  { clientIp }: Pick<WebDeps, 'clientIp'>,
  method: PaymentMethod,
): Channel {
  const agent = c.req.header('user-agent') ?? ''
  if (/MicroMessenger/i.test(agent)) return undefined
  const onPhone = /Mobi|Android|iPhone|iPad/i.test(agent)
  return { client: onPhone || method === 'wechat' ? 'h5' : 'desktop', clientIp: clientIp(c) }
}
