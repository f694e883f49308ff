import { z } from 'zod'
import { fenFromDecimal } from '../../domain/money.ts'
import { type BillLine, ProviderRefusalError } from '../port.ts'
import { type AlipayAccount, AlipayError, callAlipay } from './api.ts'
import { fromShanghaiText } from './time.ts'
import { unzip } from './zip.ts'

const TIMEOUT_MS = 60_000
const ARCHIVE_MAX = 64 * 1024 * 1024

/** The documentation has it with and without the prefix, in both cases. */
const NO_BILL = /^(is[pv]\.)?bill_not_exist$/i

const address = z.object({ bill_download_url: z.url({ protocol: /^https?$/ }) })

/**
 * @param day `YYYY-MM-DD` in Shanghai; its bill is available by 09:00 the next day
 * @returns undefined where it is not available yet, or the day had no business
 */
export async function downloadBill(account: AlipayAccount, day: string): Promise<BillLine[] | undefined> {
  const method = 'alipay.data.dataservice.bill.downloadurl.query'
  let node: unknown
  try {
    node = await callAlipay(account, method, { bill_type: 'trade', bill_date: day })
  } catch (error) {
    const answered = error instanceof AlipayError || error instanceof ProviderRefusalError
    if (answered && NO_BILL.test(error.code ?? '')) return undefined
    throw error
  }
  const { bill_download_url } = address.parse(node)
  const response = await fetch(bill_download_url, { signal: AbortSignal.timeout(TIMEOUT_MS) })
  if (!response.ok || !response.body) throw new AlipayError(`bill of ${day}: HTTP ${response.status}`)
  return readBill(await readArchive(response.body))
}

async function readArchive(body: ReadableStream<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of body) {
    length += chunk.length
    if (length > ARCHIVE_MAX) throw new AlipayError('the bill is too long')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

const COLUMNS = {
  paymentRef: '支付宝交易号',
  outTradeNo: '商户订单号',
  kind: '业务类型',
  subject: '商品名称',
  at: '完成时间',
  amount: '订单金额',
  refundNo: '退款批次号/请求号',
} as const
const KINDS: Readonly<Record<string, BillLine['kind']>> = { 交易: 'payment', 退款: 'refund' }

/** A zip of GBK CSV files. @throws on any unreadable line */
export function readBill(archive: Buffer): BillLine[] {
  for (const file of unzip(archive)) {
    const lines = new TextDecoder('gbk').decode(file).split(/\r?\n/)
    const at = lines.findIndex((line) => line.startsWith(COLUMNS.paymentRef))
    if (at < 0) continue
    const header = cellsOf(lines[at] ?? '').map((name) => name.replace(/[（(]元[)）]$/, ''))
    return lines
      .slice(at + 1)
      .filter((line) => line.trim() !== '' && !line.startsWith('#'))
      .map((line) => readLine(header, cellsOf(line)))
  }
  throw new Error('the bill contains no business details')
}

/** Alipay ends numbers with a tab to stop spreadsheets from reformatting them. */
const cellsOf = (line: string) => line.split(',').map((cell) => cell.trim())

function readLine(header: readonly string[], cells: readonly string[]): BillLine {
  const subject = header.indexOf(COLUMNS.subject)
  const cell = (name: string) => {
    const index = header.indexOf(name)
    // Commas in the goods' name are not escaped: columns after it are counted from the end.
    return cells[index > subject ? cells.length - header.length + index : index] ?? ''
  }
  const kind = KINDS[cell(COLUMNS.kind)]
  const amount = fenFromDecimal(cell(COLUMNS.amount))
  const at = fromShanghaiText(cell(COLUMNS.at))
  const [outTradeNo, refundNo] = [cell(COLUMNS.outTradeNo), cell(COLUMNS.refundNo)]
  if (!kind || amount === undefined || !at || outTradeNo === '') {
    throw new Error(`invalid line in the bill: ${cell(COLUMNS.paymentRef)}`)
  }
  return {
    kind,
    outTradeNo,
    ...(kind === 'refund' && refundNo !== '' && { refundNo }),
    amountFen: amount < 0n ? -amount : amount,
    paymentRef: cell(COLUMNS.paymentRef),
    at,
  }
}
