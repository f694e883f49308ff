import { createHash, randomBytes } from 'node:crypto'
import { z } from 'zod'
import { findTradeByNumber, insertTrade, type Trade } from '../books.ts'
import { takeFault } from '../faults.ts'
import { closeOpen, type Desk, receive } from '../teller.ts'
import { type Answer, NO_SUCH_ORDER, refusal } from './errors.ts'
import { isPaid, METHOD, newNumber, type OrderWire, orderWire, type Product } from './objects.ts'
import type { Action } from './request.ts'
import type { WechatMerchant } from './signature.ts'

const MINUTE_MS = 60_000
const DAY_MS = 24 * 60 * MINUTE_MS

const bytes = (max: number) =>
  z.string().refine((text) => Buffer.byteLength(text) <= max, `at most ${max} bytes`)

/** Common to all products (下单). */
const order = z.strictObject({
  appid: z.string().min(1).max(32),
  mchid: z.string().min(1).max(32),
  description: bytes(127).min(1),
  out_trade_no: z.string().regex(/^[0-9A-Za-z_\-|*]{6,32}$/),
  time_expire: z.iso.datetime({ offset: true }).optional(),
  attach: z.string().max(128).optional(),
  // Without a query.
  notify_url: z
    .url({ protocol: /^https?$/ })
    .max(255)
    .regex(/^[^?#]*$/),
  goods_tag: z.string().max(32).optional(),
  support_fapiao: z.boolean().optional(),
  amount: z.strictObject({
    total: z.int().min(1).max(2_147_483_647),
    currency: z.literal('CNY').optional(),
  }),
})
const scene = z.object({ payer_client_ip: z.union([z.ipv4(), z.ipv6()]) })
const h5Info = z.object({ type: z.enum(['iOS', 'Android', 'Wap']) })

const FIELDS = {
  jsapi: order.extend({
    payer: z.strictObject({ openid: z.string().min(1).max(128) }),
    scene_info: scene.optional(),
  }),
  h5: order.extend({ scene_info: scene.extend({ h5_info: h5Info }) }),
  native: order.extend({ scene_info: scene.optional() }),
}
type OrderFields = z.output<typeof order> & { readonly payer?: { readonly openid: string } }

/** Repeatable. */
export function openOrder(
  desk: Desk,
  merchant: WechatMerchant,
  product: Product,
): Action<z.ZodType<OrderFields>> {
  return {
    fields: FIELDS[product],
    act: (input) => {
      if (input.mchid !== merchant.mchId) return refusal(400, 'MCH_NOT_EXISTS', '商户号不存在')
      if (input.appid !== merchant.appId) {
        return refusal(400, 'APPID_MCHID_NOT_MATCH', 'appid和mch_id不匹配')
      }
      const request = JSON.stringify({ product, ...input })
      const known = findTradeByNumber(desk.db, input.out_trade_no)
      if (known) return openAgain(desk, known, request)
      const createdAt = new Date()
      const payBy = input.time_expire === undefined ? undefined : new Date(input.time_expire)
      const wire: OrderWire = {
        product,
        request,
        attach: input.attach ?? '',
        openid:
          input.payer?.openid ?? `o${createHash('sha256').update(request).digest('base64url').slice(0, 27)}`,
      }
      const trade = insertTrade(desk.db, {
        ref: `wx${randomBytes(17).toString('hex')}`,
        method: METHOD,
        outTradeNo: input.out_trade_no,
        paymentRef: newNumber('4200'),
        amountFen: BigInt(input.amount.total),
        subject: input.description,
        // WeChat Pay only has the `redirect_url` of the cashier's URL.
        returnUrl: '',
        payBy,
        expiresAt: payableUntil(createdAt, payBy),
        createdAt,
        wire: JSON.stringify(wire),
      })
      return opened(desk, trade, product)
    },
  }
}

function openAgain(desk: Desk, trade: Trade, request: string): Answer {
  if (isPaid(trade)) return refusal(400, 'ORDERPAID', '该订单已支付')
  if (trade.state === 'closed') return refusal(400, 'ORDER_CLOSED', '订单已关闭')
  const wire = trade.method === METHOD ? orderWire(trade) : undefined
  if (wire?.request !== request) return refusal(403, 'OUT_TRADE_NO_USED', '商户订单号重复')
  return opened(desk, trade, wire.product)
}

function opened(desk: Desk, { ref }: Trade, product: Product): Answer {
  const url = desk.payUrl(ref)
  const body = { jsapi: { prepay_id: ref }, h5: { h5_url: url }, native: { code_url: url } }[product]
  return { status: 200, body }
}

/** 1 minute to 15 days, by default 7 days. The real WeChat Pay still calls an expired order unpaid. */
function payableUntil(createdAt: Date, payBy: Date | undefined): Date {
  const created = createdAt.getTime()
  const wanted = payBy?.getTime() ?? created + 7 * DAY_MS
  return new Date(Math.min(Math.max(wanted, created + MINUTE_MS), created + 15 * DAY_MS))
}

const closing = z.strictObject({ mchid: z.string() })

/** 关闭订单 */
export function closeOrder(desk: Desk, outTradeNo: string): Action<typeof closing> {
  return {
    fields: closing,
    act: () => {
      const found = findOrder(desk, outTradeNo)
      if (!found) return NO_SUCH_ORDER
      const open = found.state === 'unpaid' || found.state === 'declined'
      const trade = open && takeFault(desk.db, METHOD, 'pay_during_close') ? receive(desk, found) : found
      if (isPaid(trade)) return refusal(400, 'ORDERPAID', '该订单已支付')
      if (trade.state === 'closed') return refusal(400, 'ORDER_CLOSED', '订单已关闭')
      closeOpen(desk, trade)
      return { status: 204 }
    },
  }
}

export function findOrder(desk: Desk, outTradeNo: string): Trade | undefined {
  const trade = findTradeByNumber(desk.db, outTradeNo)
  return trade?.method === METHOD ? trade : undefined
}
