import type { ColumnType, Generated, JSONColumnType } from 'kysely'
import type { PageRole } from '../domain/access.ts'
import type {
  ExchangeLimit,
  PaymentMode,
  ProductStatus,
  ProductType,
  ShippingType,
} from '../domain/catalogue/product.ts'
import type { Refusal } from '../domain/errors.ts'
import type { KeptNotice, NoticeKind, NoticeOutcome } from '../domain/messaging/notices.ts'
import type { Attention } from '../domain/orders/attention.ts'
import type { ExternalStep } from '../domain/orders/external-steps.ts'
import type { OrderNote } from '../domain/orders/notes.ts'
import type { OrderStatus, PaymentStatus } from '../domain/orders/status.ts'
import type { PaymentClient, PaymentMethod } from '../domain/payments/method.ts'
import type { FindingKind, Totals } from '../domain/reconciliation/comparison.ts'
import type { Side, Subject } from '../domain/reconciliation/findings.ts'

/** bigint columns arrive as text and are turned into bigint where they are counted; ids stay text. */
type Id = ColumnType<string, never, never>
type Big = ColumnType<string, string | bigint, string | bigint>
type Ref = ColumnType<string, string, string>
/** numeric columns: decimal text, both ways. */
type Decimal = ColumnType<string, string, string>
type Stamp = ColumnType<Date, Date | undefined, Date>

export interface ProductProperties {
  readonly limit?: ExchangeLimit | undefined
  readonly [name: string]: unknown
}

interface Dated {
  created_at: Stamp
  updated_at: Stamp
}

export interface UsersTable extends Dated {
  owner_id: string
  level: number
}

export interface CategoriesTable extends Dated {
  id: Id
  name: string
  sort: Generated<number>
  operation_key: string | null
  deleted_at: Date | null
}

export interface PointsProductsTable extends Dated {
  id: Id
  title: string
  description: string | null
  image: string | null
  point: Generated<number>
  price_currency: Generated<string>
  price_amount: ColumnType<string, string | undefined, string>
  original_price_amount: ColumnType<string | null, string | null | undefined, string | null>
  payment_mode: PaymentMode
  stock_quantity: Generated<number>
  exchange_limit: Generated<number>
  status: Generated<ProductStatus>
  sort: Generated<number>
  category_id: ColumnType<string | null, string | null | undefined, string | null>
  product_type: Generated<ProductType>
  shipping_type: Generated<ShippingType>
  outer_id: string | null
  properties: ColumnType<ProductProperties | null, string | null | undefined, string | null>
  owner_type: Generated<string>
  owner_id: Generated<string>
  operator_type: string | null
  operator_id: string | null
  operation_key: string | null
  search_bigrams: ColumnType<string[], never, never>
  search_letters: ColumnType<string[], never, never>
  /** At most LOW_STOCK pieces; made by the database. */
  low_stock: ColumnType<boolean, never, never>
  deleted_at: Date | null
}

export interface OrdersTable extends Dated {
  id: Id
  order_no: string
  order_type: Generated<string>
  status: OrderStatus
  currency: Generated<string>
  amount: Decimal
  owner_type: string
  owner_id: string
}

export interface ShippingInfo {
  readonly carrier: string
  readonly tracking_no: string
}

/** Why, and for whom, an order is being canceled. */
export interface CancelCause {
  readonly reason: string
  readonly by: { readonly type: 'customer' | 'operator' | 'system' | 'order_domain'; readonly id?: string }
}

/** What is shown of the payment; the `payments` rows are the books. */
export interface PaymentInfo {
  readonly payment_method: PaymentMethod | null
  readonly trade_no: string | null
  readonly pay_url: string | null
  /** What a page inside WeChat opens the cashier with, in place of `pay_url`. */
  readonly jsapi?: Readonly<Record<string, string>> | null
  readonly expires_at: string | null
}

export interface PointsExchangeOrdersTable extends Dated {
  /** Drawn with the attempt. */
  id: Ref
  order_no: string
  order_id: ColumnType<string | null, string | null | undefined, string | null>
  product_id: Ref
  product_title: string
  product_image: string | null
  shipping_type: ShippingType
  points_price: number
  money_price: Decimal
  quantity: number
  total_points: number
  total_money: Decimal
  payment_mode: PaymentMode
  payment_method: PaymentMethod | null
  status: OrderStatus
  payment_status: PaymentStatus
  cancel_reason: string | null
  needs_attention: ColumnType<Attention | null, string | null, string | null>
  exchange_time: Stamp
  pay_by: Date | null
  /** When receipt is confirmed automatically; null before it is shipped. */
  confirm_by: ColumnType<Date | null, undefined, Date>
  /** Set once a cancellation has begun to close the payment: it is carried on whatever happens. */
  cancel_cause: ColumnType<CancelCause | null, undefined, string | null>
  /** As `exchange_attempts.run_id`. */
  run_id: ColumnType<string | null, string | null | undefined, string>
  shipping_info: JSONColumnType<ShippingInfo> | null
  address_info: Buffer | null
  customer_notes: Buffer | null
  payment_info: ColumnType<PaymentInfo | null, string | null, string | null>
  owner_type: string
  owner_id: string
  operator_type: string | null
  operator_id: string | null
  deleted_at: Date | null
}

