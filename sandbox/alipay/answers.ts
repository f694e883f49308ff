/** The node of an answer: `alipay_trade_query_response` and the like. */
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

/** A refusal in Alipay's words: its `sub_code` and Chinese `sub_msg`. */
export function refusal(code: keyof typeof MESSAGES, subCode: string, said: string): Node {
  return { code, msg: MESSAGES[code], sub_code: subCode, sub_msg: said }
}

/** A business error of the trade methods, `ACQ.…`. */
export function failed(code: string, said: string): Node {
  return refusal('40004', `ACQ.${code}`, said)
}

/** A request refused before anything was done. */
export class AlipayRefusalError extends Error {
  override name = 'AlipayRefusalError'
  readonly node: Node

  constructor(node: Node) {
    super(JSON.stringify(node))
    this.node = node
  }
}
