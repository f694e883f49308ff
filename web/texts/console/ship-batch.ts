import type { LineResult } from '../../../application/shipments/ship-batch.ts'
import type { Text } from '../common/common.ts'

export const SHIP_BATCH = {
  title: { zh: '批量发货', en: 'Ship many orders' },
  hint: {
    zh: '每行一笔：订单号,承运商,运单号。可以上传 CSV 文件，也可以从表格里粘贴。同一份重复提交不会重复发货。',
    en: 'One order per line: order number, carrier, tracking number. Upload a CSV file, or paste from a spreadsheet. Submitting the same lines again ships nothing twice.',
  },
  file: { zh: 'CSV 文件', en: 'CSV file' },
  lines: { zh: '或者粘贴在这里', en: 'Or paste here' },
  send: { zh: '发货', en: 'Ship' },
  results: { zh: '结果', en: 'Results' },
  line: { zh: '行', en: 'Line' },
  order: { zh: '订单', en: 'Order' },
  result: { zh: '结果', en: 'Result' },
  why: { zh: '原因', en: 'Reason' },
  doubted: { zh: '运单号像是别家的，核对后再发', en: 'Numbers that look like another carrier’s' },
  doubtedHint: {
    zh: '改正承运商或运单号；没有填错的，保留行末的 confirm。不发的整行删除。',
    en: 'Correct the carrier or the number. Keep “confirm” at the end of lines that are right, and delete lines that are not to be shipped.',
  },
  doubtedSend: { zh: '已核对，发货', en: 'Checked, ship' },
  wrong: { zh: '没有可以发货的行，或者超过 500 行', en: 'There is no line to ship, or more than 500' },
  back: { zh: '返回订单', en: 'Back to the orders' },
} satisfies Record<string, Text>

export const LINE_TEXTS: Readonly<Record<LineResult['result'], Text>> = {
  shipped: { zh: '已发货', en: 'Shipped' },
  already_shipped: { zh: '之前已发货', en: 'Already shipped' },
  pending: { zh: '已提交，处理中', en: 'Submitted, in progress' },
  not_tried: { zh: '没有处理，请再提交一次', en: 'Not tried, submit again' },
  refused: { zh: '未发货', en: 'Not shipped' },
}

export const SLIPS = {
  title: { zh: '装箱单', en: 'Packing slips' },
  print: { zh: '打印装箱单', en: 'Print the packing slip' },
  printListed: { zh: '打印本页订单的装箱单', en: 'Print packing slips of this page' },
  hint: { zh: '用浏览器打印；每笔订单一页。', en: 'Print with the browser, one order per page.' },
  none: { zh: '没有可以打印的订单。', en: 'There is nothing to print.' },
  to: { zh: '收件', en: 'Ship to' },
  order: { zh: '订单', en: 'Order' },
  goods: { zh: '商品', en: 'Goods' },
  quantity: { zh: '件数', en: 'Quantity' },
  left: { zh: '待发', en: 'To ship' },
  remarks: { zh: '买家备注', en: 'Remarks' },
  customized: { zh: '定制内容', en: 'Personalization' },
} satisfies Record<string, Text>
