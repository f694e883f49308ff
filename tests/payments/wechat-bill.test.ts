import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { Formatter } from 'wechatpay-axios-plugin'
import type { PaymentProvider } from '../../payments/port.ts'
import { createWechat } from '../../payments/wechat/provider.ts'
import { type Sandbox, startSandbox } from '../../sandbox/sandbox.ts'
import { accountAt, MERCHANT, othersAt, signedByOthers, startAnswering } from './wechat-sides.ts'

const DAY_MS = 86_400_000
/** The date in Shanghai, so many days from now. */
const dayOf = (days: number) =>
  new Date(Date.now() + 8 * 3_600_000 + days * DAY_MS).toISOString().slice(0, 10)

let dataDir: string
let sandbox: Sandbox
let provider: PaymentProvider

beforeAll(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'points-mall-wechat-bill-'))
  sandbox = await startSandbox({
    host: '127.0.0.1',
    port: 0,
    dataDir,
    // Nobody listens: notifications do not matter for a bill.
    mallUrl: 'http://127.0.0.1:1',
    accounts: { wechat: MERCHANT },
    control: true,
    log: pino({ level: 'silent' }),
  })
  provider = createWechat(accountAt(sandbox.url, 'http://127.0.0.1:1'))
})
afterAll(async () => {
  await sandbox.stop()
  rmSync(dataDir, { recursive: true })
})

async function paid(outTradeNo: string, amountFen: bigint) {
  const { payUrl } = await provider.create({
    outTradeNo,
    amountFen,
    // Characters that delimit a bill.
    subject: '杯,`杯`\n杯',
    expiresAt: new Date(Date.now() + 1_800_000),
    returnUrl: 'http://127.0.0.1:3000/',
    client: 'desktop',
  })
  await fetch(payUrl ?? '', { method: 'POST', body: new URLSearchParams({ action: 'pay' }) })
}
const fault = (name: string) =>
  fetch(`${sandbox.url}/control/faults`, { method: 'POST', body: JSON.stringify({ fault: name }) })

describe('the sandbox’s bill', () => {
  test('lists each payment and refund of its day once, and nothing else', async () => {
    expect(await provider.downloadBill(dayOf(0))).toBeUndefined()
    await paid('PM-bill-1', 990n)
    await paid('PM-bill-2', 123_456_789n)
    const refund = (refundNo: string, amountFen: bigint) =>
      provider.refund({
        outTradeNo: 'PM-bill-2',
        providerRef: 'PM-bill-2',
        refundNo,
        amountFen,
        reason: '退',
      })
    await refund('PM-bill-2-R1', 300n)
    await fault('refund_failed')
    await refund('PM-bill-2-R2', 1n)
    await fault('refund_stuck')
    await refund('PM-bill-2-R3', 2n)
    await provider.create({
      outTradeNo: 'PM-bill-unpaid',
      amountFen: 1n,
      subject: '杯',
      expiresAt: new Date(Date.now() + 1_800_000),
      returnUrl: 'http://127.0.0.1:3000/',
      client: 'desktop',
    })
    const ref = async (outTradeNo: string) =>
      (await provider.query({ outTradeNo, providerRef: outTradeNo, expiresAt: new Date() })).paymentRef
    const [one, two] = [await ref('PM-bill-1'), await ref('PM-bill-2')]
    const at = expect.any(Date) as Date
    const lines = await provider.downloadBill(dayOf(0))
    const refunded = { kind: 'refund', outTradeNo: 'PM-bill-2', paymentRef: two, at }
    expect(lines).toEqual([
      { kind: 'payment', outTradeNo: 'PM-bill-1', amountFen: 990n, paymentRef: one, at },
      { kind: 'payment', outTradeNo: 'PM-bill-2', amountFen: 123_456_789n, paymentRef: two, at },
      { ...refunded, refundNo: 'PM-bill-2-R1', amountFen: 300n },
      { ...refunded, refundNo: 'PM-bill-2-R3', amountFen: 2n },
    ])
    for (const line of lines ?? []) expect(Math.abs(line.at.getTime() - Date.now())).toBeLessThan(60_000)
  })

  test('has no lines for a day without movements, and does not exist for a future day', async () => {
    expect(await provider.downloadBill(dayOf(-3))).toEqual([])
    await expect(provider.downloadBill(dayOf(2))).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
  })

  test('does not exist yet if WeChat Pay may still create it', async () => {
    const stub = await startAnswering(() => ({
      status: 400,
      body: { code: 'NO_STATEMENT_EXIST', message: '' },
    }))
    onTestFinished(stub.stop)
    const wechat = createWechat(accountAt(stub.url, 'http://127.0.0.1:1'))
    expect(await wechat.downloadBill(dayOf(0))).toBeUndefined()
    expect(await wechat.downloadBill(dayOf(-2))).toEqual([])
  })

  test('is read the same by a third-party package', async () => {
    const account = accountAt(sandbox.url, 'http://127.0.0.1:1')
    const { v3 } = othersAt(account) as unknown as { v3: Api }
    const { data } = await v3.bill.tradebill.get({ params: { bill_date: dayOf(0) } })
    const file = await v3.billdownload.file.get({
      params: Object.fromEntries(new URL(data.download_url ?? '').searchParams),
      responseType: 'arraybuffer',
    })
    const bytes = Buffer.from(file.data as unknown as ArrayBuffer)
    expect(createHash('sha1').update(bytes).digest('hex')).toBe(data.hash_value)
    const { rows, summary } = Formatter.castCsvBill(bytes) as {
      rows: Record<string, string>[]
      summary: Record<string, string>
    }
    const ours = await provider.downloadBill(dayOf(0))
    const moved = rows.filter((row) => row.退款状态 !== 'FAIL')
    expect(moved.map((row) => row.商户订单号)).toEqual(ours?.map((line) => line.outTradeNo))
    expect(summary).toMatchObject({ 总交易单数: `${rows.length}` })
  })
})

