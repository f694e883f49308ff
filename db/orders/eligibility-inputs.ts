import { sql } from 'kysely'
import type { CustomSchema } from '../../domain/catalogue/custom-fields.ts'
import type {
  Delivery,
  ExchangeLimit,
  PaymentMode,
  ProductStatus,
  ProductType,
  Returnable,
  ShippingType,
} from '../../domain/catalogue/product.ts'
import type { Specs } from '../../domain/catalogue/sku.ts'
import { closedAt } from '../../domain/catalogue/windows.ts'
import type { ChargeTerms } from '../../domain/fulfilment/charge.ts'
import { fenOf } from '../../domain/money.ts'
import type { EligibilityInputs } from '../../domain/orders/eligibility.ts'
import { spendableOf } from '../../domain/wallet/wallet.ts'
import { windowsOf } from '../catalogue/products.ts'
import type { Db } from '../client.ts'
import type { LedgerCipher } from '../wallet/ledger-cipher.ts'
import { type AccountRow, openAccount } from '../wallet/sealed-rows.ts'

export interface ProductInputs {
  readonly id: string
  readonly title: string
  readonly image: string | null
  readonly productType: ProductType
  readonly skuId: string
  /** Null: it has none. */
  readonly specs: Specs | null
  /** Null: the default of the shipping type. */
  readonly delivery: Delivery | null
  /** The article at the supplier. */
  readonly charge: ChargeTerms | null
  readonly returnable: Returnable
  /** What customers fill in; null: nothing. */
  readonly customFields: CustomSchema | null
}

interface Row {
  id: string
  title: string
  image: string | null
  status: ProductStatus
  payment_mode: PaymentMode
  visible_from: Date | null
  visible_until: Date | null
  on_sale_from: Date | null
  on_sale_until: Date | null
  sku_count: number
  sku_id: string | null
  specs: Specs | null
  sku_stock: number | null
  point: number
  price_amount: string
  stock_quantity: number
  shipping_type: ShippingType
  product_type: ProductType
  delivery: Delivery | null
  charge: ChargeTerms | null
  returnable: Returnable
  custom_fields: CustomSchema | null
  exchange_limit: number
  limit: ExchangeLimit | null
  kept_level: number | null
  pieces_ever: string
  pieces_in_window: string
  unpaid_orders: string
  unpaid_pieces: string
  reserved: string
  wallets: (Omit<AccountRow, 'sealed' | 'head' | 'next_expiry'> & {
    sealed: string
    head: string
    next_expiry: string | null
  })[]
  now: Date
}

/**
 * @param sku.productId with the id of an SKU, or of none
 * @param askedBy the asking attempt's number, which does not count as an unpaid order
 */
