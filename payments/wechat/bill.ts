import { createHash } from 'node:crypto'
import { z } from 'zod'
import { fenFromDecimal } from '../../domain/money.ts'
import { type BillLine, ProviderRefusalError } from '../port.ts'
import { callWechat, downloadFile, type WechatAccount } from './api.ts'

/** Bills are available by 10:00 the next day in Shanghai, 34 hours after the day began. */
const MADE_AFTER_MS = 34 * 3_600_000

const link = z.object({
  hash_type: z.literal('SHA1'),
  hash_value: z.string().regex(/^[0-9a-fA-F]{40}$/),
  download_url: z.url(),
})

/**
 * @param day `YYYY-MM-DD` in Shanghai
 * @returns undefined where the bill is not available yet; no lines for a day without movements
 */
export async function downloadBill(account: WechatAccount, day: string): Promise<BillLine[] | undefined> {
  const path = `/v3/bill/tradebill?bill_date=${day}&bill_type=ALL`
  try {
    const { hash_value, download_url } = link.parse(await callWechat(account, { method: 'GET', path }))
    const file = await downloadFile(account, download_url)
    if (createHash('sha1').update(file).digest('hex') !== hash_value.toLowerCase()) {
      throw new Error(`the bill of ${day} does not match the hash from WeChat Pay`)
    }
    return readBill(new TextDecoder('utf-8', { fatal: true }).decode(file), account.mchId)
  } catch (error) {
    if (!(error instanceof ProviderRefusalError)) throw error
    if (error.code === 'STATEMENT_CREATING') return undefined
    if (error.code !== 'NO_STATEMENT_EXIST') throw error
    // The same answer for a day without movements and for a bill that is not available yet.
    const madeBy = new Date(`${day}T00:00:00+08:00`).getTime() + MADE_AFTER_MS
    return Date.now() < madeBy ? undefined : []
  }
}

const COLUMNS = {
  at: '交易时间',
  mchId: '商户号',
  paymentRef: '微信订单号',
  outTradeNo: '商户订单号',
  tradeState: '交易状态',
  amount: '订单金额',
  refundNo: '商户退款单号',
  refundAmount: '申请退款金额',
  refundState: '退款状态',
} as const
type Row = Readonly<Record<keyof typeof COLUMNS, string>>

const TOTALS = '总交易单数'

/** Header, movements, a second header and totals. Each value starts with a backtick. */
function readBill(text: string, mchId: string): BillLine[] {
  const [names = '', ...lines] = text.trimEnd().split(/\r?\n/)
  const end = lines.findIndex((line) => line.startsWith(TOTALS))
  const totals = lines[end + 1]
  if (end < 0 || totals === undefined || valuesOf(totals)[0] !== `${end}`) {
    throw new Error('the WeChat Pay bill is incomplete')
  }
  const header = names.split(',')
  return lines.slice(0, end).flatMap((line) => readLine(rowOf(header, line), mchId))
}

function rowOf(header: readonly string[], line: string): Row {
  const values = valuesOf(line)
  const entries = Object.entries(COLUMNS).map(([key, name]) => [key, values[header.indexOf(name)]])
  if (values.length !== header.length || entries.some(([, value]) => value === undefined)) {
    throw new Error('a line of the WeChat Pay bill does not match its header')
  }
  return Object.fromEntries(entries) as Row
}

function valuesOf(line: string): string[] {
  return line.replace(/^`/, '').split(',`')
}

function readLine(row: Row, mchId: string): BillLine[] {
  if (row.mchId !== mchId) throw new Error('the bill is for another merchant')
  const { outTradeNo, paymentRef } = row
  const at = new Date(`${row.at.replace(' ', 'T')}+08:00`)
  switch (row.tradeState) {
    case 'SUCCESS':
      return [{ kind: 'payment', outTradeNo, amountFen: amountOf(row.amount), paymentRef, at }]
    case 'REFUND':
      if (row.refundState === 'FAIL') return []
      return [
        {
          kind: 'refund',
          outTradeNo,
          refundNo: row.refundNo,
          amountFen: amountOf(row.refundAmount),
          paymentRef,
          at,
        },
      ]
    default:
      // REVOKED: a canceled card-reader payment, which the mall does not use.
      return []
  }
}

function amountOf(text: string): bigint {
  const fen = fenFromDecimal(text.replace(/(\.\d\d)0+$/, '$1'))
  if (fen === undefined) throw new Error('invalid amount in the WeChat Pay bill')
  return fen
}
