/** What customer and shop write to each other on an order. */

export const MESSAGE_SENDERS = ['customer', 'shop'] as const
export type MessageSender = (typeof MESSAGE_SENDERS)[number]

/** Code points. */
export const MESSAGE_MAX = 1_000
/** Messages of the customer since the shop wrote last. */
export const UNANSWERED_MAX = 20
/** Messages of both on one order. */
export const MESSAGES_MAX = 1_000

export interface Conversation {
  readonly messages: number
  readonly unanswered: number
}

/** Whether one more message would be too many. */
export function isFull({ messages, unanswered }: Conversation, sender: MessageSender): boolean {
  return messages >= MESSAGES_MAX || (sender === 'customer' && unanswered >= UNANSWERED_MAX)
}