export type ActorType = 'customer' | 'operator' | 'system' | 'order_domain'

export interface OrderEventsTable {
  id: Id
  order_no: string
  event_key: string
  status: OrderStatus
  note: ColumnType<OrderNote | null, string | null | undefined, string | null>
  actor_type: ActorType
  actor_id: string | null
  created_at: Stamp
}

export interface StockReservationsTable {
  order_no: string
  product_id: Ref
  quantity: number
  state: 'held' | 'committed' | 'released'
  created_at: Stamp
  resolved_at: Date | null
}

export interface StockMovementsTable {
  id: Id
  product_id: Ref
  delta: number
  operation_key: string
  operator_id: string | null
  created_at: Stamp
}

export type Currency = 'ZJF' | 'CNY'

export interface WalletAccountsTable extends Dated {
  id: Id
  owner_type: Generated<string>
  owner_id: string
  currency: Currency
  version: Big
  /** The key that sealed it. */
  kid: string
  /** The wallet itself: domain/wallet/wallet.ts. */
  sealed: Buffer
  /** The mac of the last entry. */
  head: Buffer
  next_expiry: Date | null
}

export type EntryKind = 'grant' | 'hold' | 'capture' | 'release' | 'reverse' | 'expire' | 'adjust' | 'freeze'

export interface WalletTransfersTable {
  operation_key: string
  kind: EntryKind
  from_account: string
  to_account: string
  order_no: string | null
  reason: string | null
  operator_id: string | null
  created_at: Stamp
}

export interface WalletEntriesTable {
  account_id: Ref
  version: Big
  operation_key: string
  kid: string
  sealed: Buffer
  mac: Buffer
  created_at: Stamp
}

export type EarningState = 'pending' | 'granted' | 'reversed'

export interface EarningsTable extends Dated {
  id: Id
  owner_id: string
  source: string
  external_id: string
  amount: string | null
  asked_points: ColumnType<string | null, bigint | null, never>
  points: Big
  /** Points that the day's cap kept back. */
  capped: Big
  state: EarningState
  occurred_at: Date
  mature_at: Date
  expires_at: Date | null
  kid: string
  mac: Buffer
  granted_at: Date | null
  reversed_at: Date | null
  reverse_reason: string | null
  /** Points that a clawback did not find any more. */
  shortfall: ColumnType<string, undefined, bigint>
  operator_id: string
}

export interface OutboxTable {
  id: Id
  kind: string
  key: string
  owner_id: string
  payload: ColumnType<Readonly<Record<string, string | number>>, string, never>
  created_at: Stamp
  delivered_at: Date | null
}

export interface PaymentsTable extends Dated {
  id: Id
  order_no: string
  attempt_no: number
  out_trade_no: string
  method: PaymentMethod
  amount: Decimal
  state: PaymentStatus
  provider_ref: string | null
  payment_ref: string | null
  pay_url: string | null
  /** How the customer was to reach the cashier; null before it was opened. */
  client: ColumnType<PaymentClient | null, PaymentClient | null | undefined, PaymentClient | null>
  refunded_amount: ColumnType<string, string | undefined, string>
  /** The provider said "paid" when the attempt was to be closed; what follows from that is not booked yet. */
  paid_reported: Generated<boolean>
  paid_at: Date | null
}

/** What of a paid order was taken back: a part, and in the end all the rest. Never changes. */
export interface OrderRefundsTable {
  /** `{order_no}-R{n}` */
  refund_no: string
  order_no: string
  kind: 'part' | 'rest'
  points: number
  money: Decimal
  reason: string
  operation_key: string
  actor_type: string
  actor_id: string | null
  created_at: Stamp
}

export type RefundState = 'pending' | 'done' | 'failed' | 'done_by_hand'

/** Money that goes back through a provider. */
export interface PaymentRefundsTable extends Dated {
  /** `{out_trade_no}-R{n}` */
  refund_no: string
  out_trade_no: string
  amount: Decimal
  state: Generated<RefundState>
  refund_ref: string | null
  reason: string
  failure: string | null
  /** The refund of the order that it serves; null is money that was not due. */
  order_refund: string | null
  /** The number that the provider has refused, in whose place this one stands. */
  replaces: string | null
  /** Who gave the money back outside, and why, with `done_by_hand`. */
  settled_by: string | null
  settled_reason: string | null
}

export interface WebhookInboxTable {
  id: Id
  source: string
  event_id: string
  kind: NoticeKind
  order_no: string | null
  event: ColumnType<KeptNotice, string, never>
  received_at: Stamp
  delivered_at: Date | null
  outcome: NoticeOutcome | null
  deliveries: Generated<number>
  next_delivery_at: Stamp
  /** When the money that it tells of was booked; null: not yet, or it tells of none. */
  booked_at: ColumnType<Date | null, undefined, Date>
  /** When it was last to be delivered once more; null: never. */
  told_again_at: ColumnType<Date | null, undefined, Date>
}

