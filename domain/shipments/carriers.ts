/**
 * The carriers that the mall knows by name. Their numbers have typical forms, which are hints and no rules: carriers
 * change them without notice.
 */
export const CARRIER_CODES = [
  'sf',
  'yto',
  'zto',
  'sto',
  'yunda',
  'jd',
  'ems',
  'chinapost',
  'jtsd',
  'deppon',
  'cainiao',
  'htky',
] as const
export type CarrierCode = (typeof CARRIER_CODES)[number]

/** `other`: a carrier that has only the name that somebody typed. */
export const CARRIERS = [...CARRIER_CODES, 'other'] as const
export type Carrier = (typeof CARRIERS)[number]

interface CarrierFacts {
  /** Words that name it and no other carrier, in lower case. */
  readonly words: readonly string[]
  readonly numbers?: RegExp
}

const FACTS: Readonly<Record<CarrierCode, CarrierFacts>> = {
  sf: { words: ['顺丰', '順豐', 'sf', 'shunfeng'], numbers: /^SF[0-9A-Z]\d{12}$/ },
  yto: { words: ['圆通', 'yto', 'yuantong'], numbers: /^YT\d{13}$/ },
  zto: { words: ['中通', 'zto', 'zhongtong'], numbers: /^7[3-68]\d{12}$/ },
  sto: { words: ['申通', 'sto', 'shentong'], numbers: /^(77|43)\d{12,15}$/ },
  yunda: { words: ['韵达', 'yunda', 'yd'], numbers: /^([34]\d{14}|5\d{12})$/ },
  jd: { words: ['京东', 'jd'], numbers: /^JD[0-9A-Z]{2}\d{11}$/ },
  ems: { words: ['ems'], numbers: /^([981]\d{12}|P[A-Z]\d{11}|[A-Z]{2}\d{9}CN)$/ },
  chinapost: { words: ['邮政', '中国邮政', 'chinapost', 'yzpy', 'youzhengguonei'] },
  jtsd: { words: ['极兔', 'jtsd', 'jt', 'jtexpress'], numbers: /^JT\d{13}$/ },
  deppon: { words: ['德邦', 'deppon', 'dbl', 'debangkuaidi'], numbers: /^DPK\d{12}$/ },
  cainiao: { words: ['菜鸟', 'cainiao'], numbers: /^621\d{12}$/ },
  htky: { words: ['百世', 'htky', 'huitongkuaidi'] },
}

/** What a carrier's name may end with, besides the words that name it. */
const ENDINGS = /(快递|速递|速运|快运|物流|包裹|express)$/

/** The carrier that a name or code means. `邮政 EMS` is EMS. */
export function carrierOf(typed: string): Carrier {
  const name = typed.normalize('NFKC').toLowerCase().replace(/\s+/g, '')
  if (/^(中国)?邮政(速递)?ems$/.test(name) || name === '邮政速递') return 'ems'
  const stem = name.replace(ENDINGS, '')
  return (
    CARRIER_CODES.find((code) => code === name || FACTS[code].words.some((w) => w === name || w === stem)) ??
    'other'
  )
}

/** Any number that a carrier could give. */
export const TRACKING_NO = /^[0-9A-Za-z-]{6,32}$/

/** Both are China Post. */
const KIN: readonly (readonly CarrierCode[])[] = [['ems', 'chinapost']]

/**
 * The carrier that a number looks like, where that is not the one it is said to be. A carrier that nobody knows is
 * never doubted, nor is a number that looks like no carrier's.
 */
export function suspectedCarrier(carrier: Carrier, trackingNo: string): CarrierCode | undefined {
  if (carrier === 'other') return undefined
  const number = trackingNo.toUpperCase()
  const alike = CARRIER_CODES.filter((code) => FACTS[code].numbers?.test(number))
  const isFine = alike.some(
    (code) => code === carrier || KIN.some((kin) => kin.includes(code) && kin.includes(carrier)),
  )
  return isFine ? undefined : alike[0]
}
