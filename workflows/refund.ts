import { allHandlersFinished, condition, setHandler, TemporalFailure } from '@temporalio/workflow'
import { CONFLICT, type Mailbox, openMailbox } from './mailbox.ts'
import { type PartRefundInput, type RefundInput, type Reply, refundTakenUpdate } from './messages.ts'
import { noteOutsideSettled, refundOwed, retryUntilResolved } from './redemption.ts'
import { localStepsUntilDone, remoteStepsUntilDone } from './steps.ts'

/**
 * Late payments and after-sale refunds, after an exchange has ended. Safe to run again.
 * @throws on input of a newer version, so that another worker takes the task
 */
export async function refundWorkflow(input: RefundInput): Promise<void> {
  if (input.kind === 'part') return partRefundWorkflow(input)
  const { mailbox, take } = openRefund()
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
  await closeRefund(mailbox)
}

/** Safe to run again. */
export async function partRefundWorkflow(part: PartRefundInput): Promise<void> {
  const { mailbox, take } = openRefund()
  const { orderNo, by, reason, points, money, operationKey } = part
  const refusal = await localStepsUntilDone
    .refundPart({ orderNo, by, reason, points, money, operationKey })
    .catch((error: unknown) => {
      if (!(error instanceof TemporalFailure)) throw error
      // A repeat under the same key finishes it; what is owed is refunded either way.
      return { code: 'UNAVAILABLE' as const }
    })
  take(refusal ? { ok: false, refusal } : { ok: true })
  await refundOwed(orderNo, mailbox, operationKey)
  await closeRefund(mailbox)
}

/** A refund that is taken on before it is done. */
export function openRefund(): { mailbox: Mailbox; take: (reply: Reply) => void } {
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

export async function closeRefund(mailbox: Mailbox): Promise<void> {
  mailbox.close()
  await condition(allHandlersFinished)
}