export interface ExchangeAttemptsTable {
  id: Id
  order_no: string
  owner_id: string
  idempotency_key: string | null
  product_id: Ref
  quantity: number
  payment_method: PaymentMethod | null
  cash_amount: string | null
  level: number
  request: Buffer
  /** A `PaymentChannel`, sealed; null is a phone's browser that comes back to the order's page. */
  channel: ColumnType<Buffer | null, Buffer | null | undefined, Buffer | null>
  /** Whose books have the points of this order. */
  points_wallet: Generated<'ledger' | 'outside'>
  state: Generated<'pending' | 'placed' | 'refused'>
  /** While it is pending: steps outside set things aside for it, and it will wait for its payment. */
  counts_unpaid: Generated<boolean>
  refusal: ColumnType<Refusal | null, string | null, string | null>
  /** Steps of this exchange that run in other systems; null: not recorded, as configured. */
  outside_steps: ColumnType<ExternalStep[] | null, readonly ExternalStep[] | null | undefined, ExternalStep[]>
  /** When those systems had captured or given back all; null while they have not. */
  outside_settled_at: ColumnType<Date | null, undefined, Date | null>
  /** How often another run has carried the exchange on. */
  run_epoch: Generated<number>
  /** The only workflow run that may act; null: the first one. */
  run_id: ColumnType<string | null, undefined, string>
  created_at: Stamp
  resolved_at: Date | null
}

export interface OrderRequestsTable {
  order_no: string
  operation_key: string
  request: Buffer
  tries: Generated<number>
  next_try_at: Stamp
  created_at: Stamp
}

export interface ReconciliationsTable {
  id: Id
  /** `YYYY-MM-DD` in Shanghai; read it with `::text`. */
  day: ColumnType<never, string, never>
  run_key: string
  totals: ColumnType<Totals, never, never>
  started_at: Stamp
  finished_at: Date | null
}

export interface ReconciliationFindingsTable {
  id: Id
  reconciliation_id: Ref
  kind: FindingKind
  subject: ColumnType<Subject, string, never>
  ours: ColumnType<Side | null, string | null | undefined, never>
  theirs: ColumnType<Side | null, string | null | undefined, never>
  order_no: string | null
  state: Generated<'open' | 'healed'>
  found_at: Stamp
}

export interface WebSessionsTable {
  /** SHA-256 of the token in the cookie. */
  token_hash: Buffer
  owner_id: string
  role: PageRole
  level: number
  created_at: Stamp
  expires_at: Date
}

export interface SignInLinksTable {
  link_id: string
  expires_at: Date
}

export interface PicturesTable {
  /** SHA-256 of the bytes, in hex. */
  hash: string
  format: 'png' | 'jpeg' | 'webp'
  bytes: Buffer
  operator_id: string
  created_at: Stamp
}

export interface AddressesTable extends Dated {
  id: Id
  owner_id: string
  sealed: Buffer
  is_default: Generated<boolean>
  /** Under which a repeat is recognised. */
  operation_key: string
}

export interface KeptFormsTable {
  id: Generated<string>
  /** SHA-256 of the secret in the cookie of the browser that sent it. */
  browser_hash: Buffer
  /** Null: nobody knows who sent it. */
  owner_id: string | null
  /** The group of network addresses it came from. */
  source: number
  sealed: Buffer
  created_at: Stamp
  expires_at: Date
  /** When its owner was led to it after signing in. */
  offered_at: Generated<Date | null>
}

export interface IdempotencyKeysTable {
  owner_id: string
  method: string
  path: string
  key: string
  body_hash: Buffer
  operation_key: string
  lease_until: Date
  status: number | null
  response: Buffer | null
  created_at: Stamp
}

export interface Database {
  users: UsersTable
  categories: CategoriesTable
  points_products: PointsProductsTable
  orders: OrdersTable
  points_exchange_orders: PointsExchangeOrdersTable
  order_status_transitions: { from_status: OrderStatus; to_status: OrderStatus }
  order_events: OrderEventsTable
  stock_reservations: StockReservationsTable
  stock_movements: StockMovementsTable
  wallet_accounts: WalletAccountsTable
  wallet_entries: WalletEntriesTable
  wallet_transfers: WalletTransfersTable
  earnings: EarningsTable
  outbox: OutboxTable
  payments: PaymentsTable
  order_refunds: OrderRefundsTable
  payment_refunds: PaymentRefundsTable
  webhook_inbox: WebhookInboxTable
  exchange_attempts: ExchangeAttemptsTable
  order_requests: OrderRequestsTable
  idempotency_keys: IdempotencyKeysTable
  web_sessions: WebSessionsTable
  sign_in_links: SignInLinksTable
  addresses: AddressesTable
  kept_forms: KeptFormsTable
  pictures: PicturesTable
  reconciliations: ReconciliationsTable
  reconciliation_findings: ReconciliationFindingsTable
}
