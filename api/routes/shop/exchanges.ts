import { createRoute, OpenAPIHono, z } from '@hono/zod-openapi'
import { checkExchange, exchange } from '../../../application/orders/exchange.ts'
import { getOrder } from '../../../application/orders/reads.ts'
import { viewAttempt } from '../../../application/orders/view.ts'
import type { Principal } from '../../../domain/access.ts'
import { plainAddress } from '../../../domain/customers/address.ts'
import { DomainError, REFUSAL_RULES } from '../../../domain/errors.ts'
import { readAccount } from '../../../domain/fulfilment/charge.ts'
import { decimalFromNumber, fenFromDecimal, moneyFromFen } from '../../../domain/money.ts'
import { plainCode } from '../../../domain/text.ts'
import { ERROR_CODES, errorText } from '../../../i18n/error-texts.ts'
import type { ApiDeps, ApiEnv } from '../../deps.ts'
import { clientIp } from '../../middleware/client-ip.ts'
import { address } from '../../schemas/address.ts'
import {
  bearer,
  id,
  int,
  jsonBody,
  money,
  one,
  oneResponse,
  problemResponse,
  text,
} from '../../schemas/common.ts'
import { channelOf, order, orderFor, paymentChannel, paymentMethod } from '../../schemas/order.ts'

/** Number or text, not wrapped in `Money` as elsewhere. */
const cashAmount = z
  .union([z.number().transform(decimalFromNumber), z.string()])
  .transform((given, context) => {
    const fen = fenFromDecimal(plainCode(given))
    if (fen !== undefined && fen >= 0n) return fen
    context.addIssue(
      fen === undefined
        ? { code: 'invalid_format', format: 'decimal', message: 'decimal' }
        : { code: 'too_small', minimum: 0, origin: 'number', inclusive: true, message: 'min' },
    )
    return z.NEVER
  })
  .openapi({ type: ['string', 'number', 'null'], example: '9.90' })

const expectedPoints = int(0).openapi({
  description: "The order's total in points as the customer saw it; another amount is PRICE_CHANGED",
  example: 120,
})

const custom = z.record(z.string(), z.union([z.string(), z.number()]).nullable())

/** A malformed id is a 404, like an unknown one. */
const productId = z.string().min(1).max(64).openapi({ example: '1' })

/** A mainland mobile number, as people type it. */
const account = z
  .string()
  .transform((typed, context) => {
    const number = readAccount(typed)
    if (number !== undefined) return number
    context.addIssue({ code: 'invalid_format', format: 'phone', message: 'phone' })
    return z.NEVER
  })
  .openapi({ type: 'string', example: '13800000000' })

const exchangeBody = z
  .strictObject({
    product_id: productId,
    sku_id: productId.nullish(),
    quantity: int(1),
    cash_amount: cashAmount.nullish(),
    expected_points: expectedPoints.nullish(),
    payment_method: paymentMethod.nullish(),
    ...paymentChannel,
    buyer_remarks: text(0, 500).nullish(),
    buyer_message: text(0, 500).nullish(),
    customized: z.union([z.record(z.string(), z.unknown()), z.array(z.unknown())]).nullish(),
    custom: custom.nullish(),
    address: address.nullish(),
    account: account.nullish(),
  })
  .openapi('Exchange')

const post = createRoute({
  method: 'post',
  path: '/exchange',
  tags: ['exchanges'],
  summary: 'Redeem a product',
  description:
    '201: the order is placed. 202: no result within 5 s; processing continues, and the order can be read by its number.',
  security: bearer,
  request: { body: jsonBody(exchangeBody) },
  responses: {
    201: oneResponse(order, 'The order is placed'),
    202: oneResponse(order, 'The result is not known yet'),
    ...problemResponse,
  },
})

