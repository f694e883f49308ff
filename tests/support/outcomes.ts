import { type Answer, type TestApp, until } from './test-app.ts'

/** Counts the outcomes. On a slow machine some are unknown after 5 s (202): those are read from the order. */
export async function tally(answers: readonly Answer[], at: TestApp): Promise<Record<string, number>> {
  const sums: Record<string, number> = {}
  for (const answer of answers) {
    const outcome = await outcomeOf(answer, at)
    sums[outcome] = (sums[outcome] ?? 0) + 1
  }
  return sums
}

async function outcomeOf({ status, body }: Answer, at: TestApp): Promise<string> {
  if (status !== 202) return `${status} ${body.code ?? body.data.status}`
  const { order_no, owner_id } = body.data
  const known = (order: { status: string; cancel_reason: string | null }) => order.status !== 'exchanged'
  const order = await until(() => at.order(owner_id, order_no), known, `${order_no} has an outcome`)
  return order.status === 'order_canceled' ? `409 ${order.cancel_reason}` : `201 ${order.status}`
}
