import { allHandlersFinished, condition, setHandler, TemporalFailure } from '@temporalio/workflow'
import { CONFLICT, type Mailbox, openMailbox } from './mailbox.ts'
import { type PartRefundInput, type RefundInput, type Reply, refundTakenUpdate } from './messages.ts'
import { noteOutsideSettled, refundOwed, retryUntilResolved } from './redemption.ts'
import { localStepsUntilDone, remoteStepsUntilDone } from './steps.ts'

/**
 * What comes after an exchange has ended: money that arrived late goes back, and a finished order is refunded. One
 * workflow per attempt to pay, or per after-sale; running it again finds the work done.
 * @throws where a newer version knows of more: the engine gives the task to another worker
 */
export async function refundWorkflow(input: RefundInput): Promise<void> {
  if (input.kind === 'part') return partRefundWorkflow(input)
  const { mailbox, take } = begin()
  const { orderNo } = input
  if (input.kind === 'late_money') {
    await retryUntilResolved(orderNo, mailbox, 'late_money', () =>
      localStepsUntilDone.settlePayment(input.notice, []),
    )
    take({ ok: true })
  } else if (input.kind === 'after_sale') {
    const { reason, by, outsideSteps = [] } = input
    const outcome = await retryUntilResolved(orderNo, mailbox, 'refund', () =>
      remoteStepsUntilDone.cancelExchange({ orderNo, reason, by, outsideSteps }),
    )
    take(outcome === 'skipped' ? CONFLICT : { ok: true })
    if (outcome === 'done' && outsideSteps.includes('points')) {
      await retryUntilResolved(orderNo, mailbox, 'points', () =>
        remoteStepsUntilDone.releasePoints(orderNo, reason),
      )
      await noteOutsideSettled(orderNo, outsideSteps)
    }
  } else if (input.kind !== 'owed')
    throw new TypeError(`no such refund: ${JSON.stringify(input satisfies never)}`)
  await refundOwed(orderNo, mailbox)
  await end(mailbox)
}

/** A part of an order is taken back, which goes on, or has ended. One workflow per part; running it again finds it done. */
export async function partRefundWorkflow(part: PartRefundInput): Promise<void> {
  const { mailbox, take } = begin()
  const { orderNo, by, reason, points, money, operationKey } = part
  const refusal = await localStepsUntilDone
    .refundPart({ orderNo, by, reason, points, money, operationKey })
    .catch((error: unknown) => {
      if (!(error instanceof TemporalFailure)) throw error
      // Asked again under the same key, it is done, or it is found done; what is owed goes back either way.
      return { code: 'UNAVAILABLE' as const }
    })
  take(refusal ? { ok: false, refusal } : { ok: true })
  await refundOwed(orderNo, mailbox, operationKey)
  await end(mailbox)
}

function begin(): { mailbox: Mailbox; take: (reply: Reply) => void } {
  let taken: Reply | undefined
  setHandler(refundTakenUpdate, async () => {
    await condition(() => taken !== undefined)
    return taken as Reply
  })
  return {
    mailbox: openMailbox(),
    take: (reply) => {
      taken = reply
    },
  }
}

async function end(mailbox: Mailbox): Promise<void> {
  mailbox.close()
  await condition(allHandlersFinished)
}