const check = createRoute({
  method: 'post',
  path: '/check-exchange',
  tags: ['exchanges'],
  summary: 'Check whether a product can be redeemed, with every reason if not',
  description:
    'Without `payment_method`, a product is eligible if at least one method works: the wallet pays immediately, any other method leaves the order awaiting payment.',
  security: bearer,
  request: {
    body: jsonBody(
      z.strictObject({
        product_id: productId,
        sku_id: productId.nullish(),
        quantity: int(1),
        payment_method: paymentMethod.nullish(),
        expected_points: expectedPoints.nullish(),
        custom: custom.nullish(),
      }),
    ),
  },
  responses: {
    200: oneResponse(
      z.object({
        eligible: z.boolean(),
        reasons: z.array(
          z.object({
            code: z.enum(ERROR_CODES),
            /** Distinguishes rules that share a code. */
            rule: z.enum(REFUSAL_RULES).optional(),
            message: z.string(),
            required: z.int().nullable(),
            available: z.int().nullable(),
          }),
        ),
        quote: z.object({
          quantity: z.int(),
          total_points: z.int(),
          total_money: money,
          /** Null: the external wallet does not respond. */
          points_available: z.int().nullable(),
        }),
      }),
      'All reasons together; changes nothing',
    ),
    ...problemResponse,
  },
})

/** Only counts; the message has amounts and lists of methods. */
function countOf(text: string | undefined): number | null {
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : null
}

function knownForm(productId: string): string {
  if (!id.safeParse(productId).success) throw new DomainError({ code: 'NOT_FOUND' })
  return productId
}

const customerOf = (who: Principal) => ({ ownerId: who.sub, level: who.level })

function filled<T extends object>(value: T | null | undefined): T | undefined {
  return value && Object.keys(value).length > 0 ? value : undefined
}

export function exchangeRoutes(deps: ApiDeps) {
  return new OpenAPIHono<ApiEnv>()
    .openapi(post, async (c) => {
      const who = c.get('who')
      const body = c.req.valid('json')
      const method = body.payment_method ?? deps.settings.defaultMethod
      const command = {
        productId: knownForm(body.product_id),
        skuId: body.sku_id ? knownForm(body.sku_id) : undefined,
        quantity: body.quantity,
        cashFen: body.cash_amount ?? undefined,
        expectedPoints: body.expected_points ?? undefined,
        method: body.payment_method ?? undefined,
        channel: method === 'wallet' ? undefined : channelOf(body, clientIp(c, deps.trustedProxies), method),
        address: filled(plainAddress(body.address ?? {})),
        account: body.account ?? undefined,
        customized: filled(body.customized),
        custom: body.custom ?? undefined,
        buyer_remarks: body.buyer_remarks ?? undefined,
        buyer_message: body.buyer_message ?? undefined,
      }
      try {
        const { attempt, known } = await exchange(deps, customerOf(who), command, c.get('idempotencyKey'))
        const view = known
          ? await getOrder(deps, attempt.order_no, who.sub)
          : await viewAttempt(deps, attempt)
        deps.metrics.exchanges.inc({ outcome: known ? view.status : 'accepted' })
        const shown = orderFor('customer', view, c.get('lang'), deps.pointsToCnyMillionths)
        return known ? c.json(one(shown), 201) : c.json(one(shown), 202)
      } catch (error) {
        if (error instanceof DomainError) deps.metrics.exchanges.inc({ outcome: error.refusal.code })
        throw error
      }
    })
    .openapi(check, async (c) => {
      const { product_id, sku_id, quantity, payment_method, expected_points, custom } = c.req.valid('json')
      const { reasons, total, facts } = await checkExchange(
        deps,
        customerOf(c.get('who')),
        { productId: knownForm(product_id), skuId: sku_id ? knownForm(sku_id) : undefined },
        {
          quantity,
          ...(payment_method ? { method: payment_method } : {}),
          expectedPoints: expected_points ?? undefined,
          custom: custom ?? undefined,
        },
      )
      const lang = c.get('lang')
      return c.json(
        one({
          eligible: reasons.length === 0,
          reasons: reasons.map((reason) => ({
            code: reason.code,
            rule: reason.rule,
            message: errorText(reason.code, lang, reason).detail,
            required: countOf(reason.required),
            available: countOf(reason.available),
          })),
          quote: {
            quantity,
            total_points: total.points,
            total_money: moneyFromFen(total.fen),
            points_available: facts.pointsAvailable === null ? null : Number(facts.pointsAvailable),
          },
        }),
        200,
      )
    })
}
