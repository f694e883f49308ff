import type { ExternalProblem } from '../../../domain/catalogue/external.ts'
import type { Text } from '../common/common.ts'

export const EXTERNAL = {
  title: { zh: '商家商品', en: "The shop's product" },
  number: { zh: '商品编号', en: 'Its id' },
  state: { zh: '状态', en: 'State' },
  read: { zh: '上次读取', en: 'Last read' },
  never: { zh: '尚未读取', en: 'Not read yet' },
  failed: { zh: '读取失败，会继续重试：', en: 'Reading fails and is repeated:' },
  allotted: { zh: '商家分配（件）', en: 'Pieces given by the shop' },
  short: { zh: '缺口（件）', en: 'Pieces short' },
  shortHint: {
    zh: '商家收回的件数中，有些已被兑换。补足之前商品不上架。',
    en: 'The shop took back pieces that were redeemed before. The product is off sale until they are made up.',
  },
  paused: { zh: '因商家商品下架，恢复后自动上架', en: 'Off sale because of the shop; resumes with it' },
  refresh: { zh: '立即读取', en: 'Refresh now' },
  troubled: { zh: '需要核对的关联商品', en: 'Linked products to look at' },
} satisfies Record<string, Text>

export const EXTERNAL_STATES: Readonly<Record<'new' | 'current' | 'gone' | 'unlinked', Text>> = {
  new: { zh: '等待读取', en: 'To be read' },
  current: { zh: '已同步', en: 'Read' },
  gone: { zh: '商家已删除，本商品已下架', en: 'Gone at the shop; off sale here' },
  unlinked: { zh: '未关联', en: 'Not linked' },
}

export const EXTERNAL_PROBLEM_TEXTS: Readonly<Record<ExternalProblem, Text>> = {
  unreadable: { zh: '商家返回的数据无法识别', en: 'What the shop says of it is unreadable' },
  title_unusable: {
    zh: '标题为空或过长，未采用',
    en: 'The title is empty or too long, and was not taken over',
  },
  image_refused: {
    zh: '图片地址不在允许的域名内，未采用',
    en: 'The picture is at a host that is not listed',
  },
  price_below: {
    zh: '商家售价低于现金单价，不显示市场价',
    en: "The shop's price is below the cash price here",
  },
  stock_not_taken: {
    zh: '商品有多个规格或以兑换码交付，库存不由商家分配',
    en: 'It has several SKUs or codes, so its stock is not given by the shop',
  },
}