export async function readEligibilityInputs(
  db: Db,
  vault: LedgerCipher,
  ownerId: string,
  { productId, skuId = null }: { readonly productId: string; readonly skuId?: string | null | undefined },
  tokenLevel: number,
  askedBy = '',
): Promise<{ facts: EligibilityInputs; product: ProductInputs | undefined }> {
  const { rows } = await sql<Row>`
    select p.id, p.title, coalesce(s.image, p.image) as image, p.status, p.payment_mode,
      p.visible_from, p.visible_until, p.on_sale_from, p.on_sale_until,
      p.sku_count, s.id as sku_id, s.specs, s.stock_quantity as sku_stock,
      coalesce(s.point, p.point) as point, coalesce(s.price_amount, p.price_amount) as price_amount,
      p.stock_quantity - case when p.delivery = 'codes' then (select count(*) from product_codes
        where product_id = p.id and state = 'free' and valid_until <= now())::int else 0 end as stock_quantity,
      p.shipping_type, p.product_type, p.delivery, p.charge, p.returnable, p.custom_fields, p.exchange_limit,
      p.properties -> 'limit' as "limit",
      (select level from users where owner_id = ${ownerId}) as kept_level,
      pieces.ever as pieces_ever, pieces.in_window as pieces_in_window,
      unpaid.orders as unpaid_orders, unpaid.pieces as unpaid_pieces,
      case when p.payment_mode = 'points_only' then 0 else (
        select coalesce(sum(quantity), 0) from stock_reservations where product_id = p.id and state = 'held')
      end as reserved,
      clock_timestamp() as now,
      (select coalesce(json_agg(json_build_object('id', id::text, 'owner_type', owner_type, 'owner_id', owner_id,
          'currency', currency, 'version', version::text, 'kid', kid, 'sealed', encode(sealed, 'base64'),
          'head', encode(head, 'base64'), 'next_expiry', (extract(epoch from next_expiry) * 1000)::bigint::text)), '[]')
        from wallet_accounts where owner_type = 'user' and owner_id = ${ownerId}) as wallets
    from points_products p
    left join product_skus s on s.product_id = p.id and s.deleted_at is null
      and case when ${skuId}::bigint is null then p.sku_count = 1 else s.id = ${skuId}::bigint end
    cross join lateral (
      select coalesce(sum(quantity), 0) as ever,
        coalesce(sum(quantity) filter (where exchange_time > now() - make_interval(
          secs => coalesce((p.properties -> 'limit' ->> 'time_limit_seconds')::double precision, 0))), 0) as in_window
      from points_exchange_orders
      where owner_id = ${ownerId} and product_id = p.id and status <> 'order_canceled') as pieces
    cross join lateral (
      select count(*) as orders, coalesce(sum(quantity) filter (where product_id = p.id), 0) as pieces from (
        select product_id, quantity from points_exchange_orders
          where owner_id = ${ownerId} and status in ('exchanged', 'order_created') and pay_by is not null
        union all
        select product_id, quantity from exchange_attempts
          where owner_id = ${ownerId} and state = 'pending' and counts_unpaid and order_no <> ${askedBy}
      ) as waiting) as unpaid
    where p.id = ${productId} and p.deleted_at is null`.execute(db)
  const row = rows[0]
  if (!row) {
    const none = {
      level: tokenLevel,
      piecesEver: 0,
      piecesInWindow: 0,
      unpaid: { orders: 0, pieces: 0 },
      frozen: false,
      pointsAvailable: 0n,
      cashAvailable: 0n,
    }
    return { facts: { product: undefined, ...none }, product: undefined }
  }
  const wallets = row.wallets.map((wallet) => ({
    currency: wallet.currency,
    wallet: openAccount(vault, {
      ...wallet,
      sealed: Buffer.from(wallet.sealed, 'base64'),
      head: Buffer.from(wallet.head, 'base64'),
      next_expiry: wallet.next_expiry === null ? null : new Date(Number(wallet.next_expiry)),
    }),
  }))
  const spendable = (currency: string): bigint => {
    const found = wallets.find((one) => one.currency === currency)?.wallet
    return found && found.frozen === null ? spendableOf(found, row.now.getTime()) : 0n
  }
  const stock = row.sku_stock ?? row.stock_quantity
  return {
    product: {
      id: row.id,
      title: row.title,
      image: row.image,
      productType: row.product_type,
      skuId: row.sku_id ?? row.id,
      specs: row.specs,
      delivery: row.delivery,
      charge: row.charge,
      returnable: row.returnable,
      customFields: row.custom_fields,
    },
    facts: {
      product: {
        status: row.status,
        paymentMode: row.payment_mode,
        points: row.point,
        fen: fenOf(row.price_amount),
        closed: closedAt(windowsOf(row), row.now),
        sku: skuState(row, skuId),
        stock,
        reserved: Number(row.reserved) + row.stock_quantity - stock,
        shippingType: row.shipping_type,
        ...(row.delivery === 'charge' ? { charge: row.charge } : {}),
        exchangeLimit: row.exchange_limit,
        limit: row.limit ?? {},
      },
      level: row.kept_level ?? tokenLevel,
      piecesEver: Number(row.pieces_ever),
      piecesInWindow: Number(row.pieces_in_window),
      unpaid: { orders: Number(row.unpaid_orders), pieces: Number(row.unpaid_pieces) },
      frozen: wallets.some(({ wallet }) => wallet.frozen !== null),
      pointsAvailable: spendable('ZJF'),
      cashAvailable: spendable('CNY'),
    },
  }
}

/** A product without SKUs of its own is one, with the product's id. */
function skuState({ id, sku_count, sku_id }: Row, asked: string | null): 'chosen' | 'required' | 'unknown' {
  if (sku_count === 0) return asked === null || asked === id ? 'chosen' : 'unknown'
  if (sku_id !== null) return 'chosen'
  return asked === null ? 'required' : 'unknown'
}
