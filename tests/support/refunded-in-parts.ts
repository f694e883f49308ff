import { findOrderForUpdate } from '../../db/orders/orders.ts'
import { readRemainder, recordOrderRefund } from '../../db/orders/refunds.ts'
import { listPayments, updatePayment } from '../../db/payments/payments.ts'
import { giveBackPart } from '../../db/wallet/order-holds.ts'
import { decimalFromFen } from '../../domain/money.ts'
import type { TestApp } from './test-app.ts'

/**
 * Refunds all that is left of a wallet-paid order as a part, and the order continues: earlier versions
 * allowed this, so such orders exist.
 */
export async function takeLastPart({ db, deps }: TestApp, orderNo: string): Promise<void> {
  await db.transaction().execute(async (tx) => {
    const order = await findOrderForUpdate(tx, orderNo)
    if (!order) throw new Error(`no order ${orderNo}`)
    const { points, fen } = await readRemainder(tx, order)
    const reason = '补偿'
    const { refund_no } = await recordOrderRefund(tx, {
      orderNo,
      kind: 'part',
      points: Number(points),
      money: decimalFromFen(fen),
      reason,
      by: { type: 'operator', id: 'op' },
      operationKey: `${orderNo}/last-part`,
    })
    for (const [currency, amount] of [
      ['ZJF', points],
      ['CNY', fen],
    ] as const) {
      const spend = { ownerId: order.owner_id, currency, amount, orderNo }
      const back = { cause: 'mall' as const, graceMs: deps.expiryGraceMs }
      if (amount > 0n) await giveBackPart(tx, deps.vault, { ...spend, part: refund_no, reason, terms: back })
    }
    const paid = (await listPayments(tx, orderNo)).find(({ state }) => state === 'paid')
    if (paid) await updatePayment(tx, paid.out_trade_no, { refunded_amount: paid.amount })
  })
}
