import type { Carrier } from '../domain/shipments/carriers.ts'
import type { ShipmentState } from '../domain/shipments/shipment.ts'
import { deliveredAtOf, fromCarrierTime, type Tracked } from '../domain/shipments/tracking.ts'
import {
  ACCEPTED,
  isSame,
  md5,
  objectsIn,
  parsed,
  postForm,
  postSubscription,
  refusedWith,
  textOf,
} from './form.ts'
import { type TrackingProvider, TrackingRefusalError, type VerifiedPush } from './port.ts'

export interface KdniaoAccount {
  readonly baseUrl: string
  readonly businessId: string
  readonly apiKey: string
}

const CODES: Partial<Record<Carrier, string>> = {
  sf: 'SF',
  yto: 'YTO',
  zto: 'ZTO',
  sto: 'STO',
  yunda: 'YD',
  jd: 'JD',
  ems: 'EMS',
  chinapost: 'YZPY',
  jtsd: 'JTSD',
  deppon: 'DBL',
  htky: 'HTKY',
}

const STATES: Readonly<Record<string, ShipmentState>> = {
  '0': 'none',
  '1': 'picked_up',
  '2': 'in_transit',
  '3': 'signed',
  '4': 'problem',
}
const DETAILS: Readonly<Record<string, ShipmentState>> = {
  '202': 'out_for_delivery',
  '211': 'at_station',
  '404': 'refused',
  '412': 'at_station',
}

const stateOf = (state: string, detail: string): ShipmentState =>
  DETAILS[detail] ?? STATES[state] ?? 'in_transit'

const QUERY = '8001'
const SUBSCRIBE = '1008'
const PUSH = '101'
/** A parameter is missing, or has a wrong form. */
const LASTING = new Set(['101', '102', '103'])

/** https://www.kdniao.com: queries, and pushes of subscribed numbers. */
export function createKdniao(account: KdniaoAccount): TrackingProvider {
  const signOf = (data: string) => Buffer.from(md5(data + account.apiKey)).toString('base64')
  return {
    name: 'kdniao',
    knows: (carrier) => CODES[carrier] !== undefined,
    async track(carrier, trackingNo, phoneTail) {
      const data = JSON.stringify({
        OrderCode: '',
        ShipperCode: CODES[carrier],
        LogisticCode: trackingNo,
        ...(phoneTail === undefined ? {} : { CustomerName: phoneTail }),
      })
      // The form encodes the signature once, as the service expects.
      const answer = await postForm(`${account.baseUrl}/Ebusiness/EbusinessOrderHandle.aspx`, {
        RequestData: data,
        EBusinessID: account.businessId,
        RequestType: QUERY,
        DataSign: signOf(data),
        DataType: '2',
      })
      if (answer.Success !== true) {
        throw new TrackingRefusalError(textOf(answer.ResultCode), textOf(answer.Reason))
      }
      return trackedOf(answer)
    },
    subscribe(carrier, trackingNo, phoneTail, id) {
      const data = JSON.stringify({
        ShipperCode: CODES[carrier],
        LogisticCode: trackingNo,
        Callback: id,
        ...(phoneTail === undefined ? {} : { CustomerName: phoneTail }),
      })
      const form = {
        RequestData: data,
        EBusinessID: account.businessId,
        RequestType: SUBSCRIBE,
        DataSign: signOf(data),
        DataType: '2',
      }
      return postSubscription(`${account.baseUrl}/api/dist`, form, (answer) => {
        const code = textOf(answer.ResultCode)
        return answer.Success === true ? ACCEPTED : refusedWith(code, LASTING.has(code))
      })
    },
    verifyPush(form): VerifiedPush {
      const data = form.get('RequestData') ?? ''
      if (!isSame(form.get('DataSign') ?? '', signOf(data)) || form.get('RequestType') !== PUSH) {
        return { ok: false, fault: 'bad_signature' }
      }
      const pushed = parsed(data)
      if (pushed === undefined || textOf(pushed.EBusinessID) !== account.businessId) {
        return { ok: false, fault: 'malformed' }
      }
      const parcels = objectsIn(pushed.Data).flatMap((one) => {
        const trackingNo = textOf(one.LogisticCode)
        return trackingNo === '' || one.Success !== true ? [] : [{ trackingNo, tracked: trackedOf(one) }]
      })
      return { ok: true, parcels }
    },
    received: (now) => ({
      EBusinessID: account.businessId,
      UpdateTime: new Date(now.getTime() + 8 * 3_600_000).toISOString().slice(0, 19).replace('T', ' '),
      Success: true,
    }),
  }
}

function trackedOf(answer: Record<string, unknown>): Tracked {
  const state = stateOf(textOf(answer.State), textOf(answer.StateEx))
  const events = objectsIn(answer.Traces).flatMap((trace) => {
    const at = fromCarrierTime(trace.AcceptTime)
    const action = textOf(trace.Action)
    return at ? [{ at, text: textOf(trace.AcceptStation), state: stateOf(action.slice(0, 1), action) }] : []
  })
  const newest = events.toSorted((a, b) => b.at.getTime() - a.at.getTime())[0]
  const deliveredAt = deliveredAtOf(events) ?? (state === 'signed' ? newest?.at : undefined)
  return { state: events.length === 0 ? 'none' : state, events, deliveredAt }
}
