import { beginClosing, closePayment } from './close-payment.ts'
import { checkCash, findOpenPayment, newPayment, openPayment } from './open-payment.ts'
import type { PaymentDeps } from './payment-deps.ts'
import { noteDeclined, settlePayment } from './settle-payment.ts'

/** The activities of payments: opening an attempt, closing it, and applying the money that arrives. */
export function createPaymentActivities(deps: PaymentDeps) {
  const bind =
    <Args extends unknown[], Result>(activity: (deps: PaymentDeps, ...args: Args) => Result) =>
    (...args: Args) =>
      activity(deps, ...args)
  return {
    openPayment: bind(openPayment),
    newPayment: bind(newPayment),
    beginClosing: bind(beginClosing),
    closePayment: bind(closePayment),
    findOpenPayment: bind(findOpenPayment),
    checkCash: bind(checkCash),
    settlePayment: bind(settlePayment),
    noteDeclined: bind(noteDeclined),
  }
}
