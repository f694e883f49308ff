import type { AddressesTable } from './addresses.ts'
import type { AfterSaleEventsTable, AfterSalesTable } from './after-sales.ts'
import type { AttentionActsTable } from './attention-acts.ts'
import type { CategoriesTable } from './categories.ts'
import type { ChargesTable } from './charges.ts'
import type { CodeImportsTable } from './code-imports.ts'
import type { CodeReplacementsTable } from './code-replacements.ts'
import type { CodeViewsTable } from './code-views.ts'
import type { EarningsTable } from './earnings.ts'
import type { EventSequencesTable } from './event-sequences.ts'
import type { ExchangeAttemptsTable } from './exchange-attempts.ts'
import type { ExternalOrdersTable } from './external-orders.ts'
import type { ExternalProductsTable } from './external-products.ts'
import type { IdempotencyKeysTable } from './idempotency-keys.ts'
import type { KeptFormsTable } from './kept-forms.ts'
import type { LevelChangesTable } from './level-changes.ts'
import type { OrderEventsTable } from './order-events.ts'
import type { OrderConversationsTable, OrderMessagesTable } from './order-messages.ts'
import type { OrderNotesTable } from './order-notes.ts'
import type { OrderRefundsTable } from './order-refunds.ts'
import type { OrderRequestsTable } from './order-requests.ts'
import type { OrderStatusTransitionsTable } from './order-status-transitions.ts'
import type { OrderViewsTable } from './order-views.ts'
import type { OrdersTable } from './orders.ts'
import type { OutboxTable } from './outbox.ts'
import type { PaymentRefundsTable } from './payment-refunds.ts'
import type { PaymentsTable } from './payments.ts'
import type { PicturesTable } from './pictures.ts'
import type { PointsExchangeOrdersTable } from './points-exchange-orders.ts'
import type { PointsProductsTable } from './points-products.ts'
import type { ProductCodesTable } from './product-codes.ts'
import type { ProductSkusTable } from './product-skus.ts'
import type { ReconciliationFindingsTable } from './reconciliation-findings.ts'
import type { ReconciliationsTable } from './reconciliations.ts'
import type {
  ShipmentChangesTable,
  ShipmentEventsTable,
  ShipmentSubscriptionsTable,
  ShipmentsTable,
} from './shipments.ts'
import type { SignInLinksTable } from './sign-in-links.ts'
import type { StockMovementsTable } from './stock-movements.ts'
import type { StockReservationsTable } from './stock-reservations.ts'
import type { UsersTable } from './users.ts'
import type {
  StoreStaffTable,
  StoresTable,
  VouchersTable,
  VoucherUndosTable,
  VoucherUsesTable,
  VoucherViewsTable,
} from './vouchers.ts'
import type { WalletAccountsTable } from './wallet-accounts.ts'
import type { WalletEntriesTable } from './wallet-entries.ts'
import type { WalletTransfersTable } from './wallet-transfers.ts'
import type { WebSessionsTable } from './web-sessions.ts'
import type { WebhookDeliveriesTable } from './webhook-deliveries.ts'
import type { WebhookEndpointsTable } from './webhook-endpoints.ts'
import type { WebhookInboxTable } from './webhook-inbox.ts'

/** Every table, by its name; each has a file of its own. */
export interface Database {
  users: UsersTable
  level_changes: LevelChangesTable
  categories: CategoriesTable
  points_products: PointsProductsTable
  product_skus: ProductSkusTable
  external_products: ExternalProductsTable
  orders: OrdersTable
  order_views: OrderViewsTable
  points_exchange_orders: PointsExchangeOrdersTable
  order_status_transitions: OrderStatusTransitionsTable
  order_events: OrderEventsTable
  order_messages: OrderMessagesTable
  order_notes: OrderNotesTable
  order_conversations: OrderConversationsTable
  stock_reservations: StockReservationsTable
  stock_movements: StockMovementsTable
  product_codes: ProductCodesTable
  code_imports: CodeImportsTable
  code_views: CodeViewsTable
  code_replacements: CodeReplacementsTable
  stores: StoresTable
  store_staff: StoreStaffTable
  charges: ChargesTable
  vouchers: VouchersTable
  voucher_uses: VoucherUsesTable
  voucher_undos: VoucherUndosTable
  voucher_views: VoucherViewsTable
  wallet_accounts: WalletAccountsTable
  wallet_entries: WalletEntriesTable
  wallet_transfers: WalletTransfersTable
  earnings: EarningsTable
  event_sequences: EventSequencesTable
  outbox: OutboxTable
  payments: PaymentsTable
  after_sales: AfterSalesTable
  after_sale_events: AfterSaleEventsTable
  order_refunds: OrderRefundsTable
  shipments: ShipmentsTable
  shipment_subscriptions: ShipmentSubscriptionsTable
  shipment_changes: ShipmentChangesTable
  shipment_events: ShipmentEventsTable
  payment_refunds: PaymentRefundsTable
  webhook_inbox: WebhookInboxTable
  webhook_endpoints: WebhookEndpointsTable
  webhook_deliveries: WebhookDeliveriesTable
  exchange_attempts: ExchangeAttemptsTable
  external_orders: ExternalOrdersTable
  order_requests: OrderRequestsTable
  attention_acts: AttentionActsTable
  idempotency_keys: IdempotencyKeysTable
  web_sessions: WebSessionsTable
  sign_in_links: SignInLinksTable
  addresses: AddressesTable
  kept_forms: KeptFormsTable
  pictures: PicturesTable
  reconciliations: ReconciliationsTable
  reconciliation_findings: ReconciliationFindingsTable
}
