import type { Delivery, ShippingType } from '../../../domain/catalogue/product.ts'
import type { Text } from '../common/common.ts'
import { SHIPPING } from './catalogue.ts'

type HandedOut = Extract<Delivery, 'codes' | 'voucher' | 'charge'>

/** Goods that come by themselves once they are paid: instead of what their shipping type says. */
export const HANDED_OUT: Readonly<
  Record<HandedOut, { readonly name: Text; readonly means: Text; readonly next: Text }>
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
  voucher: {
    name: { zh: '到店核销', en: 'Voucher, used in the store' },
    means: {
      zh: '支付成功后得到核销码，到店出示即可使用。',
      en: 'You get a voucher as soon as it is paid. Show it in the store.',
    },
    next: {
      zh: '正在为你生成核销码，通常只需几秒。',
      en: 'Your voucher is being made. This takes a few seconds.',
    },
  },
  charge: {
    name: { zh: '自动充值到手机号', en: 'Top-up, credited automatically' },
    means: {
      zh: '支付成功后由供应商自动充值，通常几分钟到账。',
      en: 'The supplier tops it up once it is paid, usually within minutes.',
    },
    next: {
      zh: '正在充值，通常几分钟到账。供应商确认未能充值时，积分和现金会自动退还。',
      en: 'It is being topped up, usually within minutes. If the supplier says that it cannot, points and cash come back automatically.',
    },
  },
}

export const isHandedOut = (delivery: Delivery): delivery is HandedOut => Object.hasOwn(HANDED_OUT, delivery)

/** How the customer gets it. */
export const deliveryTexts = (delivery: Delivery, type: ShippingType) =>
  isHandedOut(delivery) ? HANDED_OUT[delivery] : SHIPPING[type]

export const CHARGE = {
  title: { zh: '充值', en: 'Top-up' },
  account: { zh: '充值号码', en: 'Mobile number' },
  accountHint: {
    zh: '中国大陆手机号。请仔细核对，充值成功后不能撤回。',
    en: 'A mainland China mobile number. Check it: a top-up cannot be taken back.',
  },
  accountWrong: { zh: '请填写 11 位中国大陆手机号', en: 'Enter a mainland China mobile number of 11 digits' },
  state: { zh: '状态', en: 'State' },
  notYet: { zh: '支付后开始充值', en: 'Starts once it is paid' },
  states: {
    processing: { zh: '充值中', en: 'In progress' },
    succeeded: { zh: '充值成功', en: 'Succeeded' },
    failed: { zh: '未能充值', en: 'Not topped up' },
  },
  shipped: { zh: '充值成功', en: 'Topped up' },
  shippedMeans: {
    zh: '供应商已充值到账。逾期未确认收货，系统会自动完成订单。',
    en: 'The supplier has topped it up. The order completes automatically after a while.',
  },
}

export const VOUCHER = {
  title: { zh: '核销码', en: 'Voucher' },
  state: { zh: '待使用', en: 'Ready to use' },
  means: {
    zh: '到店向店员出示二维码或报出数字。用完或到期后，订单自动完成。',
    en: 'Show the QR code to the staff, or tell them the digits. The order completes when it is used up or over.',
  },
  scan: { zh: '核销二维码', en: 'QR code of the voucher' },
  left: { zh: '剩余 {left} 次，共 {total} 次', en: '{left} of {total} uses left' },
  validUntil: { zh: '有效期至', en: 'Valid until' },
} satisfies Record<string, Text>

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
