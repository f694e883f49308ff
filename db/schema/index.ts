import type { AddressesTable } from './addresses.ts'
import type { AfterSaleEventsTable, AfterSalesTable } from './after-sales.ts'
import type { CategoriesTable } from './categories.ts'
import type { EarningsTable } from './earnings.ts'
import type { ExchangeAttemptsTable } from './exchange-attempts.ts'
import type { IdempotencyKeysTable } from './idempotency-keys.ts'
import type { KeptFormsTable } from './kept-forms.ts'
import type { OrderEventsTable } from './order-events.ts'
import type { OrderRefundsTable } from './order-refunds.ts'
import type { OrderRequestsTable } from './order-requests.ts'
import type { OrderStatusTransitionsTable } from './order-status-transitions.ts'
import type { OrdersTable } from './orders.ts'
import type { OutboxTable } from './outbox.ts'
import type { PaymentRefundsTable } from './payment-refunds.ts'
import type { PaymentsTable } from './payments.ts'
import type { PicturesTable } from './pictures.ts'
import type { PointsExchangeOrdersTable } from './points-exchange-orders.ts'
import type { PointsProductsTable } from './points-products.ts'
import type { ReconciliationFindingsTable } from './reconciliation-findings.ts'
import type { ReconciliationsTable } from './reconciliations.ts'
import type { SignInLinksTable } from './sign-in-links.ts'
import type { StockMovementsTable } from './stock-movements.ts'
import type { StockReservationsTable } from './stock-reservations.ts'
import type { UsersTable } from './users.ts'
import type { WalletAccountsTable } from './wallet-accounts.ts'
import type { WalletEntriesTable } from './wallet-entries.ts'
import type { WalletTransfersTable } from './wallet-transfers.ts'
import type { WebSessionsTable } from './web-sessions.ts'
import type { WebhookInboxTable } from './webhook-inbox.ts'

/** Every table, by its name; each has a file of its own. */
export interface Database {
  users: UsersTable
  categories: CategoriesTable
  points_products: PointsProductsTable
  orders: OrdersTable
  points_exchange_orders: PointsExchangeOrdersTable
  order_status_transitions: OrderStatusTransitionsTable
  order_events: OrderEventsTable
  stock_reservations: StockReservationsTable
  stock_movements: StockMovementsTable
  wallet_accounts: WalletAccountsTable
  wallet_entries: WalletEntriesTable
  wallet_transfers: WalletTransfersTable
  earnings: EarningsTable
  outbox: OutboxTable
  payments: PaymentsTable
  after_sales: AfterSalesTable
  after_sale_events: AfterSaleEventsTable
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
