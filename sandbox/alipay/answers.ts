/** Such as `alipay_trade_query_response`. */
export type Node = Readonly<Record<string, unknown>>

/** opendocs.alipay.com/common/02km9f */
const MESSAGES = {
  '40001': 'Missing Required Arguments',
  '40002': 'Invalid Arguments',
  '40004': 'Business Failed',
  '40005': 'Call Limited',
} as const

export function success(fields: Node = {}): Node {
  return { code: '10000', msg: 'Success', ...fields }
}

export function refusal(code: keyof typeof MESSAGES, subCode: string, said: string): Node {
  return { code, msg: MESSAGES[code], sub_code: subCode, sub_msg: said }
}

export function failed(code: string, said: string): Node {
  return refusal('40004', `ACQ.${code}`, said)
}

export class AlipayRefusalError extends Error {
  override name = 'AlipayRefusalError'
  readonly node: Node

  constructor(node: Node) {
    super(JSON.stringify(node))
    this.node = node
  }
}
