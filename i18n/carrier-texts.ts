import type { Carrier } from '../domain/shipments/carriers.ts'
import type { ShipmentState } from '../domain/shipments/shipment.ts'

/** Without `Lang` of `i18n/error-texts.ts`, which names carriers itself. */
interface Words {
  readonly zh: string
  readonly en: string
}

export const CARRIER_NAMES: Readonly<Record<Carrier, Words>> = {
  sf: { zh: '顺丰速运', en: 'SF Express' },
  yto: { zh: '圆通速递', en: 'YTO Express' },
  zto: { zh: '中通快递', en: 'ZTO Express' },
  sto: { zh: '申通快递', en: 'STO Express' },
  yunda: { zh: '韵达快递', en: 'Yunda Express' },
  jd: { zh: '京东快递', en: 'JD Logistics' },
  ems: { zh: '邮政 EMS', en: 'EMS' },
  chinapost: { zh: '邮政包裹', en: 'China Post' },
  jtsd: { zh: '极兔速递', en: 'J&T Express' },
  deppon: { zh: '德邦快递', en: 'Deppon Express' },
  cainiao: { zh: '菜鸟速递', en: 'Cainiao' },
  htky: { zh: '百世快递', en: 'Best Express' },
  other: { zh: '其他', en: 'Other' },
}

/** @param typed the name as it was typed, shown for a carrier that the mall does not know */
export function carrierName(carrier: Carrier, typed: string, lang: keyof Words): string {
  return carrier === 'other' ? typed : CARRIER_NAMES[carrier][lang]
}

export const SHIPMENT_STATE_TEXTS: Readonly<Record<ShipmentState, Words>> = {
  none: { zh: '暂无物流信息', en: 'No tracking information yet' },
  picked_up: { zh: '已揽收', en: 'Picked up' },
  in_transit: { zh: '运输中', en: 'In transit' },
  out_for_delivery: { zh: '派送中', en: 'Out for delivery' },
  at_station: { zh: '待取件', en: 'Ready for pickup' },
  signed: { zh: '已签收', en: 'Delivered' },
  problem: { zh: '异常', en: 'Problem' },
  returning: { zh: '退回中', en: 'Being returned' },
  returned: { zh: '已退回', en: 'Returned' },
  refused: { zh: '已拒收', en: 'Refused' },
}
