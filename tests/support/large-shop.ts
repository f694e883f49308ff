import type { Client } from 'pg'
import { searchVector } from '../../application/catalogue/search-index.ts'

/** A shop of several years: little data is of today, and few orders are open. */

/** The tables that are filled: no page may read one of them completely. */
export const LARGE_TABLES = [
  'points_products',
  'points_exchange_orders',
  'orders',
  'exchange_attempts',
  'order_events',
  'stock_reservations',
  'payments',
  'webhook_inbox',
  'order_refunds',
  'payment_refunds',
  'wallet_accounts',
  'wallet_transfers',
  'wallet_entries',
  'earnings',
  'users',
  'addresses',
  'web_sessions',
] as const

const AT_ONCE = 20

const KINDS = ['保温', '陶瓷', '便携', '静音', '轻量', '复古', '手工', '定制']
const GOODS = ['水杯', '雨伞', '背包', '台灯', '键盘', '香薰', '毛巾', '茶具', '音箱', '书签']

/**
 * Fills the tables and their statistics without any checks; encrypted columns of orders, addresses and
 * statements hold noise, which no page may decrypt.
 * @param owner connected as the owner of the tables
 * @param openWallet gives a customer (`filler-…`) a valid wallet
 */
export async function fillShop(
  owner: Client,
  { products, orders }: { readonly products: number; readonly orders: number },
  openWallet: (ownerId: string) => Promise<unknown>,
): Promise<void> {
  const customers = Math.ceil(orders / 20)
  for (let n = 1; n <= customers; n += AT_ONCE) {
    const ids = Array.from({ length: Math.min(AT_ONCE, customers - n + 1) }, (_, k) => `filler-${n + k}`)
    await Promise.all(ids.map(openWallet))
  }
  const list = (texts: readonly string[]) => texts.map((text) => owner.escapeLiteral(text)).join(', ')
  const vectors = GOODS.flatMap((goods) =>
    KINDS.map((kind) => searchVector(`${kind}${goods}`, '第号商品，品质可靠。')),
  )
  await owner.query('set session_replication_role = replica')
  await owner.query(
    `insert into categories (name, sort) select '分类 ' || n, n from generate_series(1, 12) n`,
  )
  for (const statement of [
    `insert into points_products (title, description, search_terms, point, price_amount, payment_mode, product_type,
        status, sort, stock_quantity, category_id, properties)
      select (array[${list(KINDS)}])[1 + n % 8] || (array[${list(GOODS)}])[1 + n / 8 % 10] || ' ' || n,
        '第 ' || n || ' 号商品，品质可靠。',
        (array[${list(vectors)}])[1 + n % 8 + n / 8 % 10 * 8]::tsvector
          || setweight(to_tsvector('simple', n::text), 'A'), 10 + n * 7 % 20000, 1 + n * 13 % 900,
        case when n % 5 = 0 then 'mixed' when n % 97 = 0 then 'money_only' else 'points_only' end,
        case when n % 5000 = 7 then 'service' else (array['physical','physical','virtual','customized'])[1 + n / 3 % 4] end,
        case when n % 200 = 0 then 'draft' when n % 50 = 1 then 'off_sale' when n % 100 = 2 then 'sold_out' else 'on_sale' end,
        n % 30, case when n % 100 = 2 then 0 when n % 500 = 3 then 4 else 500 end,
        (select min(id) from categories where name like '分类 %') + n % 12,
        case when n % 11 = 0 then '{"limit":{"user_level_required":3}}'::jsonb end
      from generate_series(1, ${products}) n`,
    `insert into users (owner_id, level) select 'filler-' || n, n % 4 from generate_series(1, ${customers}) n`,
    `insert into addresses (owner_id, sealed, operation_key)
      select 'filler-' || n, 'sealed', 'fill' from generate_series(1, ${customers}) n`,
    `insert into web_sessions (token_hash, owner_id, role, level, expires_at)
      select sha256(('session-' || n)::bytea), 'filler-' || n, 'customer', 1, now() + interval '1 day'
      from generate_series(1, ${customers}) n`,
    `insert into points_exchange_orders (id, order_no, product_id, product_title, shipping_type, points_price,
        quantity, total_points, payment_mode, status, payment_status, owner_type, owner_id, exchange_time)
      select 10000000 + n, 'PMFILL' || n, 1 + n % ${products}, '商品', 'none', 10, 1, 10,
        case when n % 20000 = 9 then 'money_only' else (array['points_only','points_only','mixed'])[1 + n % 3] end,
        case when n % 2000 = 0 then 'order_paid' when n % 3000 = 1 then 'order_accepted' when n % 20 = 2 then 'order_canceled'
          else 'order_finished' end,
        case when n % 20 = 2 then 'refunded' else 'paid' end, 'user', 'filler-' || 1 + n % ${customers},
        now() - interval '1 hour' - (${orders} - n) * interval '900 days' / ${orders} from generate_series(1, ${orders}) n`,
    `insert into orders (order_no, status, amount, owner_type, owner_id)
      select 'PMFILL' || n, 'order_finished', 0, 'user', 'filler-' || 1 + n % ${customers} from generate_series(1, ${orders}) n`,
    `insert into exchange_attempts (order_no, owner_id, idempotency_key, product_id, quantity, level, request, state)
      select 'PMFILL' || n, 'filler-' || 1 + n % ${customers}, 'fill-' || n, 1 + n % ${products}, 1, 1, 'sealed', 'placed'
      from generate_series(1, ${orders}) n`,
    `insert into order_events (order_no, event_key, status, actor_type)
      select 'PMFILL' || n / 3, 'fill-' || n, 'order_paid', 'system' from generate_series(1, ${orders} * 3) n`,
    `insert into stock_reservations (order_no, product_id, quantity, state)
      select 'PMFILL' || n, 1 + n % ${products}, 1, 'committed' from generate_series(1, ${orders}) n`,
    `insert into payments (order_no, attempt_no, out_trade_no, method, amount, state, paid_at, created_at)
      select 'PMFILL' || n, 1, 'PMFILL' || n || '-1', (array['wallet','alipay','wechat','bank_card'])[1 + n / 3 % 4], 1, 'paid',
        at, at from generate_series(1, ${orders}, 3) n,
        lateral (select now() - interval '1 hour' - (${orders} - n) * interval '900 days' / ${orders} as at) as time`,
    `insert into webhook_inbox (source, event_id, kind, order_no, event, delivered_at)
      select 'alipay', 'fill-' || n, 'paid', 'PMFILL' || n, '{}', now() from generate_series(1, ${orders}, 3) n`,
    `insert into order_refunds (refund_no, order_no, kind, points, money, reason, operation_key, actor_type, created_at)
      select 'PMFILL' || n || '-R1', 'PMFILL' || n, 'rest', 1, 0, 'x', 'fill-' || n, 'system',
        now() - interval '1 hour' - (${orders} - n) * interval '900 days' / ${orders} from generate_series(2, ${orders}, 20) n`,
    `insert into payment_refunds (refund_no, out_trade_no, amount, state, reason, order_refund)
      select 'PMFILL' || n || '-1-R1', 'PMFILL' || n || '-1', 1, 'done', 'x', 'PMFILL' || n || '-R1'
      from generate_series(2, ${orders}, 20) n`,
    `insert into earnings (owner_id, source, external_id, asked_points, points, capped, state, occurred_at, mature_at,
        granted_at, kid, mac, operator_id)
      select 'filler-' || 1 + n % ${customers}, 'order', 'fill-' || n, 1, 1, 0, 'granted', now(), now(), now(), 'fill',
        sha256('mac'), 'fill' from generate_series(1, ${orders}, 2) n`,
    `insert into wallet_transfers (operation_key, kind, from_account, to_account, order_no)
      select 'fill-' || n, 'capture', '1', '2', 'PMFILL' || n / 2 from generate_series(1, ${orders} * 2) n`,
    `insert into wallet_entries (account_id, version, operation_key, kid, sealed, mac)
      select 1000001 + n % ${customers}, 1 + n / ${customers}, 'fill-' || n, 'fill', 'sealed', sha256('mac')
      from generate_series(1, ${orders} * 2) n`,
  ]) {
    await owner.query(statement)
  }
  await owner.query('set session_replication_role = default')
  await owner.query('vacuum analyze')
}
