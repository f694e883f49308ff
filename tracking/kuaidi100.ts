import type { Carrier } from '../domain/shipments/carriers.ts'
import type { ShipmentState } from '../domain/shipments/shipment.ts'
import {
  deliveredAtOf,
  fromCarrierTime,
  type SubscriptionEnd,
  type Tracked,
} from '../domain/shipments/tracking.ts'
import {
  ACCEPTED,
  isObject,
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

export interface Kuaidi100Account {
  readonly baseUrl: string
  readonly customer: string
  readonly key: string
  /** Signs pushes. */
  readonly salt: string
  /** Where it pushes to. */
  readonly callbackUrl: string
}

const CODES: Partial<Record<Carrier, string>> = {
  sf: 'shunfeng',
  yto: 'yuantong',
  zto: 'zhongtong',
  sto: 'shentong',
  yunda: 'yunda',
  jd: 'jd',
  ems: 'ems',
  chinapost: 'youzhengguonei',
  jtsd: 'jtexpress',
  deppon: 'debangkuaidi',
  htky: 'huitongkuaidi',
}

const CARRIER_OF = new Map(Object.entries(CODES).map(([carrier, code]) => [code, carrier as Carrier]))

const STATES: Readonly<Record<string, ShipmentState>> = {
  '0': 'in_transit',
  '1': 'picked_up',
  '2': 'problem',
  '3': 'signed',
  '4': 'returned',
  '5': 'out_for_delivery',
  '6': 'returning',
  '7': 'in_transit',
  '8': 'in_transit',
  '10': 'in_transit',
  '11': 'in_transit',
  '12': 'in_transit',
  '13': 'in_transit',
  '14': 'refused',
}

/** Details such as 501 and 301 begin with the state that they detail. */
function stateOf(code: string, otherwise: ShipmentState): ShipmentState {
  if (code === '501') return 'at_station'
  return STATES[code] ?? (code.length > 2 ? STATES[code.slice(0, -2)] : undefined) ?? otherwise
}

const ENDS: Readonly<Record<string, SubscriptionEnd>> = { abort: 'aborted', shutdown: 'shut_down' }

/** The number is followed already. */
const REPEATED = '501'
/** Data that it does not take, a carrier that it does not know, a number of no carrier. */
const LASTING = new Set(['700', '701', '702'])

const SIGNS_UPPER = (text: string) => md5(text).toUpperCase()

/** https://api.kuaidi100.com: queries, and pushes of subscribed numbers. */
export function createKuaidi100(account: Kuaidi100Account): TrackingProvider {
  return {
    name: 'kuaidi100',
    knows: (carrier) => CODES[carrier] !== undefined,
    async track(carrier, trackingNo, phoneTail) {
      const param = JSON.stringify({
        com: CODES[carrier],
        num: trackingNo,
        ...(phoneTail === undefined ? {} : { phone: phoneTail }),
        resultv2: '4',
        show: '0',
        order: 'desc',
      })
      const sign = SIGNS_UPPER(param + account.key + account.customer)
      const url = `${account.baseUrl}/poll/query.do`
      const answer = await postForm(url, { customer: account.customer, sign, param })
      if (answer.result === false || textOf(answer.status) !== '200') {
        throw new TrackingRefusalError(textOf(answer.returnCode || answer.status), textOf(answer.message))
      }
      return trackedOf(answer)
    },
    subscribe(carrier, trackingNo, phoneTail, id) {
      const param = JSON.stringify({
        company: CODES[carrier],
        number: trackingNo,
        key: account.key,
        parameters: {
          callbackurl: `${account.callbackUrl}?subscription=${id}`,
          salt: account.salt,
          resultv2: '4',
          ...(phoneTail === undefined ? {} : { phone: phoneTail }),
        },
      })
      return postSubscription(`${account.baseUrl}/poll`, { schema: 'json', param }, (answer) => {
        const code = textOf(answer.returnCode)
        if (answer.result === true || code === REPEATED) return ACCEPTED
        return refusedWith(code, LASTING.has(code))
      })
    },
    verifyPush(form): VerifiedPush {
      const param = form.get('param') ?? ''
      const sign = form.get('sign') ?? ''
      if (!isSame(sign.toUpperCase(), SIGNS_UPPER(param + account.salt))) {
        return { ok: false, fault: 'bad_signature' }
      }
      const pushed = parsed(param)
      const last = pushed?.lastResult
      const trackingNo = isObject(last) ? textOf(last.nu) : ''
      if (!isObject(last) || trackingNo === '') return { ok: false, fault: 'malformed' }
      const ended = ENDS[textOf(pushed?.status)]
      const parcel = { trackingNo, tracked: trackedOf(last), ended, correction: correctionOf(pushed ?? {}) }
      return { ok: true, parcels: [parcel] }
    },
    received: () => ({ result: true, returnCode: '200', message: '成功' }),
  }
}

function correctionOf({ autoCheck, comOld, comNew }: Record<string, unknown>) {
  const from = CARRIER_OF.get(textOf(comOld))
  const to = CARRIER_OF.get(textOf(comNew))
  return textOf(autoCheck) === '1' && from && to && from !== to ? { from, to } : undefined
}

function trackedOf(answer: Record<string, unknown>): Tracked {
  const state = stateOf(textOf(answer.state), 'in_transit')
  const lines = objectsIn(answer.data)
  const events = lines.flatMap((line) => {
    const at = fromCarrierTime(line.ftime) ?? fromCarrierTime(line.time)
    const code = textOf(line.statusCode)
    return at
      ? [
          {
            at,
            text: textOf(line.context),
            state: code === '' ? ('in_transit' as const) : stateOf(code, state),
          },
        ]
      : []
  })
  const newest = events.toSorted((a, b) => b.at.getTime() - a.at.getTime())[0]
  const deliveredAt = deliveredAtOf(events) ?? (state === 'signed' ? newest?.at : undefined)
  return { state: events.length === 0 ? 'none' : state, events, deliveredAt }
}
