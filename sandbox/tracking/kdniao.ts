import { createHash } from 'node:crypto'
import type { HttpBindings } from '@hono/node-server'
import { Hono } from 'hono'
import { addSubscription, countParcelQuery, type Happened, happenedTo, parcelOf } from './books.ts'
import { disturb, type TrackingDesk } from './desk.ts'
import { shanghaiTime } from './life.ts'
import { objectIn, type PushForm } from './pushes.ts'

export interface KdniaoCustomer {
  readonly businessId: string
  readonly apiKey: string
}

const NAME = 'kdniao'
const SHIPPERS = new Set(['SF', 'YTO', 'ZTO', 'STO', 'YD', 'JD', 'EMS', 'YZPY', 'JTSD', 'DBL', 'HTKY'])
const NUMBER = /^[0-9A-Za-z-]{6,32}$/
const QUERIES = ['1002', '8001', '8002']

const signatureOf = (data: string, key: string) =>
  Buffer.from(
    createHash('md5')
      .update(data + key, 'utf8')
      .digest('hex'),
  ).toString('base64')

function traces(happened: readonly Happened[]) {
  const last = happened.at(-1)?.step.action ?? '0'
  return {
    State: last === '404' ? '4' : last.slice(0, 1),
    StateEx: last,
    Location: happened.at(-1)?.step.city ?? '',
    // The oldest first.
    Traces: happened.map(({ step, at }) => ({
      AcceptTime: shanghaiTime(at),
      AcceptStation: step.text,
      Location: step.city,
      Action: step.action,
      Remark: '',
    })),
  }
}

export const kdniaoPushes = ({ businessId, apiKey }: KdniaoCustomer): PushForm => ({
  content: ({ num, com, callback }, _parcel, happened, status) =>
    JSON.stringify({
      EBusinessID: businessId,
      Count: '1',
      PushTime: shanghaiTime(Date.now()),
      Data: [
        {
          EBusinessID: businessId,
          ShipperCode: com,
          LogisticCode: num,
          Success: status !== 'abort',
          Reason: status === 'abort' ? '暂无轨迹信息' : '',
          Callback: callback,
          ...traces(happened),
        },
      ],
    }),
  sign: (RequestData, _salt, wrongly) => ({
    RequestData,
    RequestType: '101',
    DataSign: signatureOf(RequestData, wrongly ? `${apiKey}?` : apiKey),
  }),
  accepted: ({ Success }) => Success === true,
  retrySeconds: [600, 1_800, 3_600],
})

/** As https://www.kdniao.com answers. */
export function kdniaoRoutes(desk: TrackingDesk, account: KdniaoCustomer) {
  const { db } = desk
  const refusal = (ResultCode: string, Reason: string) => ({
    EBusinessID: account.businessId,
    Success: false,
    Reason,
    ResultCode,
  })
  const spent = refusal('405', '当日查询次数已用完')

  /** @returns the request, or its refusal */
  function read(form: URLSearchParams, types: readonly string[]) {
    const data = form.get('RequestData') ?? ''
    if (form.get('EBusinessID') !== account.businessId) return { refused: refusal('104', '用户问题') }
    if (form.get('DataSign') !== signatureOf(data, account.apiKey)) {
      return { refused: refusal('102', '校验问题：签名错误') }
    }
    if (!types.includes(form.get('RequestType') ?? '') || form.get('DataType') !== '2') {
      return { refused: refusal('103', '格式问题') }
    }
    const { ShipperCode: com, LogisticCode: num, CustomerName: tail, Callback: callback } = objectIn(data)
    if (typeof com !== 'string' || typeof num !== 'string' || !SHIPPERS.has(com) || !NUMBER.test(num)) {
      return { refused: refusal('101', '缺少必要参数') }
    }
    if (com === 'SF' && !(typeof tail === 'string' && /^\d{4}$/.test(tail))) {
      return { refused: refusal('101', '缺少必要参数：CustomerName') }
    }
    return { com, num, callback: typeof callback === 'string' ? callback : '' }
  }

  return new Hono<{ Bindings: HttpBindings }>()
    .post('/Ebusiness/EbusinessOrderHandle.aspx', async (c) => {
      const form = new URLSearchParams(await c.req.text())
      return disturb(c, desk, NAME, spent, () => {
        const asked = read(form, QUERIES)
        if (asked.refused) return asked.refused
        const parcel = parcelOf(db, NAME, asked.num)
        countParcelQuery(db, parcel)
        const about = { EBusinessID: account.businessId, ShipperCode: asked.com, LogisticCode: asked.num }
        return { ...about, Success: true, ...traces(happenedTo(parcel, desk.clockScale)) }
      })
    })
    .post('/api/dist', async (c) => {
      const form = new URLSearchParams(await c.req.text())
      const answer = await disturb(c, desk, NAME, spent, () => {
        const asked = read(form, ['1008'])
        if (asked.refused) return asked.refused
        parcelOf(db, NAME, asked.num)
        // A number that is followed already is taken as well.
        addSubscription(db, {
          service: NAME,
          num: asked.num,
          com: asked.com,
          url: `${desk.mallUrl}/api/webhooks/tracking/kdniao`,
          salt: '',
          callback: asked.callback,
        })
        return {
          EBusinessID: account.businessId,
          UpdateTime: shanghaiTime(Date.now()),
          Success: true,
          Reason: '',
        }
      })
      desk.pusher.tick()
      return answer
    })
}
