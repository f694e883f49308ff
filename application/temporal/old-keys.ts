import type { Temporal } from './client.ts'
import { keyOfPayload } from './payload-codec.ts'

const CALL_MS = 5_000
const LIST_MS = 60_000
const AT_ONCE = 16

/**
 * Workflows that still run and began under another key of PAYLOAD_KEYS: their histories need it until they end.
 * @param keyId the key that encrypts now
 */
export async function listRunsOfOldKeys({ client }: Temporal, keyId: string): Promise<string[]> {
  const running = await client.withDeadline(Date.now() + LIST_MS, async () => {
    const found: { workflowId: string; runId: string }[] = []
    for await (const run of client.workflow.list({ query: "ExecutionStatus = 'Running'" })) found.push(run)
    return found
  })
  const old: string[] = []
  for (let from = 0; from < running.length; from += AT_ONCE) {
    await Promise.all(
      running.slice(from, from + AT_ONCE).map(async ({ workflowId, runId }) => {
        const { history } = await client.withDeadline(Date.now() + CALL_MS, () =>
          client.workflowService.getWorkflowExecutionHistory({
            namespace: client.options.namespace,
            execution: { workflowId, runId },
            maximumPageSize: 1,
          }),
        )
        const inputs = history?.events?.[0]?.workflowExecutionStartedEventAttributes?.input?.payloads ?? []
        const keys = inputs.map(keyOfPayload)
        if (keys.some((key) => key !== undefined && key !== keyId)) old.push(workflowId)
      }),
    )
  }
  return old.toSorted()
}
