import { allHandlersFinished, condition, setHandler, TemporalFailure } from '@temporalio/workflow'
import { CONFLICT, openMailbox } from './mailbox.ts'
import { type RefundInput, type Reply, refundTakenUpdate } from './messages.ts'
import { giveMoneyBack, insist } from './redemption.ts'
import { persistently, surely } from './steps.ts'

/**
 * What stands beside an exchange, or comes after its end: money that arrived late goes back, a part of an order is
 * taken back, and a finished order is refunded. One workflow per attempt to pay, part, or after-sale; running it
 * again finds the work done.
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
  } else if (input.kind === 'part') {
    const { kind: _kind, ...part } = input
    const refusal = await surely.refundPart(part).catch((error: unknown) => {
      if (!(error instanceof TemporalFailure)) throw error
      // Asked again under the same key, it is done, or it is found done; what is owed goes back either way.
      return { code: 'UNAVAILABLE' as const }
    })
    taken = refusal ? { ok: false, refusal } : { ok: true }
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
  await (input.kind === 'part'
    ? giveMoneyBack(orderNo, mailbox, input.operationKey)
    : giveMoneyBack(orderNo, mailbox))
  mailbox.close()
  await condition(allHandlersFinished)
}
