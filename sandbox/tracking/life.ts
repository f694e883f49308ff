/** What happens to a parcel of the sandbox. Names and phones of couriers are invented, and are in the texts as at real carriers. */

export interface Step {
  /** After the parcel became known, in seconds of the sandbox's clock. */
  readonly afterS: number
  readonly text: string
  readonly city: string
  /** State at kuaidi100. */
  readonly code: string
  /** State and its detail at kdniao. */
  readonly action: string
}

export const ENDINGS = ['signed', 'returned'] as const
export type Ending = (typeof ENDINGS)[number]

const PICKED_UP: Step = {
  afterS: 0,
  text: '【杭州市】快件已由王师傅（13612345678）揽收',
  city: '杭州市',
  code: '1',
  action: '1',
}
const LEFT: Step = {
  afterS: 60,
  text: '【杭州市】快件离开西湖网点，发往杭州转运中心',
  city: '杭州市',
  code: '0',
  action: '2',
}
const ARRIVED: Step = {
  afterS: 180,
  text: '【上海市】快件到达上海转运中心',
  city: '上海市',
  code: '0',
  action: '201',
}
const OUT: Step = {
  afterS: 360,
  text: '【上海市】派件员李师傅（13787654321）正在派送',
  city: '上海市',
  code: '5',
  action: '202',
}

export const LIVES: Readonly<Record<Ending, readonly Step[]>> = {
  signed: [
    PICKED_UP,
    LEFT,
    ARRIVED,
    OUT,
    { afterS: 600, text: '【上海市】快件已签收，签收人：本人', city: '上海市', code: '3', action: '3' },
  ],
  returned: [
    PICKED_UP,
    LEFT,
    ARRIVED,
    OUT,
    { afterS: 480, text: '【上海市】收件人拒收', city: '上海市', code: '14', action: '404' },
    { afterS: 540, text: '【上海市】快件退回中', city: '上海市', code: '6', action: '404' },
    { afterS: 600, text: '【杭州市】退件已签收', city: '杭州市', code: '4', action: '404' },
  ],
}

/** How long a life takes, in seconds of the sandbox's clock. */
export const LIFE_S = 600

/** @param ms since 1970 @returns `yyyy-MM-dd HH:mm:ss` in Shanghai */
export const shanghaiTime = (ms: number): string =>
  new Date(ms + 8 * 3_600_000).toISOString().slice(0, 19).replace('T', ' ')
