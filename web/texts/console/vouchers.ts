import type { Text } from '../common/common.ts'

export const COUNTER = {
  title: { zh: '核销', en: 'Counter' },
  hint: {
    zh: '扫描顾客的二维码，或输入 12 位核销码。',
    en: 'Scan the customer’s QR code, or type the 12 digits.',
  },
  code: { zh: '核销码', en: 'Voucher code' },
  store: { zh: '门店', en: 'Store' },
  submit: { zh: '核销一次', en: 'Redeem one use' },
  noStore: { zh: '还没有你可以核销的门店。', en: 'There is no store where you may redeem.' },
  stores: { zh: '管理门店', en: 'Manage stores' },
  done: { zh: '核销成功', en: 'Redeemed' },
  undone: { zh: '已撤销', en: 'undone' },
  left: { zh: '剩余 {left} 次，共 {total} 次', en: '{left} of {total} uses left' },
  uses: { zh: '核销记录', en: 'Uses' },
  noUses: { zh: '还没有核销', en: 'Not used yet' },
  undo: { zh: '撤销最近一次核销', en: 'Undo the last use' },
  undoHint: {
    zh: '只能在核销后 30 分钟内撤销，并会留下记录。',
    en: 'Possible for 30 minutes after the use. It is recorded.',
  },
  reason: { zh: '原因', en: 'Reason' },
  next: { zh: '核销下一张', en: 'Redeem another' },
  order: { zh: '订单', en: 'Order' },
  unknown: { zh: '没有这个核销码', en: 'There is no such voucher' },
} satisfies Record<string, Text>

export const STORES = {
  title: { zh: '门店', en: 'Stores' },
  add: { zh: '新增门店', en: 'Add a store' },
  name: { zh: '名称', en: 'Name' },
  address: { zh: '地址', en: 'Address' },
  staff: { zh: '店员账号', en: 'Staff' },
  staffHint: {
    zh: '每行一个账号。不填则所有运营人员都可以在这里核销。',
    en: 'One account per line. Without any, all operators may redeem here.',
  },
  everybody: { zh: '所有运营人员', en: 'all operators' },
  empty: { zh: '还没有门店', en: 'No stores yet' },
  saved: { zh: '已保存。', en: 'Saved.' },
} satisfies Record<string, Text>
