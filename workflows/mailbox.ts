import { condition, patched, setHandler } from '@temporalio/workflow'
import type { PaymentMethod } from '../domain/payments/method.ts'
import {
  type AfterSaleAsk,
  acceptUpdate,
  afterSaleUpdate,
  cancelUpdate,
  correctShipmentUpdate,
  extendUpdate,
  finishUpdate,
  type OrderNotice,
  orderSignal,
  type PaymentNotice,
  paymentSignal,
  payUpdate,
  type Reply,
  type Requester,
  type ResolveAction,
  refundUpdate,
  resolveUpdate,
  resyncSignal,
  shipmentUpdate,
  shipUpdate,
} from './messages.ts'

export type Request = { readonly by: Requester; reply(answer: Reply): void } & (
  | { readonly kind: 'cancel'; readonly reason?: string }
  | { readonly kind: 'pay'; readonly method?: PaymentMethod }
  | { readonly kind: 'accept' }
  | { readonly kind: 'ship'; readonly carrier: string; readonly trackingNo: string }
  | {
      readonly kind: 'shipment'
      readonly key: string
      readonly carrier: string
      readonly trackingNo: string
      readonly quantity?: number
    }
  | {
      readonly kind: 'correctShipment'
      readonly key: string
      readonly shipmentId: string
      readonly carrier: string
      readonly trackingNo: string
    }
  | { readonly kind: 'extend'; readonly key: string }
  | { readonly kind: 'finish' }
  | { readonly kind: 'refund'; readonly reason: string }
  | { readonly kind: 'after_sale'; readonly ask: AfterSaleAsk }
  | {
      readonly kind: 'resolve'
      readonly action: ResolveAction
      readonly reason: string
      readonly refundNos?: readonly string[]
    }
)

export type Message =
  | Request
  | { readonly kind: 'payment'; readonly notice: PaymentNotice }
  | { readonly kind: 'order'; readonly notice: OrderNotice }
  | { readonly kind: 'resync' }

export interface Mailbox {
  /** Waits indefinitely without a timeout. */
  next(timeoutMs?: number): Promise<Message | undefined>
  putBack(messages: readonly Message[]): void
  /** Refuses operator decisions that arrived before there was a question. */
  refuseEarlyDecisions(): void
  requests(): number
  isEmpty(): boolean
  /** Answers all open requests, even those that a failed step left open; later ones get the same answer. */
  close(): void
}

export const CONFLICT: Reply = { ok: false, refusal: { code: 'ORDER_STATE_CONFLICT' } }

/**
 * Queues messages so that they are handled one at a time. Call it before the first await, so none is lost.
 */
export function openMailbox(): Mailbox {
  const queue: Message[] = []
  const seen = new Set<string>()
  let closed = false
  let requests = 0

  async function enqueueRequest(request: Omit<Request, 'reply'>): Promise<Reply> {
    requests += 1
    let answer: Reply | undefined = closed ? CONFLICT : undefined
    queue.push({ ...request, reply: (reply: Reply) => (answer ??= reply) } as Request)
    await condition(() => answer !== undefined || closed)
    return answer ?? CONFLICT
  }
  /** Providers repeat events; each counts once. */
  function enqueueNotice(message: Message & { readonly notice: { readonly eventId: string } }): void {
    if (seen.has(message.notice.eventId)) return
    seen.add(message.notice.eventId)
    queue.push(message)
  }

  setHandler(paymentSignal, (notice) => enqueueNotice({ kind: 'payment', notice }))
  setHandler(orderSignal, (notice) => enqueueNotice({ kind: 'order', notice }))
  setHandler(resyncSignal, () => void queue.push({ kind: 'resync' }))
  setHandler(cancelUpdate, (request) => enqueueRequest({ kind: 'cancel', ...request } as Request))
  setHandler(payUpdate, (request) => enqueueRequest({ kind: 'pay', ...request } as Request))
  setHandler(acceptUpdate, (request) => enqueueRequest({ kind: 'accept', ...request } as Request))
  setHandler(shipUpdate, (request) => enqueueRequest({ kind: 'ship', ...request } as Request))
  setHandler(shipmentUpdate, (request) => enqueueRequest({ kind: 'shipment', ...request } as Request))
  setHandler(correctShipmentUpdate, (request) =>
    enqueueRequest({ kind: 'correctShipment', ...request } as Request),
  )
  setHandler(extendUpdate, (request) => enqueueRequest({ kind: 'extend', ...request } as Request))
  setHandler(finishUpdate, (request) => enqueueRequest({ kind: 'finish', ...request } as Request))
  setHandler(refundUpdate, (request) => enqueueRequest({ kind: 'refund', ...request } as Request))
  setHandler(afterSaleUpdate, (ask) => enqueueRequest({ kind: 'after_sale', by: ask.by, ask } as Request))
  setHandler(resolveUpdate, (request) => enqueueRequest({ kind: 'resolve', ...request } as Request))

  return {
    async next(timeoutMs) {
      if (queue.length === 0) {
        if (timeoutMs === undefined) await condition(() => queue.length > 0)
        else if (timeoutMs > 0) await condition(() => queue.length > 0, timeoutMs)
      }
      return queue.shift()
    },
    putBack(messages) {
      queue.unshift(...messages)
    },
    refuseEarlyDecisions() {
      const decisions = queue.filter((message) => message.kind === 'resolve')
      // Earlier exchanges accepted such a decision as their answer.
      if (decisions.length === 0 || !patched('words-answer-a-question')) return
      for (const decision of decisions) {
        decision.reply(CONFLICT)
        queue.splice(queue.indexOf(decision), 1)
      }
    },
    requests: () => requests,
    isEmpty: () => queue.length === 0,
    close() {
      closed = true
    },
  }
}
