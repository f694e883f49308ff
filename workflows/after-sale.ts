import { continueAsNew, getExternalWorkflowHandle, TemporalFailure } from '@temporalio/workflow'
import type { AfterSaleStanding } from '../activities/after-sales.ts'
import { type AfterSaleState, afterSaleKey, isOpenAfterSale } from '../domain/orders/after-sale.ts'
import { CONFLICT, type Mailbox, type Request } from './mailbox.ts'
import { type AfterSaleInput, exchangeWorkflowId, resyncSignal } from './messages.ts'
import { noteOutsideSettled, refundOwed, retryUntilResolved } from './redemption.ts'
import { closeRefund, openRefund } from './refund.ts'
import { isAnswered, isRunLong } from './resume.ts'
import { localStepsUntilDone, remoteStepsUntilDone } from './steps.ts'

/** An after-sale without a deadline may have been closed with its order. */
const LOOK_AGAIN_MS = 86_400_000

/**
 * One after-sale, from its request to its end. Customer, operator and deadline act one after the other; the database
 * says where it stands, so that a new run continues from there.
 */
export async function afterSaleWorkflow(input: AfterSaleInput): Promise<AfterSaleState> {
  const { id, orderNo, deadlines } = input
  const { mailbox, take } = openRefund()
  let sale = await localStepsUntilDone.openAfterSale(id, deadlines)
  take({ ok: true })
  while (isOpenAfterSale(sale.state)) {
    if (sale.state === 'refunding') {
      sale = await finishRefund(input, sale, mailbox)
      continue
    }
    if (isRunLong(mailbox) && (await isAnswered(mailbox))) {
      await continueAsNew<typeof afterSaleWorkflow>(input)
    }
    const { dueAt } = sale
    const message = await mailbox.next(dueAt === null ? LOOK_AGAIN_MS : Date.parse(dueAt) - Date.now())
    if (!message) {
      sale = await (dueAt === null
        ? localStepsUntilDone.openAfterSale(id, deadlines)
        : localStepsUntilDone.passAfterSaleDeadline(id, dueAt, deadlines))
    } else if (message.kind === 'after_sale') sale = await act(input, message)
    else if ('reply' in message) message.reply(CONFLICT)
  }
  await tellExchange(orderNo)
  await closeRefund(mailbox)
  return sale.state
}

async function act(
  { id, deadlines }: AfterSaleInput,
  request: Request & { readonly kind: 'after_sale' },
): Promise<AfterSaleStanding> {
  const { refusal, standing } = await localStepsUntilDone.actOnAfterSale({ id, deadlines, ...request.ask })
  request.reply(refusal ? { ok: false, refusal: { code: refusal } } : { ok: true })
  return standing
}

/** Points and wallet cash are refunded already. */
async function finishRefund(
  { id, orderNo }: AfterSaleInput,
  { refund, outsideSteps }: AfterSaleStanding,
  mailbox: Mailbox,
): Promise<AfterSaleStanding> {
  if (refund === 'order') await tellExchange(orderNo)
  if (outsideSteps.includes('points')) {
    await retryUntilResolved(orderNo, mailbox, 'points', () =>
      remoteStepsUntilDone.releasePoints(orderNo, 'returned_in_full'),
    )
    await noteOutsideSettled(orderNo, outsideSteps)
  }
  await (refund === 'order' ? refundOwed(orderNo, mailbox) : refundOwed(orderNo, mailbox, afterSaleKey(id)))
  return localStepsUntilDone.completeAfterSale(id)
}

/** The exchange of the order reads it again, if it still runs. */
async function tellExchange(orderNo: string): Promise<void> {
  try {
    await getExternalWorkflowHandle(exchangeWorkflowId(orderNo)).signal(resyncSignal)
  } catch (error) {
    if (!(error instanceof TemporalFailure)) throw error
  }
}
