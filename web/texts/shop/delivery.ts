import type { Delivery, ShippingType } from '../../../domain/catalogue/product.ts'
import type { Text } from '../common/common.ts'
import { SHIPPING } from './catalogue.ts'

/** Goods that the mall itself hands out: instead of what their shipping type says. */
export const HANDED_OUT: Readonly<
  Record<'codes', { readonly name: Text; readonly means: Text; readonly next: Text }>
> = {
  codes: {
    name: { zh: '自动发放兑换码', en: 'Code, delivered automatically' },
    means: {
      zh: '支付成功后自动发放，在订单里查看。',
      en: 'You find it in your order as soon as it is paid.',
    },
    next: {
      zh: '正在为你发放兑换码，通常只需几秒。',
      en: 'Your code is being delivered. This takes a few seconds.',
    },
  },
}

/** How the customer gets it. */
export const deliveryTexts = (delivery: Delivery, type: ShippingType) =>
  delivery === 'codes' ? HANDED_OUT[delivery] : SHIPPING[type]

export const CODES = {
  title: { zh: '兑换码', en: 'Codes' },
  state: { zh: '已发放', en: 'Delivered' },
  means: {
    zh: '兑换码已发放，可以随时查看。逾期未确认收货，系统会自动完成订单。',
    en: 'Your code has been delivered. Look at it whenever you like. The order completes automatically after a while.',
  },
  count: { zh: '已发放 {n} 个兑换码。', en: 'Codes delivered: {n}.' },
  recorded: {
    zh: '请勿在他人面前打开；每次查看的时间都会记录。',
    en: 'Open it where nobody else can see it. The time of each view is recorded.',
  },
  show: { zh: '查看兑换码', en: 'Show codes' },
  hide: { zh: '收起，返回订单', en: 'Hide and go back to the order' },
  code: { zh: '兑换码', en: 'Code' },
  pin: { zh: '密码', en: 'PIN' },
  url: { zh: '使用地址', en: 'Where to use it' },
  validUntil: { zh: '有效期至', en: 'Valid until' },
  none: { zh: '这个订单没有可以查看的兑换码。', en: 'This order has no code to show.' },
} satisfies Record<string, Text>
