import type { Migration } from 'kysely/migration'
import * as exchange from './2026-11-22-exchange.ts'
import * as pointsWallet from './2026-11-22-points-wallet.ts'
import * as walletLife from './2026-11-23-wallet-life.ts'
import * as walletUpdates from './2026-11-23-wallet-updates.ts'
import * as partRefunds from './2026-11-24-part-refunds.ts'
import * as paymentChannel from './2026-11-24-payment-channel.ts'
import * as reconciliation from './2026-11-24-reconciliation.ts'
import * as pages from './2026-11-25-pages.ts'
import * as pictures from './2026-11-25-pictures.ts'
import * as keptForms from './2026-11-26-kept-forms.ts'
import * as consoleIndexes from './2026-11-27-console.ts'
import * as shelves from './2026-11-28-shelves.ts'
import * as adoption from './2026-11-29-adoption.ts'
import * as unpaidOrders from './2026-11-29-unpaid-orders.ts'
import * as keptFormsOfBrowsers from './2026-11-30-kept-forms.ts'
import * as noticeOutcomes from './2026-11-30-notice-outcomes.ts'
import * as orderCodes from './2026-11-30-order-codes.ts'
import * as reconciliationCodes from './2026-11-30-reconciliation-codes.ts'
import * as paymentQueries from './2026-12-01-payment-queries.ts'

/** In the order of their names; a landed migration is never edited. */
export const migrations: Record<string, Migration> = {
  '2026-11-22-exchange': exchange,
  '2026-11-22-points-wallet': pointsWallet,
  '2026-11-23-wallet-life': walletLife,
  '2026-11-23-wallet-updates': walletUpdates,
  '2026-11-24-part-refunds': partRefunds,
  '2026-11-24-payment-channel': paymentChannel,
  '2026-11-24-reconciliation': reconciliation,
  '2026-11-25-pages': pages,
  '2026-11-25-pictures': pictures,
  '2026-11-26-kept-forms': keptForms,
  '2026-11-27-console': consoleIndexes,
  '2026-11-28-shelves': shelves,
  '2026-11-29-adoption': adoption,
  '2026-11-29-unpaid-orders': unpaidOrders,
  '2026-11-30-kept-forms': keptFormsOfBrowsers,
  '2026-11-30-notice-outcomes': noticeOutcomes,
  '2026-11-30-order-codes': orderCodes,
  '2026-11-30-reconciliation-codes': reconciliationCodes,
  '2026-12-01-payment-queries': paymentQueries,
}
