import { allHandlersFinished, condition, setHandler } from '@temporalio/workflow'
import { openMailbox } from './mailbox.ts'
import { type RefundInput, type Reply, refundTakenUpdate } from './messages.ts'
import { giveMoneyBack } from './redemption.ts'
import { persistently, surely } from './steps.ts'

/**
 * What comes after an exchange has ended: money that arrived late goes back, and a finished order is
 * refunded. One workflow per attempt to pay, or per after-sale; running it again finds the work done.
 */
export async function refundWorkflow(input: RefundInput): Promise<void> {
  let taken: Reply | undefined
  setHandler(refundTakenUpdate, async () => {
    await condition(() => taken !== undefined)
    return taken as Reply
  })
  const mailbox = openMailbox()
  if (input.kind === 'late_money') {
    await surely.settlePayment(input.notice, [])
  } else {
    await persistently.cancelExchange({
      orderNo: input.orderNo,
      reason: input.reason,
      by: input.by,
      outsideSteps: [],
    })
  }
  taken = { ok: true }
  await giveMoneyBack(input.orderNo, mailbox)
  mailbox.close()
  await condition(allHandlersFinished)
}
