import { allHandlersFinished, condition, setHandler } from '@temporalio/workflow'
import { CONFLICT, openMailbox } from './mailbox.ts'
import { type RefundInput, type Reply, refundTakenUpdate } from './messages.ts'
import { giveMoneyBack, insist } from './redemption.ts'
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
  const { orderNo } = input
  if (input.kind === 'late_money') {
    await insist(orderNo, mailbox, 'late money', () => surely.settlePayment(input.notice, []))
  } else {
    const { reason, by, outsideSteps = [] } = input
    const outcome = await insist(orderNo, mailbox, 'refund', () =>
      persistently.cancelExchange({ orderNo, reason, by, outsideSteps }),
    )
    taken = outcome === 'skipped' ? CONFLICT : { ok: true }
    if (outcome === 'done' && outsideSteps.includes('points')) {
      await insist(orderNo, mailbox, 'points', () => persistently.releasePoints(orderNo, reason))
    }
  }
  taken ??= { ok: true }
  await giveMoneyBack(orderNo, mailbox)
  mailbox.close()
  await condition(allHandlersFinished)
}
