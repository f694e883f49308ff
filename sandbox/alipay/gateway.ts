import type { HttpBindings } from '@hono/node-server'
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response'
import { Hono } from 'hono'
import { cashierRoutes, refusalPage } from '../cashier.ts'
import { inTransaction } from '../database.ts'
import { takeFault } from '../faults.ts'
import type { Desk } from '../teller.ts'
import { AlipayRefusalError, type Node, refusal } from './answers.ts'
import { billAddress, sendBill } from './bill.ts'
import { encodeGbk } from './gbk.ts'
import type { AlipayMerchant } from './merchant.ts'
import { cancelTrade, queryRefund, refundTrade } from './refunds.ts'
import { checkParams, type GatewayContext, invalid, type Params, readContent, readParams } from './request.ts'
import { signRsa2 } from './signature.ts'
import { closeTrade, isPagePay, METHOD, openTrade, queryTrade } from './trades.ts'

type Act = (desk: Desk, content: ReturnType<typeof readContent>, origin: string) => Node

/** `CHANGES` are the methods that faults apply to. */
const QUERIES: Readonly<Record<string, Act>> = {
  'alipay.trade.query': queryTrade,
  'alipay.trade.fastpay.refund.query': queryRefund,
  'alipay.data.dataservice.bill.downloadurl.query': billAddress,
}
const CHANGES: Readonly<Record<string, Act>> = {
  'alipay.trade.close': closeTrade,
  'alipay.trade.cancel': cancelTrade,
  'alipay.trade.refund': refundTrade,
}

export function gatewayRoutes(desk: Desk, merchant: AlipayMerchant): Hono<{ Bindings: HttpBindings }> {
  const app = new Hono<{ Bindings: HttpBindings }>()
  app.get('/bill/:day', (c) => sendBill(c, desk, merchant))
  app.on(['GET', 'POST'], '/', async (c) => {
    const method = c.req.query('method') ?? ''
    if (isPagePay(method)) return await openCashier(c, desk, merchant)
    return await answerServerCall(c, desk, merchant)
  })
  return app
}

/**
 * The merchant's signed URL creates the trade and shows the cashier; `action` in a POST presses its button.
 */
async function openCashier(c: GatewayContext, desk: Desk, merchant: AlipayMerchant): Promise<Response> {
  try {
    const params = await readParams(c)
    const action = c.req.method === 'POST' ? params.get('action') : undefined
    if (action !== undefined) params.delete('action')
    checkParams(params, merchant)
    const content = readContent(params)
    const trade = inTransaction(desk.db, () => openTrade(desk, params, content))
    if (action === undefined) return c.redirect(desk.payUrl(trade.ref), 302)
    const body = new URLSearchParams({ action })
    return await cashierRoutes(desk).request(`/pay/${trade.ref}`, { method: 'POST', body })
  } catch (error) {
    if (!(error instanceof AlipayRefusalError)) throw error
    const { code, sub_code: subCode, sub_msg: said } = error.node as Record<string, string>
    return refusalPage(c, code === '40004' ? 409 : 422, said ?? '', subCode ?? '')
  }
}

async function answerServerCall(c: GatewayContext, desk: Desk, merchant: AlipayMerchant): Promise<Response> {
  const params = await readParams(c).catch((error: unknown) => {
    if (error instanceof AlipayRefusalError) return error
    throw error
  })
  if (params instanceof AlipayRefusalError) return reply(c, desk, merchant, '', params.node)
  const method = params.get('method') ?? ''
  const changes = Object.hasOwn(CHANGES, method)
  if (takeFault(desk.db, METHOD, 'rate_limited')) {
    return reply(c, desk, merchant, method, refusal('40005', 'isv.app-call-limited', '应用调用次数超限'))
  }
  if (changes && takeFault(desk.db, METHOD, 'error_before')) return unavailable(c)
  const node = runMethod(desk, merchant, params, new URL(c.req.url).origin)
  desk.notifier.wake()
  if (changes && takeFault(desk.db, METHOD, 'answer_lost')) {
    c.env.incoming.socket.destroy()
    return RESPONSE_ALREADY_SENT
  }
  if (changes && takeFault(desk.db, METHOD, 'error_after')) return unavailable(c)
  return reply(c, desk, merchant, method, node)
}

function runMethod(desk: Desk, merchant: AlipayMerchant, params: Params, origin: string): Node {
  try {
    checkParams(params, merchant)
    const method = params.get('method') ?? ''
    const run = { ...QUERIES, ...CHANGES }[method]
    if (!run) throw invalid('isv.invalid-method', '不存在的方法名')
    const content = readContent(params)
    return inTransaction(desk.db, () => run(desk, content, origin))
  } catch (error) {
    if (error instanceof AlipayRefusalError) return error.node
    throw error
  }
}

/** The signature covers the node's bytes exactly as sent. */
function reply(
  c: GatewayContext,
  desk: Desk,
  { privateKey }: AlipayMerchant,
  method: string,
  node: Node,
): Response {
  const known = Object.hasOwn({ ...QUERIES, ...CHANGES }, method)
  const name = known ? `${method.replaceAll('.', '_')}_response` : 'error_response'
  const inGbk = takeFault(desk.db, METHOD, 'gbk_answer') !== undefined
  const encode = (text: string) => (inGbk ? encodeGbk(text) : Buffer.from(text))
  const bytes = encode(JSON.stringify(node))
  const tail = `,"sign":"${signRsa2(bytes, privateKey)}"}`
  const body = Buffer.concat([encode(`{"${name}":`), bytes, encode(tail)])
  return c.body(new Uint8Array(body), 200, { 'content-type': `text/html;charset=${inGbk ? 'GBK' : 'utf-8'}` })
}

function unavailable(c: GatewayContext): Response {
  return c.text('Service Unavailable', 503)
}
