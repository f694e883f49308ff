import type { PaymentMethod } from '../../domain/payments/method.ts'

/** Alice and Bob have no stories: they are for the visitor. */

export interface DemoGrant {
  /** Unique per customer; posted once. */
  readonly slug: string
  readonly points: number
  readonly reason: string
  readonly lastDays?: number
}

export interface DemoCustomer {
  readonly ownerId: string
  readonly level: number
  readonly cash: string
  readonly grants: readonly DemoGrant[]
  /** Posted after the orders, which would otherwise spend these points first. */
  readonly rewards: readonly DemoGrant[]
  readonly keepsAddress?: true
  readonly blocked?: { readonly points: number; readonly reason: string }
}

export const demoCustomers: readonly DemoCustomer[] = [
  {
    ownerId: 'carol',
    level: 2,
    cash: '260.00',
    keepsAddress: true,
    grants: [
      { slug: 'welcome', points: 2_000, reason: '新会员礼' },
      { slug: 'shopping', points: 9_800, reason: '购物赠送' },
      { slug: 'campaign', points: 6_000, reason: '会员日活动', lastDays: 75 },
    ],
    rewards: [
      { slug: 'sign-in', points: 350, reason: '连续签到 7 天', lastDays: 6 },
      { slug: 'season', points: 1_200, reason: '季度活跃奖励', lastDays: 45 },
    ],
  },
  {
    ownerId: 'dave',
    level: 1,
    cash: '80.00',
    grants: [
      { slug: 'welcome', points: 2_000, reason: '新会员礼' },
      { slug: 'shopping', points: 6_400, reason: '购物赠送' },
    ],
    rewards: [{ slug: 'survey', points: 500, reason: '问卷奖励', lastDays: 21 }],
    blocked: { points: 300, reason: '重复签到，核实中' },
  },
  {
    ownerId: 'erin',
    level: 1,
    cash: '30.00',
    grants: [
      { slug: 'welcome', points: 2_000, reason: '新会员礼' },
      { slug: 'shopping', points: 4_200, reason: '购物赠送' },
    ],
    rewards: [],
  },
]

export type Ending =
  | 'unpaid'
  | 'paid'
  | 'accepted'
  | 'shipped'
  | 'finished'
  | 'canceled'
  | 'paid_too_late'
  | 'part_refunded'
  | 'refunded'

export interface DemoStory {
  /** Unique; a story runs once. */
  readonly slug: string
  readonly customer: string
  readonly product: string
  readonly quantity: number
  readonly method?: PaymentMethod
  readonly declined?: true
  readonly ending: Ending
  readonly message?: string
  readonly madeTo?: string
}

export const demoStories: readonly DemoStory[] = [
  { slug: 'candy', customer: 'carol', product: 'fruit-candy', quantity: 3, ending: 'finished' },
  {
    slug: 'umbrella',
    customer: 'carol',
    product: 'long-umbrella',
    quantity: 1,
    method: 'alipay',
    ending: 'shipped',
    message: '请放在门口的快递柜，谢谢',
  },
  {
    slug: 'mug',
    customer: 'carol',
    product: 'photo-mug',
    quantity: 2,
    method: 'bank_card',
    declined: true,
    ending: 'accepted',
    madeTo: '早安，林可',
  },
  { slug: 'honey', customer: 'carol', product: 'acacia-honey', quantity: 1, ending: 'canceled' },
  { slug: 'video', customer: 'carol', product: 'video-vip-month', quantity: 1, ending: 'paid' },
  {
    slug: 'backpack',
    customer: 'carol',
    product: 'travel-backpack',
    quantity: 1,
    method: 'alipay',
    ending: 'unpaid',
  },
  {
    slug: 'notebook',
    customer: 'carol',
    product: 'dotted-notebook',
    quantity: 1,
    method: 'wechat',
    ending: 'paid_too_late',
  },
  { slug: 'soap', customer: 'dave', product: 'handmade-soap', quantity: 4, ending: 'part_refunded' },
  { slug: 'fan', customer: 'dave', product: 'folding-fan', quantity: 1, ending: 'refunded' },
  {
    slug: 'candle',
    customer: 'dave',
    product: 'scented-candle',
    quantity: 1,
    method: 'wallet',
    ending: 'paid',
  },
  {
    slug: 'rackets',
    customer: 'dave',
    product: 'badminton-rackets',
    quantity: 1,
    method: 'wechat',
    ending: 'accepted',
  },
  { slug: 'bookmark', customer: 'erin', product: 'paper-bookmark', quantity: 5, ending: 'finished' },
  { slug: 'cookies', customer: 'erin', product: 'chocolate-cookies', quantity: 2, ending: 'shipped' },
  {
    slug: 'chocolate',
    customer: 'erin',
    product: 'dark-chocolate',
    quantity: 2,
    method: 'bank_card',
    ending: 'finished',
  },
]
