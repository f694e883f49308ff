import type { Lang } from '../../../i18n/error-texts.ts'

/** Chinese follows 中文文案排版指北. */
export interface Text {
  readonly zh: string
  readonly en: string
}

export const COMMON = {
  shop: { zh: '积分商城', en: 'Points Mall' },
  console: { zh: '运营后台', en: 'Console' },
  skip: { zh: '跳到正文', en: 'Skip to content' },
  home: { zh: '首页', en: 'Home' },
  orders: { zh: '订单', en: 'Orders' },
  wallet: { zh: '钱包', en: 'Wallet' },
  addresses: { zh: '地址簿', en: 'Addresses' },
  signIn: { zh: '登录', en: 'Sign in' },
  sessions: { zh: '登录管理', en: 'Sessions' },
  signOut: { zh: '退出登录', en: 'Sign out' },
  otherLang: { zh: 'English', en: '中文' },
  points: { zh: '积分', en: 'points' },
  back: { zh: '返回', en: 'Back' },
  previous: { zh: '上一页', en: 'Previous' },
  next: { zh: '下一页', en: 'Next' },
  page: { zh: '页', en: 'Page' },
  copy: { zh: '复制', en: 'Copy' },
  copied: { zh: '已复制', en: 'Copied' },
  save: { zh: '保存', en: 'Save' },
  remove: { zh: '删除', en: 'Remove' },
  notFound: { zh: '这个页面不存在', en: 'This page does not exist' },
  notFoundHint: {
    zh: '链接可能写错了，或者内容已经不在了。',
    en: 'The link may be wrong, or the page no longer exists.',
  },
  productGoneHint: {
    zh: '链接可能写错了，或者商品已经下架。',
    en: 'The link may be wrong, or the product is no longer available.',
  },
  forbidden: { zh: '你没有这个权限', en: 'You don’t have permission to do this' },
  foreignOrigin: { zh: '提交没有生效', en: 'Nothing was submitted' },
  foreignOriginHint: {
    zh: '这个表单不是从商城的地址 {url} 提交的。请从该地址打开页面再试；如果你打开的就是商城，请由运维人员把 PUBLIC_URL 设为浏览器中的地址。',
    en: 'This form was not sent from the mall’s address {url}. Open the page there and try again. If you are at the mall, its operator has to set PUBLIC_URL to the address in your browser.',
  },
  malformed: { zh: '提交的内容无法读取', en: 'The form cannot be read' },
  malformedHint: { zh: '请返回并重新提交。', en: 'Please go back and submit it again.' },
  broken: { zh: '出了点问题', en: 'Something went wrong' },
  brokenHint: {
    zh: '不是你的操作有误，积分与订单都是安全的。请稍后再试。',
    en: 'This is not your fault, and your points and orders are safe. Please try again in a moment.',
  },
  requestId: { zh: '请求编号', en: 'Request ID' },
  offline: { zh: '网络已断开，正在重新连接…', en: 'Offline, reconnecting…' },
} satisfies Record<string, Text>

export const textsIn =
  (lang: Lang) =>
  (text: Text): string =>
    text[lang]
