import { exchangeWorkflowId } from '../../workflows/messages.ts'
import type { Temporal } from '../temporal/client.ts'

export interface WorkflowLink {
  readonly id: string
  readonly run_id: string | null
  readonly url: string | null
}

/** Where to inspect the order's workflow. The run is null while Temporal is unavailable, or after its retention. */
export async function findWorkflow(
  { client }: Temporal,
  orderNo: string,
  uiUrl: string | undefined,
): Promise<WorkflowLink> {
  const id = exchangeWorkflowId(orderNo)
  const namespace = client.options.namespace
  try {
    const { runId } = await client.withDeadline(Date.now() + 1_000, () =>
      client.workflow.getHandle(id).describe(),
    )
    const path = `namespaces/${namespace}/workflows/${encodeURIComponent(id)}/${runId}/history`
    return { id, run_id: runId, url: uiUrl ? `${uiUrl}/${path}` : null }
  } catch {
    return { id, run_id: null, url: null }
  }
}