interface Api {
  readonly bill: { readonly tradebill: { get(config: object): Promise<{ data: Record<string, string> }> } }
  readonly billdownload: { readonly file: { get(config: object): Promise<{ data: object }> } }
}

describe('a downloaded bill', () => {
  // Taken from WeChat Pay, with another merchant.
  const HEAD =
    '交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,货币种类,应结订单金额,代金券金额,微信退款单号,商户退款单号,退款金额,充值券退款金额,退款类型,退款状态,商品名称,商户数据包,手续费,费率,订单金额,申请退款金额,费率备注'
  const TOTALS =
    '总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额'
  const line = (number: string, more: Record<number, string> = {}) =>
    Object.assign(
      [
        ...[
          '2021-01-28 17:07:11',
          'wx81be3101902f7cb2',
          MERCHANT.mchId,
          '0',
          '',
          '4200000925202101284997714292',
        ],
        ...[
          number,
          'ofyak5qR_1wYsC99CsWA6R9MJazA',
          'NATIVE',
          'SUCCESS',
          'OTHERS',
          'CNY',
          '0.01',
          '0.00',
          '0',
        ],
        ...[
          '0',
          '0.00',
          '0.00',
          '',
          '',
          'for testing',
          'cipher code',
          '0.00000',
          '1.00%',
          '0.01',
          '0.00',
          '',
        ],
      ],
      more,
    )
      .map((value) => `\`${value}`)
      .join(',')
  const totals = (count: number) => `\`${count},\`0.02,\`0.00,\`0.00,\`0.00000,\`0.02,\`0.00`
  const bill = (...lines: string[]) => `${[HEAD, ...lines, TOTALS, totals(lines.length)].join('\n')}\n`

  async function read(text: string, hash = createHash('sha1').update(text).digest('hex')) {
    const asked: string[] = []
    const server = createServer((request, response) => {
      asked.push(request.url ?? '')
      // Its host name is not the one that the shop uses.
      const download_url = 'https://api.mch.weixin.qq.com/v3/billdownload/file?token=a%2Bb'
      const link = JSON.stringify({ hash_type: 'SHA1', hash_value: hash, download_url })
      if (request.url?.startsWith('/v3/bill/')) response.writeHead(200, signedByOthers(link)).end(link)
      else response.writeHead(request.headers.authorization ? 200 : 401).end(text)
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    onTestFinished(async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    })
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const lines = await createWechat(accountAt(url, url)).downloadBill('2021-01-28')
    expect(asked).toEqual([
      '/v3/bill/tradebill?bill_date=2021-01-28&bill_type=ALL',
      '/v3/billdownload/file?token=a%2Bb',
    ])
    return lines
  }

  test('is read if it matches its hash and totals', async () => {
    expect(await read(bill(line('S20210128170702357723'), line('S-2', { 9: 'REVOKED' })))).toEqual([
      {
        kind: 'payment',
        outTradeNo: 'S20210128170702357723',
        amountFen: 1n,
        paymentRef: '4200000925202101284997714292',
        at: new Date('2021-01-28T09:07:11Z'),
      },
    ])
  })

  test.each([
    ['another hash', bill(line('S-1')), '0'.repeat(40)],
    ['cut before the totals', `${[HEAD, line('S-1'), line('S-2')].join('\n')}\n`, undefined],
    ['cut within the totals', `${[HEAD, line('S-1'), TOTALS].join('\n')}\n`, undefined],
    ['a line missing', `${[HEAD, line('S-1'), TOTALS, totals(2)].join('\n')}\n`, undefined],
    ['an additional value', bill(`${line('S-1')},\`more`), undefined],
    ['another header', bill(line('S-1')).replace('订单金额,申请', '金额,申请'), undefined],
    ['another merchant', bill(line('S-1', { 2: '1900000002' })), undefined],
    ['an invalid amount', bill(line('S-1', { 24: '1e2' })), undefined],
    ['empty', '', undefined],
  ])('is refused with this fault: %s', async (_name, text, hash) => {
    await expect(read(text, hash)).rejects.toThrow()
  })
})
