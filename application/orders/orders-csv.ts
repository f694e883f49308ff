import { listShipments, type Shipment } from '../../db/shipments/shipments.ts'
import { carrierName } from '../../i18n/carrier-texts.ts'
import type { Lang } from '../../i18n/error-texts.ts'
import { csvHead, csvHeaders, csvLine, figure, moment, text } from '../platform/csv.ts'
import { findOrders, type OrderLine, type OrderSearch } from './search.ts'
import type { OrderReader } from './view.ts'

const HEADERS = {
  zh: [
    '订单号',
    '兑换时间（北京时间）',
    '用户',
    '商品',
    '件数',
    '积分',
    '现金',
    '订单状态',
    '付款状态',
    '承运商',
    '运单号',
  ],
  en: [
    'Order number',
    'Redeemed (Beijing)',
    'Customer',
    'Product',
    'Quantity',
    'Points',
    'Cash',
    'Status',
    'Payment',
    'Carrier',
    'Tracking number',
  ],
} as const

const PAGE = 500

/** All orders that the search finds, newest first, read as they are sent. */
export async function orderTable(reader: OrderReader, search: OrderSearch, lang: Lang) {
  const pages = readAll(reader, search)
  // The first read happens before the response starts, so that a failure is still an error response.
  const first = await pages.next()
  return { body: ReadableStream.from(tableOf(first, pages, lang)), headers: csvHeaders('orders.csv') }
}

interface Page {
  readonly orders: readonly OrderLine[]
  readonly parcels: ReadonlyMap<string, Shipment[]>
}

async function* readAll(reader: OrderReader, search: OrderSearch): AsyncGenerator<Page> {
  let past: string | undefined
  for (;;) {
    const { orders, next } = await findOrders(reader, search, { limit: PAGE, oldestFirst: false, past })
    const sent = await listShipments(
      reader.db,
      orders.map(({ order_no }) => order_no),
    )
    yield { orders, parcels: Map.groupBy(sent, ({ order_no }) => order_no) }
    if (next === null) return
    past = next
  }
}

async function* tableOf(
  first: IteratorResult<Page, unknown>,
  rest: AsyncGenerator<Page>,
  lang: Lang,
): AsyncGenerator<Uint8Array> {
  const encoder = new TextEncoder()
  yield encoder.encode(csvHead(HEADERS[lang]))
  for (let page = first; !page.done; page = await rest.next()) {
    const { orders, parcels } = page.value
    yield encoder.encode(
      orders.map((order) => lineOf(order, parcels.get(order.order_no) ?? [], lang)).join(''),
    )
  }
}

function lineOf(order: OrderLine, parcels: readonly Shipment[], lang: Lang): string {
  const sent = parcels.filter(({ tracking_no }) => tracking_no !== null)
  const names = sent.map(({ carrier, carrier_name }) =>
    carrierName(carrier ?? 'other', carrier_name ?? '', lang),
  )
  return csvLine([
    text(order.order_no),
    moment(new Date(order.exchange_time)),
    text(order.owner_id),
    text(order.product_title),
    figure(`${order.quantity}`),
    figure(`${order.total_points}`),
    figure(order.total_money.amount),
    text(order.status),
    text(order.payment_status),
    text([...new Set(names)].join('; ')),
    text(sent.map(({ tracking_no }) => tracking_no).join('; ')),
  ])
}
