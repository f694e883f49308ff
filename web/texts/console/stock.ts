import type { StockMovementKind } from '../../../domain/catalogue/stock.ts'
import type { Text } from '../common/common.ts'

export const STOCK = {
  title: { zh: '库存流水', en: 'Stock movements' },
  link: { zh: '查看库存流水', en: 'View stock movements' },
  now: { zh: '当前可兑换', en: 'Available now' },
  at: { zh: '时间', en: 'When' },
  kind: { zh: '原因', en: 'Why' },
  delta: { zh: '变动', en: 'Change' },
  after: { zh: '变动后', en: 'Stock after' },
  cause: { zh: '订单或操作人', en: 'Order or operator' },
  mall: { zh: '系统', en: 'The mall' },
  empty: { zh: '还没有库存变动', en: 'No changes yet' },
} satisfies Record<string, Text>

export const MOVEMENT_TEXTS: Readonly<Record<StockMovementKind, Text>> = {
  initial: { zh: '初始库存', en: 'Initial stock' },
  reserved: { zh: '订单预占', en: 'Reserved' },
  committed: { zh: '订单已支付', en: 'Paid for' },
  released: { zh: '未支付，释放', en: 'Released, unpaid' },
  adjusted: { zh: '人工调整', en: 'Adjusted' },
  returned: { zh: '已支付，退回', en: 'Returned' },
}
