import {
  allHandlersFinished,
  condition,
  continueAsNew,
  getExternalWorkflowHandle,
  setHandler,
  TemporalFailure,
  workflowInfo,
} from '@temporalio/workflow'
import type { AfterSaleStanding } from '../activities/after-sales.ts'
import { type AfterSaleState, afterSaleKey, isOpenAfterSale } from '../domain/orders/after-sale.ts'
import { CONFLICT, type Mailbox, openMailbox, type Request } from './mailbox.ts'
import {
  type AfterSaleInput,
  exchangeWorkflowId,
  RUN_LIMITS,
  refundTakenUpdate,
  resyncSignal,
} from './messages.ts'
import { noteOutsideSettled, refundOwed, retryUntilResolved } from './redemption.ts'
import { localStepsUntilDone, remoteStepsUntilDone } from './steps.ts'

/** An after-sale without a deadline may have been closed with its order. */
const LOOK_AGAIN_MS = 86_400_000

/**
 * One after-sale, from its request to its end. Customer, operator and deadline act one after the other; the database
 * says where it stands, so that a new run continues from there.
 */
export async function afterSaleWorkflow(input: AfterSaleInput): Promise<AfterSaleState> {
  const { id, orderNo, deadlines } = input
  const mailbox = openMailbox()
  let isTaken = false
  setHandler(refundTakenUpdate, async () => {
    await condition(() => isTaken)
    return { ok: true as const }
  })
  let sale = await localStepsUntilDone.openAfterSale(id, deadlines)
  isTaken = true
  while (isOpenAfterSale(sale.state)) {
    if (sale.state === 'refunding') {
      sale = await finishRefund(input, sale, mailbox)
      continue
    }
    if (isLong(mailbox)) await handOver(input, mailbox)
    const { dueAt } = sale
    const message = await mailbox.next(dueAt === null ? LOOK_AGAIN_MS : Date.parse(dueAt) - Date.now())
    if (!message) {
      sale = await (dueAt === null
        ? localStepsUntilDone.openAfterSale(id, deadlines)
        : localStepsUntilDone.passAfterSaleDeadline(id, dueAt, deadlines))
    } else if (message.kind === 'after_sale') sale = await take(input, message)
    else if ('reply' in message) message.reply(CONFLICT)
  }
  await tellExchange(orderNo)
  mailbox.close()
  await condition(allHandlersFinished)
  return sale.state
}

async function take(
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

function isLong(mailbox: Mailbox): boolean {
  const { historyLength, continueAsNewSuggested } = workflowInfo()
  const { events, updates } = RUN_LIMITS
  return continueAsNewSuggested || historyLength >= events || mailbox.requests() >= updates
}

/** Returns where messages are pending, for them to be answered first. */
async function handOver(input: AfterSaleInput, mailbox: Mailbox): Promise<void> {
  await condition(() => !mailbox.isEmpty() || allHandlersFinished())
  if (mailbox.isEmpty()) await continueAsNew<typeof afterSaleWorkflow>(input)
}
