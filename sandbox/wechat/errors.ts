/** No body is a 204. */
export interface Answer {
  readonly status: number
  readonly body?: object
}

export class WechatRefusalError extends Error {
  override name = 'WechatRefusalError'
  readonly answer: Answer

  constructor(answer: Answer) {
    super(JSON.stringify(answer.body))
    this.answer = answer
  }
}

export function refusal(status: number, code: string, message: string): Answer {
  return { status, body: { code, message } }
}

export const NO_SUCH_ORDER = refusal(404, 'ORDER_NOT_EXIST', '订单不存在')
export const SYSTEM_ERROR = refusal(500, 'SYSTEM_ERROR', '系统异常，请稍后重试')
export const FREQUENCY_LIMITED = refusal(429, 'FREQUENCY_LIMITED', '频率超限')
