import type { CodeState, CodeVoidReason } from '../../../domain/fulfilment/codes.ts'
import type { Text } from '../common/common.ts'

export const CODE_STATE_TEXTS: Readonly<Record<CodeState, Text>> = {
  free: { zh: '可兑换', en: 'Free' },
  held: { zh: '已预占', en: 'Held' },
  issued: { zh: '已发放', en: 'Issued' },
  void: { zh: '已作废', en: 'Void' },
}

export const VOID_TEXTS: Readonly<Record<CodeVoidReason, Text>> = {
  expired: { zh: '已过期', en: 'expired' },
  replaced: { zh: '已更换', en: 'replaced' },
  canceled: { zh: '订单已取消', en: 'order canceled' },
}

export const POOL = {
  title: { zh: '兑换码', en: 'Codes' },
  link: { zh: '管理兑换码', en: 'Manage codes' },
  isStock: {
    zh: '这件商品的库存就是可兑换的兑换码，不能直接修改。',
    en: 'The stock of this product is its free codes and cannot be set.',
  },
  mismatch: {
    zh: '这件商品不是以兑换码交付，不能导入。',
    en: 'This product is not delivered by codes, so none can be imported.',
  },
  add: { zh: '导入兑换码', en: 'Import codes' },
  lines: { zh: '每行一个兑换码', en: 'One code per line' },
  linesHint: {
    zh: 'CSV：兑换码,密码,链接,有效期至。后三项可以不填，有效期写作 2027-12-31。每次最多 5,000 个。',
    en: 'CSV: code, PIN, link, valid until. Only the code is required; write dates as 2027-12-31. At most 5,000 at once.',
  },
  file: { zh: '或者选择 CSV 文件', en: 'Or choose a CSV file' },
  submit: { zh: '导入', en: 'Import' },
  result: { zh: '导入结果', en: 'Result of the import' },
  imported: { zh: '已导入', en: 'Imported' },
  duplicates: { zh: '重复', en: 'Duplicates' },
  invalid: { zh: '有误', en: 'Invalid' },
  line: { zh: '第 {n} 行', en: 'Line {n}' },
  duplicate: { zh: '这件商品已经有这个兑换码', en: 'The product already has this code' },
  listed: { zh: '兑换码列表', en: 'List of codes' },
  all: { zh: '全部', en: 'All' },
  empty: { zh: '没有兑换码', en: 'No codes' },
  code: { zh: '兑换码', en: 'Code' },
  state: { zh: '状态', en: 'State' },
  order: { zh: '订单', en: 'Order' },
  validUntil: { zh: '有效期至', en: 'Valid until' },
  added: { zh: '导入时间', en: 'Imported' },
  noEnd: { zh: '长期', en: 'no end' },
} satisfies Record<string, Text>

export const ORDER_CODES = {
  title: { zh: '兑换码', en: 'Codes' },
  views: { zh: '查看 {n} 次，最近 {at}', en: 'seen {n} times, last {at}' },
  unseen: { zh: '尚未查看', en: 'not seen yet' },
  replacedBy: { zh: '{who} 更换：{reason}', en: 'replaced by {who}: {reason}' },
  replace: { zh: '更换', en: 'Replace' },
  replaceTitle: { zh: '更换这个兑换码？', en: 'Replace this code?' },
  replaceHint: {
    zh: '原兑换码作废，客户会得到一个新的。操作会留下记录。',
    en: 'The old code becomes void and the customer gets a new one. This is recorded.',
  },
  reason: { zh: '原因', en: 'Reason' },
  reasonHint: { zh: '只有同事能看到', en: 'For staff only' },
  keep: { zh: '不更换', en: 'Keep it' },
  done: { zh: '兑换码已更换。', en: 'The code was replaced.' },
} satisfies Record<string, Text>
