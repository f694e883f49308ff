import type { Text } from './common.ts'

/** Messages on an order, for both sides. */
export const MESSAGES = {
  title: { zh: '订单留言', en: 'Messages' },
  contact: { zh: '联系商城', en: 'Contact the shop' },
  all: { zh: '查看全部留言', en: 'Show all messages' },
  none: { zh: '还没有留言', en: 'No messages yet' },
  noneHint: {
    zh: '对这笔订单有疑问，可以在这里留言，商城的工作人员会回复。',
    en: 'Ask about this order here. The staff of the shop will answer.',
  },
  you: { zh: '我', en: 'You' },
  shop: { zh: '商城', en: 'Shop' },
  customer: { zh: '顾客', en: 'Customer' },
  unread: { zh: '{n} 条未读', en: '{n} unread' },
  unanswered: { zh: '{n} 条待回复', en: '{n} unanswered' },
  write: { zh: '写留言', en: 'Your message' },
  reply: { zh: '回复顾客', en: 'Reply to the customer' },
  hint: {
    zh: '最多 1000 字。请不要填写密码、银行卡号等信息。',
    en: 'At most 1,000 characters. Never send passwords or card numbers.',
  },
  replyHint: {
    zh: '顾客会在订单里看到，发出后不能修改。',
    en: 'The customer sees this on the order. It cannot be changed once it is sent.',
  },
  send: { zh: '发送', en: 'Send' },
  back: { zh: '返回订单', en: 'Back to the order' },
  sent: { zh: '留言已发送', en: 'Your message was sent' },
  tooMany: {
    zh: '留言太多，请等商城回复后再写。',
    en: 'Too many messages. Please wait until the shop has answered.',
  },
  full: {
    zh: '这笔订单的留言已达上限，不能再写。',
    en: 'This order has reached its limit of messages.',
  },
  notYet: { zh: '订单还没有生成，暂时不能留言。', en: 'The order is not placed yet.' },
  own: { zh: '这是你自己的订单，由其他同事回复。', en: 'This is your own order. A colleague has to answer.' },
} satisfies Record<string, Text>
