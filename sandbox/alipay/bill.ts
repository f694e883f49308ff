import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import { decimalFromFen } from '../../domain/money.ts'
import { paidBetween, refundedBetween } from '../books.ts'
import type { Desk } from '../teller.ts'
import { type Node, refusal, success } from './answers.ts'
import { encodeGbk } from './gbk.ts'
import type { AlipayMerchant } from './merchant.ts'
import { requestNoOf, tradeOf } from './refunds.ts'
import { type Content, type GatewayContext, required } from './request.ts'
import { dayOf, shanghaiText } from './time.ts'
import { METHOD } from './trades.ts'
import { zip } from './zip.ts'

/** A download URL is valid for 30 seconds. */
const ADDRESS_MS = 30_000
/** New in every process, which invalidates older URLs. */
const ADDRESS_KEY = randomBytes(32)

const HEADER = [
  ...[
    '支付宝交易号',
    '商户订单号',
    '业务类型',
    '商品名称',
    '创建时间',
    '完成时间',
    '门店编号',
    '门店名称',
    '操作员',
  ],
  ...[
    '终端号',
    '对方账户',
    '订单金额（元）',
    '商家实收（元）',
    '支付宝红包（元）',
    '集分宝（元）',
    '支付宝优惠（元）',
  ],
  ...['商家优惠（元）', '券核销金额（元）', '券名称', '商家红包消费金额（元）', '卡消费金额（元）'],
  ...['退款批次号/请求号', '服务费（元）', '分润（元）', '备注'],
]

interface Movement {
  readonly at: Date
  readonly cells: readonly string[]
  readonly fen: bigint
}

/** Only for past days with business. */
export function billAddress(desk: Desk, content: Content, origin: string): Node {
  required(content, 'bill_type', /^trade$/)
  const day = required(content, 'bill_date', /^\d{4}-\d{2}-\d{2}$/)
  if (movementsOf(desk, day).length === 0) return refusal('40004', 'isp.bill_not_exist', '账单不存在')
  const expires = Date.now() + ADDRESS_MS
  const query = new URLSearchParams({ expires: `${expires}`, token: tokenOf(day, expires).toString('hex') })
  return success({ bill_download_url: `${origin}/gateway.do/bill/${day}?${query.toString()}` })
}

export function sendBill(c: GatewayContext, desk: Desk, merchant: AlipayMerchant): Response {
  const day = c.req.param('day') ?? ''
  const expires = Number(c.req.query('expires'))
  const given = Buffer.from(c.req.query('token') ?? '', 'hex')
  const right = tokenOf(day, expires)
  if (given.length !== right.length || !timingSafeEqual(given, right) || expires < Date.now()) {
    return c.text('链接已失效', 403)
  }
  const archive = zip(filesOf(merchant, day, movementsOf(desk, day)))
  return c.body(new Uint8Array(archive), 200, { 'content-type': 'application/zip' })
}

function tokenOf(day: string, expires: number): Buffer {
  return createHmac('sha256', ADDRESS_KEY).update(`${day} ${expires}`).digest()
}

function movementsOf(desk: Desk, day: string): Movement[] {
  const span = dayOf(day)
  if (!span || span.to.getTime() > Date.now()) return []
  const payments = paidBetween(desk.db, METHOD, span.from, span.to).map((trade) =>
    movement('交易', trade, trade.paidAt ?? trade.createdAt, trade.amountFen, ''),
  )
  const refunds = refundedBetween(desk.db, METHOD, span.from, span.to)
    .filter(({ state }) => state === 'done')
    .map((refund) =>
      movement('退款', tradeOf(desk, refund), refund.createdAt, -refund.amountFen, requestNoOf(refund)),
    )
  return [...payments, ...refunds].sort((a, b) => a.at.getTime() - b.at.getTime())
}

function movement(
  kind: '交易' | '退款',
  trade: { paymentRef: string; outTradeNo: string; subject: string; createdAt: Date },
  at: Date,
  fen: bigint,
  requestNo: string,
): Movement {
  const amount = decimalFromFen(fen)
  const none = '0.00'
  const cells = [
    ...[`${trade.paymentRef}\t`, `${trade.outTradeNo}\t`, kind, trade.subject],
    ...[shanghaiText(trade.createdAt), shanghaiText(at), '', '', '', '', 'sha***@sandbox.com'],
    ...[amount, amount, none, none, none, none, none, '', none, none],
    ...[requestNo === '' ? '' : `${requestNo}\t`, none, none, ''],
  ]
  return { at, cells, fen }
}

function filesOf({ sellerId }: AlipayMerchant, day: string, movements: readonly Movement[]) {
  const account = `#账号：[${sellerId}0156]`
  const taken = movements.filter(({ fen }) => fen > 0n)
  const back = movements.filter(({ fen }) => fen < 0n)
  const sum = (some: readonly Movement[]) => decimalFromFen(some.reduce((total, { fen }) => total + fen, 0n))
  const details = [
    '#支付宝业务明细查询',
    account,
    `#起始日期：[${day} 00:00:00]   终止日期：[${day} 23:59:59]`,
    '#-----------------------------------------业务明细列表----------------------------------------',
    HEADER.join(','),
    ...movements.map(({ cells }) => cells.join(',')),
    '#-----------------------------------------业务明细列表结束------------------------------------',
    `#交易合计：${taken.length}笔，商家实收共${sum(taken)}元，商家优惠共0.00元`,
    `#退款合计：${back.length}笔，商家实收退款共${sum(back)}元，商家优惠退款共0.00元`,
  ]
  const summary = [
    '#支付宝业务汇总查询',
    account,
    '门店编号,门店名称,交易订单总笔数,退款订单总笔数,订单金额（元）,商家实收（元）',
    `合计,,${taken.length},${back.length},${sum(movements)},${sum(movements)}`,
  ]
  const name = `${sellerId}0156_${day.replaceAll('-', '')}_业务明细`
  return [
    { name: encodeGbk(`${name}(汇总).csv`), content: encodeGbk(`${summary.join('\r\n')}\r\n`) },
    { name: encodeGbk(`${name}.csv`), content: encodeGbk(`${details.join('\r\n')}\r\n`) },
  ]
}
