import type { HttpBindings } from '@hono/node-server'
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response'
import type { Context } from 'hono'
import type { z } from 'zod'
import { inTransaction } from '../database.ts'
import { takeFault } from '../faults.ts'
import type { Desk } from '../teller.ts'
import { type Answer, FREQUENCY_LIMITED, refusal, SYSTEM_ERROR, WechatRefusalError } from './errors.ts'
import { METHOD } from './objects.ts'
import { answeringKey, signatureHeaders, type WechatMerchant } from './signature.ts'

export type WechatContext = Context<{ Bindings: HttpBindings }>

/** `act` runs in a transaction. */
export interface Action<T extends z.ZodType> {
  readonly fields: T
  readonly act: (input: z.output<T>) => Answer
}

export async function post<T extends z.ZodType>(
  c: WechatContext,
  desk: Desk,
  merchant: WechatMerchant,
  { fields, act }: Action<T>,
): Promise<Response> {
  const { db } = desk
  if (takeFault(db, METHOD, 'error_before')) return reply(c, merchant, SYSTEM_ERROR)
  if (takeFault(db, METHOD, 'rate_limited')) return reply(c, merchant, FREQUENCY_LIMITED)
  const input = read(fields, parseJson(await c.req.text()))
  const answer = inTransaction(db, () => act(input))
  desk.notifier.wake()
  if (takeFault(db, METHOD, 'answer_lost')) {
    c.env.incoming.socket.destroy()
    return RESPONSE_ALREADY_SENT
  }
  return reply(c, merchant, takeFault(db, METHOD, 'error_after') ? SYSTEM_ERROR : answer)
}

/** @throws WechatRefusalError PARAM_ERROR with the first invalid field */
export function read<T extends z.ZodType>(fields: T, given: unknown): z.output<T> {
  const result = fields.safeParse(given)
  if (result.success) return result.data
  const [issue] = result.error.issues
  const named = issue?.code === 'unrecognized_keys' ? issue.keys : []
  const field = [...(issue?.path ?? []), ...named].join('/')
  throw new WechatRefusalError(
    refusal(400, 'PARAM_ERROR', `参数错误：/${field} ${issue?.message ?? ''}`.trim()),
  )
}

/** All answers are signed, except to requests with an invalid signature. */
export function reply(c: WechatContext, merchant: WechatMerchant, { status, body }: Answer): Response {
  const text = body === undefined ? '' : JSON.stringify(body)
  const key = answeringKey(merchant, c.req.header('wechatpay-serial'))
  const headers = {
    'content-type': 'application/json; charset=utf-8',
    ...(status !== 401 && signatureHeaders(key, text, new Date())),
  }
  return status === 204 ? c.body(null, status, headers) : c.body(text, status as 200, headers)
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new WechatRefusalError(refusal(400, 'PARAM_ERROR', '请求体不是合法的JSON'))
  }
}
